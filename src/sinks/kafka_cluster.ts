import { isIP } from "node:net";
import {
  type API,
  apiVersionsV1,
  apiVersionsV3,
  type Broker,
  type Connection,
  ConnectionPool,
  initProducerIdV0,
  initProducerIdV1,
  initProducerIdV3,
  initProducerIdV4,
  metadataV4,
  metadataV5,
  metadataV7,
  metadataV9,
  metadataV12,
  produceV3,
  produceV5,
  produceV7,
  produceV8,
  produceV9,
  produceV11,
  type SASLMechanismValue,
  Writer,
} from "@platformatic/kafka";
import type { Clock } from "../core/clock.ts";
import { hostAndPort } from "../core/host_and_port.ts";
import { type TlsTrust, tlsOptions } from "../core/http.ts";
import type { Secret } from "../core/secret.ts";
import { boundAnswers } from "./kafka_answers.ts";
import { logIn } from "./kafka_login.ts";
import { leaderless, protocolErrorOf } from "./kafka_meaning.ts";
import type { Sender } from "./queue_document.ts";

export interface KafkaClusterOptions {
  /** `host:port`. */
  readonly hosts: readonly string[];
  readonly clientId: string;
  /** `undefined` without TLS. */
  readonly tls: TlsTrust | undefined;
  readonly sasl:
    | { readonly mechanism: SASLMechanismValue; readonly username: string; readonly password: Secret }
    | undefined;
  /** Milliseconds without an answer after which a connection is given up. */
  readonly timeout: number;
  /** Milliseconds that a broker waits for its replicas. */
  readonly brokerTimeout: number;
  /** Milliseconds after which a topic is looked up again. */
  readonly refreshEvery: number;
  /** Whether brokers acknowledge what they are sent. */
  readonly isAcknowledged: boolean;
  readonly sender: Sender;
}

/** A topic's partitions by their numbers: who leads each; `undefined` while nobody does. */
export type Leaders = ReadonlyArray<Broker | undefined>;

/** Requests under way on one connection; brokers answer them in turn. */
const UNDER_WAY = 32;
const LONGEST_CONNECTING_MS = 10_000;

/**
 * The brokers as one: who leads what, and requests to whom they belong. The library has the connections, TLS, logins and the
 * forms of requests; what is sent again, when and under which number is decided by the caller. Everything rejects with errors
 * that `kafkaProblem` reads.
 */
export class KafkaCluster {
  readonly #options: KafkaClusterOptions;
  readonly #clock: Clock;
  readonly #pool: ConnectionPool;
  readonly #versions = new WeakMap<Connection, Promise<Versions>>();
  readonly #topics = new Map<string, { readonly leaders: Leaders; readonly at: number }>();
  readonly #lookups = new Map<string, Promise<Leaders>>();
  /** Of the hosts, the one that is asked first. */
  #first = 0;

  constructor(options: KafkaClusterOptions, clock: Clock) {
    const { clientId, tls, sasl, timeout, hosts, isAcknowledged } = options;
    this.#options = options;
    this.#clock = clock;
    this.#pool = new ConnectionPool(clientId, {
      connectTimeout: Math.min(timeout, LONGEST_CONNECTING_MS),
      requestTimeout: timeout,
      maxInflights: UNDER_WAY,
      // Where nothing is acknowledged, what the connection has not sent yet would pile up.
      handleBackPressure: !isAcknowledged,
      ...(tls === undefined ? {} : { tls: tlsOptions(tls) }),
      // No server name is sent for an address in numbers (RFC 6066).
      ...(hosts.some((host) => isIP(hostAndPort(host).host) !== 0) ? {} : { tlsServerName: true }),
      ...(sasl === undefined ? {} : { sasl: { ...sasl, password: sasl.password.reveal(), authenticate: logIn } }),
    });
    this.#pool.on("connecting", ({ connection }) => {
      // An error of a connection that nobody listens to would end the process.
      connection.on("error", () => {});
      // It has its socket as soon as this is told.
      queueMicrotask(() => {
        if (connection.socket !== undefined) {
          boundAnswers(connection.socket);
        }
      });
    });
  }

  /** Who leads a topic's partitions: asked for once, and again after a while or after `forget`. At least one partition. */
  async leaders(topic: string): Promise<Leaders> {
    const known = this.#topics.get(topic);
    if (known !== undefined && this.#clock.now() - known.at < this.#options.refreshEvery) {
      return known.leaders;
    }
    const asking = this.#lookups.get(topic) ?? this.#lookUp(topic);
    this.#lookups.set(topic, asking);
    try {
      return await asking;
    } finally {
      this.#lookups.delete(topic);
    }
  }

  /** How many partitions a topic has, and whether it may be written to, if the broker says. Makes no topic. */
  async inspect(topic: string): Promise<{ readonly partitions: number; readonly mayWrite: boolean | undefined }> {
    const answer = await this.#ask(METADATA, [topic], false, true).catch(ofOtherPartitions);
    const { partitions = [], topicAuthorizedOperations: allowed = UNSAID } = answer.topics[0] ?? {};
    return { partitions: partitions.length, mayWrite: allowed === UNSAID ? undefined : (allowed & WRITE) !== 0 };
  }

  /** Lets who leads a topic be asked for again. */
  forget(topic: string): void {
    this.#topics.delete(topic);
  }

  async #lookUp(topic: string): Promise<Leaders> {
    const answer = await this.#ask(METADATA, [topic], true, false).catch(ofOtherPartitions);
    const found = answer.topics.find(({ name }) => name === topic);
    if (found === undefined || found.partitions.length === 0) {
      throw leaderless(topic);
    }
    const brokers = new Map(answer.brokers.map((broker) => [broker.nodeId, broker]));
    const leaders: Array<Broker | undefined> = Array(found.partitions.length).fill(undefined);
    for (const { partitionIndex, leaderId } of found.partitions) {
      if (partitionIndex in leaders) {
        leaders[partitionIndex] = brokers.get(leaderId);
      }
    }
    this.#topics.set(topic, { leaders, at: this.#clock.now() });
    keepNewest(this.#topics);
    return leaders;
  }

  /** A number of its own for a producer, by which brokers know what they have of it. */
  async newProducer(): Promise<{ readonly id: bigint; readonly epoch: number }> {
    const { producerId: id, producerEpoch: epoch } = await this.#ask(INIT_PRODUCER_ID, null, 60_000);
    if (id < 0n || epoch < 0) {
      throw new Error(`a producer with the number ${id} and the epoch ${epoch}`);
    }
    return { id, epoch };
  }

  /** Makes sure that a broker answers, after a login if there is one. Which host it was. */
  async reach(host: string): Promise<void> {
    await this.#versionsOf(await this.#pool.get(hostAndPort(host)));
  }

  /**
   * Sends a batch to the leader of its partition and waits for its acknowledgement; where there is none, until the connection
   * takes it. `sending` is called once it may come to the leader.
   */
  async produce(topic: string, partition: number, batch: Buffer, sending: () => void): Promise<void> {
    const leader = (await this.leaders(topic))[partition];
    if (leader === undefined) {
      throw leaderless(`${topic}, partition ${partition}`);
    }
    const connection = await this.#pool.get(leader);
    const form = chosen(PRODUCE, await this.#versionsOf(connection));
    const { brokerTimeout: timeout, isAcknowledged } = this.#options;
    const request = () => produceRequest({ topic, partition, batch, timeout, isAcknowledged }, form.api.version);
    const isFlexible = form.api.version >= FLEXIBLE_PRODUCE;
    sending();
    await new Promise<void>((resolve, reject) => {
      const answered = (error: Refusal | null, accepted?: ProduceAnswer) => {
        const answer = error === null ? accepted : error.response;
        const isAnswer = isAcknowledged && (error === null || answer !== undefined);
        const wrong = (isAnswer ? notOf(topic, partition, answer) : undefined) ?? error;
        wrong === null ? resolve() : reject(wrong);
      };
      const { key, version } = form.api;
      connection.send(key, version, request, form.parseResponse, isFlexible, isFlexible, answered);
    });
  }

  /** Asks any broker: the hosts in turn, beginning with one that has answered. */
  async #ask<A extends unknown[], R>(forms: ReadonlyArray<Form<A, R>>, ...args: A): Promise<R> {
    const { hosts } = this.#options;
    const brokers = hosts.map((_, at) => hostAndPort(hosts[(at + this.#first) % hosts.length] ?? ""));
    try {
      const connection = await this.#pool.getFirstAvailable(brokers);
      return await chosen(forms, await this.#versionsOf(connection)).api.async(connection, ...args);
    } catch (error) {
      this.#first += 1;
      throw error;
    }
  }

  #versionsOf(connection: Connection): Promise<Versions> {
    const known = this.#versions.get(connection) ?? versionsOf(connection, this.#options.sender.version);
    this.#versions.set(connection, known);
    known.catch(() => this.#versions.delete(connection));
    return known;
  }

  async close(): Promise<void> {
    await this.#pool.close();
  }
}

/** Topics that are remembered: the fields or the time of events may name ever others. */
const MOST_TOPICS = 1_000;

export function keepNewest(byTopic: Map<string, unknown>): void {
  for (const topic of [...byTopic.keys()].slice(0, Math.max(0, byTopic.size - MOST_TOPICS))) {
    byTopic.delete(topic);
  }
}

/** The answer that the library rejects for the sake of one partition, if the topics themselves are there. */
function ofOtherPartitions(error: unknown): metadataV12.MetadataResponse {
  const { response } = error as { readonly response?: Partial<metadataV12.MetadataResponse> };
  if (response?.brokers === undefined || response.topics?.every(({ errorCode }) => errorCode === 0) !== true) {
    throw error;
  }
  return response as metadataV12.MetadataResponse;
}

/** As brokers know the program. */
const CLIENT = "aquila-salesforce";

/** Rights on a topic are bits of a number; the highest alone stands for no answer. */
const WRITE = 1 << 4;
const UNSAID = -(2 ** 31);

/** By the number of a kind of request: its versions that a broker speaks. */
type Versions = ReadonlyMap<number, { readonly least: number; readonly most: number }>;

interface Form<A extends unknown[], R> {
  readonly api: API<A, R>;
}

const METADATA: ReadonlyArray<Form<[string[], boolean, boolean], metadataV12.MetadataResponse>> = [
  metadataV12,
  metadataV9,
  metadataV7,
  metadataV5,
  metadataV4,
] as never;
const INIT_PRODUCER_ID: ReadonlyArray<Form<[null, number], initProducerIdV4.InitProducerIdResponse>> = [
  initProducerIdV4,
  initProducerIdV3,
  initProducerIdV1,
  initProducerIdV0,
];
const PRODUCE = [produceV11, produceV9, produceV8, produceV7, produceV5, produceV3] as const;
/** From here on texts and lists have lengths of few bytes, and every structure room for later members. */
const FLEXIBLE_PRODUCE = 9;

async function versionsOf(connection: Connection, version: string): Promise<Versions> {
  const { apiKeys } = await apiVersionsV3.api.async(connection, CLIENT, version).catch((error) => {
    if (protocolErrorOf(error) === "UNSUPPORTED_VERSION") {
      return apiVersionsV1.api.async(connection, CLIENT, version);
    }
    throw error;
  });
  return new Map(
    apiKeys.map(({ apiKey, minVersion, maxVersion }) => [apiKey, { least: minVersion, most: maxVersion }]),
  );
}

/** The newest form that the broker speaks too. */
function chosen<F extends { readonly api: { readonly key: number; readonly version: number } }>(
  forms: readonly F[],
  versions: Versions,
): F {
  const form = forms.find(({ api }) => {
    const spoken = versions.get(api.key);
    return spoken !== undefined && spoken.least <= api.version && api.version <= spoken.most;
  });
  if (form === undefined) {
    throw Object.assign(new Error("no common version"), { apiId: "UNSUPPORTED_VERSION" });
  }
  return form;
}

/** Of all that an acknowledgement says, where the batch was stored is what counts. */
interface ProduceAnswer {
  readonly responses?: ReadonlyArray<{
    readonly name: string;
    readonly partitionResponses: ReadonlyArray<{ readonly index: number }>;
  }>;
}

/** What the library makes of an answer that holds an error. */
interface Refusal extends Error {
  readonly response?: ProduceAnswer;
}

/** Of a name that a broker gives, what is repeated. */
const MOST_OF_A_NAME = 255;

/** Why an answer says nothing of the batch; `undefined` if it does. */
function notOf(topic: string, partition: number, answer: ProduceAnswer | undefined): Error | undefined {
  const named = (answer?.responses ?? []).flatMap(({ name, partitionResponses }) =>
    partitionResponses.map(({ index }) => `${name}:${index}`),
  );
  return named.length === 1 && named[0] === `${topic}:${partition}`
    ? undefined
    : new Error(`it acknowledges ${named[0]?.slice(0, MOST_OF_A_NAME) ?? "nothing"} in place of ${topic}:${partition}`);
}

interface ProduceRequest {
  readonly topic: string;
  readonly partition: number;
  readonly batch: Buffer;
  readonly timeout: number;
  readonly isAcknowledged: boolean;
}

/** One batch of one partition. Source: "Produce API" in the protocol guide of Apache Kafka. */
function produceRequest(request: ProduceRequest, version: number): Writer {
  const { topic, partition, batch, timeout, isAcknowledged } = request;
  const flexible = version >= FLEXIBLE_PRODUCE;
  const writer = Writer.create();
  const one = () => (flexible ? writer.appendUnsignedVarInt(2) : writer.appendInt32(1));
  const end = () => (flexible ? writer.appendTaggedFields() : writer);
  writer
    .appendString(null, flexible)
    .appendInt16(isAcknowledged ? -1 : 0)
    .appendInt32(timeout);
  one().appendString(topic, flexible);
  one().appendInt32(partition);
  const length = flexible ? writer.appendUnsignedVarInt(batch.length + 1) : writer.appendInt32(batch.length);
  length.append(batch);
  end();
  end();
  end();
  writer.context.noResponse = !isAcknowledged;
  return writer;
}

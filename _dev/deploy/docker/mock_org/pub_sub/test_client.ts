import { setImmediate as soon } from "node:timers/promises";
import {
  type Client,
  type ClientDuplexStream,
  credentials,
  Metadata,
  makeGenericClientConstructor,
  type ServiceError,
} from "@grpc/grpc-js";
import { assertion, type LoginDoor, type TestOrg, tokenAnswer } from "../test_client.ts";
import {
  type FetchRequest,
  type FetchResponse,
  REPLAY_PRESETS,
  type SchemaInfo,
  SERVICE,
  type TopicInfo,
} from "./protocol.ts";

type Headers = Readonly<Record<string, string>>;

export interface SubscribeOptions {
  readonly topic: string;
  readonly preset?: (typeof REPLAY_PRESETS)[number];
  readonly replayId?: Buffer;
  /** By default 100. */
  readonly asked?: number;
  /** Takes the answers, which are not kept then. */
  readonly onAnswer?: (answer: FetchResponse) => void;
}

/** One Subscribe call as a client has it. */
export interface Subscriber {
  readonly answers: FetchResponse[];
  /** The error that ended the stream, or undefined where it ended with OK. */
  readonly ended: Promise<ServiceError | undefined>;
  /** Resolves when so many events have come since the stream began. */
  events(count: number): Promise<FetchResponse["events"]>;
  /** Resolves when so many answers have come. */
  answered(count: number): Promise<readonly FetchResponse[]>;
  request(fields: Partial<FetchRequest>): void;
  ask(count: number): void;
  cancel(): void;
}

export interface PubSubClient extends Disposable {
  readonly headers: Headers;
  topic(name: string, headers?: Headers): Promise<TopicInfo>;
  schema(id: string, headers?: Headers): Promise<SchemaInfo>;
  subscribe(options: SubscribeOptions, headers?: Headers): Subscriber;
}

const Constructor = makeGenericClientConstructor(SERVICE, "PubSub");

/** A raw client of the org's Pub/Sub API with the headers of a fresh login. `authority`: PEM, for a server behind TLS. */
export async function pubSubClient(
  org: LoginDoor & Pick<TestOrg, "orgId" | "pubSubUrl">,
  {
    authority,
    options = {},
  }: { readonly authority?: string; readonly options?: Readonly<Record<string, number>> } = {},
): Promise<PubSubClient> {
  const { body } = await tokenAnswer(org, assertion(org));
  const headers = {
    accesstoken: body.access_token ?? "",
    instanceurl: body.instance_url ?? "",
    tenantid: org.orgId,
  };
  const channel =
    authority === undefined ? credentials.createInsecure() : credentials.createSsl(Buffer.from(authority));
  const client = new Constructor(new URL(org.pubSubUrl).host, channel, options);
  return {
    headers,
    topic: (topicName, changed = {}) =>
      unary(client, "getTopic", { topicName }, metadataOf({ ...headers, ...changed })),
    schema: (schemaId, changed = {}) =>
      unary(client, "getSchema", { schemaId }, metadataOf({ ...headers, ...changed })),
    subscribe: (wanted, changed = {}) => subscriber(client, wanted, metadataOf({ ...headers, ...changed })),
    [Symbol.dispose]: () => client.close(),
  };
}

/** Headers with an empty value are left out. */
function metadataOf(headers: Headers): Metadata {
  const metadata = new Metadata();
  for (const [name, value] of Object.entries(headers)) {
    if (value !== "") {
      metadata.set(name, value);
    }
  }
  return metadata;
}

function unary<T>(client: Client, name: "getTopic" | "getSchema", request: object, metadata: Metadata): Promise<T> {
  const { path, requestSerialize, responseDeserialize } = SERVICE[name];
  return new Promise((resolve, reject) => {
    client.makeUnaryRequest(
      path,
      requestSerialize as (value: object) => Buffer,
      responseDeserialize as (data: Buffer) => T,
      request,
      metadata,
      (error, answer) => (error === null ? resolve(answer as T) : reject(error)),
    );
  });
}

function subscriber(client: Client, options: SubscribeOptions, metadata: Metadata): Subscriber {
  const { path, requestSerialize, responseDeserialize } = SERVICE.subscribe;
  const call: ClientDuplexStream<FetchRequest, FetchResponse> = client.makeBidiStreamRequest(
    path,
    requestSerialize,
    responseDeserialize,
    metadata,
  );
  const { topic, preset = "EARLIEST", replayId = Buffer.alloc(0), asked = 100 } = options;
  const answers: FetchResponse[] = [];
  call.on("data", options.onAnswer ?? ((answer: FetchResponse) => answers.push(answer)));
  let over = false;
  const ended = new Promise<ServiceError | undefined>((resolve) => {
    call.on("error", (error) => resolve(error as ServiceError));
    call.on("end", () => resolve(undefined));
  }).finally(() => {
    over = true;
  });
  const until = async (reached: () => boolean) => {
    while (!reached()) {
      if (over) {
        throw new Error(`the stream has ended: ${(await ended)?.details}`);
      }
      await soon();
    }
  };
  const request = (fields: Partial<FetchRequest>) => {
    const nothing = { topicName: "", replayPreset: 0, replayId: Buffer.alloc(0), numRequested: 0, authRefresh: "" };
    call.write({ ...nothing, ...fields });
  };
  request({ topicName: topic, replayPreset: REPLAY_PRESETS.indexOf(preset), replayId, numRequested: asked });
  return {
    answers,
    ended,
    async events(count) {
      await until(() => answers.flatMap(({ events }) => events).length >= count);
      return answers.flatMap(({ events }) => events);
    },
    async answered(count) {
      await until(() => answers.length >= count);
      return answers;
    },
    request,
    ask: (count) => request({ topicName: topic, numRequested: count }),
    cancel: () => call.cancel(),
  };
}

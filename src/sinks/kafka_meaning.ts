/** What brokers answer, and what keeps them from answering. The only place that reads their error codes and the library's. */
import { type ErrorCode, GIVE_UP, type NextStep, RETRY, RunnerError } from "../core/errors.ts";
import { lookup } from "../core/lookup.ts";
import { transportError } from "../core/transport_meaning.ts";

/** What the sender of a batch does about an answer. */
export type Step =
  /** Sends the batch again, as it is. */
  | "again"
  /** Sends it again after the leaders have been asked for anew. */
  | "newLeader"
  /** Sends it again as another producer, since brokers no longer know this one's count. */
  | "newProducer"
  /** Nothing: it is stored already. */
  | "stored"
  /** Finds the records that are refused for good; the batch was not stored. */
  | "refused";

interface Meaning {
  readonly step: Step;
  readonly code: ErrorCode;
  /** The end of a sentence that begins with "Kafka". */
  readonly what: string;
  readonly cure?: string;
}

const DOWN = "The brokers' own logs say why; nothing has to be done here.";
const busy = (what: string, cure = DOWN): Meaning => ({ step: "again", code: "output_busy", what, cure });
const moved = (what: string): Meaning => ({ step: "newLeader", code: "output_busy", what, cure: DOWN });
const denied = (what: string, cure: string): Meaning => ({ step: "again", code: "output_refused", what, cure });
const forgotten = (what: string): Meaning => ({ step: "newProducer", code: "output_busy", what, cure: DOWN });
const unfit = (what: string): Meaning => ({ step: "refused", code: "events_refused", what });

/** By the names of Apache Kafka's protocol. What is not here is taken as passing. */
const MEANINGS: Readonly<Record<string, Meaning>> = {
  MESSAGE_TOO_LARGE: unfit("takes no event that long (message.max.bytes, max.message.bytes)"),
  RECORD_LIST_TOO_LARGE: unfit("takes no batch that long (segment.bytes)"),
  INVALID_RECORD: unfit("takes no such event, for example one without a key in a compacted topic"),
  INVALID_TIMESTAMP: unfit("takes no event of that time (message.timestamp.before.max.ms, .after.max.ms)"),
  DUPLICATE_SEQUENCE_NUMBER: { step: "stored", code: "internal", what: "has the events already" },
  OUT_OF_ORDER_SEQUENCE_NUMBER: forgotten("no longer knows what this runner has sent"),
  UNKNOWN_PRODUCER_ID: forgotten("no longer knows this runner"),
  INVALID_PRODUCER_EPOCH: forgotten("takes this runner for an earlier one"),
  INVALID_PRODUCER_ID_MAPPING: forgotten("no longer knows this runner"),
  PRODUCER_FENCED: forgotten("takes this runner for an earlier one"),
  UNKNOWN_TOPIC_OR_PARTITION: {
    step: "newLeader",
    code: "output_refused",
    what: "has no such topic, or hides it from this user",
    cure: "Create the topic, or correct the output's topic; the user needs Describe and Write on it.",
  },
  INVALID_TOPIC_EXCEPTION: denied("takes no topic of that name", "Correct the output's topic."),
  TOPIC_AUTHORIZATION_FAILED: denied(
    "does not let this user write to the topic",
    "Allow the output's user Describe and Write on the topic.",
  ),
  CLUSTER_AUTHORIZATION_FAILED: denied(
    "does not let this user send each event once",
    "Allow the output's user IdempotentWrite on the cluster, or update the brokers to Kafka 3 or newer.",
  ),
  SASL_AUTHENTICATION_FAILED: denied(
    "refuses the user or the password",
    "Correct the output's username, password and sasl.mechanism.",
  ),
  UNSUPPORTED_SASL_MECHANISM: denied(
    "knows no such way to log in at this port",
    "Set sasl.mechanism to one that the brokers have enabled: PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512.",
  ),
  ILLEGAL_SASL_STATE: denied(
    "expects no login at this port",
    "Leave out username and password, or name the port of the listener that wants them.",
  ),
  UNSUPPORTED_COMPRESSION_TYPE: denied(
    "is too old for this compression",
    "Set compression to gzip, snappy, lz4 or none.",
  ),
  UNSUPPORTED_VERSION: denied("is too old", "Kafka from version 0.11 on is needed."),
  POLICY_VIOLATION: denied("refuses by a policy of its own", "Ask who runs the brokers."),
  NOT_ENOUGH_REPLICAS: busy(
    "has too few replicas in sync",
    "Brokers of the topic are down; or its min.insync.replicas is larger than its number of replicas.",
  ),
  NOT_ENOUGH_REPLICAS_AFTER_APPEND: busy("has too few replicas in sync"),
  REQUEST_TIMED_OUT: busy("did not have the events on all replicas in time (broker_timeout)"),
  THROTTLING_QUOTA_EXCEEDED: busy("holds this client back by a quota", "Raise the quota of the output's user."),
  KAFKA_STORAGE_ERROR: moved("can't write to its disk"),
  LEADER_NOT_AVAILABLE: moved("is choosing a leader"),
  NOT_LEADER_OR_FOLLOWER: moved("has another leader for the partition by now"),
  FENCED_LEADER_EPOCH: moved("has another leader for the partition by now"),
  UNKNOWN_LEADER_EPOCH: moved("has another leader for the partition by now"),
  REPLICA_NOT_AVAILABLE: moved("is choosing a leader"),
  BROKER_NOT_AVAILABLE: moved("is starting or ending a broker"),
  COORDINATOR_LOAD_IN_PROGRESS: busy("is still starting"),
  COORDINATOR_NOT_AVAILABLE: busy("is still starting"),
  NOT_COORDINATOR: busy("is still starting"),
};

export interface KafkaProblem {
  readonly step: Step;
  readonly error: RunnerError;
  /** The protocol's name of the error, if a broker has named one. */
  readonly id: string | undefined;
  /** Of a batch, the records that are refused, if the broker says which. */
  readonly records: readonly number[];
}

/** What went wrong with a topic, a partition or a broker, as the library or Node tells it. Pure. */
export function kafkaProblem(where: string, error: unknown, hosts: readonly string[] = [where]): KafkaProblem {
  const id = protocolErrorOf(error);
  const meaning = lookup(MEANINGS, id);
  const next: NextStep = meaning?.code === "output_refused" ? GIVE_UP : RETRY;
  if (meaning !== undefined) {
    const { step, code, what, cure } = meaning;
    const problem = new RunnerError(code, `Kafka ${what} (${where}: ${id}).`, {
      next,
      cure,
    });
    return { step, error: problem, id, records: refusedRecords(error) };
  }
  if (id !== undefined) {
    const problem = new RunnerError("output_busy", `Kafka has a failure of its own (${where}: ${id}).`, {
      next,
      cure: DOWN,
    });
    return { step: "newLeader", error: problem, id, records: [] };
  }
  return {
    step: "newLeader",
    error: unreachable(addressIn(error) ?? hosts.join(", "), error),
    id: undefined,
    records: [],
  };
}

/** While the leader of a partition is not known. */
export function leaderless(where: string): Error {
  return Object.assign(new Error(where), { apiId: "LEADER_NOT_AVAILABLE" });
}

/** The library names the broker that can't be connected to, but not the one whose connection ended. Brokers may name any. */
const ADDRESS = /^Connection to ([\w.:%[\]-]{1,255}:\d{1,5}) (?:failed|timed out)/;

function addressIn(error: unknown): string | undefined {
  return someIn(error, ({ message }) => ADDRESS.exec(String(message))?.[1]);
}

function unreachable(where: string, error: unknown): RunnerError {
  const { code, message, cure, next } = transportError(where, asNodeTells(error), { usualCure: UNREACHABLE_CURE });
  const kept = code === "tls_refused" ? code : "output_unreachable";
  return new RunnerError(kept, `Kafka can't be reached: ${message}`, {
    next,
    cure: code === "connection_lost" ? CUT_CURE : cure,
  });
}

const UNREACHABLE_CURE =
  "Check the output's hosts and the brokers' advertised.listeners: each of those addresses must be reached from here.";
/** A listener that speaks TLS, or wants a login, ends the connection without a word. */
const CUT_CURE =
  "See the brokers' own logs. A listener for TLS needs ssl in the output, one for SASL needs username and password; others need neither.";

/** Words of the library that hide Node's own code. */
const WORDS: ReadonlyArray<readonly [words: RegExp, code: string]> = [
  [/Broker requires TLS|verify the broker supports TLS/, "ECONNRESET"],
  [/timed out/i, "ETIMEDOUT"],
  [/Connection closed/, "ECONNRESET"],
];

/** The error, or one with Node's code in the place of the library's words; Node's own codes come first. */
function asNodeTells(error: unknown): unknown {
  if (someIn(error, ({ code }) => (typeof code === "string" && /^(?:E[A-Z]|ERR_TLS)/.test(code) ? code : undefined))) {
    return error;
  }
  const code = someIn(error, ({ message }) => WORDS.find(([words]) => words.test(String(message)))?.[1]);
  return code === undefined ? error : Object.assign(new Error(code), { code });
}

/**
 * What the protocol calls the first error in it that a broker has named. What it says of single records is no error of the
 * protocol, though the library gives it one, and before that of their batch.
 */
export function protocolErrorOf(error: unknown): string | undefined {
  return someIn(error, ({ apiId, path }) =>
    typeof apiId === "string" && !String(path).includes("/record_errors/") ? apiId : undefined,
  );
}

/** `/responses/0/partition_responses/0/record_errors/0` and the like stand in a Produce answer with their records. */
function refusedRecords(error: unknown): number[] {
  const found = someIn(error, ({ response }) => {
    const [topic] = (response as ProduceAnswer | undefined)?.responses ?? [];
    return topic?.partitionResponses?.[0]?.recordErrors?.map(({ batchIndex }) => batchIndex);
  });
  return found ?? [];
}

interface ProduceAnswer {
  readonly responses?: ReadonlyArray<{
    readonly partitionResponses?: ReadonlyArray<{
      readonly recordErrors?: ReadonlyArray<{ readonly batchIndex: number }>;
    }>;
  }>;
}

/** The first that `read` finds in an error, its causes and its parts. */
function someIn<T>(
  error: unknown,
  read: (one: Readonly<Record<string, unknown>>) => T | undefined,
  depth = 0,
): T | undefined {
  if (!(error instanceof Error) || depth > 6) {
    return undefined;
  }
  const parts = error instanceof AggregateError ? error.errors : [];
  const found = read(error as unknown as Readonly<Record<string, unknown>>);
  return [...parts, error.cause].reduce((known, one) => known ?? someIn(one, read, depth + 1), found);
}

import type { RunnerError } from "../core/errors.ts";
import type { DataStream, StreamId } from "../core/event.ts";
import type { Secret } from "../core/secret.ts";
import type { Processor } from "../processing/processors.ts";
import type { KindSettings } from "../sources/kind.ts";
import type { FormatPart } from "./format_string.ts";
import type { ApiSettings, AuthSettings, NamesSetting, SslSettings } from "./settings.ts";

/** What the runner has to do: one input for each org, and where its events go. All durations are in milliseconds. */
export interface Policy {
  readonly inputs: readonly Input[];
  /** Inputs that can't run as they are written; the others run. */
  readonly brokenInputs: readonly BrokenInput[];
  /** What does no harm but may surprise, one sentence each: inputs of other types, settings without effect. */
  readonly warnings: readonly string[];
}

/** One org. */
export interface Input {
  /** Unique in the policy. */
  readonly id: string;
  readonly name: string;
  /** How the org is called in the events. */
  readonly organization: { readonly name: string };
  readonly auth: AuthSettings;
  readonly api: ApiSettings;
  readonly state: StateSettings;
  readonly names: NamesSetting;
  /** At least one; only streams that collect something. */
  readonly streams: readonly Stream[];
  /** What the runner itself reports of the input; undefined where the policy does not let it write that data stream. */
  readonly collector: CollectorStream | undefined;
  readonly output: Output;
}

/** Where it is kept how far an input's sources are. */
export type StateSettings = { readonly store: "local" } | SharedState;

/** State that several hosts share. */
export interface SharedState {
  readonly store: "elasticsearch";
  /** The way there, with the key of the index. */
  readonly cluster: ElasticsearchOutput;
  readonly index: string;
  /** Milliseconds without a sign of life after which another host takes an org over. */
  readonly lease: number;
}

export interface Stream {
  readonly id: StreamId;
  readonly dataStream: DataStream;
  /** Settings of each kind of source, by the name of its group. */
  readonly sources: Readonly<Record<string, KindSettings>>;
  readonly tags: readonly string[];
  readonly preserveOriginalEvent: boolean;
  /** Those of the input before those of the stream. */
  readonly processors: readonly Processor[];
}

export interface CollectorStream {
  /** Those of the input before those of the stream, as in every stream. */
  readonly processors: readonly Processor[];
}

/** An input of the policy with everything that keeps it from running. */
export interface BrokenInput {
  readonly id: string;
  readonly name: string;
  readonly problems: readonly Problem[];
  /** `policy_invalid`, with every problem on a line of its message. */
  readonly error: RunnerError;
}

/** `path` is where the policy has to be changed, such as `inputs[0] (acme-production).auth.client_id`. */
export interface Problem {
  readonly path: string;
  readonly text: string;
}

export type Output = ElasticsearchOutput | LogstashOutput | KafkaOutput | FileOutput | ConsoleOutput;

/** One output of the policy, or why it can't be used. */
export type OutputReading =
  | { readonly output: Output; readonly warnings: readonly string[] }
  | { readonly problems: readonly Problem[] };

export interface ElasticsearchOutput {
  readonly type: "elasticsearch";
  /** The output's name in the policy. */
  readonly name: string;
  /** Addresses with scheme and port, without a trailing slash; plain http only for loopback hosts. */
  readonly hosts: readonly string[];
  /** None for a cluster without security. */
  readonly credentials: ElasticsearchCredentials | undefined;
  readonly ssl: OutputSsl;
  readonly proxyUrl: Secret | undefined;
  /** Sent to the proxy when a connection is made. */
  readonly proxyHeaders: Readonly<Record<string, Secret>>;
  readonly headers: Readonly<Record<string, Secret>>;
  /** Events in one bulk request; `undefined` leaves it to the sink. */
  readonly bulkMaxSize: number | undefined;
  /** Bulk requests under way at once for each host; `undefined` leaves it to the sink. */
  readonly worker: number | undefined;
  /** gzip level 0 (off) to 9; `undefined` leaves it to the sink. */
  readonly compressionLevel: number | undefined;
}

/** `apiKey` is base64 of `id:key`, as the header `Authorization: ApiKey` takes it. */
export type ElasticsearchCredentials =
  | { readonly apiKey: Secret }
  | { readonly username: string; readonly password: Secret };

/** `caTrustedFingerprint`: 64 hexadecimal digits in capitals. */
export type OutputSsl = SslSettings & { readonly caTrustedFingerprint?: string | undefined };

/** Logstash's input `elastic_agent` or `beats`. */
export interface LogstashOutput {
  readonly type: "logstash";
  readonly name: string;
  /** `host:port`. */
  readonly hosts: readonly string[];
  /** `undefined` without TLS. */
  readonly ssl: OutputSsl | undefined;
  readonly loadBalance: boolean;
  /** Connections to each host that is used. */
  readonly worker: number;
  /** Windows under way at once on each connection. */
  readonly pipelining: number;
  /** Events in one window. */
  readonly bulkMaxSize: number;
  /** zlib level 0 (off) to 9; `undefined` leaves it to the sink. */
  readonly compressionLevel: number | undefined;
  /** Milliseconds without an answer after which events are sent again. */
  readonly timeout: number;
}

export interface KafkaOutput {
  readonly type: "kafka";
  readonly name: string;
  /** `host:port`, of some of the brokers; they name the others. */
  readonly hosts: readonly string[];
  readonly clientId: string;
  /** `undefined` without TLS. */
  readonly ssl: OutputSsl | undefined;
  readonly sasl: KafkaSasl | undefined;
  readonly topic: readonly FormatPart[];
  /** `undefined` for records without a key. */
  readonly key: readonly FormatPart[] | undefined;
  /** Of every record. */
  readonly headers: ReadonlyArray<{ readonly key: string; readonly value: string }>;
  readonly partition: KafkaPartition;
  readonly compression: "none" | "gzip" | "snappy" | "lz4" | "zstd";
  /** Of gzip, 0 to 9. */
  readonly compressionLevel: number;
  /** Whether all replicas in sync acknowledge; otherwise nobody does. */
  readonly isAcknowledged: boolean;
  /** Milliseconds without an answer after which a connection is given up. */
  readonly timeout: number;
  /** Milliseconds that a broker waits for its replicas. */
  readonly brokerTimeout: number;
  /** Events in one batch. */
  readonly bulkMaxSize: number;
  /** Bytes of a batch, before it is compressed; an event that is longer is refused. */
  readonly maxMessageBytes: number;
  /** Milliseconds after which topics are looked up again, so that new partitions are found. */
  readonly refreshEvery: number;
}

export interface KafkaSasl {
  readonly mechanism: "PLAIN" | "SCRAM-SHA-256" | "SCRAM-SHA-512";
  readonly username: string;
  readonly password: Secret;
}

/** How partitions are chosen. With `reachableOnly`, among those that have a leader at the moment. */
export type KafkaPartition = { readonly reachableOnly: boolean } & (
  | { readonly by: "random" | "roundRobin"; readonly groupEvents: number }
  | {
      readonly by: "hash";
      /** Their values are hashed; without any it is the key, and without a key chance decides. */
      readonly fields: readonly string[];
      /** Whether chance decides for an event without such a field; it is refused otherwise. */
      readonly isRandomWithout: boolean;
    }
);

/** One NDJSON file for each data stream, in the folder `path`. */
export interface FileOutput {
  readonly type: "file";
  readonly name: string;
  readonly path: string;
}

export interface ConsoleOutput {
  readonly type: "console";
  readonly name: string;
}

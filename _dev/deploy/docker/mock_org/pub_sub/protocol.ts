/** The messages and methods of pub_sub.proto, as the server (and a test's own client) has them. */
import { join } from "node:path";
import type { ServiceDefinition } from "@grpc/grpc-js";
import protobuf from "protobufjs";

const { root } = protobuf.loadSync(join(import.meta.dirname, "pub_sub.proto"), new protobuf.Root());

export interface TopicRequest {
  readonly topicName: string;
}

export interface TopicInfo {
  readonly topicName: string;
  readonly tenantGuid: string;
  readonly canPublish: boolean;
  readonly canSubscribe: boolean;
  readonly schemaId: string;
  readonly rpcId: string;
}

export interface SchemaRequest {
  readonly schemaId: string;
}

export interface SchemaInfo {
  readonly schemaJson: string;
  readonly schemaId: string;
  readonly rpcId: string;
}

export const REPLAY_PRESETS = ["LATEST", "EARLIEST", "CUSTOM"] as const;

export interface FetchRequest {
  readonly topicName: string;
  /** Index in REPLAY_PRESETS; a number beyond is kept as it came. */
  readonly replayPreset: number;
  readonly replayId: Buffer;
  readonly numRequested: number;
  readonly authRefresh: string;
}

export interface ConsumerEvent {
  readonly event: { readonly id: string; readonly schemaId: string; readonly payload: Buffer };
  readonly replayId: Buffer;
}

export interface FetchResponse {
  readonly events: readonly ConsumerEvent[];
  readonly latestReplayId: Buffer;
  readonly rpcId: string;
  readonly pendingNumRequested: number;
}

/** Encoder and decoder of one message; absent fields are read as proto3's defaults. */
function codec<T>(name: string): { encode: (value: T) => Buffer; decode: (data: Buffer) => T } {
  const type = root.lookupType(`eventbus.v1.${name}`);
  return {
    encode: (value) => Buffer.from(type.encode(value as Record<string, unknown>).finish()),
    decode: (data) => type.toObject(type.decode(data), { defaults: true, arrays: true }) as T,
  };
}

function method<Request, Answer>(name: string, request: string, answer: string, stream: boolean) {
  const [asked, answered] = [codec<Request>(request), codec<Answer>(answer)];
  return {
    path: `/eventbus.v1.PubSub/${name}`,
    requestStream: stream,
    responseStream: stream,
    requestSerialize: asked.encode,
    requestDeserialize: asked.decode,
    responseSerialize: answered.encode,
    responseDeserialize: answered.decode,
  };
}

export const SERVICE = {
  getTopic: method<TopicRequest, TopicInfo>("GetTopic", "TopicRequest", "TopicInfo", false),
  getSchema: method<SchemaRequest, SchemaInfo>("GetSchema", "SchemaRequest", "SchemaInfo", false),
  subscribe: method<FetchRequest, FetchResponse>("Subscribe", "FetchRequest", "FetchResponse", true),
} satisfies ServiceDefinition;

/**
 * The messages of Salesforce's Pub/Sub API that are sent and read here (Pub/Sub API Guide, "Pub/Sub API RPC Method Reference").
 * Reserved and internal fields are left out.
 */
import { bytes, flag, integer, type MessageType, message, nested, repeated, text } from "../core/protobuf.ts";

export const GET_TOPIC_PATH = "/eventbus.v1.PubSub/GetTopic";
export const GET_SCHEMA_PATH = "/eventbus.v1.PubSub/GetSchema";
export const SUBSCRIBE_PATH = "/eventbus.v1.PubSub/Subscribe";

export const TOPIC_REQUEST = message("TopicRequest", { topicName: text(1) });
export type TopicInfo = MessageType<typeof TOPIC_INFO>;
export const TOPIC_INFO = message("TopicInfo", {
  topicName: text(1),
  /** Id of the org, 18 characters. */
  tenantGuid: text(2),
  canSubscribe: flag(4),
  schemaId: text(5),
  rpcId: text(6),
});

export const SCHEMA_REQUEST = message("SchemaRequest", { schemaId: text(1) });
export type SchemaInfo = MessageType<typeof SCHEMA_INFO>;
export const SCHEMA_INFO = message("SchemaInfo", { schemaJson: text(1), schemaId: text(2), rpcId: text(3) });

/** Where a subscription begins: with what comes, with the oldest event that is kept, or behind a replay id. */
export const REPLAY_PRESETS = { latest: 0, earliest: 1, custom: 2 } as const;

/** Topic, preset and id count in the first request of a stream alone. */
export const FETCH_REQUEST = message("FetchRequest", {
  topicName: text(1),
  replayPreset: integer(2),
  replayId: bytes(3),
  numRequested: integer(4),
});

const PRODUCER_EVENT = message("ProducerEvent", {
  /** EventUuid: the same for a message that is delivered twice. */
  id: text(1),
  schemaId: text(2),
  /** Avro, without a container. */
  payload: bytes(3),
});

const CONSUMER_EVENT = message("ConsumerEvent", { event: nested(1, PRODUCER_EVENT), replayId: bytes(2) });

export type FetchResponse = MessageType<typeof FETCH_RESPONSE>;
export const FETCH_RESPONSE = message("FetchResponse", {
  events: repeated(1, CONSUMER_EVENT),
  latestReplayId: bytes(2),
  rpcId: text(3),
  pendingNumRequested: integer(4),
});

/**
 * The messages of Elastic Agent's control protocol V2, as far as the runner reads or writes them. The numbers are those of
 * the protocol of elastic-agent-client 7.18, service `proto.ElasticAgent`.
 */
import {
  bytes,
  flag,
  integer,
  integers,
  json,
  type MessageType,
  message,
  nested,
  repeated,
  text,
  texts,
} from "../core/protobuf.ts";

export const CHECKIN_PATH = "/proto.ElasticAgent/CheckinV2";
export const ACTIONS_PATH = "/proto.ElasticAgent/Actions";

export const UNIT_TYPE = { input: 0, output: 1 } as const;
export type UnitType = (typeof UNIT_TYPE)[keyof typeof UNIT_TYPE];

export const STATE = {
  starting: 0,
  configuring: 1,
  healthy: 2,
  degraded: 3,
  failed: 4,
  stopping: 5,
  stopped: 6,
} as const;
export type State = (typeof STATE)[keyof typeof STATE];

export const UNIT_LOG_LEVEL = { error: 0, warn: 1, info: 2, debug: 3, trace: 4 } as const;

/** What a side of the protocol can do; an element of `supports`. */
export const CHECKIN_CHUNKING = 0;

export const ACTION_STATUS = { success: 0, failed: 1 } as const;
export const ACTION_TYPE = { custom: 0, diagnostics: 1 } as const;
export const ACTION_LEVEL = { all: 0, component: 1, unit: 2 } as const;

const AGENT_INFO = message("AgentInfo", { id: text(1), version: text(2), snapshot: flag(3) });
export type AgentInfo = MessageType<typeof AGENT_INFO>;

export const START_UP_INFO = message("StartUpInfo", {
  addr: text(1),
  serverName: text(2),
  token: text(3),
  caCert: bytes(4),
  peerCert: bytes(5),
  peerKey: bytes(6),
  supports: integers(8),
  maxMessageSize: integer(9),
  agentInfo: nested(10, AGENT_INFO),
});

/** `seconds` since the epoch. Both sides only compare it. */
const TIMESTAMP = message("Timestamp", { seconds: integer(1), nanos: integer(2) });
export type Timestamp = MessageType<typeof TIMESTAMP>;

/** `payload` holds what a person sees in the agent's status beyond the message. */
const UNIT_OBSERVED = message("UnitObserved", {
  id: text(1),
  type: integer<UnitType>(2),
  configStateIdx: integer(3),
  state: integer<State>(4),
  message: text(5),
  payload: json(6),
});
export type UnitObserved = MessageType<typeof UNIT_OBSERVED>;

export const CHECKIN_OBSERVED = message("CheckinObserved", {
  token: text(1),
  units: repeated(2, UNIT_OBSERVED),
  versionInfo: nested(3, message("VersionInfo", { name: text(1), meta: texts(3), buildHash: text(4) })),
  featuresIdx: integer(5),
  componentIdx: integer(6),
  unitsTimestamp: nested(7, TIMESTAMP),
  supports: integers(8),
  pid: integer(9),
});
export type CheckinObserved = MessageType<typeof CHECKIN_OBSERVED>;

/** `source` is the whole input or output block; the protocol's other fields repeat parts of it. */
const UNIT_EXPECTED = message("UnitExpected", {
  id: text(1),
  type: integer<UnitType>(2),
  state: integer<State>(3),
  configStateIdx: integer(4),
  config: nested(5, message("UnitExpectedConfig", { source: json(1), id: text(2), type: text(3), name: text(4) })),
  logLevel: integer(6),
});
export type UnitExpected = MessageType<typeof UNIT_EXPECTED>;

export const CHECKIN_EXPECTED = message("CheckinExpected", {
  units: repeated(1, UNIT_EXPECTED),
  featuresIdx: integer(4),
  componentIdx: integer(6),
  unitsTimestamp: nested(7, TIMESTAMP),
});
export type CheckinExpected = MessageType<typeof CHECKIN_EXPECTED>;

/** `params` is JSON. */
export const ACTION_REQUEST = message("ActionRequest", {
  id: text(1),
  name: text(2),
  params: bytes(3),
  unitId: text(4),
  unitType: integer<UnitType>(5),
  type: integer(6),
  level: integer(7),
});
export type ActionRequest = MessageType<typeof ACTION_REQUEST>;

const DIAGNOSTIC_FILE = message("DiagnosticFile", {
  name: text(1),
  filename: text(2),
  description: text(3),
  contentType: text(4),
  content: bytes(5),
  generated: nested(6, TIMESTAMP),
});
export type DiagnosticFile = MessageType<typeof DIAGNOSTIC_FILE>;

/** `result` is JSON. */
export const ACTION_RESPONSE = message("ActionResponse", {
  token: text(1),
  id: text(2),
  status: integer(3),
  result: bytes(4),
  diagnostic: repeated(5, DIAGNOSTIC_FILE),
});
export type ActionResponse = MessageType<typeof ACTION_RESPONSE>;

export function timestampOf(ms: number): Timestamp {
  const seconds = Math.floor(ms / 1_000);
  return { seconds, nanos: Math.round((ms - seconds * 1_000) * 1_000_000) };
}

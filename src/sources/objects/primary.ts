import { THREAT_TYPES } from "../../catalog/threat.ts";

/**
 * Event types of event log files, and objects, that tell the same events as an object. ApiEvent has the reading requests of
 * every API, whichever file type they are in.
 */
const ALSO_TOLD_BY: Readonly<Record<string, readonly string[]>> = {
  LoginEvent: ["Login"],
  LogoutEvent: ["Logout"],
  LoginAsEvent: ["LoginAs"],
  LoginHistory: ["Login", "LoginEvent"],
  ReportEvent: ["Report"],
  FileEventStore: ["ContentTransfer"],
  UriEvent: ["URI"],
  LightningUriEvent: ["LightningPageView"],
  ApiEvent: ["API", "RestApi", "BulkApi", "BulkApi2", "GraphQLQuery"],
};

/** Objects that together tell the same events as one object. */
const TOGETHER_TOLD_BY: Readonly<Record<string, readonly string[]>> = {
  UniversalAnomalyEventStore: THREAT_TYPES.map(({ name }) => name).filter(
    (name) => name !== "UniversalAnomalyEventStore",
  ),
};

/** What a stream collects. */
export interface Collected {
  /** Of event log files; empty if they are off. */
  readonly eventTypes: readonly string[];
  readonly objects: readonly string[];
}

/**
 * Whether the events of an object count as `salesforce.collection.primary`: false if the stream has the same events from
 * another source as well, so that a count of primary events counts each once.
 */
export function isPrimaryObject(objectName: string, { eventTypes, objects }: Collected): boolean {
  const others = ALSO_TOLD_BY[objectName] ?? [];
  const parts = TOGETHER_TOLD_BY[objectName];
  return !(
    others.some((other) => eventTypes.includes(other) || objects.includes(other)) ||
    parts?.every((part) => objects.includes(part))
  );
}

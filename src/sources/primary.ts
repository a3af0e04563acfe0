import { THREAT_TYPES } from "../catalog/threat.ts";

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

/**
 * Whether the events of an object count as `salesforce.collection.primary`: false if the stream has the same events from
 * another source as well, so that a count of primary events counts each once. `collected` are the event types and objects that the
 * stream collects.
 */
export function isPrimaryObject(objectName: string, collected: readonly string[]): boolean {
  const isCollected = (name: string) => collected.includes(name);
  const isToldAgain = ALSO_TOLD_BY[objectName]?.some(isCollected) || TOGETHER_TOLD_BY[objectName]?.every(isCollected);
  return isToldAgain !== true;
}

/**
 * The same for an event that is pushed, of which `objectName` is the stored object. One that the stored object gives too is the same
 * document and counts as that one's; otherwise whatever else tells it is the more complete record.
 */
export function isPrimaryLive(objectName: string, collected: readonly string[]): boolean {
  const isToldByOther = Object.entries(ALSO_TOLD_BY).some(
    ([other, toldBy]) => toldBy.includes(objectName) && collected.includes(other),
  );
  return isPrimaryObject(objectName, collected) && (collected.includes(objectName) || !isToldByOther);
}

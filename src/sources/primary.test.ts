import { expect, test } from "vitest";
import { EVENT_TYPES, OBJECTS } from "../catalog/catalog.ts";
import { THREAT_TYPES } from "../catalog/threat.ts";
import { isPrimaryLive, isPrimaryObject } from "./primary.ts";

test.each<[string, readonly string[], boolean]>([
  ["LoginEvent", ["LoginEvent"], true],
  ["LoginEvent", ["Logout", "LoginAs", "LoginEvent"], true],
  ["LoginEvent", ["Login", "LoginEvent"], false],
  ["LoginEvent", ["LoginEvent", "LoginHistory"], true],
  ["LoginHistory", ["LoginEvent", "LoginHistory"], false],
  ["LoginHistory", ["Login", "LoginHistory"], false],
  ["LoginHistory", ["Logout", "LoginHistory"], true],
  ["LogoutEvent", ["Login", "LogoutEvent"], true],
  ["LogoutEvent", ["Logout", "LogoutEvent"], false],
  ["LoginAsEvent", ["LoginAs", "LoginAsEvent"], false],
  ["ReportEvent", ["Report", "ReportEvent"], false],
  ["FileEventStore", ["ContentTransfer", "FileEventStore"], false],
  ["UriEvent", ["Report", "UriEvent"], true],
  ["ApiEvent", ["ApiTotalUsage", "ApiEvent"], true],
  ["ApiEvent", ["RestApi", "ApiEvent"], false],
  ["ApiEvent", ["API", "ApiEvent"], false],
  ["ApiEvent", ["BulkApi2", "ApiEvent"], false],
  ["UniversalAnomalyEventStore", ["UniversalAnomalyEventStore"], true],
  ["UniversalAnomalyEventStore", ["ApiAnomalyEventStore"], true],
  ["UniversalAnomalyEventStore", THREAT_TYPES.map(({ name }) => name), false],
  ["ApiAnomalyEventStore", THREAT_TYPES.map(({ name }) => name), true],
])("%s beside %j: primary is %s", (objectName, collected, expected) => {
  expect(isPrimaryObject(objectName, collected)).toBe(expected);
});

/** What no file and no other object tells. */
const ALONE = [
  "IdentityVerificationEvent",
  "BulkApiResultEventStore",
  "SetupAuditTrail",
  "ListViewEvent",
  "PermissionSetEventStore",
  ...THREAT_TYPES.map(({ name }) => name),
];

test.each(OBJECTS)(
  "$name is primary in a stream that collects all it can only if nothing else tells it",
  ({ name, stream }) => {
    const eventTypes = EVENT_TYPES.filter((type) => type.stream === stream).map((type) => type.name);
    expect(isPrimaryObject(name, eventTypes)).toBe(ALONE.includes(name));
  },
);

test.each<[string, readonly string[], boolean]>([
  ["LoginEvent", ["LoginEventStream"], true],
  ["LoginEvent", ["Login", "LoginEventStream"], false],
  ["LoginEvent", ["LoginEvent", "LoginEventStream"], true],
  ["LoginEvent", ["LoginHistory", "LoginEventStream"], false],
  ["LoginEvent", ["LoginHistory", "LoginEvent", "LoginEventStream"], true],
  ["LogoutEvent", ["LoginHistory", "Login", "LogoutEventStream"], true],
  ["ApiEvent", ["RestApi", "ApiEventStream"], false],
  ["ApiAnomalyEventStore", ["ApiAnomalyEvent", "ReportAnomalyEvent"], true],
])("a live %s beside %j: primary is %s", (objectName, collected, expected) => {
  expect(isPrimaryLive(objectName, collected)).toBe(expected);
});

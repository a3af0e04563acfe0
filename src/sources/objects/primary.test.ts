import { expect, test } from "vitest";
import { EVENT_TYPES, OBJECTS } from "../../catalog/catalog.ts";
import { THREAT_TYPES } from "../../catalog/threat.ts";
import { type Collected, isPrimaryObject } from "./primary.ts";

test.each<[string, Collected, boolean]>([
  ["LoginEvent", { eventTypes: [], objects: ["LoginEvent"] }, true],
  ["LoginEvent", { eventTypes: ["Logout", "LoginAs"], objects: ["LoginEvent"] }, true],
  ["LoginEvent", { eventTypes: ["Login"], objects: ["LoginEvent"] }, false],
  ["LoginEvent", { eventTypes: [], objects: ["LoginEvent", "LoginHistory"] }, true],
  ["LoginHistory", { eventTypes: [], objects: ["LoginEvent", "LoginHistory"] }, false],
  ["LoginHistory", { eventTypes: ["Login"], objects: ["LoginHistory"] }, false],
  ["LoginHistory", { eventTypes: ["Logout"], objects: ["LoginHistory"] }, true],
  ["LogoutEvent", { eventTypes: ["Login"], objects: ["LogoutEvent"] }, true],
  ["LogoutEvent", { eventTypes: ["Logout"], objects: ["LogoutEvent"] }, false],
  ["LoginAsEvent", { eventTypes: ["LoginAs"], objects: ["LoginAsEvent"] }, false],
  ["ReportEvent", { eventTypes: ["Report"], objects: ["ReportEvent"] }, false],
  ["FileEventStore", { eventTypes: ["ContentTransfer"], objects: ["FileEventStore"] }, false],
  ["UriEvent", { eventTypes: ["Report"], objects: ["UriEvent"] }, true],
  ["ApiEvent", { eventTypes: ["ApiTotalUsage"], objects: ["ApiEvent"] }, true],
  ["ApiEvent", { eventTypes: ["RestApi"], objects: ["ApiEvent"] }, false],
  ["ApiEvent", { eventTypes: ["API"], objects: ["ApiEvent"] }, false],
  ["ApiEvent", { eventTypes: ["BulkApi2"], objects: ["ApiEvent"] }, false],
  ["UniversalAnomalyEventStore", { eventTypes: [], objects: ["UniversalAnomalyEventStore"] }, true],
  ["UniversalAnomalyEventStore", { eventTypes: [], objects: ["ApiAnomalyEventStore"] }, true],
  ["UniversalAnomalyEventStore", { eventTypes: [], objects: THREAT_TYPES.map(({ name }) => name) }, false],
  ["ApiAnomalyEventStore", { eventTypes: [], objects: THREAT_TYPES.map(({ name }) => name) }, true],
])("%s beside %o: primary is %s", (objectName, collected, expected) => {
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
    expect(isPrimaryObject(name, { eventTypes, objects: [] })).toBe(ALONE.includes(name));
  },
);

/** Rows that the generator of traffic doesn't make and that dashboards have a panel for. */
import type { MockOrg } from "../../deploy/docker/mock_org/mock_org.ts";
import type { DemoTraffic } from "./demo_traffic.ts";

const HOUR_MS = 3_600_000;

/** Hour of the first day. */
const PLANTED_HOUR = 9;

const HEADER =
  "EVENT_TYPE,TIMESTAMP,REQUEST_ID,ORGANIZATION_ID,USER_ID,LOGIN_TYPE,API_TYPE,API_VERSION,USER_NAME,TLS_PROTOCOL,USE_API_TOKEN,TIMESTAMP_DERIVED,CLIENT_IP,LOGIN_STATUS,SOURCE_IP,RISK_SCORE";

/** API logins of an old integration that sends a password over TLS 1.2, a row of each quarter of an hour. */
const PASSWORD_LOGINS = 12;
/** Rows with a cell too few, which no reader can tell the meaning of. */
export const RAGGED_ROWS = 3;

/** The password logins as the generator's rows are told. */
export function plantedLogins({ time }: DemoTraffic): Readonly<Record<string, string>>[] {
  const columns = HEADER.split(",");
  return passwordLogins(time.from + PLANTED_HOUR * HOUR_MS).map((line) => {
    const cells = line.split(",").map((cell) => cell.slice(1, -1));
    return Object.fromEntries(columns.map((column, index) => [column, cells[index] ?? ""]));
  });
}

/** An administrator who is logged in as another user, and what she changes, by the hour of the second day. */
export const SETUP_INTRUDER = "eve@acme.example";
const SETUP_INTRUSION = [
  [
    16,
    "PermSetEnableUserPerm",
    "Changed permission set Report Builder: Modify All Data was changed from Disabled to Enabled",
  ],
  [16, "PermSetAssign", "Permission set Report Builder: assigned to user Sven Ito"],
  [17, "mFADirectUILoginOptInOnOff", "Changed Require multi-factor authentication from on to off"],
  [18, "insertCertificate", "Created certificate backup_2026"],
] as const;

/** Changes in Setup that open the org step by step. */
export async function plantSetupChanges(org: MockOrg, { time }: DemoTraffic): Promise<void> {
  await org.given.records(
    "SetupAuditTrail",
    SETUP_INTRUSION.map(([hour, Action, Display], index) => ({
      Action,
      CreatedById: "005Hs0000000SVN",
      CreatedDate: new Date(time.from + (24 + hour) * HOUR_MS + index * 60_000).toISOString(),
      DelegateUser: SETUP_INTRUDER,
      Display,
      Section: "Manage Users",
    })),
  );
}

/** Lists that a person looks through, and results of a Bulk job that the person downloads, on the first day. */
export async function plantRealTimeReads(org: MockOrg, { time }: DemoTraffic): Promise<void> {
  const who = { UserId: "005Hs0000000SVN", Username: SETUP_INTRUDER, SourceIp: "175.16.199.37" };
  const at = (minute: number) => ({
    EventDate: new Date(time.from + 18 * HOUR_MS + minute * 60_000).toISOString(),
  });
  await org.given.records(
    "ListViewEvent",
    [1, 2, 3].map((minute) => ({
      ...who,
      ...at(minute),
      ExecutionIdentifier: `list-${minute}`,
      ListViewId: "00BHs0000000001",
      Name: "All accounts",
      QueriedEntities: "Account",
      RowsProcessed: 200,
      Sequence: 1,
    })),
  );
  await org.given.published(
    "BulkApiResultEvent",
    [5, 6].map((minute) => ({ ...who, ...at(minute), Query: "SELECT Id, Name FROM Account" })),
  );
}

/** What Threat Detection says of the second day: a report that is hardly unusual, and a session that somebody else goes on with. */
export async function plantDetections(org: MockOrg, { time }: DemoTraffic): Promise<void> {
  const detected = (hour: number, Score: number, Summary: string) => {
    const at = new Date(time.from + (24 + hour) * HOUR_MS).toISOString();
    return { CreatedDate: at, EventDate: at, Score, Summary, UserId: "005Hs0000000SVN", Username: SETUP_INTRUDER };
  };
  const report = detected(20, 41, "Report was run with an infrequent rowCount");
  const session = detected(21, 0.97, "Session was used from an unusual browser");
  await org.given.records("ReportAnomalyEventStore", [{ ...report, SourceIp: "10.20.0.41" }]);
  await org.given.records("SessionHijackingEventStore", [{ ...session, SourceIp: "175.16.199.37" }]);
}

/**
 * A second, late file of an hour in which nothing else is planted, with a column that no documentation knows, and a file that is gone
 * when it is read.
 */
export async function plantRows(org: MockOrg, { time }: DemoTraffic): Promise<void> {
  const hour = time.from + PLANTED_HOUR * HOUR_MS;
  const rows = passwordLogins(hour);
  const ragged = Array.from({ length: RAGGED_ROWS }, (_, index) =>
    passwordLogin(hour + index, 100 + index).replace(/^"Login",/, ""),
  );
  await org.given.logFile({
    eventType: "Login",
    interval: "Hourly",
    logDate: new Date(hour).toISOString(),
    csv: `${[HEADER, ...rows, ...ragged].join("\n")}\n`,
  });
  await org.given.logFile({
    eventType: "Logout",
    interval: "Hourly",
    logDate: new Date(hour).toISOString(),
    generate: { rows: 5 },
    gone: true,
  });
}

function passwordLogins(hour: number): string[] {
  return Array.from({ length: PASSWORD_LOGINS }, (_, index) => passwordLogin(hour + index * 240_000, index));
}

function passwordLogin(at: number, index: number): string {
  const iso = new Date(at).toISOString();
  const cells = [
    "Login",
    `${iso.slice(0, 19).replace(/[-:T]/g, "")}.${iso.slice(20, 23)}`,
    `4oldErpLogin${String(index).padStart(9, "0")}-`,
    "00DHs0000000001",
    "005Hs0000000ERP",
    "I",
    "P",
    "47.0",
    "erp@integration.acme.example",
    "TLSv1.2",
    "P",
    iso,
    "10.20.0.40",
    "LOGIN_NO_ERROR",
    "10.20.0.40",
    "7",
  ];
  return cells.map((cell) => `"${cell}"`).join(",");
}

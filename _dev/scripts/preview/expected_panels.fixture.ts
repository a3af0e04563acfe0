/**
 * What panels must show, told in the columns of Salesforce's files: how rows fall into groups and what is counted of each group.
 * Nothing here comes from the dashboards, the pipelines or the runner.
 */
import { to18 } from "../../deploy/docker/mock_org/salesforce_id.ts";
import type { Row } from "./generated_rows.ts";

type Value = string | number | undefined;
type Test = (row: Row) => boolean;

export interface ExpectedPanel {
  readonly dashboard: string;
  readonly panel: string;
  readonly eventTypes: readonly string[];
  readonly where: Test;
  /** A function for each group from the outside in; rows for which one is undefined or empty are in no group. */
  readonly by: readonly ((row: Row) => Value)[];
  /** A function for each column of numbers; undefined for one that isn't compared. */
  readonly measures: readonly (((rows: readonly Row[]) => Value) | undefined)[];
}

const HOUR_MS = 3_600_000;

const cell = (column: string) => (row: Row) => row[column] ?? "";
const number = (column: string) => (row: Row) => Number(row[column] ?? "");
const time = (row: Row) => Date.parse(row.TIMESTAMP_DERIVED ?? "");
const hour = (row: Row) => time(row) - (time(row) % HOUR_MS);
const named = (column: string, names: Readonly<Record<string, string>>) => (row: Row) => names[row[column] ?? ""];
const production = () => "Acme production";
const eventType = cell("EVENT_TYPE");

const count = (rows: readonly Row[]) => rows.length;
const countOf = (test: Test) => (rows: readonly Row[]) => rows.filter(test).length;
const shareOf = (test: Test) => (rows: readonly Row[]) => rows.filter(test).length / rows.length;
const sum = (column: string) => (rows: readonly Row[]) =>
  rows.reduce((total, row) => total + Number(row[column] ?? ""), 0);
const minutes = (column: string) => (rows: readonly Row[]) => Number(sum(column)(rows)) / 60_000;
const unique =
  (value: (row: Row) => Value, test: Test = () => true) =>
  (rows: readonly Row[]) =>
    new Set(rows.filter(test).map(value)).size;
const most = (value: (row: Row) => number) => (rows: readonly Row[]) => Math.max(...rows.map(value));
/** The value that all rows of a group share which have one. */
const cellOf = (column: string) => (rows: readonly Row[]) => rows.map(cell(column)).find((value) => value !== "");
const first = (rows: readonly Row[]) => Math.min(...rows.map(time));
const last = (rows: readonly Row[]) => Math.max(...rows.map(time));

/** Steps of a login that goes on: only a panel that counts every event counts them. */
const STEPS = new Set(["LOGIN_TWOFACTOR_REQ", "LOGIN_CHALLENGE_ISSUED", "LOGIN_CHALLENGE_PENDING"]);
export const noStep: Test = ({ LOGIN_STATUS }) => !STEPS.has(LOGIN_STATUS ?? "");
const any: Test = () => true;
export const failedLogin: Test = ({ LOGIN_STATUS }) => LOGIN_STATUS !== "LOGIN_NO_ERROR";
const loggedIn: Test = (row) => !failedLogin(row);
const address = ({ SOURCE_IP, CLIENT_IP = "" }: Row) => SOURCE_IP || (CLIENT_IP.includes(" ") ? "" : CLIENT_IP);
const counted: Test = ({ COUNTS_AGAINST_API_LIMIT }) => COUNTS_AGAINST_API_LIMIT === "1";
const failedCall: Test = ({ STATUS_CODE }) => Number(STATUS_CODE) >= 400;
const exported: Test = ({ ORIGIN, REQUEST_STATUS }) =>
  ORIGIN?.startsWith("ReportExported") === true && REQUEST_STATUS === "S";
const downloaded: Test = ({ EVENT_TYPE, TRANSACTION_TYPE }) =>
  EVENT_TYPE === "DocumentAttachmentDownloads" || TRANSACTION_TYPE?.startsWith("VersionDownload") === true;
const longRunning: Test = ({ IS_LONG_RUNNING_REQUEST }) => IS_LONG_RUNNING_REQUEST === "1";
const oldVersion: Test = ({ API_VERSION }) => Number(API_VERSION) < 41;
const versionTier = ({ API_VERSION }: Row) =>
  Number(API_VERSION) < 31
    ? "Before 31.0: gone since Summer '25"
    : Number(API_VERSION) < 41
      ? "31.0 to 40.0: unsupported from Summer '27, gone from Summer '28"
      : "41.0 and later: no date";
/** Files tell a job by its 15 characters. */
const job = ({ JOB_ID = "" }: Row) => to18(JOB_ID);
const jobEnded: Test = ({ JOB_STATUS = "" }) => ["JobComplete", "Failed", "Aborted"].includes(JOB_STATUS);
/** Salesforce's support logs out with an event of its own logins' type. */
const actedAs: Test = ({ OPERATION }) => OPERATION !== "LOGOUT";
const userId = cell("USER_ID_DERIVED");
const username = cell("username");

const LOGIN_TYPES = {
  A: "Application",
  I: "Other Apex API",
  "6": "Remote Access Client",
  "8": "SAML Sfdc Initiated SSO",
  i: "Remote Access 2.0",
  j: "Third Party SSO",
  s: "Certificate-based login",
};
const REASONS = {
  LOGIN_ERROR_INVALID_PASSWORD: "Invalid password",
  LOGIN_ERROR_PASSWORD_LOCKOUT: "Password lockout",
  LOGIN_ERROR_RESTRICTED_DOMAIN: "Restricted IP",
  LOGIN_ERROR_USER_INACTIVE: "User is inactive",
  LOGIN_ERROR_MUST_USE_API_TOKEN: "Failed: API security token required",
  LOGIN_OAUTH_API_DISABLED: "Failed: OAuth API access disabled",
};

const LOGIN = ["Login"];
const IMPERSONATION = ["LoginAs", "SalesforceLoginAs"];
const EXECUTION = ["ApexExecution"];
const EXCEPTION = ["ApexUnexpectedException"];
const TRIGGER = ["ApexTrigger"];
const USAGE = ["ApiTotalUsage"];
const REQUESTS = ["RestApi", "API"];

function panel(
  dashboard: string,
  key: string,
  eventTypes: readonly string[],
  by: ExpectedPanel["by"],
  measures: ExpectedPanel["measures"],
  where: Test = any,
  rows: Test = noStep,
): ExpectedPanel {
  return { dashboard, panel: key, eventTypes, by, measures, where: (row) => rows(row) && where(row) };
}

export const EXPECTED_PANELS: readonly ExpectedPanel[] = [
  panel("overview", "orgs", ["Login", ...EXECUTION, ...USAGE], [], [() => 1]),
  panel("overview", "logins", LOGIN, [], [count], loggedIn),
  panel("overview", "failed-logins", LOGIN, [], [count], failedLogin),
  panel("overview", "exceptions", EXCEPTION, [], [count]),
  panel("overview", "calls", USAGE, [], [count]),
  panel("overview", "login-outcomes", LOGIN, [hour], [countOf(failedLogin), countOf(loggedIn)]),
  panel("overview", "exception-types", EXCEPTION, [cell("EXCEPTION_TYPE"), hour], [count]),
  panel("overview", "api-families", USAGE, [cell("API_FAMILY"), hour], [count]),
  panel(
    "overview",
    "freshness",
    [...USAGE, ...EXECUTION, ...REQUESTS, ...LOGIN, ...TRIGGER, ...EXCEPTION, "Logout", "ApexCallout", "ApexRestApi"],
    [production, eventType],
    [count, last],
    any,
    any,
  ),

  panel("logins", "success-rate", LOGIN, [], [shareOf(loggedIn)]),
  panel("logins", "failures", LOGIN, [], [count], failedLogin),
  panel("logins", "users-failing", LOGIN, [], [unique(cell("USER_NAME"))], failedLogin),
  panel("logins", "addresses", LOGIN, [], [unique(address)]),
  panel("logins", "impersonations", IMPERSONATION, [], [count], actedAs),
  panel("logins", "password-logins", LOGIN, [], [count], (row) => row.USE_API_TOKEN !== "" && row.API_TYPE !== ""),
  panel("logins", "outcomes", LOGIN, [hour], [countOf(failedLogin), countOf(loggedIn)]),
  panel("logins", "reasons", LOGIN, [named("LOGIN_STATUS", REASONS)], [count], failedLogin),
  panel(
    "logins",
    "failing-addresses",
    LOGIN,
    [address],
    [countOf(failedLogin), unique(cell("USER_NAME"), failedLogin), countOf(loggedIn), undefined, last],
  ),
  panel(
    "logins",
    "failing-users",
    LOGIN,
    [cell("USER_NAME")],
    [countOf(failedLogin), countOf(loggedIn), unique(address)],
  ),
  panel("logins", "countries", LOGIN, [cell("COUNTRY_CODE")], [countOf(failedLogin), countOf(loggedIn)]),
  panel(
    "logins",
    "new-countries",
    LOGIN,
    [cell("COUNTRY_CODE")],
    [first, countOf(loggedIn), countOf(failedLogin), unique(cell("USER_NAME"))],
  ),
  panel(
    "logins",
    "new-addresses",
    LOGIN,
    [address],
    [first, countOf(loggedIn), countOf(failedLogin), unique(cell("USER_NAME"))],
  ),
  panel("logins", "login-as", ["LoginAs"], [cell("DELEGATED_USER_NAME"), username], [count, undefined, last]),
  panel("logins", "login-as-trend", IMPERSONATION, [hour], [count], actedAs),
  panel(
    "logins",
    "password-users",
    LOGIN,
    [cell("USER_NAME"), named("API_TYPE", { P: "SOAP Partner" })],
    [count],
    (row) => row.USER_NAME === "erp@integration.acme.example",
  ),
  panel("logins", "types", LOGIN, [named("LOGIN_TYPE", LOGIN_TYPES)], [count]),
  panel("logins", "tls", LOGIN, [named("TLS_PROTOCOL", { "TLSv1.2": "1.2", "TLSv1.3": "1.3" })], [count]),

  panel("apex", "executions", EXECUTION, [], [count]),
  panel("apex", "exceptions", EXCEPTION, [], [count]),
  panel("apex", "long-running", EXECUTION, [], [count], longRunning),
  panel("apex", "limit-hits", ["ConcurrentLongRunningApexLimit"], [], [count]),
  panel(
    "apex",
    "entry-points",
    EXECUTION,
    [cell("ENTRY_POINT")],
    [undefined, undefined, sum("EXEC_TIME"), sum("CPU_TIME"), count],
  ),
  panel(
    "apex",
    "time-spent",
    EXECUTION,
    [hour],
    [minutes("CPU_TIME"), minutes("DB_TOTAL_TIME"), minutes("CALLOUT_TIME")],
  ),
  panel("apex", "exceptions-trend", EXCEPTION, [cell("EXCEPTION_TYPE"), hour], [count]),
  panel(
    "apex",
    "exception-classes",
    EXCEPTION,
    [cell("APEX_ENTITY_NAME"), cell("EXCEPTION_TYPE")],
    [count, unique(userId), last],
  ),
  panel(
    "apex",
    "triggers",
    TRIGGER,
    [cell("TRIGGER_NAME"), cell("TRIGGER_TYPE")],
    [sum("EXEC_TIME"), undefined, count],
  ),
  panel("apex", "triggers-trend", TRIGGER, [cell("ENTITY_NAME"), hour], [count]),
  panel("apex", "long-running-trend", EXECUTION, [cell("ENTRY_POINT"), hour], [count], longRunning),
  panel(
    "apex",
    "soql",
    EXECUTION,
    [cell("ENTRY_POINT")],
    [most(number("NUMBER_SOQL_QUERIES")), undefined, countOf((row) => Number(row.NUMBER_SOQL_QUERIES) >= 50)],
  ),

  panel("api", "calls", USAGE, [], [count]),
  panel("api", "counted", USAGE, [], [countOf(counted)]),
  panel("api", "failed", USAGE, [], [shareOf(failedCall)]),
  panel("api", "users", USAGE, [], [unique(cell("USER_NAME"))]),
  panel("api", "rows", REQUESTS, [], [sum("ROWS_PROCESSED")]),
  panel("api", "old-versions", USAGE, [], [count], oldVersion),
  panel("api", "families", USAGE, [cell("API_FAMILY"), hour], [count]),
  panel("api", "clients", USAGE, [cell("CONNECTED_APP_NAME")], [countOf(counted), countOf((row) => !counted(row))]),
  panel(
    "api",
    "exports",
    REQUESTS,
    [username, cell("CLIENT_NAME")],
    [sum("ROWS_PROCESSED"), sum("RESPONSE_SIZE"), count],
  ),
  panel("api", "rows-trend", REQUESTS, [username, hour], [sum("ROWS_PROCESSED")]),
  panel(
    "api",
    "callers",
    USAGE,
    [cell("USER_NAME")],
    [count, countOf(counted), shareOf(failedCall), unique(cell("ENTITY_NAME"))],
  ),
  panel("api", "versions", USAGE, [versionTier], [count]),
  panel(
    "api",
    "old-clients",
    USAGE,
    [cell("CONNECTED_APP_NAME"), cell("API_VERSION")],
    [count, undefined, last],
    oldVersion,
  ),
  panel("api", "bulk-status", ["BulkApi2"], [cell("JOB_STATUS")], [unique(cell("JOB_ID"))], jobEnded),
  panel(
    "api",
    "bulk-2",
    ["BulkApi2"],
    [job],
    [
      most(number("RECORDS_PROCESSED")),
      most(number("RECORDS_FAILED")),
      cellOf("OPERATION_TYPE"),
      cellOf("ENTITY_TYPE"),
      cellOf("username"),
    ],
  ),
  panel(
    "api",
    "bulk-1",
    ["BulkApi", "BulkApiRequest"],
    [job],
    [sum("ROWS_PROCESSED"), sum("NUMBER_FAILURES"), cellOf("OPERATION_TYPE"), cellOf("ENTITY_TYPE")],
  ),
  panel(
    "api",
    "new-apps",
    USAGE,
    [cell("CONNECTED_APP_NAME")],
    [first, count, unique(cell("USER_NAME")), unique(cell("CLIENT_IP")), unique(cell("ENTITY_NAME"))],
  ),
  panel("api", "app-addresses", USAGE, [cell("CLIENT_IP"), cell("CONNECTED_APP_NAME")], [first, count]),
  panel(
    "apex",
    "cpu",
    EXECUTION,
    [cell("ENTRY_POINT")],
    [most(number("CPU_TIME")), undefined, countOf((row) => Number(row.CPU_TIME) >= 8_000)],
  ),
  panel(
    "apex",
    "limit-exceptions",
    EXCEPTION,
    [cell("EXCEPTION_CATEGORY"), cell("APEX_ENTITY_NAME")],
    [count],
    ({ EXCEPTION_TYPE }) => EXCEPTION_TYPE === "System.LimitException",
  ),
  panel("data-leaving", "exports", ["Report"], [], [count], exported),
  panel("data-leaving", "exported-rows", ["Report"], [], [sum("ROW_COUNT")], exported),
  panel(
    "data-leaving",
    "who-exports",
    ["Report"],
    [username],
    [sum("ROW_COUNT"), count, unique(cell("REPORT_ID")), unique(address), first, last],
    exported,
  ),
  panel("data-leaving", "downloads", ["ContentTransfer", "DocumentAttachmentDownloads"], [], [count], downloaded),
  panel("data-leaving", "public-links", ["ContentDistribution"], [], [count], (row) => row.ACTION === "INSERT"),
  panel("data-leaving", "origins", ["Report"], [cell("ORIGIN")], [count], exported),
  panel("apex", "queued", ["QueuedExecution"], [cell("ENTRY_POINT")], [undefined, sum("RUN_TIME"), count]),
];

import type { AlertTemplateSpec, Is } from "./alert_condition.ts";
import { API_ROWS, FIRST_TIME_ALERTS } from "./first_time_alerts.ts";
import { SETUP_ALERTS } from "./setup_alerts.ts";
import { THREAT_DETECTED } from "./threat_alert.ts";

const login: Is = { field: "event.action", is: ["login"] };
const failed: Is = { field: "event.outcome", is: ["failure"] };
const succeeded: Is = { field: "event.outcome", is: ["success"] };

/** Daily files are there a good day after their day's start; the third day is for a collection that stood still over night. */
const threeDays = { size: 3, unit: "d" } as const;
const month = { size: 30, unit: "d" } as const;

/** Versions that Salesforce has removed, or removes in Summer '28. */
const RETIRED_VERSIONS = Array.from({ length: 34 }, (_, index) => `${7 + index}.0`);

export const ALERT_TEMPLATES: readonly AlertTemplateSpec[] = [
  {
    key: "password-spraying",
    name: "[AQUILA for Salesforce] Password spraying",
    description:
      "Within one hour of the last three days, one address failed to log in as ten or more users, 20 times or more.",
    guide:
      "One address tried the passwords of many users.\n\n" +
      "1. Open the Logins dashboard and filter by the address. **Does one address try many users?** shows how many users it tried and " +
      "whether a login succeeded.\n" +
      "2. If one did, end that user's sessions in Setup (Session Management), reset the password and look at what the user did since: " +
      "the API dashboard, and logins as another user.\n" +
      "3. Block the address by a Login IP Range or a Transaction Security policy. An address of your own proxy or of a misconfigured " +
      "integration is a false alarm: exclude it in the rule's query.",
    tags: ["Salesforce", "Security"],
    dashboard: "logins",
    interval: "15m",
    window: threeDays,
    condition: {
      hourly: true,
      stream: "login",
      where: [login, failed],
      by: ["organization.name", "source.ip"],
      measures: { failures: { of: "count" }, users: { of: "unique_count", field: "user.name" } },
      having: [
        { measure: "users", is: ">=", than: 10 },
        { measure: "failures", is: ">=", than: 20 },
      ],
    },
  },
  {
    key: "failures-then-success",
    name: "[AQUILA for Salesforce] Many failed logins, then one that succeeds",
    description:
      "Within one hour of the last three days, 20 or more logins from one address failed, ten times as many as succeeded, and one " +
      "succeeded after the first failure.",
    guide:
      "A password was probably guessed.\n\n" +
      "1. Find the user of the login that succeeded: Logins dashboard, filtered by the address and `event.outcome: success`.\n" +
      "2. Freeze the user, end the sessions and ask the user over another channel whether the login was theirs.\n" +
      "3. Look at what the session did: API dashboard by the user, logins as another user, exports.",
    tags: ["Salesforce", "Security"],
    dashboard: "logins",
    interval: "15m",
    window: threeDays,
    condition: {
      hourly: true,
      stream: "login",
      where: [login],
      by: ["organization.name", "source.ip"],
      measures: {
        failures: { of: "count", where: [failed] },
        successes: { of: "count", where: [succeeded] },
        first_failure: { of: "min", field: "@timestamp", where: [failed] },
        last_success: { of: "max", field: "@timestamp", where: [succeeded] },
      },
      having: [
        { measure: "failures", is: ">=", than: 20 },
        { measure: "successes", is: ">=", than: 1 },
        { measure: "failures", is: ">=", than: { times: 10, measure: "successes" } },
        { measure: "last_success", is: ">=", than: { times: 1, measure: "first_failure" } },
      ],
    },
  },
  {
    key: "privileged-login-as",
    name: "[AQUILA for Salesforce] Login as another user",
    description:
      "Somebody logged in as another user within one hour of the last three days. The alert names both, and how often. Where support " +
      "does so daily, raise the number of logins in the query's last WHERE.",
    guide:
      "An administrator acted as another user, with all rights of that user and under that user's name in most logs. As a privileged " +
      "user that is the way to rights that the administrator lacks.\n\n" +
      "1. **Which administrator acted as whom?** on the Logins dashboard shows both users, the address and how often.\n" +
      "2. Is the other user an administrator or an executive? Ask both users. Support of staff has a case or ticket; acting as another " +
      "administrator is rare.\n" +
      "3. Setup Audit Trail and the API dashboard show what was done in that time.",
    tags: ["Salesforce", "Security"],
    dashboard: "logins",
    interval: "15m",
    window: threeDays,
    condition: {
      hourly: true,
      stream: "login",
      where: [{ field: "event.action", is: ["login-as"] }],
      by: ["organization.name", "user.id", "user.effective.id"],
      measures: { logins: { of: "count" } },
      having: [{ measure: "logins", is: ">=", than: 1 }],
    },
  },
  {
    key: "new-country",
    name: "[AQUILA for Salesforce] First login from a country",
    description:
      "A login succeeded from a country that no successful login of the org came from in the 30 days before the last 36 hours.",
    guide:
      "Nobody of this org logged in from that country for a month.\n\n" +
      "1. **Which countries came in last, within the time range?** on the Logins dashboard shows users and failures of the country. Failures before the success " +
      "speak for a guessed password.\n" +
      "2. Ask the user. Travel, a new office and a new VPN exit are usual reasons.\n" +
      "3. In the first month after the integration was set up every country is new; wait with this rule until then.",
    tags: ["Salesforce", "Security"],
    dashboard: "logins",
    interval: "1h",
    window: { size: 30, unit: "d" },
    condition: {
      stream: "login",
      where: [login, succeeded],
      by: ["organization.name", "source.geo.country_iso_code"],
      measures: {
        first_login: { of: "min", field: "@timestamp" },
        logins: { of: "count" },
        users: { of: "unique_count", field: "user.name" },
      },
      having: [{ measure: "first_login", is: ">=", than: { hoursAgo: 36 } }],
    },
  },
  {
    key: "api-export",
    name: "[AQUILA for Salesforce] Export over the API",
    description:
      "Within one hour of the last three days, one user read or wrote 500,000 rows or more over REST and SOAP, or read them by Bulk " +
      "jobs of either kind. Set the number above what your integrations move in an hour.",
    guide:
      "Somebody moves unusually many rows. The alert names the user, the hour in which it happened, the rows by requests and by Bulk " +
      "jobs, addresses and objects.\n\n" +
      "1. **Who reads unusually many rows, with which application?** and the two tables of Bulk jobs on the API dashboard show " +
      "application, address and object; the saved search API events has each query.\n" +
      "2. A known integration after a pause, or a first full load, is a false alarm.\n" +
      "3. Otherwise revoke the user's OAuth tokens (Setup, Connected Apps OAuth Usage), freeze the user and find out what was read.",
    tags: ["Salesforce", "Security"],
    dashboard: "api",
    interval: "15m",
    window: threeDays,
    condition: {
      hourly: true,
      stream: "api",
      where: [{ field: "event.code", is: ["RestApi", "API", "ApiEvent", "BulkApi", "BulkApi2"] }],
      by: ["organization.name", "user.id"],
      measures: {
        ...API_ROWS,
        bytes: { of: "sum", field: "http.response.body.bytes" },
        jobs: { of: "unique_count", field: "salesforce.api.job_id" },
        addresses: { of: "unique_count", field: "source.ip" },
      },
      having: [{ measure: "rows", is: ">=", than: 500_000 }],
    },
  },
  {
    key: "new-connected-app",
    name: "[AQUILA for Salesforce] First calls of a connected app",
    description:
      "A connected app called an API that no call of the org came from in the 30 days before the last 36 hours.",
    guide:
      "An application that was never seen here reads or writes data. Fake applications, named like known ones and approved by a user on " +
      "the phone, were the way in of the large thefts of Salesforce data in 2025.\n\n" +
      "1. **Which connected apps came in last, within the time range?** on the API dashboard shows users, addresses and objects; the " +
      "table beside it from where it calls.\n" +
      "2. Ask the users who approved it. A name that looks like a tool of Salesforce (Data Loader, Inspector) proves nothing.\n" +
      "3. Block it (Setup, Connected Apps OAuth Usage), revoke its tokens, and let administrators approve applications beforehand.\n" +
      "4. In the first month after the integration was set up every app is new; wait with this rule until then.",
    tags: ["Salesforce", "Security"],
    dashboard: "api",
    interval: "1h",
    window: month,
    condition: {
      stream: "api",
      where: [{ field: "event.code", is: ["ApiTotalUsage"] }],
      by: ["organization.name", "salesforce.connected_app.name"],
      measures: {
        first_call: { of: "min", field: "@timestamp" },
        calls: { of: "count" },
        users: { of: "unique_count", field: "user.name" },
        addresses: { of: "unique_count", field: "source.ip" },
      },
      having: [{ measure: "first_call", is: ">=", than: { hoursAgo: 36 } }],
    },
  },
  {
    key: "connected-app-address",
    name: "[AQUILA for Salesforce] Connected app calls from a new address",
    description:
      "A connected app called ten times or more from an address that it did not come from in the 30 days before the last 36 hours.",
    guide:
      "Integrations call from few addresses. A known application from a new one may be a stolen token.\n\n" +
      "1. **From which addresses did apps call last for the first time, within the time range?** on the API dashboard shows app, user " +
      "and country.\n" +
      "2. Ask who runs the application: a move to another host or network is the usual reason.\n" +
      "3. Otherwise revoke its tokens, give it a Login IP Range, and look at what it read: the tables of rows and Bulk jobs.\n" +
      "4. Applications that people run on their own machines come from many addresses: exclude them in the rule's query.",
    tags: ["Salesforce", "Security"],
    dashboard: "api",
    interval: "1h",
    window: month,
    condition: {
      stream: "api",
      where: [{ field: "event.code", is: ["ApiTotalUsage"] }],
      by: ["organization.name", "salesforce.connected_app.name", "source.ip"],
      measures: {
        first_call: { of: "min", field: "@timestamp" },
        calls: { of: "count" },
        users: { of: "unique_count", field: "user.name" },
      },
      having: [
        { measure: "first_call", is: ">=", than: { hoursAgo: 36 } },
        { measure: "calls", is: ">=", than: 10 },
      ],
    },
  },
  {
    key: "retired-api-version",
    name: "[AQUILA for Salesforce] Calls of a retired API version",
    description:
      "Somebody called an API version before 41.0 in the last three days. Those before 31.0 get an error since Summer '25; 31.0 to 40.0 " +
      "are unsupported from Summer '27 and gone from Summer '28.",
    guide:
      "The client stops working when Salesforce removes the version: REST answers 410, SOAP UNSUPPORTED_API_VERSION, Bulk " +
      "InvalidVersion.\n\n" +
      "1. **Who must be moved off old versions?** on the API dashboard shows application, version and last user.\n" +
      "2. Update the client or its library; most take the version from a setting or from the URL of the call.\n" +
      "3. For Apex classes and packages raise the version in their metadata.",
    tags: ["Salesforce", "Observability"],
    dashboard: "api",
    interval: "1h",
    window: threeDays,
    condition: {
      stream: "api",
      where: [
        { field: "event.code", is: ["ApiTotalUsage"] },
        { field: "salesforce.api.api_version", is: RETIRED_VERSIONS },
      ],
      by: ["organization.name", "user.name", "salesforce.api.api_version"],
      measures: { calls: { of: "count" }, last_call: { of: "max", field: "@timestamp" } },
      having: [{ measure: "calls", is: ">=", than: 1 }],
    },
  },
  {
    key: "mass-export",
    name: "[AQUILA for Salesforce] Mass export of reports",
    description:
      "Within one hour of the last three days, one user exported reports with 200,000 rows or more. Set the number above what your " +
      "people export in an hour.",
    guide:
      "Somebody takes much data out at once, as people do who are about to leave, or whose session was stolen.\n\n" +
      "1. **Who exports most?** and **Which addresses exported reports for the first time within the time range?** on the Threats and data leaving dashboard show " +
      "reports, rows and addresses.\n" +
      "2. Does the user export as much every month? Then exclude the user in the rule's query, or raise the number.\n" +
      "3. Otherwise ask the user over another channel, and end the sessions in Setup (Session Management) if it was not them. A " +
      "Transaction Security policy on Report Event can block the next one.",
    tags: ["Salesforce", "Security"],
    dashboard: "data-leaving",
    interval: "15m",
    window: threeDays,
    condition: {
      hourly: true,
      stream: "data_access",
      where: [{ field: "event.action", is: ["report-export"] }, { field: "event.code", is: ["Report"] }, succeeded],
      by: ["organization.name", "user.id"],
      measures: {
        exports: { of: "count" },
        reports: { of: "unique_count", field: "salesforce.data_access.report_id" },
        rows: { of: "sum", field: "salesforce.data_access.rows_processed" },
      },
      having: [{ measure: "rows", is: ">=", than: 200_000 }],
    },
  },
  {
    key: "exception-surge",
    name: "[AQUILA for Salesforce] Surge of Apex exceptions",
    description:
      "Within one hour of the last three days, one class threw the same exception 100 times or more without catching it.",
    guide:
      "Users see errors, or a job fails over and over.\n\n" +
      "1. **Do exceptions surge?** on the Apex dashboard shows since when; compare with your last deployment.\n" +
      "2. The saved search Apex exceptions has messages and stacks. Empty stacks are those of managed packages.\n" +
      "3. Roll the deployment back, or tell the package's vendor.",
    tags: ["Salesforce", "Observability"],
    dashboard: "apex",
    interval: "15m",
    window: threeDays,
    condition: {
      hourly: true,
      stream: "apex",
      where: [{ field: "event.code", is: ["ApexUnexpectedException"] }],
      by: ["organization.name", "salesforce.apex.apex_entity_name", "error.type"],
      measures: { exceptions: { of: "count" }, users: { of: "unique_count", field: "user.id" } },
      having: [{ measure: "exceptions", is: ">=", than: 100 }],
    },
  },
  {
    key: "callout-failures",
    name: "[AQUILA for Salesforce] Callouts to a host fail",
    description:
      "Within one hour of the last three days, 20 or more callouts of Apex to one host failed, and half of all to it or more.",
    guide:
      "A system that Salesforce depends on does not answer, or refuses.\n\n" +
      "1. **Which hosts are slow or fail when Apex calls them?** on the Apex dashboard shows the share, **Since when do callouts fail?** " +
      "the start.\n" +
      "2. 401 and 403 speak for an expired credential (Named Credentials), 5xx and timeouts for the host.\n" +
      "3. Slow callouts hold threads: look for refusals by the concurrent limit.",
    tags: ["Salesforce", "Observability"],
    dashboard: "apex",
    interval: "15m",
    window: threeDays,
    condition: {
      hourly: true,
      stream: "apex",
      where: [{ field: "event.code", is: ["ApexCallout", "ContinuationCalloutSummary", "ExternalCustomApexCallout"] }],
      by: ["organization.name", "destination.domain"],
      measures: { callouts: { of: "count" }, failures: { of: "count", where: [failed] } },
      having: [
        { measure: "failures", is: ">=", than: 20 },
        { measure: "failures", is: ">=", than: { times: 0.5, measure: "callouts" } },
      ],
    },
  },
  {
    key: "concurrent-limit",
    name: "[AQUILA for Salesforce] Requests refused by the concurrent limit",
    description:
      "Within one hour of the last three days, Salesforce refused ten or more requests because too many ran longer than 5 s.",
    guide:
      "Users see errors while a few slow requests hold the org's limit.\n\n" +
      "1. **What runs longer than 5 s?** on the Apex dashboard names the entry points; **Which entry points are slow?** their times.\n" +
      "2. Slow callouts count: move them to Continuations or to queued jobs.\n" +
      "3. Selective queries and smaller batches help most.",
    tags: ["Salesforce", "Observability"],
    dashboard: "apex",
    interval: "15m",
    window: threeDays,
    condition: {
      hourly: true,
      stream: "apex",
      where: [{ field: "event.code", is: ["ConcurrentLongRunningApexLimit"] }],
      by: ["organization.name"],
      measures: { refusals: { of: "count" }, users: { of: "unique_count", field: "user.id" } },
      having: [{ measure: "refusals", is: ">=", than: 10 }],
    },
  },
  THREAT_DETECTED,
  ...FIRST_TIME_ALERTS,
  ...SETUP_ALERTS,
  {
    key: "api-limit",
    name: "[AQUILA for Salesforce] API limit will be reached",
    description:
      "At the present pace, all clients together use up 90% or more of the org's API calls of 24 hours before the UTC day ends.",
    guide:
      "When the limit is reached, Salesforce refuses the calls of every integration.\n\n" +
      "1. **Which connected apps use up the limit?** on the API dashboard shows who. This integration stops at its own share.\n" +
      "2. Slow the largest caller down, or let it use Bulk API 2.0, which needs few calls for many rows.\n" +
      "3. Salesforce sells more calls; in an emergency, support can raise the limit.",
    tags: ["Salesforce", "Observability"],
    dashboard: "api",
    interval: "15m",
    window: { size: 1, unit: "h" },
    condition: {
      stream: "collector",
      where: [{ field: "event.code", is: ["api_budget"] }],
      by: ["organization.name"],
      measures: {
        used: { of: "max", field: "salesforce.collector.api.used" },
        forecast: { of: "max", field: "salesforce.collector.api.forecast.used" },
        allocation: { of: "max", field: "salesforce.collector.api.allocation" },
      },
      having: [{ measure: "forecast", is: ">=", than: { times: 0.9, measure: "allocation" } }],
    },
  },
  {
    key: "collection-late",
    name: "[AQUILA for Salesforce] Collection is late",
    description:
      "Of a stream nothing has been collected that is younger than 36 hours. Daily files come a good day after their day's start, hourly " +
      "ones within hours.",
    guide:
      "Events are missing on the dashboards, and other alerts are blind meanwhile. Nothing is lost as long as Salesforce keeps the files.\n\n" +
      "1. **Is every stream healthy?** on the Collection health dashboard names the last problem, the message of the report its cure.\n" +
      "2. `aquila-salesforce check --policy FILE` tries every step by itself.\n" +
      "3. If all is healthy, Salesforce itself may be late: see the status of your instance.",
    tags: ["Salesforce", "Observability"],
    dashboard: "collection-health",
    interval: "30m",
    window: { size: 2, unit: "h" },
    condition: {
      stream: "collector",
      where: [{ field: "event.code", is: ["coverage"] }],
      by: ["organization.name", "salesforce.collector.dataset"],
      measures: { covered_until: { of: "max", field: "salesforce.collector.covered_until" } },
      having: [{ measure: "covered_until", is: "<", than: { hoursAgo: 36 } }],
    },
  },
  {
    key: "collection-incomplete",
    name: "[AQUILA for Salesforce] Collection is incomplete",
    description:
      "Rows could not be read, Elasticsearch refused events, or a file was deleted before it was read. Looks at the last hour.",
    guide:
      "Some events are not where they belong. What could be kept is in the collector's data stream.\n\n" +
      "1. The saved search Rejected rows and refused events has each with its reason and text.\n" +
      "2. Events that Elasticsearch refused usually clash with a mapping of your own (`@custom` templates).\n" +
      "3. Of a deleted event log file the daily file of its day may still have the rows.",
    tags: ["Salesforce", "Observability"],
    dashboard: "collection-health",
    interval: "30m",
    window: { size: 1, unit: "h" },
    condition: {
      stream: "collector",
      where: [
        {
          field: "event.code",
          is: ["row_rejected", "event_refused", "file_gone", "file_parked", "file_unusable", "window_parked"],
        },
      ],
      by: ["organization.name", "salesforce.collector.dataset", "event.action"],
      measures: { reports: { of: "count" } },
      having: [{ measure: "reports", is: ">=", than: 1 }],
    },
  },
  {
    key: "collection-stopped",
    name: "[AQUILA for Salesforce] Collection has stopped",
    description:
      "An org that reported in the last 90 days has not reported for an hour: the runner or its agent is down. Stays on until it reports " +
      "again.",
    guide:
      "The runner reports every few minutes, whatever happens to Salesforce.\n\n" +
      "1. Is the Elastic Agent online in Fleet, or the service of the standalone runner running?\n" +
      "2. Can it reach Elasticsearch? Its log says so.\n" +
      "3. An org that was removed from the policy on purpose: exclude its name in the rule's query, or delete its reports.",
    tags: ["Salesforce", "Observability"],
    dashboard: "collection-health",
    interval: "15m",
    window: { size: 90, unit: "d" },
    condition: {
      stream: "collector",
      where: [{ field: "event.code", is: ["stream_status"] }],
      by: ["organization.name"],
      measures: { last_report: { of: "max", field: "@timestamp" } },
      having: [{ measure: "last_report", is: "<", than: { hoursAgo: 1 } }],
    },
  },
];

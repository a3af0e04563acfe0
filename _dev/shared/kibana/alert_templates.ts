import type { AlertTemplateSpec, Is } from "./alert_condition.ts";

const login: Is = { field: "event.action", is: ["login"] };
const failed: Is = { field: "event.outcome", is: ["failure"] };
const succeeded: Is = { field: "event.outcome", is: ["success"] };

const lastHour = { size: 1, unit: "h", field: "event.ingested" } as const;

/** Ids of users, 18 characters. A rule of this template must get those of the org. */
export const PRIVILEGED_PLACEHOLDER = "005000000000000AAA";

export const ALERT_TEMPLATES: readonly AlertTemplateSpec[] = [
  {
    key: "password-spraying",
    name: "[AQUILA for Salesforce] Password spraying",
    description:
      "One address failed to log in as ten or more users, 20 times or more. Looks at the logins that arrived in the last hour.",
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
    window: lastHour,
    condition: {
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
      "From one address 20 or more logins failed, ten times as many as succeeded, and one succeeded after the first failure. Looks at " +
      "the logins that arrived in the last hour.",
    guide:
      "A password was probably guessed.\n\n" +
      "1. Find the user of the login that succeeded: Logins dashboard, filtered by the address and `event.outcome: success`.\n" +
      "2. Freeze the user, end the sessions and ask the user over another channel whether the login was theirs.\n" +
      "3. Look at what the session did: API dashboard by the user, logins as another user, exports.",
    tags: ["Salesforce", "Security"],
    dashboard: "logins",
    interval: "15m",
    window: lastHour,
    condition: {
      stream: "login",
      where: [login],
      by: ["organization.name", "source.ip"],
      measures: {
        failures: { of: "count", where: failed },
        successes: { of: "count", where: succeeded },
        first_failure: { of: "min", field: "@timestamp", where: failed },
        last_success: { of: "max", field: "@timestamp", where: succeeded },
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
    name: "[AQUILA for Salesforce] Login as a privileged user",
    description:
      "Somebody logged in as one of the users whose ids the query lists. Put the ids (18 characters) of your administrators and " +
      `executives there, in the place of ${PRIVILEGED_PLACEHOLDER}. Looks at what arrived in the last hour.`,
    guide:
      "An administrator acted as a privileged user, with all rights of that user and under that user's name in most logs.\n\n" +
      "1. The Logins dashboard shows who acted as whom, from which address and how often.\n" +
      "2. Ask both users. Support of staff has a case or ticket; support of another administrator is rare.\n" +
      "3. Setup Audit Trail and the API dashboard show what was done in that time.",
    tags: ["Salesforce", "Security"],
    dashboard: "logins",
    interval: "15m",
    window: lastHour,
    condition: {
      stream: "login",
      where: [
        { field: "event.action", is: ["login-as"] },
        { field: "user.effective.id", is: [PRIVILEGED_PLACEHOLDER] },
      ],
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
      "1. **Which countries came in last?** on the Logins dashboard shows users and failures of the country. Failures before the success " +
      "speak for a guessed password.\n" +
      "2. Ask the user. Travel, a new office and a new VPN exit are usual reasons.\n" +
      "3. In the first month after the integration was set up every country is new; wait with this rule until then.",
    tags: ["Salesforce", "Security"],
    dashboard: "logins",
    interval: "1h",
    window: { size: 30, unit: "d", field: "@timestamp" },
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
      "One user read or wrote 500,000 rows or more over REST and SOAP. Looks at the requests that arrived in the last hour; set the " +
      "number above what your integrations move in an hour.",
    guide:
      "Somebody moves unusually many rows.\n\n" +
      "1. **Who reads unusually many rows?** on the API dashboard shows client, rows and bytes of the user; the saved search API events has " +
      "each query.\n" +
      "2. A known integration after a pause, or a first full load, is a false alarm.\n" +
      "3. Otherwise revoke the user's OAuth tokens (Setup, Connected Apps OAuth Usage), freeze the user and find out what was read.",
    tags: ["Salesforce", "Security"],
    dashboard: "api",
    interval: "15m",
    window: lastHour,
    condition: {
      stream: "api",
      where: [{ field: "event.code", is: ["RestApi", "API", "ApiEvent"] }],
      by: ["organization.name", "user.id"],
      measures: {
        rows: { of: "sum", field: "salesforce.api.rows_processed" },
        requests: { of: "count" },
      },
      having: [{ measure: "rows", is: ">=", than: 500_000 }],
    },
  },
  {
    key: "exception-surge",
    name: "[AQUILA for Salesforce] Surge of Apex exceptions",
    description:
      "One class threw the same exception 100 times or more without catching it. Looks at the exceptions that arrived in the last hour.",
    guide:
      "Users see errors, or a job fails over and over.\n\n" +
      "1. **Do exceptions surge?** on the Apex dashboard shows since when; compare with your last deployment.\n" +
      "2. The saved search Apex exceptions has messages and stacks. Empty stacks are those of managed packages.\n" +
      "3. Roll the deployment back, or tell the package's vendor.",
    tags: ["Salesforce", "Observability"],
    dashboard: "apex",
    interval: "15m",
    window: lastHour,
    condition: {
      stream: "apex",
      where: [{ field: "event.code", is: ["ApexUnexpectedException"] }],
      by: ["organization.name", "salesforce.apex.apex_entity_name", "error.type"],
      measures: { exceptions: { of: "count" }, users: { of: "unique_count", field: "user.id" } },
      having: [{ measure: "exceptions", is: ">=", than: 100 }],
    },
  },
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
    window: { size: 1, unit: "h", field: "@timestamp" },
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
    window: { size: 2, unit: "h", field: "@timestamp" },
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
    window: { size: 1, unit: "h", field: "@timestamp" },
    condition: {
      stream: "collector",
      where: [{ field: "event.code", is: ["row_rejected", "event_refused", "file_gone"] }],
      by: ["organization.name", "salesforce.collector.dataset", "event.action"],
      measures: { reports: { of: "count" } },
      having: [{ measure: "reports", is: ">=", than: 1 }],
    },
  },
  {
    key: "collection-stopped",
    name: "[AQUILA for Salesforce] Collection has stopped",
    description:
      "An org that reported in the last two days has not reported for an hour: the runner or its agent is down.",
    guide:
      "The runner reports every few minutes, whatever happens to Salesforce.\n\n" +
      "1. Is the Elastic Agent online in Fleet, or the service of the standalone runner running?\n" +
      "2. Can it reach Elasticsearch? Its log says so.\n" +
      "3. An org that was removed from the policy on purpose raises this alert for two days.",
    tags: ["Salesforce", "Observability"],
    dashboard: "collection-health",
    interval: "15m",
    window: { size: 2, unit: "d", field: "@timestamp" },
    condition: {
      stream: "collector",
      where: [{ field: "event.code", is: ["stream_status"] }],
      by: ["organization.name"],
      measures: { last_report: { of: "max", field: "@timestamp" } },
      having: [{ measure: "last_report", is: "<", than: { hoursAgo: 1 } }],
    },
  },
];

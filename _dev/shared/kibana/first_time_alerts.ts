import type { Aggregated, AlertTemplateSpec, Is } from "./alert_condition.ts";

/** What nobody did in the month before, and is now done at once on a large scale. */
const SHARED = {
  tags: ["Salesforce", "Security"],
  interval: "1h",
  window: { size: 30, unit: "d" },
} as const;

const lately = { is: ">=", hoursAgo: 36 } as const;
const before = { is: "<", hoursAgo: 36 } as const;

const appCalls: readonly Is[] = [{ field: "event.code", is: ["ApiTotalUsage"] }];
const apps: Aggregated = { of: "unique_count", field: "salesforce.connected_app.name", where: appCalls };

/** Operations of Bulk jobs that read. */
const reading: Is = { field: "salesforce.api.operation_type", is: ["query", "queryAll"] };

/** Rows that requests and Bulk jobs of either kind brought; a job of Bulk API 2.0 is told at each change of its state and ends once. */
const REQUEST_ROWS: Aggregated = {
  of: "sum",
  field: "salesforce.api.rows_processed",
  where: [{ field: "event.code", is: ["RestApi", "API", "ApiEvent"] }],
};
const BULK_ROWS: Aggregated = {
  of: "sum",
  field: "salesforce.api.rows_processed",
  where: [{ field: "event.code", is: ["BulkApi"] }, reading],
};
const BULK_2_ROWS: Aggregated = {
  of: "sum",
  field: "salesforce.api.records_processed",
  where: [{ field: "salesforce.api.job_status", is: ["JobComplete", "Failed", "Aborted"] }, reading],
};

/** Rows that were read over an API: three measures, and their sum. */
export const API_ROWS = {
  request_rows: REQUEST_ROWS,
  bulk_rows: BULK_ROWS,
  bulk_2_rows: BULK_2_ROWS,
  rows: { of: "total", measures: ["request_rows", "bulk_rows", "bulk_2_rows"] },
} as const;

export const FIRST_TIME_ALERTS: readonly AlertTemplateSpec[] = [
  {
    ...SHARED,
    key: "new-app-read",
    name: "[AQUILA for Salesforce] New connected app, then a large read",
    description:
      "In the last 36 hours a user called with a connected app that the user had not called with in the 30 days before, and read " +
      "100,000 rows or more. Set the number above what your people read on a first day with a tool.",
    guide:
      "Fake applications, approved by a user on the phone, read everything within hours of their first call.\n\n" +
      "1. **Which connected apps came in last, within the time range?** on the API dashboard, filtered by the user, names the application; " +
      "the tables of rows and Bulk jobs show what was read.\n" +
      "2. Ask the user who asked for the application. A name that looks like a tool of Salesforce proves nothing.\n" +
      "3. Block it (Setup, Connected Apps OAuth Usage), revoke its tokens, end the user's sessions, and find out what was taken.\n" +
      "4. In the first month after the integration was set up every application is new; wait with this rule until then.",
    dashboard: "api",
    condition: {
      stream: "api",
      where: [{ field: "event.code", is: ["ApiTotalUsage", "RestApi", "API", "ApiEvent", "BulkApi", "BulkApi2"] }],
      by: ["organization.name", "user.id"],
      measures: {
        apps,
        known_apps: { ...apps, when: before },
        request_rows: { ...REQUEST_ROWS, when: lately },
        bulk_rows: { ...BULK_ROWS, when: lately },
        bulk_2_rows: { ...BULK_2_ROWS, when: lately },
        rows: API_ROWS.rows,
      },
      having: [
        { measure: "apps", is: ">", than: { times: 1, measure: "known_apps" } },
        { measure: "rows", is: ">=", than: 100_000 },
      ],
    },
  },
  {
    ...SHARED,
    key: "first-export",
    name: "[AQUILA for Salesforce] Report export by a user who never exports",
    description:
      "In the last 36 hours a user exported reports with 10,000 rows or more who had exported none in the 30 days before.",
    guide:
      "Somebody who never takes data out did so: a person before leaving, a stolen session, or an integration user in a person's hands.\n\n" +
      "1. **Who exports most?** on the Threats and data leaving dashboard, filtered by the user, shows reports, rows and addresses; the saved search " +
      "**What did this session do?** shows the login before.\n" +
      "2. Is the address one that the user logged in from before? A new report for a colleague on leave is a usual reason.\n" +
      "3. Otherwise ask the user over another channel, and end the sessions in Setup (Session Management) if it was not them.\n" +
      "4. In the first month after the integration was set up every export is a first one; wait with this rule until then.",
    dashboard: "data-leaving",
    condition: {
      stream: "data_access",
      where: [
        { field: "event.action", is: ["report-export"] },
        { field: "event.code", is: ["Report"] },
        { field: "event.outcome", is: ["success"] },
      ],
      by: ["organization.name", "user.id"],
      measures: {
        first_export: { of: "min", field: "@timestamp" },
        exports: { of: "count" },
        rows: { of: "sum", field: "salesforce.data_access.rows_processed" },
        addresses: { of: "unique_count", field: "source.ip" },
      },
      having: [
        { measure: "first_export", is: ">=", than: { hoursAgo: 36 } },
        { measure: "rows", is: ">=", than: 10_000 },
      ],
    },
  },
];

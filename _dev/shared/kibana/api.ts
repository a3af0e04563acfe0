import {
  BYTES,
  COLOURS,
  count,
  type DashboardSpec,
  equalRow,
  NANOSECONDS,
  percentile95,
  type Subject,
  share,
} from "./vocabulary.ts";

const { failure, neutral, warning, quiet } = COLOURS;

const FAILED = 'event.outcome : "failure"';
const COUNTED = "salesforce.api.counts_against_api_limit : true";

/** ApiTotalUsage has every call of every API once, so calls are counted there; the other types tell more of some of them. */
const calls: Subject = { streams: ["api"], where: 'event.code : "ApiTotalUsage"' };
/** Requests that say how many rows they read or wrote. */
const requests: Subject = { streams: ["api"], where: 'event.code : ("RestApi" or "API" or "ApiEvent")' };
const bulkJobs: Subject = { streams: ["api"], where: 'event.code : "BulkApi2"' };
const bulkBatches: Subject = { streams: ["api"], where: 'event.code : "BulkApi"' };
const budget: Subject = { streams: ["collector"], where: 'event.code : "api_budget"' };
/** Versions are texts of two digits and a decimal, so they compare as texts do; 9998.0 stands for no version. */
const oldCalls: Subject = {
  streams: ["api"],
  where: 'event.code : "ApiTotalUsage" and salesforce.api.api_version < "50.0"',
};

export const API: DashboardSpec = {
  key: "api",
  title: "API",
  description: "Who calls which API, what fails, who reads how much, and who uses up the limit.",
  streams: ["api", "collector"],
  rows: [
    equalRow(
      6,
      {
        kind: "metric",
        key: "calls",
        title: "API calls",
        subject: calls,
        measure: count("of all families", { colour: neutral }),
      },
      {
        kind: "metric",
        key: "counted",
        title: "Calls that use up the limit",
        subject: calls,
        measure: count("count against the 24-hour limit", { where: COUNTED, colour: warning }),
      },
      {
        kind: "metric",
        key: "failed",
        title: "Calls that fail",
        subject: calls,
        measure: share("of all calls", FAILED, { colour: failure }),
      },
      {
        kind: "metric",
        key: "users",
        title: "Users that call",
        subject: calls,
        measure: { of: "unique_count", field: "user.name", label: "usernames", colour: neutral },
      },
      {
        kind: "metric",
        key: "rows",
        title: "Rows read and written",
        subject: requests,
        measure: { of: "sum", field: "salesforce.api.rows_processed", label: "by REST and SOAP", colour: neutral },
      },
      {
        kind: "metric",
        key: "old-versions",
        title: "Calls of versions before 50.0",
        subject: oldCalls,
        measure: count("Salesforce retires them", { colour: warning }),
      },
    ),
    {
      height: 14,
      panels: [
        [
          28,
          {
            kind: "series",
            key: "families",
            title: "Which API families are called when?",
            subject: calls,
            shape: "bar_stacked",
            measures: [count("API calls")],
            split: { by: "terms", field: "salesforce.api.api_family", label: "Family", size: 6, other: true },
            axis: "API calls",
          },
        ],
        [
          20,
          {
            kind: "top",
            key: "clients",
            title: "Which connected apps use up the limit?",
            subject: calls,
            groups: {
              by: "terms",
              field: "salesforce.api.connected_app_name",
              label: "Connected app",
              size: 8,
              other: true,
            },
            measures: [
              count("Counted", { where: COUNTED, colour: warning }),
              count("Not counted", { where: `not ${COUNTED}`, colour: quiet }),
            ],
            axis: "API calls",
          },
        ],
      ],
    },
    {
      height: 14,
      panels: [
        [
          24,
          {
            kind: "table",
            key: "exports",
            title: "Who reads unusually many rows?",
            description: "Many rows and bytes of one user in a short time are the mark of an export.",
            subject: requests,
            groups: [
              { by: "terms", field: "user.id", label: "User", size: 8 },
              { by: "terms", field: "salesforce.api.client_name", label: "Client", size: 3 },
            ],
            measures: [
              { of: "sum", field: "salesforce.api.rows_processed", label: "Rows" },
              { of: "sum", field: "salesforce.api.response_size", label: "Sent", format: BYTES },
              count("Requests"),
            ],
          },
        ],
        [
          24,
          {
            kind: "series",
            key: "rows-trend",
            title: "When are rows read?",
            subject: requests,
            shape: "bar_stacked",
            measures: [{ of: "sum", field: "salesforce.api.rows_processed", label: "Rows" }],
            split: { by: "terms", field: "user.id", label: "User", size: 5, other: true },
            axis: "Rows",
          },
        ],
      ],
    },
    {
      height: 14,
      panels: [
        [
          24,
          {
            kind: "series",
            key: "statuses",
            title: "Which errors do callers get?",
            subject: { streams: ["api"], where: 'event.code : "ApiTotalUsage" and http.response.status_code >= 400' },
            shape: "bar_stacked",
            measures: [count("Failed calls")],
            split: {
              by: "filters",
              label: "Status",
              filters: [
                { label: "401 and 403: not allowed", where: "http.response.status_code : (401 or 403)" },
                { label: "404: not found", where: "http.response.status_code : 404" },
                {
                  label: "Other 4xx: wrong request",
                  where: "http.response.status_code < 500 and not http.response.status_code : (401 or 403 or 404)",
                },
                { label: "5xx: Salesforce failed", where: "http.response.status_code >= 500" },
              ],
            },
            axis: "Failed calls",
          },
        ],
        [
          24,
          {
            kind: "table",
            key: "callers",
            title: "Which users call, and how do they fare?",
            subject: calls,
            groups: [{ by: "terms", field: "user.name", label: "User" }],
            measures: [
              count("Calls"),
              count("Counted", { where: COUNTED }),
              share("Failed", FAILED),
              { of: "unique_count", field: "salesforce.api.entity_name", label: "Objects" },
            ],
          },
        ],
      ],
    },
    {
      height: 14,
      panels: [
        [
          20,
          {
            kind: "top",
            key: "versions",
            title: "Which API versions are in use?",
            subject: calls,
            groups: { by: "terms", field: "salesforce.api.api_version", label: "Version", size: 15 },
            measures: [count("API calls", { colour: neutral })],
            axis: "API calls",
          },
        ],
        [
          28,
          {
            kind: "table",
            key: "old-clients",
            title: "Who must be moved off old versions?",
            description: "Callers of API versions before 50.0. Salesforce retires old versions group by group.",
            subject: oldCalls,
            groups: [
              { by: "terms", field: "salesforce.api.connected_app_name", label: "Connected app", size: 8 },
              { by: "terms", field: "salesforce.api.api_version", label: "Version", size: 6 },
            ],
            measures: [
              count("Calls"),
              { of: "last_value", field: "user.name", label: "Last user" },
              { of: "max", field: "@timestamp", label: "Last call" },
            ],
          },
        ],
      ],
    },
    {
      height: 14,
      panels: [
        [
          14,
          {
            kind: "share",
            key: "bulk-status",
            title: "Do Bulk API 2.0 jobs complete?",
            subject: bulkJobs,
            groups: { by: "terms", field: "salesforce.api.job_status", label: "Status", size: 6 },
            measure: count("Jobs"),
          },
        ],
        [
          17,
          {
            kind: "table",
            key: "bulk-2",
            title: "What do Bulk API 2.0 jobs move?",
            subject: bulkJobs,
            groups: [
              { by: "terms", field: "salesforce.api.entity_type", label: "Object", size: 6 },
              { by: "terms", field: "salesforce.api.operation_type", label: "Operation", size: 3 },
            ],
            measures: [
              { of: "sum", field: "salesforce.api.records_processed", label: "Records" },
              { of: "sum", field: "salesforce.api.records_failed", label: "Failed" },
              count("Reports"),
            ],
          },
        ],
        [
          17,
          {
            kind: "table",
            key: "bulk-1",
            title: "What do Bulk API batches move?",
            subject: bulkBatches,
            groups: [
              { by: "terms", field: "salesforce.api.entity_type", label: "Object", size: 6 },
              { by: "terms", field: "salesforce.api.operation_type", label: "Operation", size: 3 },
            ],
            measures: [
              { of: "sum", field: "salesforce.api.rows_processed", label: "Rows" },
              { of: "sum", field: "salesforce.api.failures_count", label: "Failed" },
              count("Batches"),
            ],
          },
        ],
      ],
    },
    {
      height: 14,
      panels: [
        [
          24,
          {
            kind: "series",
            key: "rest-time",
            title: "How long do callers wait?",
            subject: requests,
            shape: "line",
            measures: [
              percentile95("event.duration", NANOSECONDS, warning),
              {
                of: "median",
                field: "event.duration",
                label: "Median",
                format: NANOSECONDS,
                colour: neutral,
              },
            ],
            axis: "Duration",
          },
        ],
        [
          24,
          {
            kind: "table",
            key: "limits",
            title: "How much of each org's limit is used, and by this integration?",
            subject: budget,
            groups: [{ by: "terms", field: "organization.name", label: "Org" }],
            measures: [
              { of: "max", field: "@timestamp", label: "Reported" },
              { of: "last_value", field: "salesforce.collector.api.used", label: "Used in 24 h" },
              { of: "last_value", field: "salesforce.collector.api.calls", label: "By this integration" },
              { of: "last_value", field: "salesforce.collector.api.allocation", label: "Limit" },
            ],
          },
        ],
      ],
    },
  ],
};

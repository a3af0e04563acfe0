import {
  BYTES,
  COLOURS,
  count,
  type DashboardSpec,
  equalRow,
  type Kql,
  type Measure,
  marked,
  NANOSECONDS,
  percentile95,
  type Subject,
  share,
  trouble,
} from "./vocabulary.ts";

const { neutral, warning, quiet } = COLOURS;

const FAILED = 'event.outcome : "failure"';
const COUNTED = "salesforce.api.counts_against_api_limit : true";

/** ApiTotalUsage has every call of every API once, so calls are counted there; the other types tell more of some of them. */
const calls: Subject = { streams: ["api"], where: 'event.code : "ApiTotalUsage"' };
/** Requests that say how many rows they read or wrote. */
const requests: Subject = { streams: ["api"], where: 'event.code : ("RestApi" or "API" or "ApiEvent")' };
const bulkJobs: Subject = { streams: ["api"], where: 'event.code : "BulkApi2"' };
/** BulkApi tells a job's batches, BulkApiRequest the application behind them. */
const bulkBatches: Subject = { streams: ["api"], where: 'event.code : ("BulkApi" or "BulkApiRequest")' };
const budget: Subject = { streams: ["collector"], where: 'event.code : "api_budget"' };
/** Versions are texts of two digits and a decimal, so they compare as texts do; those of one digit went long ago. */
const GONE: Kql = 'salesforce.api.api_version < "31.0" or salesforce.api.api_version : ("7.0" or "8.0" or "9.0")';
const GOING: Kql = 'salesforce.api.api_version >= "31.0" and salesforce.api.api_version < "41.0"';
const oldCalls: Subject = {
  streams: ["api"],
  where: 'event.code : "ApiTotalUsage" and salesforce.api.api_version < "41.0"',
};
/** Each change of a Bulk API 2.0 job's state is an event; a job reaches one of these once. */
const ENDED: Kql = 'salesforce.api.job_status : ("JobComplete" or "Failed" or "Aborted")';
const jobs: Measure = { of: "unique_count", field: "salesforce.api.job_id", label: "Jobs" };
const from: Measure = { of: "last_value", field: "source.ip", label: "From" };
/** Who moves what in a Bulk job. */
const ofJob: readonly Measure[] = [
  { of: "last_value", field: "salesforce.api.operation_type", label: "Operation" },
  { of: "last_value", field: "salesforce.api.entity_type", label: "Object" },
  { of: "last_value", field: "user.name", label: "User" },
  from,
];
const firstCall: Measure = { of: "min", field: "@timestamp", label: "First call" };

export const API: DashboardSpec = {
  key: "api",
  title: "API",
  description: "Who calls which API, what fails, who reads how much, and who uses up the limit.",
  opensWith: "7d",
  rows: [
    equalRow(
      6,
      {
        kind: "metric",
        key: "calls",
        title: "API calls",
        subject: calls,
        measure: count("of all families"),
      },
      {
        kind: "metric",
        key: "counted",
        title: "Calls that use up the limit",
        subject: calls,
        measure: count("count against the 24-hour limit", { where: COUNTED }),
      },
      {
        kind: "metric",
        key: "failed",
        title: "Calls that fail",
        subject: calls,
        measure: share("of all calls", FAILED, { levels: trouble(0.1, 0.03) }),
      },
      {
        kind: "metric",
        key: "users",
        title: "Users that call",
        subject: calls,
        measure: { of: "unique_count", field: "user.name", label: "usernames" },
      },
      {
        kind: "metric",
        key: "rows",
        title: "Rows read and written",
        subject: requests,
        measure: { of: "sum", field: "salesforce.api.rows_processed", label: "by REST and SOAP" },
      },
      {
        kind: "metric",
        key: "old-versions",
        title: "Calls of versions before 41.0",
        subject: oldCalls,
        measure: count("gone, or gone by Summer '28", { levels: trouble(100) }),
      },
    ),
    {
      height: 6,
      panels: [
        [
          48,
          {
            kind: "table",
            key: "limits",
            title: "How much of each org's limit is used, and by this integration?",
            subject: budget,
            groups: [{ by: "terms", field: "organization.name", label: "Org" }],
            measures: [
              { of: "max", field: "@timestamp", label: "Reported" },
              {
                of: "max",
                field: "salesforce.collector.api.used_pct",
                label: "Highest use",
                format: { as: "percent" },
                levels: marked(0.7, 0.9),
              },
              { of: "last_value", field: "salesforce.collector.api.used", label: "Used in 24 h" },
              { of: "last_value", field: "salesforce.collector.api.forecast.used", label: "Forecast" },
              { of: "last_value", field: "salesforce.collector.api.calls", label: "By this integration" },
              { of: "last_value", field: "salesforce.collector.api.allocation", label: "Limit" },
            ],
          },
        ],
      ],
    },
    {
      height: 12,
      panels: [
        [
          20,
          {
            kind: "table",
            key: "new-apps",
            title: "Which connected apps came in last, within the time range?",
            description:
              "By the time of the first call in the time range, latest first. The alert compares with 30 days before.",
            subject: calls,
            groups: [{ by: "terms", field: "salesforce.connected_app.name", label: "Connected app", size: 20 }],
            measures: [
              firstCall,
              count("Calls"),
              { of: "unique_count", field: "user.name", label: "Users" },
              { of: "unique_count", field: "source.ip", label: "Addresses" },
              { of: "unique_count", field: "salesforce.api.entity_name", label: "Objects" },
            ],
          },
        ],
        [
          28,
          {
            kind: "table",
            key: "app-addresses",
            title: "From which addresses did apps call last for the first time, within the time range?",
            description: "A known app from an address that it never came from may be a stolen token.",
            subject: calls,
            groups: [
              { by: "terms", field: "source.ip", label: "Address", size: 20 },
              { by: "terms", field: "salesforce.connected_app.name", label: "Connected app", size: 3 },
            ],
            measures: [
              firstCall,
              count("Calls"),
              { of: "last_value", field: "user.name", label: "Last user" },
              { of: "last_value", field: "source.geo.country_iso_code", label: "Country" },
            ],
          },
        ],
      ],
    },
    {
      height: 12,
      panels: [
        [
          28,
          {
            kind: "table",
            key: "exports",
            title: "Who reads unusually many rows, with which application?",
            description:
              "Over REST and SOAP. Many rows and bytes of one user in a short time are the mark of an export; Bulk jobs are below.",
            subject: requests,
            groups: [
              { by: "terms", field: "user.name", label: "User", size: 8 },
              { by: "terms", field: "salesforce.api.client_name", label: "Application", size: 3 },
            ],
            measures: [
              { of: "sum", field: "salesforce.api.rows_processed", label: "Rows", levels: marked(300_000, 500_000) },
              { of: "sum", field: "http.response.body.bytes", label: "Sent", format: BYTES },
              count("Requests"),
              from,
              { of: "last_value", field: "salesforce.api.entity_name", label: "Object" },
            ],
          },
        ],
        [
          20,
          {
            kind: "series",
            key: "rows-trend",
            title: "When are rows read?",
            subject: requests,
            shape: "bar_stacked",
            measures: [{ of: "sum", field: "salesforce.api.rows_processed", label: "Rows" }],
            split: { by: "terms", field: "user.name", label: "User", size: 5, other: true },
            axis: "Rows",
          },
        ],
      ],
    },
    {
      height: 8,
      panels: [
        [
          48,
          {
            kind: "table",
            key: "bulk-2",
            title: "Which Bulk API 2.0 jobs move most?",
            description: "Each job once, by its largest count of records.",
            subject: bulkJobs,
            groups: [{ by: "terms", field: "salesforce.api.job_id", label: "Job" }],
            pageSize: 6,
            measures: [
              {
                of: "max",
                field: "salesforce.api.records_processed",
                label: "Records",
                levels: marked(300_000, 500_000),
              },
              { of: "max", field: "salesforce.api.records_failed", label: "Failed" },
              ...ofJob,
              { of: "last_value", field: "salesforce.api.job_status", label: "Ended as", where: ENDED },
            ],
          },
        ],
      ],
    },
    {
      height: 8,
      panels: [
        [
          48,
          {
            kind: "table",
            key: "bulk-1",
            title: "Which Bulk API jobs move most?",
            description: "The application is known where the org writes BulkApiRequest files.",
            subject: bulkBatches,
            groups: [{ by: "terms", field: "salesforce.api.job_id", label: "Job" }],
            pageSize: 6,
            measures: [
              {
                of: "sum",
                field: "salesforce.api.rows_processed",
                label: "Rows",
                levels: marked(300_000, 500_000),
              },
              { of: "sum", field: "salesforce.api.failures_count", label: "Failed" },
              ...ofJob,
              { of: "last_value", field: "salesforce.api.client_name", label: "Application" },
            ],
          },
        ],
      ],
    },
    {
      height: 12,
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
              field: "salesforce.connected_app.name",
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
      height: 12,
      panels: [
        [
          16,
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
          16,
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
        [
          16,
          {
            kind: "series",
            key: "rest-time",
            title: "How long do callers wait?",
            subject: requests,
            shape: "line",
            measures: [
              percentile95("event.duration", NANOSECONDS, { colour: warning }),
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
      ],
    },
    {
      height: 9,
      panels: [
        [
          16,
          {
            kind: "top",
            key: "versions",
            title: "Until when do the API versions in use work?",
            subject: calls,
            groups: {
              by: "filters",
              label: "Version",
              filters: [
                { label: "Before 31.0: gone since Summer '25", where: GONE },
                { label: "31.0 to 40.0: unsupported from Summer '27, gone from Summer '28", where: GOING },
                {
                  label: "41.0 and later: no date",
                  where: `not (${GONE}) and salesforce.api.api_version >= "41.0" and not salesforce.api.api_version : "9998.0"`,
                },
              ],
            },
            measures: [count("API calls", { colour: neutral })],
            axis: "API calls",
          },
        ],
        [
          22,
          {
            kind: "table",
            key: "old-clients",
            title: "Who must be moved off old versions?",
            description:
              "Callers of versions before 41.0. Those before 31.0 get an error; 31.0 to 40.0 are unsupported from Summer '27 and gone from Summer '28.",
            subject: oldCalls,
            groups: [
              { by: "terms", field: "salesforce.connected_app.name", label: "Connected app", size: 8 },
              { by: "terms", field: "salesforce.api.api_version", label: "Version", size: 6 },
            ],
            measures: [
              count("Calls"),
              { of: "last_value", field: "user.name", label: "Last user" },
              { of: "max", field: "@timestamp", label: "Last call" },
            ],
          },
        ],
        [
          10,
          {
            kind: "top",
            key: "bulk-status",
            title: "How do Bulk API 2.0 jobs end?",
            description: "Each job once, by the state in which it ended.",
            subject: { ...bulkJobs, where: `${bulkJobs.where} and ${ENDED}` },
            groups: { by: "terms", field: "salesforce.api.job_status", label: "Status", size: 6 },
            measures: [{ ...jobs, colour: neutral }],
            axis: "Jobs",
          },
        ],
      ],
    },
  ],
};

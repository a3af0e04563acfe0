import {
  COLOURS,
  count,
  type DashboardSpec,
  equalRow,
  type Measure,
  MILLISECONDS,
  marked,
  type Subject,
  timeBefore,
  trouble,
} from "./vocabulary.ts";

const { success, failure } = COLOURS;

const SUCCEEDED = 'event.outcome : "success"';
const FAILED = 'event.outcome : "failure"';

const all: Subject = { streams: ["login", "apex", "api"] };
const logins: Subject = { streams: ["login"], where: 'event.action : "login"' };
const exceptions: Subject = { streams: ["apex"], where: 'event.code : "ApexUnexpectedException"' };
const calls: Subject = { streams: ["api"], where: 'event.code : "ApiTotalUsage"' };

const failedLogins = count("Failed logins", {
  where: `event.action : "login" and ${FAILED}`,
  levels: marked(100, 300),
});
const thrown = count("Exceptions", { where: exceptions.where ?? "", levels: marked(100, 300) });
const limitUsed: Measure = {
  of: "max",
  field: "salesforce.collector.api.used_pct",
  label: "API limit used",
  format: { as: "percent" },
  levels: marked(0.7, 0.9),
};
const slowest: Measure = {
  of: "percentile",
  percentile: 95,
  field: "salesforce.apex.exec_time",
  where: 'event.code : "ApexExecution"',
  label: "Apex 95 % within",
  format: MILLISECONDS,
  levels: marked(15_000, 30_000),
};
const actedAs = count("Logins as another user", { where: 'event.action : "login-as"', levels: marked(50, 200) });

export const OVERVIEW: DashboardSpec = {
  key: "overview",
  title: "Overview",
  description: "Every org at a glance: logins, Apex, API calls and whether collection keeps up.",
  opensWith: "7d",
  rows: [
    equalRow(
      6,
      {
        kind: "metric",
        key: "orgs",
        title: "Orgs that report",
        subject: all,
        measure: { of: "unique_count", field: "organization.id", label: "organizations" },
      },
      {
        kind: "metric",
        key: "logins",
        title: "Logins that succeeded",
        subject: { ...logins, where: `${logins.where} and ${SUCCEEDED}` },
        measure: count("logins"),
      },
      {
        kind: "metric",
        key: "failed-logins",
        title: "Logins that failed",
        subject: { ...logins, where: `${logins.where} and ${FAILED}` },
        measure: count("logins", { levels: trouble(300, 100) }),
      },
      {
        kind: "metric",
        key: "exceptions",
        title: "Unexpected Apex exceptions",
        subject: exceptions,
        measure: count("exceptions", { levels: trouble(300) }),
      },
      {
        kind: "metric",
        key: "calls",
        title: "API calls",
        subject: calls,
        measure: count("of all families"),
      },
      {
        kind: "metric",
        key: "rejected",
        title: "Rows that could not be read",
        subject: { streams: ["collector"], where: 'event.code : ("row_rejected" or "event_refused")' },
        measure: count("set aside, none lost", { levels: trouble(1) }),
      },
    ),
    {
      height: 6,
      panels: [
        [
          48,
          {
            kind: "table",
            key: "orgs-table",
            title: "Is an org worse off than in the time before?",
            description: "“Before” is the time of the same length that ends where the chosen one begins.",
            subject: { streams: ["login", "apex", "api", "collector"] },
            groups: [{ by: "terms", field: "organization.name", label: "Org" }],
            measures: [
              failedLogins,
              timeBefore(failedLogins),
              thrown,
              timeBefore(thrown),
              limitUsed,
              timeBefore(limitUsed),
              slowest,
              timeBefore(slowest),
              actedAs,
              timeBefore(actedAs),
            ],
          },
        ],
      ],
    },
    {
      height: 11,
      panels: [
        [
          24,
          {
            kind: "series",
            key: "login-outcomes",
            title: "Do more logins fail than usual?",
            subject: logins,
            shape: "bar_stacked",
            measures: [
              count("Failed", { where: FAILED, colour: failure }),
              count("Succeeded", { where: SUCCEEDED, colour: success }),
            ],
            axis: "Logins",
          },
        ],
        [
          24,
          {
            kind: "series",
            key: "exception-types",
            title: "Do Apex exceptions surge?",
            subject: exceptions,
            shape: "bar_stacked",
            measures: [count("Exceptions")],
            split: { by: "terms", field: "error.type", label: "Exception", size: 5, other: true },
            axis: "Exceptions",
          },
        ],
      ],
    },
    {
      height: 11,
      panels: [
        [
          24,
          {
            kind: "series",
            key: "api-families",
            title: "Which API families are called?",
            subject: calls,
            shape: "bar_stacked",
            measures: [count("API calls")],
            split: { by: "terms", field: "salesforce.api.api_family", label: "Family", size: 6, other: true },
            axis: "API calls",
          },
        ],
        [
          24,
          {
            kind: "series",
            key: "streams",
            title: "How many events of each stream arrive?",
            subject: all,
            shape: "area_stacked",
            measures: [count("Events")],
            split: {
              by: "filters",
              label: "Stream",
              filters: [
                { label: "Logins", where: 'data_stream.dataset : "aquila_salesforce.login"' },
                { label: "Apex", where: 'data_stream.dataset : "aquila_salesforce.apex"' },
                { label: "API", where: 'data_stream.dataset : "aquila_salesforce.api"' },
              ],
            },
            axis: "Events",
          },
        ],
      ],
    },
    {
      height: 10,
      panels: [
        [
          30,
          {
            kind: "table",
            key: "freshness",
            pageSize: 7,
            title: "How fresh is what we know?",
            subject: all,
            groups: [
              { by: "terms", field: "organization.name", label: "Org", size: 5 },
              { by: "terms", field: "event.code", label: "Event type", size: 10 },
            ],
            measures: [
              count("Events"),
              { of: "max", field: "@timestamp", label: "Newest event" },
              { of: "max", field: "salesforce.collection.file.created", label: "Newest file" },
            ],
          },
        ],
        [
          18,
          {
            kind: "text",
            key: "about",
            title: "What an org must have for these panels to fill",
            markdown:
              "Every org writes event log files of **Login**, **Logout** and **ApiTotalUsage**. The other event types, and hourly files, " +
              "need Salesforce Shield or the Event Monitoring add-on; without it, the panels about them stay empty.\n\n" +
              "Salesforce makes hourly files some hours after their hour, and a daily file the day after. The newest hours are " +
              "therefore always missing here; **Collection health** tells how far collection has come.",
          },
        ],
      ],
    },
  ],
};

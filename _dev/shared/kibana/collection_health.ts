import {
  COLOURS,
  count,
  type DashboardSpec,
  equalRow,
  MILLISECONDS,
  marked,
  type Subject,
  trouble,
  WHOLE,
} from "./vocabulary.ts";

const { neutral, second } = COLOURS;

const fromFiles: Subject = { streams: ["login", "apex", "api"], where: 'event.provider : "EventLogFile"' };

function reports(...codes: readonly string[]): Subject {
  return { streams: ["collector"], where: `event.code : (${codes.map((code) => `"${code}"`).join(" or ")})` };
}

const setAside = reports("row_rejected", "event_refused");
const troubles = reports(
  "file_failed",
  "file_parked",
  "file_unusable",
  "cursors_mended",
  "file_gone",
  "round_failed",
  "row_rejected",
  "event_refused",
  "gap",
  "replay_refused",
  "characters_replaced",
  "possibly_doubled",
  "collected_twice",
  "window_failed",
  "window_halved",
  "window_parked",
  "reconciliation_suspended",
);
const status = reports("stream_status");
const coverage = reports("coverage");
const budget = reports("api_budget");
const reconciled = reports("reconciled");
/** Of event log files. Those of live events are a span of time, and their panel has them. */
const missingHours = `${reports("gap").where} and salesforce.collector.gaps : *`;
const liveGaps = `${reports("gap").where} and not salesforce.collector.gaps : *`;
const topics = `${status.where} and (salesforce.collector.connection.since : * or salesforce.collector.connection.heard : *)`;
const leases = reports("lease", "lease_taken");
const takeOvers = reports("lease_taken");

const HOUR_MS = 3_600_000;

const org = { by: "terms", field: "organization.name", label: "Org", size: 5 } as const;
const eventType = { by: "terms", field: "salesforce.collector.event_type", label: "Event type", size: 30 } as const;
const dataset = { by: "terms", field: "salesforce.collector.dataset", label: "Dataset", size: 5 } as const;
const lastReport = { of: "max", field: "@timestamp", label: "Reported" } as const;

export const COLLECTION_HEALTH: DashboardSpec = {
  key: "collection-health",
  title: "Collection health",
  description: "Whether every event of every org arrives, in time and within the API budget.",
  opensWith: "24h",
  rows: [
    equalRow(
      6,
      {
        kind: "metric",
        key: "streams-in-trouble",
        title: "Streams in trouble",
        subject: { ...status, where: `${status.where} and salesforce.collector.health : ("degraded" or "failed")` },
        measure: {
          of: "unique_count",
          field: "salesforce.collector.stream",
          label: "in the time range",
          levels: trouble(1),
        },
      },
      {
        kind: "metric",
        key: "files",
        title: "Event log files collected",
        subject: status,
        measure: { of: "sum", field: "salesforce.collector.files.collected", label: "files" },
      },
      {
        kind: "metric",
        key: "rows",
        title: "Events stored",
        subject: status,
        measure: { of: "sum", field: "salesforce.collector.rows.created", label: "each once" },
      },
      {
        kind: "metric",
        key: "lacked",
        title: "Events that hourly files lacked",
        subject: reconciled,
        measure: {
          of: "sum",
          field: "salesforce.collector.rows.lacked",
          label: "taken from daily files",
        },
      },
      {
        kind: "metric",
        key: "set-aside",
        title: "Rows that could not be read",
        subject: setAside,
        measure: count("set aside with their reason", { levels: trouble(1) }),
      },
      {
        kind: "metric",
        key: "limit-used",
        title: "Highest use of an API limit",
        subject: budget,
        measure: {
          of: "max",
          field: "salesforce.collector.api.used_pct",
          label: "by everybody",
          format: { as: "percent" },
          levels: trouble(0.9, 0.7),
        },
      },
    ),
    {
      height: 10,
      panels: [
        [
          24,
          {
            kind: "table",
            key: "health",
            title: "Is every stream healthy?",
            subject: status,
            groups: [org, dataset],
            measures: [
              { of: "sum", field: "salesforce.collector.rows.created", label: "Events stored" },
              { of: "sum", field: "salesforce.collector.rounds.failed", label: "Rounds failed", levels: marked(1, 5) },
              { of: "last_value", field: "salesforce.collector.health", label: "Health" },
              { of: "last_value", field: "error.code", label: "Last problem" },
              lastReport,
            ],
          },
        ],
        [
          24,
          {
            kind: "series",
            key: "troubles",
            title: "What goes wrong, and when?",
            subject: troubles,
            shape: "bar_stacked",
            measures: [count("Reports")],
            split: { by: "terms", field: "event.action", label: "Problem", size: 8, other: true },
            axis: "Reports",
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
            key: "coverage",
            title: "Up to when is each event type collected?",
            description: "Event types that are furthest behind come first.",
            subject: coverage,
            groups: [org, { ...eventType, ascending: true }],
            measures: [
              { of: "max", field: "salesforce.collector.covered_until", label: "Collected until" },
              { of: "max", field: "salesforce.collector.newest_event", label: "Newest event" },
              { of: "last_value", field: "salesforce.collector.files.open", label: "Files to read" },
              {
                of: "max",
                field: "salesforce.collector.lag.open_file",
                label: "Longest wait of a file",
                format: MILLISECONDS,
              },
            ],
          },
        ],
        [
          20,
          {
            kind: "series",
            key: "lag",
            title: "How late do events arrive?",
            description:
              "Age of the newest event, of the event type that is furthest behind. Daily files are left out.",
            subject: { ...coverage, where: `${coverage.where} and not salesforce.collection.interval : "daily"` },
            shape: "line",
            measures: [
              {
                of: "quotient",
                dividend: { of: "max", field: "salesforce.collector.lag.newest_event" },
                divisor: HOUR_MS,
                label: "Hours",
                format: WHOLE,
              },
            ],
            split: { ...org, rankedBy: "name" },
            axis: "Age of the newest event, hours",
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
            key: "live-topics",
            title: "Do live events come?",
            description:
              "Topics that have been silent longest come first; Salesforce says something of each every few minutes, with or without events. A gap is what is missing after an outage until it is read from the stored object.",
            subject: { streams: ["collector"], where: `(${topics}) or (${liveGaps})` },
            groups: [
              org,
              { by: "terms", field: "salesforce.collector.source", label: "Topic", size: 30, ascending: true },
            ],
            measures: [
              { of: "max", field: "salesforce.collector.connection.heard", label: "Last heard of" },
              { of: "max", field: "salesforce.collector.connection.newest_event", label: "Newest event" },
              { of: "last_value", field: "salesforce.collector.connection.since", label: "Last connected" },
              {
                of: "last_value",
                field: "salesforce.collector.connection.lag",
                label: "It took",
                format: MILLISECONDS,
              },
              count("Gaps", { where: liveGaps, levels: marked(1, 3) }),
              { of: "last_value", field: "salesforce.collector.health", label: "Health" },
              lastReport,
            ],
          },
        ],
      ],
    },
    {
      height: 12,
      panels: [
        [
          24,
          {
            kind: "series",
            key: "intervals",
            title: "Which events did only the daily file bring?",
            subject: fromFiles,
            shape: "bar_stacked",
            measures: [
              count("Hourly files", { where: 'salesforce.collection.interval : "hourly"', colour: neutral }),
              count("Daily files only", { where: 'salesforce.collection.interval : "daily"', colour: second }),
            ],
            axis: "Events",
          },
        ],
        [
          24,
          {
            kind: "table",
            key: "completeness",
            title: "How complete were the hourly files?",
            subject: { ...reconciled, where: `(${reconciled.where}) or (${missingHours})` },
            groups: [org, eventType],
            measures: [
              { of: "sum", field: "salesforce.collector.rows.lacked", label: "Rows lacked" },
              { of: "sum", field: "salesforce.collector.rows.read", label: "Rows of daily files" },
              {
                of: "quotient",
                dividend: { of: "sum", field: "salesforce.collector.rows.lacked" },
                divisor: { of: "sum", field: "salesforce.collector.rows.read" },
                label: "Share lacked",
                format: { as: "percent" },
              },
              count("Days with missing hours", { where: missingHours }),
            ],
          },
        ],
      ],
    },
    {
      height: 8,
      panels: [
        [
          28,
          {
            kind: "table",
            key: "budget",
            title: "Will the API limits last?",
            description: "The last report in the time range. The forecast is for the end of the UTC day.",
            subject: budget,
            groups: [org],
            measures: [
              lastReport,
              { of: "last_value", field: "salesforce.collector.api.used", label: "Used in 24 h" },
              { of: "last_value", field: "salesforce.collector.api.forecast.used", label: "Forecast" },
              { of: "last_value", field: "salesforce.collector.api.allocation", label: "Limit" },
              { of: "last_value", field: "salesforce.collector.api.calls", label: "Of it by us" },
              { of: "last_value", field: "salesforce.collector.api.share", label: "Our share" },
            ],
          },
        ],
        [
          20,
          {
            kind: "series",
            key: "budget-trend",
            title: "How much of the API limit is used?",
            subject: budget,
            shape: "line",
            measures: [
              {
                of: "max",
                field: "salesforce.collector.api.used_pct",
                label: "Used",
                format: { as: "percent" },
              },
            ],
            split: { ...org, other: false },
            axis: "Share of the limit",
          },
        ],
      ],
    },
    {
      height: 8,
      panels: [
        [
          28,
          {
            kind: "table",
            key: "leases",
            title: "Which host collects which org?",
            description:
              "Of orgs that several hosts share: the last host that reported, and how often the org was taken.",
            subject: leases,
            groups: [org],
            measures: [
              { of: "max", field: "salesforce.collector.lease.term", label: "Term", format: WHOLE },
              { of: "last_value", field: "salesforce.collector.lease.holder", label: "Host" },
              { of: "last_value", field: "salesforce.collector.lease.since", label: "Since" },
              count("Taken", { where: 'event.code : "lease_taken"' }),
              { of: "last_value", field: "salesforce.collector.lease.taken_from", label: "From a silent host" },
              lastReport,
            ],
          },
        ],
        [
          20,
          {
            kind: "series",
            key: "take-overs",
            title: "When did hosts take orgs?",
            subject: takeOvers,
            shape: "bar_stacked",
            measures: [count("Orgs taken")],
            split: {
              by: "terms",
              field: "salesforce.collector.lease.holder",
              label: "Host",
              size: 8,
              other: true,
            },
            axis: "Orgs taken",
          },
        ],
      ],
    },
    {
      height: 6,
      panels: [
        [
          20,
          {
            kind: "table",
            key: "drift",
            title: "Which columns are new or missing?",
            description:
              "New columns are stored as salesforce.*.unmapped until a newer version of the package names them.",
            pageSize: 4,
            subject: reports("drift"),
            groups: [eventType, { by: "terms", field: "salesforce.collector.columns", label: "Column", size: 10 }],
            measures: [count("Reports"), lastReport],
          },
        ],
        [
          28,
          {
            kind: "table",
            key: "reasons",
            title: "Why were rows set aside?",
            pageSize: 4,
            subject: setAside,
            groups: [eventType, { by: "terms", field: "salesforce.collector.reason", label: "Reason", size: 8 }],
            measures: [count("Rows"), lastReport],
          },
        ],
      ],
    },
    {
      height: 8,
      panels: [
        [48, { kind: "events", key: "rejected", title: "The last rows that were set aside", search: "rejected-rows" }],
      ],
    },
  ],
};

import {
  COLOURS,
  count,
  type DashboardSpec,
  equalRow,
  MILLISECONDS,
  NANOSECONDS,
  percentile95,
  type Subject,
  share,
  WHOLE,
} from "./vocabulary.ts";

const { success, failure, neutral, warning, second, third } = COLOURS;

const FAILED = 'event.outcome : "failure"';
const executions: Subject = { streams: ["apex"], where: 'event.code : "ApexExecution"' };
const exceptions: Subject = { streams: ["apex"], where: 'event.code : "ApexUnexpectedException"' };
const callouts: Subject = {
  streams: ["apex"],
  where: 'event.code : ("ApexCallout" or "ContinuationCalloutSummary" or "ExternalCustomApexCallout")',
};
const triggers: Subject = { streams: ["apex"], where: 'event.code : "ApexTrigger"' };
const longRunning: Subject = {
  streams: ["apex"],
  where: 'event.code : "ApexExecution" and salesforce.apex.is_long_running_request : true',
};
const limitHits: Subject = { streams: ["apex"], where: 'event.code : "ConcurrentLongRunningApexLimit"' };

/** A SOQL query each time for many rows shows long before the governor limit of 100 queries a transaction. */
const MANY_QUERIES = 50;

export const APEX: DashboardSpec = {
  key: "apex",
  title: "Apex",
  description: "What is slow, what fails, what it calls and which limits it meets.",
  streams: ["apex"],
  rows: [
    equalRow(
      6,
      {
        kind: "metric",
        key: "executions",
        title: "Apex executions",
        subject: executions,
        measure: count("requests and jobs", { colour: neutral }),
      },
      {
        kind: "metric",
        key: "p95",
        title: "19 of 20 executions end within",
        subject: executions,
        measure: percentile95("salesforce.apex.exec_time", MILLISECONDS, neutral),
      },
      {
        kind: "metric",
        key: "exceptions",
        title: "Unexpected exceptions",
        subject: exceptions,
        measure: count("not caught by code", { colour: failure }),
      },
      {
        kind: "metric",
        key: "callout-errors",
        title: "Callouts that fail",
        subject: callouts,
        measure: share("of all callouts", FAILED, { colour: failure }),
      },
      {
        kind: "metric",
        key: "long-running",
        title: "Executions longer than 5 s",
        subject: longRunning,
        measure: count("use up the concurrent limit", { colour: warning }),
      },
      {
        kind: "metric",
        key: "limit-hits",
        title: "Requests refused by the limit",
        subject: limitHits,
        measure: count("refused", { colour: failure }),
      },
    ),
    {
      height: 14,
      panels: [
        [
          30,
          {
            kind: "table",
            key: "entry-points",
            title: "Which entry points are slow?",
            description: "Ordered by the 95th percentile of the execution time.",
            subject: executions,
            groups: [{ by: "terms", field: "salesforce.apex.entry_point", label: "Entry point", size: 20 }],
            measures: [
              percentile95("salesforce.apex.exec_time", MILLISECONDS),
              { of: "median", field: "salesforce.apex.exec_time", label: "Median", format: MILLISECONDS },
              { of: "sum", field: "salesforce.apex.exec_time", label: "In total", format: MILLISECONDS },
              { of: "sum", field: "salesforce.apex.cpu_time", label: "CPU", format: MILLISECONDS },
              count("Executions"),
            ],
          },
        ],
        [
          18,
          {
            kind: "series",
            key: "run-time",
            title: "Does Apex get slower?",
            subject: executions,
            shape: "line",
            measures: [
              percentile95("salesforce.apex.exec_time", MILLISECONDS, warning),
              {
                of: "median",
                field: "salesforce.apex.exec_time",
                label: "Median",
                format: MILLISECONDS,
                colour: neutral,
              },
            ],
            axis: "Execution time",
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
            key: "time-spent",
            title: "Where does the time go?",
            subject: executions,
            shape: "area_stacked",
            measures: [
              { of: "sum", field: "salesforce.apex.cpu_time", label: "CPU", format: MILLISECONDS, colour: neutral },
              {
                of: "quotient",
                dividend: { of: "sum", field: "salesforce.apex.db_total_time" },
                divisor: 1_000_000,
                label: "Database",
                format: MILLISECONDS,
                colour: second,
              },
              {
                of: "sum",
                field: "salesforce.apex.callout_time",
                label: "Callouts",
                format: MILLISECONDS,
                colour: third,
              },
            ],
            axis: "Time spent",
          },
        ],
        [
          24,
          {
            kind: "series",
            key: "exceptions-trend",
            title: "Do exceptions surge?",
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
      height: 14,
      panels: [
        [
          20,
          {
            kind: "table",
            key: "exception-classes",
            title: "Which classes throw what?",
            subject: exceptions,
            groups: [
              { by: "terms", field: "salesforce.apex.apex_entity_name", label: "Class", size: 8 },
              { by: "terms", field: "error.type", label: "Exception", size: 4 },
            ],
            measures: [
              count("Exceptions"),
              { of: "unique_count", field: "user.id", label: "Users" },
              { of: "max", field: "@timestamp", label: "Last" },
            ],
          },
        ],
        [
          28,
          {
            kind: "events",
            key: "last-exceptions",
            title: "The last exceptions and their stacks",
            search: "exceptions",
          },
        ],
      ],
    },
    {
      height: 10,
      panels: [
        [
          28,
          {
            kind: "table",
            key: "callout-hosts",
            title: "Which hosts are slow or fail when Apex calls them?",
            subject: callouts,
            groups: [{ by: "terms", field: "destination.domain", label: "Host" }],
            measures: [
              count("Callouts"),
              share("Failed", FAILED),
              percentile95("event.duration", NANOSECONDS),
              {
                of: "sum",
                field: "http.response.body.bytes",
                label: "Received",
                format: { as: "bytes" },
              },
            ],
          },
        ],
        [
          20,
          {
            kind: "series",
            key: "callout-outcomes",
            title: "Since when do callouts fail?",
            subject: callouts,
            shape: "bar_stacked",
            measures: [
              count("Failed", { where: FAILED, colour: failure }),
              count("Answered", { where: `not ${FAILED}`, colour: success }),
            ],
            axis: "Callouts",
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
            key: "triggers",
            title: "Which triggers take the time?",
            subject: triggers,
            groups: [
              { by: "terms", field: "salesforce.apex.trigger_name", label: "Trigger", size: 6 },
              { by: "terms", field: "salesforce.apex.trigger_type", label: "When", size: 4 },
            ],
            measures: [
              { of: "sum", field: "salesforce.apex.exec_time", label: "In total", format: MILLISECONDS },
              percentile95("salesforce.apex.exec_time", MILLISECONDS),
              count("Runs"),
            ],
          },
        ],
        [
          24,
          {
            kind: "series",
            key: "triggers-trend",
            title: "Triggers of which objects run when?",
            subject: triggers,
            shape: "bar_stacked",
            measures: [count("Trigger runs")],
            split: { by: "terms", field: "salesforce.apex.entity_name", label: "Object", size: 6, other: true },
            axis: "Trigger runs",
          },
        ],
      ],
    },
    {
      height: 14,
      panels: [
        [
          16,
          {
            kind: "series",
            key: "long-running-trend",
            title: "What runs longer than 5 s?",
            subject: longRunning,
            shape: "bar_stacked",
            measures: [count("Executions")],
            split: { by: "terms", field: "salesforce.apex.entry_point", label: "Entry point", size: 4, other: true },
            axis: "Executions",
          },
        ],
        [
          20,
          {
            kind: "table",
            key: "soql",
            title: "Where does code query in loops?",
            description: `Entry points by the most SOQL queries of one execution. Salesforce ends a transaction after 100 (asynchronous: 200).`,
            subject: executions,
            groups: [{ by: "terms", field: "salesforce.apex.entry_point", label: "Entry point" }],
            measures: [
              { of: "max", field: "salesforce.apex.soql_queries_count", label: "Most queries" },
              percentile95("salesforce.apex.soql_queries_count", WHOLE),
              count(`Executions with ${MANY_QUERIES} or more`, {
                where: `salesforce.apex.soql_queries_count >= ${MANY_QUERIES}`,
              }),
            ],
          },
        ],
        [
          12,
          {
            kind: "share",
            key: "quiddity",
            title: "What starts Apex?",
            subject: executions,
            groups: { by: "terms", field: "salesforce.apex.quiddity_name", label: "Started by", size: 6, other: true },
            measure: count("Executions"),
          },
        ],
      ],
    },
  ],
};

import {
  COLOURS,
  type Colour,
  count,
  type DashboardSpec,
  equalRow,
  type Measure,
  MILLISECONDS,
  marked,
  NANOSECONDS,
  percentile95,
  type Subject,
  share,
  trouble,
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
const queued: Subject = { streams: ["apex"], where: 'event.code : "QueuedExecution"' };
const limitExceptions: Subject = {
  streams: ["apex"],
  where: 'event.code : "ApexUnexpectedException" and error.type : "System.LimitException"',
};
const longRunning: Subject = {
  streams: ["apex"],
  where: 'event.code : "ApexExecution" and salesforce.apex.is_long_running_request : true',
};
const limitHits: Subject = { streams: ["apex"], where: 'event.code : "ConcurrentLongRunningApexLimit"' };

/** Time spent in whole minutes, so that the axis has whole ticks. */
function minutesOf(field: string, label: string, divisor: number, colour: Colour): Measure {
  return { of: "quotient", dividend: { of: "sum", field }, divisor, label, format: WHOLE, colour };
}

/** Of 10 s of CPU time that a synchronous transaction has. */
const MUCH_CPU_MS = 8_000;
/** A SOQL query each time for many rows shows long before the governor limit of 100 queries a transaction. */
const MANY_QUERIES = 50;

export const APEX: DashboardSpec = {
  key: "apex",
  title: "Apex",
  description: "What is slow, what fails, what it calls and which limits it meets.",
  opensWith: "7d",
  rows: [
    equalRow(
      6,
      {
        kind: "metric",
        key: "executions",
        title: "Apex executions",
        subject: executions,
        measure: count("requests and jobs"),
      },
      {
        kind: "metric",
        key: "p95",
        title: "19 of 20 executions end within",
        subject: executions,
        measure: percentile95("salesforce.apex.exec_time", MILLISECONDS, { levels: trouble(30_000, 15_000) }),
      },
      {
        kind: "metric",
        key: "exceptions",
        title: "Unexpected exceptions",
        subject: exceptions,
        measure: count("not caught by code", { levels: trouble(300) }),
      },
      {
        kind: "metric",
        key: "callout-errors",
        title: "Callouts that fail",
        subject: callouts,
        measure: share("of all callouts", FAILED, { levels: trouble(0.1, 0.02) }),
      },
      {
        kind: "metric",
        key: "long-running",
        title: "Executions longer than 5 s",
        subject: longRunning,
        measure: count("use up the concurrent limit", { levels: trouble(5_000, 500) }),
      },
      {
        kind: "metric",
        key: "limit-hits",
        title: "Requests refused by the limit",
        subject: limitHits,
        measure: count("refused", { levels: trouble(1) }),
      },
    ),
    {
      height: 12,
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
              percentile95("salesforce.apex.exec_time", MILLISECONDS, { levels: marked(15_000, 30_000) }),
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
              percentile95("salesforce.apex.exec_time", MILLISECONDS, { colour: warning }),
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
      height: 12,
      panels: [
        [
          18,
          {
            kind: "table",
            key: "cpu",
            title: "Which code comes near the CPU limit?",
            description: "Salesforce ends a transaction after 10 s of CPU time (asynchronous: 60 s).",
            subject: executions,
            groups: [{ by: "terms", field: "salesforce.apex.entry_point", label: "Entry point" }],
            measures: [
              {
                of: "max",
                field: "salesforce.apex.cpu_time",
                label: "Most CPU",
                format: MILLISECONDS,
                levels: marked(9_000, 10_000),
              },
              percentile95("salesforce.apex.cpu_time", MILLISECONDS),
              count("8 s and more", { where: `salesforce.apex.cpu_time >= ${MUCH_CPU_MS}` }),
            ],
          },
        ],
        [
          14,
          {
            kind: "table",
            key: "limit-exceptions",
            title: "Which governor limits stop code?",
            description:
              "CPU, heap, DML, queries: Salesforce tells the use of heap and DML only when it passes the limit.",
            subject: limitExceptions,
            groups: [
              { by: "terms", field: "salesforce.apex.exception_category", label: "Limit", size: 8 },
              { by: "terms", field: "salesforce.apex.apex_entity_name", label: "Class", size: 3 },
            ],
            measures: [count("Exceptions", { levels: marked(5, 20) })],
          },
        ],
        [
          16,
          {
            kind: "table",
            key: "queued",
            title: "Which queued jobs take long?",
            description:
              "Run time of asynchronous jobs; no event of Salesforce tells how long a job waited in the queue.",
            subject: queued,
            groups: [{ by: "terms", field: "salesforce.apex.entry_point", label: "Entry point" }],
            measures: [
              percentile95("salesforce.apex.run_time", MILLISECONDS, { levels: marked(60_000, 600_000) }),
              { of: "sum", field: "salesforce.apex.run_time", label: "In total", format: MILLISECONDS },
              count("Jobs"),
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
            key: "time-spent",
            title: "Where does the time go?",
            subject: executions,
            shape: "area_stacked",
            measures: [
              minutesOf("salesforce.apex.cpu_time", "CPU", 60_000, neutral),
              minutesOf("salesforce.apex.db_total_time", "Database", 60_000_000_000, second),
              minutesOf("salesforce.apex.callout_time", "Callouts", 60_000, third),
            ],
            axis: "Time spent, minutes",
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
      height: 12,
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
      height: 9,
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
              share("Failed", FAILED, { levels: marked(0.1, 0.3) }),
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
      height: 12,
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
      height: 12,
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
            title: "Where does code query in loops: executions with 50 and more queries?",
            description: `Entry points by the most SOQL queries of one execution. Salesforce ends a transaction after 100 (asynchronous: 200).`,
            subject: executions,
            groups: [{ by: "terms", field: "salesforce.apex.entry_point", label: "Entry point" }],
            measures: [
              { of: "max", field: "salesforce.apex.soql_queries_count", label: "Most queries", levels: marked(70, 90) },
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
            kind: "top",
            key: "quiddity",
            title: "What starts Apex?",
            subject: executions,
            groups: { by: "terms", field: "salesforce.apex.quiddity_name", label: "Started by", size: 6, other: true },
            measures: [count("Executions", { colour: neutral })],
            axis: "Executions",
          },
        ],
      ],
    },
  ],
};

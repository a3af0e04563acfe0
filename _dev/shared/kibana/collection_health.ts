import { COLOURS, count, type DashboardSpec, equalRow, type Subject } from "./vocabulary.ts";

const { failure, neutral, second } = COLOURS;

const events: Subject = { streams: ["login", "apex", "api"] };
const fromFiles: Subject = { streams: ["login", "apex", "api"], where: 'event.provider : "EventLogFile"' };
const setAside: Subject = { streams: ["collector"], where: 'event.code : ("row_rejected" or "event_refused")' };

export const COLLECTION_HEALTH: DashboardSpec = {
  key: "collection-health",
  title: "Collection health",
  description: "Whether every event of every org arrives, in time and within the API budget.",
  streams: ["login", "apex", "api", "collector"],
  rows: [
    equalRow(
      6,
      {
        kind: "metric",
        key: "events",
        title: "Events collected",
        subject: events,
        measure: count("each once", { colour: neutral }),
      },
      {
        kind: "metric",
        key: "files",
        title: "Event log files with events",
        subject: fromFiles,
        measure: {
          of: "unique_count",
          field: "salesforce.collection.file.id",
          label: "files",
          colour: neutral,
        },
      },
      {
        kind: "metric",
        key: "newest",
        title: "Newest event",
        subject: events,
        measure: { of: "max", field: "@timestamp", label: "UTC", colour: neutral },
      },
      {
        kind: "metric",
        key: "set-aside",
        title: "Rows that could not be read",
        subject: setAside,
        measure: count("set aside with their reason", { colour: failure }),
      },
    ),
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
            key: "freshness",
            title: "Up to when do we know each event type?",
            subject: events,
            groups: [
              { by: "terms", field: "organization.name", label: "Org", size: 5 },
              { by: "terms", field: "event.code", label: "Event type", size: 20 },
            ],
            measures: [
              count("Events"),
              { of: "max", field: "@timestamp", label: "Newest event" },
              { of: "max", field: "salesforce.collection.file.created", label: "Newest file" },
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
            kind: "top",
            key: "reasons",
            title: "Why were rows set aside?",
            subject: setAside,
            groups: { by: "terms", field: "salesforce.collector.reason", label: "Reason", size: 8, other: true },
            measures: [count("Rows", { colour: failure })],
            axis: "Rows",
          },
        ],
        [28, { kind: "events", key: "rejected", title: "The last rows that were set aside", search: "rejected-rows" }],
      ],
    },
  ],
};

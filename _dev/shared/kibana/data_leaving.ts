import {
  BYTES,
  COLOURS,
  count,
  type DashboardSpec,
  equalRow,
  type Measure,
  type Subject,
  trouble,
} from "./vocabulary.ts";

const { failure, neutral, warning, second } = COLOURS;

/** Report has every export; ReportExport has part of them once more. Large results of real-time events come in pieces. */
const exports: Subject = {
  streams: ["data_access"],
  where: 'event.action : "report-export" and event.outcome : "success" and not event.code : "ReportExport"',
};
const downloads: Subject = {
  streams: ["data_access"],
  where: 'event.action : "file-download" and event.outcome : "success"',
};
const links: Subject = {
  streams: ["data_access"],
  where: 'event.action : ("public-link-creation" or "public-link-view")',
};
const lists: Subject = { streams: ["data_access"], where: 'event.action : "list-view"' };
const leaving: Subject = {
  streams: ["data_access"],
  where:
    'event.outcome : "success" and event.action : ("report-export" or "file-download" or "public-link-creation" or "list-view") and not event.code : "ReportExport"',
};
const bulkResults: Subject = { streams: ["api"], where: 'event.action : "bulk-api-result-download"' };

const EXPORTED = 'event.action : "report-export"';
const DOWNLOADED = 'event.action : "file-download"';
const LINKED = 'event.action : "public-link-creation"';

const rows: Measure = { of: "sum", field: "salesforce.data_access.rows_processed", label: "Rows" };
const bytes: Measure = { of: "sum", field: "file.size", label: "Bytes", format: BYTES };
const addresses: Measure = { of: "unique_count", field: "source.ip", label: "Addresses" };
const people: Measure = { of: "unique_count", field: "user.id", label: "people" };
const firstSeen: Measure = { of: "min", field: "@timestamp", label: "First" };
const lastSeen: Measure = { of: "max", field: "@timestamp", label: "Last" };

export const DATA_LEAVING: DashboardSpec = {
  key: "data-leaving",
  title: "Threats and data leaving",
  description:
    "Who takes data out of Salesforce, by exports, downloads, links, lists and Bulk results, and what Salesforce itself detects.",
  opensWith: "7d",
  rows: [
    equalRow(
      6,
      { kind: "metric", key: "exports", title: "Report exports", subject: exports, measure: count("of every format") },
      {
        kind: "metric",
        key: "exported-rows",
        title: "Rows exported",
        subject: exports,
        measure: { ...rows, label: "in reports" },
      },
      {
        kind: "metric",
        key: "downloads",
        title: "File downloads",
        subject: downloads,
        measure: count("files and attachments"),
      },
      {
        kind: "metric",
        key: "downloaded-bytes",
        title: "Bytes downloaded",
        subject: downloads,
        measure: { ...bytes, label: "of files" },
      },
      {
        kind: "metric",
        key: "public-links",
        title: "Public links made",
        subject: links,
        measure: count("to files", { where: LINKED, levels: trouble(20) }),
      },
      { kind: "metric", key: "people", title: "People who take data out", subject: leaving, measure: people },
    ),
    {
      height: 12,
      panels: [
        [
          28,
          {
            kind: "table",
            key: "who-exports",
            title: "Who exports most?",
            description:
              "Those with most rows first. Rows are those of the reports; a scheduled export belongs to who scheduled it.",
            subject: exports,
            groups: [{ by: "terms", field: "user.name", label: "Who", size: 20 }],
            measures: [
              rows,
              count("Exports"),
              { of: "unique_count", field: "salesforce.data_access.report_id", label: "Reports" },
              addresses,
              firstSeen,
              lastSeen,
            ],
          },
        ],
        [
          20,
          {
            kind: "series",
            key: "leaving-trend",
            title: "When does data leave?",
            subject: leaving,
            shape: "bar_stacked",
            measures: [
              count("Report exports", { where: EXPORTED, colour: failure }),
              count("File downloads", { where: DOWNLOADED, colour: neutral }),
              count("Public links", { where: LINKED, colour: warning }),
              count("List views", { where: 'event.action : "list-view"', colour: second }),
            ],
            axis: "Events",
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
            key: "who-downloads",
            title: "Who downloads files?",
            subject: downloads,
            groups: [{ by: "terms", field: "user.name", label: "Who", size: 20 }],
            measures: [
              count("Downloads"),
              bytes,
              { of: "unique_count", field: "salesforce.data_access.document_id", label: "Files" },
              lastSeen,
            ],
          },
        ],
        [
          24,
          {
            kind: "table",
            key: "addresses",
            title: "Which addresses exported reports for the first time within the time range?",
            description:
              "The newest first: an address that nobody knows is worth a question. Events of files have no address.",
            subject: exports,
            groups: [
              { by: "terms", field: "source.ip", label: "Address", size: 20, rankedBy: 0 },
              { by: "terms", field: "user.name", label: "Who", size: 3 },
            ],
            measures: [firstSeen, count("Exports"), rows],
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
            kind: "top",
            key: "origins",
            title: "How are reports exported?",
            subject: { ...exports, where: `${exports.where} and event.code : "Report"` },
            groups: { by: "terms", field: "salesforce.data_access.origin", label: "How", size: 5, other: true },
            measures: [count("Exports", { colour: neutral })],
            axis: "Exports",
          },
        ],
        [
          16,
          {
            kind: "table",
            key: "lists",
            title: "Who looks through lists?",
            subject: lists,
            groups: [{ by: "terms", field: "user.name", label: "Who", size: 10 }],
            measures: [
              { of: "unique_count", field: "salesforce.data_access.execution_identifier", label: "Views" },
              { of: "unique_count", field: "salesforce.data_access.list_view_id", label: "Lists" },
              lastSeen,
            ],
          },
        ],
        [
          16,
          {
            kind: "table",
            key: "bulk-results",
            title: "Who downloads results of Bulk jobs?",
            subject: bulkResults,
            groups: [{ by: "terms", field: "user.name", label: "Who", size: 10 }],
            measures: [count("Downloads"), addresses, lastSeen],
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
            key: "detections",
            title: "What has Salesforce itself detected?",
            description: "Highest score first, of 100. Needs Threat Detection, which comes with Event Monitoring.",
            pageSize: 5,
            subject: { streams: ["threat"] },
            groups: [
              { by: "terms", field: "rule.name", label: "Threat", size: 10, rankedBy: 0 },
              { by: "terms", field: "user.name", label: "Who", size: 10, rankedBy: 0 },
            ],
            measures: [
              {
                of: "max",
                field: "event.risk_score_norm",
                label: "Score",
                levels: [
                  { from: 50, colour: warning },
                  { from: 80, colour: failure },
                ],
              },
              count("Detections"),
              { of: "last_value", field: "source.ip", label: "From" },
              lastSeen,
            ],
          },
        ],
      ],
    },
    {
      height: 14,
      panels: [
        [
          48,
          {
            kind: "events",
            key: "events",
            title: "The newest exports, downloads and links",
            search: "data-leaving-events",
          },
        ],
      ],
    },
    {
      height: 14,
      panels: [
        [
          48,
          {
            kind: "events",
            key: "timeline",
            title: "What did one person do, from login over Setup and API to export?",
            description: "Filter for one person, by a click on a name in a table above.",
            search: "user-timeline",
          },
        ],
      ],
    },
  ],
};

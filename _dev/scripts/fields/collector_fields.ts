import type { PackageField } from "./package_field.ts";

/** Lucene takes terms of up to 32,766 bytes, and a character has at most four. */
const LONGEST_KEYWORD = 8_191;

/** What the runner reports of itself, below `salesforce.collector`, in the order of their names. */
export const COLLECTOR_FIELDS: readonly PackageField[] = [
  {
    name: "salesforce.collector.api.allocation",
    type: "long",
    description: "Calls that the org may make in 24 hours.",
  },
  {
    name: "salesforce.collector.api.calls",
    type: "long",
    description: "Calls that this integration has made in the last 24 hours, or since it was started.",
  },
  {
    name: "salesforce.collector.api.forecast.calls",
    type: "long",
    description: "Calls that this integration makes in 24 hours if it goes on as it did.",
  },
  {
    name: "salesforce.collector.api.forecast.used",
    type: "long",
    description:
      "Calls of everybody in the 24 hours before the end of the UTC day, if it goes on as in the last hours.",
  },
  {
    name: "salesforce.collector.api.share",
    type: "long",
    description: "Calls that this integration may make in 24 hours.",
  },
  { name: "salesforce.collector.api.used", type: "long", description: "Calls of everybody in the last 24 hours." },
  {
    name: "salesforce.collector.api.used_pct",
    type: "double",
    unit: "percent",
    description: "Part of the org's allocation that is used; 1 is all of it.",
  },
  {
    name: "salesforce.collector.attempt",
    type: "long",
    description: "Number of the attempt at the file that failed, from 1.",
  },
  { name: "salesforce.collector.bytes", type: "long", unit: "byte", description: "Length of the event log file." },
  {
    name: "salesforce.collector.columns",
    type: "keyword",
    description: "Columns that this version does not know, or that the org lacks.",
  },
  {
    name: "salesforce.collector.connection.heard",
    type: "date",
    description: "When Salesforce last said something of the topic, with or without events.",
  },
  {
    name: "salesforce.collector.connection.lag",
    type: "long",
    unit: "ms",
    description: "How long after it happened the newest event of the topic was here.",
  },
  {
    name: "salesforce.collector.connection.newest_event",
    type: "date",
    description: "When the newest event of the topic happened.",
  },
  {
    name: "salesforce.collector.connection.since",
    type: "date",
    description: "Since when live events of the topic are subscribed to; absent while they are not.",
  },
  {
    name: "salesforce.collector.covered_until",
    type: "date",
    description: "Up to when events are collected: end of the newest hour, day or window.",
  },
  {
    name: "salesforce.collector.dataset",
    type: "keyword",
    description: "Dataset of the stream that the report is about.",
  },
  {
    name: "salesforce.collector.dropped_reports",
    type: "long",
    description:
      "Reports of the collection itself that were dropped because the output did not take them, since the report before.",
  },
  {
    name: "salesforce.collector.event_type",
    type: "keyword",
    description: "Event type or object that the report is about, such as Login or LoginEvent.",
  },
  {
    name: "salesforce.collector.files.collected",
    type: "long",
    description: "Event log files collected since the report before.",
  },
  {
    name: "salesforce.collector.files.failed",
    type: "long",
    description: "Attempts to read a file that failed since the report before.",
  },
  {
    name: "salesforce.collector.files.gone",
    type: "long",
    description: "Files that somebody deleted in Salesforce before they were read, since the report before.",
  },
  {
    name: "salesforce.collector.files.listed",
    type: "long",
    description: "Event log files that Salesforce lists for the look-back.",
  },
  {
    name: "salesforce.collector.files.open",
    type: "long",
    description: "Files among the listed ones that are not collected yet.",
  },
  {
    name: "salesforce.collector.gaps",
    type: "date",
    description: "Hours that the daily file has events of and that no hourly file is about.",
  },
  {
    name: "salesforce.collector.health",
    type: "keyword",
    description: "starting, healthy, degraded (heals by itself) or failed (needs a person).",
  },
  {
    name: "salesforce.collector.hours_without_file",
    type: "date",
    description: "Hours between the first and the last listed one without an hourly file: quiet ones, or gaps.",
  },
  {
    name: "salesforce.collector.lag.collection",
    type: "long",
    unit: "ms",
    description: "From the moment Salesforce made the file until it was collected.",
  },
  {
    name: "salesforce.collector.lag.creation",
    type: "long",
    unit: "ms",
    description: "From the beginning of the hour or day until Salesforce made its file: CreatedDate - LogDate.",
  },
  {
    name: "salesforce.collector.lag.newest_event",
    type: "long",
    unit: "ms",
    description: "Age of the newest event that is collected; without events, of the end of what is collected.",
  },
  {
    name: "salesforce.collector.lag.open_file",
    type: "long",
    unit: "ms",
    description: "How long the oldest file that is not collected has been there.",
  },
  {
    name: "salesforce.collector.lease.holder",
    type: "keyword",
    description:
      "The host that collects the org, of several that share it: its name and the beginning of its `agent.id`.",
  },
  { name: "salesforce.collector.lease.since", type: "date", description: "Since when the host collects the org." },
  {
    name: "salesforce.collector.lease.taken_from",
    type: "keyword",
    description: "The host that collected the org before and showed no sign of life any more.",
  },
  {
    name: "salesforce.collector.lease.term",
    type: "long",
    description: "How many times a host has taken the org; only the one with the highest term writes its cursors.",
  },
  { name: "salesforce.collector.newest_event", type: "date", description: "Time of the newest event in the files." },
  {
    name: "salesforce.collector.next_attempt",
    type: "date",
    description: "When collection is tried again; absent if it takes a person first.",
  },
  {
    name: "salesforce.collector.reason",
    type: "keyword",
    ignore_above: LONGEST_KEYWORD,
    description: "Why a row was rejected or an event refused.",
  },
  {
    name: "salesforce.collector.replaced_characters",
    type: "long",
    description: "Characters of the file that were no UTF-8 and were replaced.",
  },
  {
    name: "salesforce.collector.rounds.failed",
    type: "long",
    description: "Rounds of collection that failed since the report before.",
  },
  { name: "salesforce.collector.rows.created", type: "long", description: "Events stored since the report before." },
  {
    name: "salesforce.collector.rows.existing",
    type: "long",
    description: "Events that were stored already, since the report before.",
  },
  {
    name: "salesforce.collector.rows.foreign",
    type: "long",
    description: "Rows of the file that name another org than the one that was asked.",
  },
  {
    name: "salesforce.collector.rows.lacked",
    type: "long",
    description: "Rows of a daily file that the hourly files of its day lacked; they were sent from the daily file.",
  },
  {
    name: "salesforce.collector.rows.possibly_doubled",
    type: "long",
    description:
      "Events that may be stored twice: they were sent again after a roll-over, with a key that may not look them up.",
  },
  { name: "salesforce.collector.rows.read", type: "long", description: "Rows of the file, rejected ones included." },
  {
    name: "salesforce.collector.rows.refused",
    type: "long",
    description: "Events that Elasticsearch refused since the report before; each has a report of its own.",
  },
  {
    name: "salesforce.collector.rows.rejected",
    type: "long",
    description:
      "Rows that could not be read as events: of the file, or since the report before. Each has a report of its own.",
  },
  {
    name: "salesforce.collector.source",
    type: "keyword",
    description: "What the stream collects: EventLogFile, an object, or a topic of live events.",
  },
  { name: "salesforce.collector.stream", type: "keyword", description: "Id of the stream in the policy." },
  {
    name: "salesforce.collector.text",
    type: "match_only_text",
    description: "The rejected row as it is, up to 32,000 characters, or the whole refused event.",
  },
  {
    name: "salesforce.collector.window",
    type: "long",
    unit: "ms",
    description: "Time that one query of the object asks for from now on.",
  },
];

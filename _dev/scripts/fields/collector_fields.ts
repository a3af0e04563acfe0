import type { PackageField } from "./package_field.ts";

/** Lucene takes terms of up to 32,766 bytes, and a character has at most four. */
const LONGEST_KEYWORD = 8_191;

/** What the runner reports of itself, below `salesforce.collector`, in the order of their names. */
export const COLLECTOR_FIELDS: readonly PackageField[] = [
  {
    name: "salesforce.collector.dataset",
    type: "keyword",
    description: "Dataset of the stream that the report is about.",
  },
  {
    name: "salesforce.collector.event_type",
    type: "keyword",
    description: "Event type or object that the report is about, such as Login or LoginEvent.",
  },
  {
    name: "salesforce.collector.reason",
    type: "keyword",
    ignore_above: LONGEST_KEYWORD,
    description: "Why a row was rejected or an event refused.",
  },
  {
    name: "salesforce.collector.text",
    type: "match_only_text",
    description: "The rejected row or the refused event as it is, up to 32,000 characters.",
  },
];

/**
 * How a column's text becomes a value.
 *
 * `id` is a Salesforce id of 15 or 18 characters, always delivered with 18; `set` is several values in one cell;
 * `milliseconds`, `nanoseconds` and `bytes` are whole numbers whose unit is part of the declaration; `text` is long prose
 * that is searched by words, `keyword` everything that is filtered and counted.
 */
export type ColumnKind =
  | "keyword"
  | "text"
  | "long"
  | "double"
  | "milliseconds"
  | "nanoseconds"
  | "bytes"
  | "boolean"
  | "ip"
  | "id"
  | "set"
  | "timestamp"
  | "json";

import { createReadStream, statSync } from "node:fs";
import { type Body, textBody } from "./answer.ts";
import { apiDatetime } from "./datetime.ts";
import type { SObjectRecord } from "./sobject.ts";

export type Interval = "Hourly" | "Daily";

/** One event log file of the org: its record and its CSV body. Times are milliseconds since the epoch. */
export interface LogFile {
  readonly id: string;
  readonly eventType: string;
  readonly interval: Interval;
  /** 0 for a daily file; 1, 2, … for the hourly files of one hour. */
  readonly sequence: number;
  /** Start of the UTC day or hour that the file is about. */
  readonly logDate: number;
  /** When the file was made; a query sees it from then on. */
  readonly createdDate: number;
  readonly fieldNames: readonly string[];
  readonly fieldTypes: readonly string[];
  /** What LogFileLength says; as a rule the length of the body. */
  readonly length: number;
  readonly body: Body;
  /** Deleted between the query and the download: listed until its body is asked for, which answers 404. */
  readonly gone: boolean;
}

/** The record that a query answers for a file. */
export function logFileRecord(file: LogFile, version: string, createdById: string): SObjectRecord {
  const created = apiDatetime(file.createdDate);
  return {
    Id: file.id,
    IsDeleted: false,
    CreatedById: createdById,
    CreatedDate: created,
    LastModifiedDate: created,
    LastModifiedById: createdById,
    SystemModstamp: created,
    EventType: file.eventType,
    Interval: file.interval,
    Sequence: file.sequence,
    LogDate: apiDatetime(file.logDate),
    LogFileLength: file.length,
    LogFileContentType: ".csv",
    ApiVersion: 68,
    LogFileFieldNames: file.fieldNames.join(","),
    LogFileFieldTypes: file.fieldTypes.join(","),
    LogFile: `/services/data/v${version}/sobjects/EventLogFile/${file.id}/LogFile`,
  };
}

/** A body that is read from disk for each download. */
export function diskBody(path: string): Body {
  return { length: statSync(path).size, open: () => createReadStream(path, { highWaterMark: 256 * 1024 }) };
}

/** A CSV text of the rows given, in the manner of Salesforce: every cell quoted, quotes doubled, LF after each row. */
export function csvBody(header: readonly string[], rows: readonly Readonly<Record<string, string>>[]): Body {
  const lines = [csvLine(header), ...rows.map((row) => csvLine(header.map((column) => row[column] ?? "")))];
  return textBody(lines.join(""));
}

export function csvLine(cells: readonly string[]): string {
  return `${cells.map((cell) => `"${cell.replaceAll('"', '""')}"`).join(",")}\n`;
}

/** Columns whose documented type isn't String; every other column of an event log file is one. */
const FIELD_TYPES: Readonly<Record<string, string>> = {
  ORGANIZATION_ID: "Id",
  USER_ID: "Id",
  USER_ID_DERIVED: "Id",
  URI_ID_DERIVED: "Id",
  DELEGATED_USER_ID: "Id",
  DELEGATED_USER_ID_DERIVED: "Id",
  TIMESTAMP_DERIVED: "DateTime",
  RUN_TIME: "Number",
  CPU_TIME: "Number",
  DB_TOTAL_TIME: "Number",
  DB_CPU_TIME: "Number",
  DB_BLOCKS: "Number",
  EXEC_TIME: "Number",
  CALLOUT_TIME: "Number",
  NUMBER_SOQL_QUERIES: "Number",
  ROWS_PROCESSED: "Number",
  REQUEST_SIZE: "Number",
  RESPONSE_SIZE: "Number",
  SUCCESS: "Boolean",
  IS_LONG_RUNNING_REQUEST: "Boolean",
  USER_INITIATED_LOGOUT: "Boolean",
  COUNTS_AGAINST_API_LIMIT: "Boolean",
  CLIENT_IP: "IP",
  SOURCE_IP: "IP",
  URL: "EscapedString",
  QUERY: "EscapedString",
  EXCEPTION_MESSAGE: "EscapedString",
  ENTITY_NAME: "Set",
};

export function fieldTypesOf(fieldNames: readonly string[]): string[] {
  return fieldNames.map((name) => FIELD_TYPES[name] ?? "String");
}

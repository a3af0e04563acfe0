import { type Body, textBody } from "./answer.ts";
import { firstRecords } from "./csv_records.ts";
import { DAY_MS, HOUR_MS } from "./datetime.ts";
import { instant } from "./instant.ts";
import { csvBody, diskBody, fieldTypesOf, type Interval, type LogFile } from "./log_file.ts";
import type { OrgState } from "./org_state.ts";
import { to15 } from "./salesforce_id.ts";

/**
 * A file to be. Times are ISO texts. Give the body as `rows`, as `csv`, as the `path` of a file on disk, or have it made with `generate`.
 */
export interface LogFileSpec {
  readonly eventType: string;
  readonly logDate: string;
  /** `Daily` by default. */
  readonly interval?: Interval;
  /** By default 0 for a daily file, and one more than the newest of that hour and type for an hourly one. */
  readonly sequence?: number;
  /**
   * By default 27 hours after a day's start and 4 hours after an hour's, but not later than now. A later time hides the file until then.
   */
  readonly createdDate?: string;
  readonly header?: readonly string[];
  readonly rows?: readonly Readonly<Record<string, string>>[];
  readonly csv?: string;
  readonly path?: string;
  /** Believable rows, made as they are sent; a body of any length costs no memory. */
  readonly generate?: { readonly rows: number; readonly seed?: string; readonly duplicates?: number };
  /** LogFileLength where it is to differ from the body's length. */
  readonly length?: number;
  /** Deleted between the query and the download: listed until it is asked for, which answers 404. */
  readonly gone?: boolean;
}

export interface LogFileSummary {
  readonly id: string;
  readonly eventType: string;
  readonly interval: Interval;
  readonly sequence: number;
  readonly logDate: string;
  readonly createdDate: string;
  /** LogFileLength in bytes. */
  readonly length: number;
}

/** The file with this id; throws where there is none. */
export function knownFile(org: OrgState, id: string): LogFile {
  const file = org.logFiles.get(to15(id));
  if (file === undefined) {
    throw new Error(`no event log file ${id}`);
  }
  return file;
}

/** Adds the file that a spec describes, under a new id. */
export function addLogFile(org: OrgState, spec: LogFileSpec): LogFileSummary {
  const interval = spec.interval ?? "Daily";
  const logDate = instant(spec.logDate);
  const { body, fieldNames } = bodyOf(org, spec, interval, logDate);
  return keepLogFile(org, {
    eventType: spec.eventType,
    interval,
    sequence: spec.sequence ?? (interval === "Daily" ? 0 : nextSequence(org, spec.eventType, logDate)),
    logDate,
    createdDate:
      spec.createdDate === undefined
        ? Math.min(usualCreation(interval, logDate), org.now())
        : instant(spec.createdDate),
    fieldNames,
    fieldTypes: fieldTypesOf(fieldNames),
    length: spec.length ?? body.length,
    body,
    gone: spec.gone ?? false,
  });
}

/** Adds a file under a new id. */
export function keepLogFile(org: OrgState, file: Omit<LogFile, "id">): LogFileSummary {
  const kept = { ...file, id: org.newId("0AT") };
  org.logFiles.set(to15(kept.id), kept);
  return summary(kept);
}

/** When Salesforce makes a file: the day's early on the next day, the hour's a few hours later. */
function usualCreation(interval: Interval, logDate: number): number {
  return interval === "Daily" ? logDate + DAY_MS + 3 * HOUR_MS : logDate + 4 * HOUR_MS;
}

function nextSequence(org: OrgState, eventType: string, logDate: number): number {
  const same = [...org.logFiles.values()].filter(
    (file) => file.interval === "Hourly" && file.eventType === eventType && file.logDate === logDate,
  );
  return Math.max(0, ...same.map((file) => file.sequence)) + 1;
}

function bodyOf(
  org: OrgState,
  spec: LogFileSpec,
  interval: Interval,
  logDate: number,
): { body: Body; fieldNames: readonly string[] } {
  if (spec.generate !== undefined) {
    const { rows, seed, duplicates = 0 } = spec.generate;
    const { eventType } = spec;
    const file = org.traffic(seed).file({ eventType, interval, logDate, rows, lacking: 0, from: 0, duplicates });
    return { body: file.body, fieldNames: file.header };
  }
  if (spec.path !== undefined) {
    const fieldNames = spec.header ?? firstRecords(spec.path)[0] ?? [];
    return { body: diskBody(spec.path), fieldNames };
  }
  if (spec.csv !== undefined) {
    const firstLine = spec.csv.slice(0, spec.csv.indexOf("\n"));
    const fieldNames = spec.header ?? firstLine.split(",").map((cell) => cell.replace(/^\uFEFF?"?|"?\r?$/g, ""));
    return { body: textBody(spec.csv), fieldNames };
  }
  const rows = spec.rows ?? [];
  const fieldNames = spec.header ?? Object.keys(rows[0] ?? { EVENT_TYPE: "", TIMESTAMP: "" });
  return { body: csvBody(fieldNames, rows), fieldNames };
}

export function summary(file: LogFile): LogFileSummary {
  const { id, eventType, interval, sequence, length } = file;
  const [logDate, createdDate] = [new Date(file.logDate).toISOString(), new Date(file.createdDate).toISOString()];
  return { id, eventType, interval, sequence, logDate, createdDate, length };
}

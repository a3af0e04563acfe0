import { RETRY, RunnerError } from "../core/errors.ts";
import type { EventLogFile } from "../org/log_file_body.ts";
import type { SObjectRecord } from "../org/query_pages.ts";

/**
 * A record of the listing as a file. Where the org has no column Interval every file is a daily one.
 * Throws `answer_unreadable` if the record lacks what EventLogFile always has.
 */
export function eventLogFileOf(record: SObjectRecord): EventLogFile {
  const { Id, EventType, Interval, Sequence, LogDate, CreatedDate, LogFileLength, LogFile } = record;
  const logDate = Date.parse(String(LogDate));
  const created = Date.parse(String(CreatedDate));
  const length = Number(LogFileLength);
  if (
    typeof Id !== "string" ||
    typeof EventType !== "string" ||
    typeof LogFile !== "string" ||
    !LogFile.startsWith("/services/") ||
    Number.isNaN(logDate) ||
    Number.isNaN(created) ||
    !Number.isFinite(length)
  ) {
    throw new RunnerError("answer_unreadable", "Salesforce's listing of event log files holds a record that is none.", {
      next: RETRY,
    });
  }
  return {
    id: Id,
    eventType: EventType,
    interval: Interval === "Hourly" ? "hourly" : "daily",
    sequence: typeof Sequence === "number" ? Sequence : 0,
    logDate,
    created,
    length,
    path: LogFile,
  };
}

/** The order in which files are read: as they were made. */
export function byCreation(a: EventLogFile, b: EventLogFile): number {
  return a.created - b.created || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0);
}

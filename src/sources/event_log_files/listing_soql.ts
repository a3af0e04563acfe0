import { soqlDateTime, soqlText } from "../../org/soql.ts";

/** Event types by their names, or all but these. */
export type EventTypeChoice = { readonly only: readonly string[] } | { readonly allBut: readonly string[] };

/** What files a listing asks for. Times in milliseconds since the epoch. */
export interface EventLogFileQuery {
  readonly eventTypes: EventTypeChoice;
  /** Empty where the org has no column Interval: then every file is a daily one. */
  readonly intervals: ReadonlyArray<"Hourly" | "Daily">;
  /** Files of an earlier LogDate are never wanted. */
  readonly notBefore: number;
  /** Every file from this LogDate on is listed, whenever it was made … */
  readonly logDateFrom: number;
  /** … and every file made after this moment, whatever its LogDate. */
  readonly createdAfter: number | undefined;
  /** Files of this LogDate and later ones are not wanted. */
  readonly logDateBefore?: number | undefined;
}

/**
 * The listing of event log files, oldest first by (CreatedDate, Id). `Interval` is always asked for explicitly where it
 * exists: without it a filter on Id would bring hourly and daily files both.
 */
export function eventLogFileSoql(query: EventLogFileQuery): string {
  const withInterval = query.intervals.length > 0;
  const recent = `LogDate >= ${soqlDateTime(query.logDateFrom)}`;
  const conditions = [
    ...(withInterval ? [`Interval IN (${query.intervals.map(soqlText).join(",")})`] : []),
    eventTypeCondition(query.eventTypes),
    query.createdAfter === undefined ? recent : `(${recent} OR CreatedDate > ${soqlDateTime(query.createdAfter)})`,
    ...(query.logDateBefore === undefined ? [] : [`LogDate < ${soqlDateTime(query.logDateBefore)}`]),
    ...(query.notBefore < query.logDateFrom ? [`LogDate >= ${soqlDateTime(query.notBefore)}`] : []),
  ];
  return `SELECT ${fileColumns(withInterval)} FROM EventLogFile WHERE ${conditions.join(" AND ")} ORDER BY CreatedDate ASC, Id ASC`;
}

function eventTypeCondition(choice: EventTypeChoice): string {
  const list = (names: readonly string[]) => `(${names.map(soqlText).join(",")})`;
  return "only" in choice ? `EventType IN ${list(choice.only)}` : `EventType NOT IN ${list(choice.allBut)}`;
}

/** The event log files with these ids, wherever in time they are. */
export function eventLogFilesByIdSoql(ids: readonly string[], withInterval: boolean): string {
  const conditions = [
    ...(withInterval ? ["Interval IN ('Hourly','Daily')"] : []),
    `Id IN (${ids.map(soqlText).join(",")})`,
  ];
  return `SELECT ${fileColumns(withInterval)} FROM EventLogFile WHERE ${conditions.join(" AND ")} ORDER BY CreatedDate ASC, Id ASC`;
}

function fileColumns(withInterval: boolean): string {
  const columns = ["Id", "EventType", "LogDate", "CreatedDate", "LogFileLength", "LogFile"];
  return [...columns, ...(withInterval ? ["Interval", "Sequence"] : [])].join(", ");
}

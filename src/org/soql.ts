/** A date and time as SOQL writes it, unquoted. From milliseconds since the epoch. */
export function soqlDateTime(ms: number): string {
  return new Date(ms).toISOString();
}

/** A text literal; SOQL escapes with a backslash ("Quoted String Escape Sequences", SOQL and SOSL Reference). */
export function soqlText(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}

/** What files a listing asks for. Times in milliseconds since the epoch. */
export interface EventLogFileQuery {
  readonly eventTypes: readonly string[];
  /** Empty where the org has no column Interval: then every file is a daily one. */
  readonly intervals: ReadonlyArray<"Hourly" | "Daily">;
  /** Files of an earlier LogDate are never wanted. */
  readonly notBefore: number;
  /** Every file from this LogDate on is listed, whenever it was made … */
  readonly logDateFrom: number;
  /** … and every file made after this moment, whatever its LogDate. */
  readonly createdAfter: number | undefined;
}

/**
 * The listing of event log files, oldest first by (CreatedDate, Id). `Interval` is always asked for explicitly where it
 * exists: without it a filter on Id would bring hourly and daily files both.
 */
export function eventLogFileSoql(query: EventLogFileQuery): string {
  const withInterval = query.intervals.length > 0;
  const columns = [
    ...["Id", "EventType", "LogDate", "CreatedDate", "LogFileLength", "LogFile"],
    ...(withInterval ? ["Interval", "Sequence"] : []),
  ];
  const recent = `LogDate >= ${soqlDateTime(query.logDateFrom)}`;
  const conditions = [
    ...(withInterval ? [`Interval IN (${query.intervals.map(soqlText).join(",")})`] : []),
    `EventType IN (${query.eventTypes.map(soqlText).join(",")})`,
    query.createdAfter === undefined ? recent : `(${recent} OR CreatedDate > ${soqlDateTime(query.createdAfter)})`,
    ...(query.notBefore < query.logDateFrom ? [`LogDate >= ${soqlDateTime(query.notBefore)}`] : []),
  ];
  return `SELECT ${columns.join(", ")} FROM EventLogFile WHERE ${conditions.join(" AND ")} ORDER BY CreatedDate ASC, Id ASC`;
}

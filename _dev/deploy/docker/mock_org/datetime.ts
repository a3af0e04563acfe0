/** Salesforce's two ways to write an instant. Both have milliseconds and are UTC. */

/** As the REST API answers a datetime field: `2026-07-17T09:22:41.000+0000`. Texts of this form sort by time. */
export function apiDatetime(ms: number): string {
  return new Date(ms).toISOString().replace("Z", "+0000");
}

/** As the TIMESTAMP column of an event log file: `20260717092241.123`. */
export function logTimestamp(ms: number): string {
  return new Date(ms).toISOString().replace(/[-:TZ]/g, "");
}

/** Reads the TIMESTAMP column; undefined where the text is none. */
export function parseLogTimestamp(text: string): number | undefined {
  const match = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)\.(\d{3})$/.exec(text);
  if (match === null) {
    return undefined;
  }
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0, milli = 0] = match.slice(1).map(Number);
  return Date.UTC(year, month - 1, day, hour, minute, second, milli);
}

export const HOUR_MS = 3_600_000;
export const DAY_MS = 24 * HOUR_MS;

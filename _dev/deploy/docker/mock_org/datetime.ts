/** As the REST API answers a datetime field: `2026-07-17T09:22:41.000+0000`. Texts of this form sort by time. */
export function apiDatetime(ms: number): string {
  return new Date(ms).toISOString().replace("Z", "+0000");
}

/** Reads the TIMESTAMP column of an event log file, `20260717092241.123` in UTC, also in the form `2026-07-17T09:22:41.123+0000`; undefined where the text is neither. */
export function parseLogTimestamp(text: string): number | undefined {
  const compact = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\.\d{3})$/;
  const iso = text.replace(compact, "$1-$2-$3T$4:$5:$6$7Z").replace(/\+0000$/, "Z");
  const ms = /^\d{4}-.*Z$/.test(iso) ? Date.parse(iso) : Number.NaN;
  return Number.isNaN(ms) ? undefined : ms;
}

export const HOUR_MS = 3_600_000;
export const DAY_MS = 24 * HOUR_MS;

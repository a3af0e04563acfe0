import { wholeDuration } from "./cell_value.ts";

/**
 * The longest that an Apex transaction may take, in milliseconds (Apex Developer Guide, "Execution Governors and Limits"): more is
 * no plausible sum where the request's length is not known.
 */
const LONGEST_TRANSACTION = 600_000;

/**
 * DB_TOTAL_TIME of the types for which Salesforce documents milliseconds, in nanoseconds as the other types have it. Some orgs get
 * nanoseconds all the same (81604961 beside a RUN_TIME of 322), so a value that cannot be the milliseconds of a request of that
 * length is taken as nanoseconds; undefined if no whole number can hold them. `requestTime` is in milliseconds, 0 if it is not known.
 */
export function databaseTime(cell: string, requestTime: number): string | undefined {
  const whole = wholeDuration(cell);
  if (whole === undefined || whole === "") {
    return whole;
  }
  const delivered = Number(whole);
  // The two times are taken by different clocks, and queries of one request may overlap.
  const longest = requestTime > 0 ? 2 * requestTime + 1_000 : LONGEST_TRANSACTION;
  if (delivered > longest) {
    return whole;
  }
  const nanoseconds = delivered * 1_000_000;
  return Number.isSafeInteger(nanoseconds) ? String(nanoseconds) : undefined;
}

import { DAY_MS } from "./datetime.ts";
import type { Literal } from "./soql_query.ts";

/** A span of time, `from` included, `to` not. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/**
 * The span that a date literal of SOQL stands for, in UTC. `LAST_N_DAYS:n` starts n days before today and ends with the present day;
 * `N_DAYS_AGO:n` is one whole day. Source: SOQL and SOSL reference, "Date Formats and Date Literals in WHERE".
 */
export function spanOf(literal: Extract<Literal, { kind: "relative" }>, now: number): Span {
  const today = now - (now % DAY_MS);
  const days = literal.count ?? 0;
  switch (literal.name) {
    case "TODAY":
      return { from: today, to: today + DAY_MS };
    case "YESTERDAY":
      return { from: today - DAY_MS, to: today };
    case "TOMORROW":
      return { from: today + DAY_MS, to: today + 2 * DAY_MS };
    case "LAST_N_DAYS":
      return { from: today - days * DAY_MS, to: today + DAY_MS };
    case "NEXT_N_DAYS":
      return { from: today + DAY_MS, to: today + (days + 1) * DAY_MS };
    case "N_DAYS_AGO":
      return { from: today - days * DAY_MS, to: today - (days - 1) * DAY_MS };
    default:
      return calendarSpan(literal.name, today);
  }
}

function calendarSpan(name: string, today: number): Span {
  const date = new Date(today);
  const back = name.startsWith("LAST_") ? 1 : 0;
  if (name.endsWith("_WEEK")) {
    const sunday = today - date.getUTCDay() * DAY_MS - back * 7 * DAY_MS;
    return { from: sunday, to: sunday + 7 * DAY_MS };
  }
  const year = date.getUTCFullYear();
  if (name.endsWith("_MONTH")) {
    const month = date.getUTCMonth() - back;
    return { from: Date.UTC(year, month, 1), to: Date.UTC(year, month + 1, 1) };
  }
  return { from: Date.UTC(year - back, 0, 1), to: Date.UTC(year - back + 1, 0, 1) };
}

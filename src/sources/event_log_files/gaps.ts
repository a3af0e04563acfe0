import type { EventLogFile } from "./body.ts";

/**
 * Gaps in the hourly files of a daily file's day: those of `hours`, of which the daily file has rows that no hourly file
 * brought, that no listed hourly file of the event type is about. In the order of time. Pure.
 */
export function gaps(
  daily: Pick<EventLogFile, "eventType">,
  hours: readonly number[],
  listed: readonly Pick<EventLogFile, "eventType" | "interval" | "logDate">[],
): number[] {
  const covered = new Set(
    listed
      .filter(({ eventType, interval }) => eventType === daily.eventType && interval === "hourly")
      .map(({ logDate }) => logDate),
  );
  return hours.filter((hour) => !covered.has(hour)).sort((a, b) => a - b);
}

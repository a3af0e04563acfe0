import { describe, expect, test } from "vitest";
import { type EventLogFileQuery, eventLogFileSoql } from "./listing_soql.ts";

const DAY = 86_400_000;
const NOON = Date.UTC(2026, 6, 17, 12);

describe("the listing of event log files", () => {
  const base: EventLogFileQuery = {
    eventTypes: { only: ["Login", "Logout"] },
    intervals: ["Hourly", "Daily"],
    notBefore: NOON - 30 * DAY,
    logDateFrom: NOON - 3 * DAY,
    createdAfter: NOON,
  };
  const columns = "Id, EventType, LogDate, CreatedDate, LogFileLength, LogFile";
  const types = "EventType IN ('Login','Logout')";

  test.each<[string, Partial<EventLogFileQuery>, string, string]>([
    [
      "later on: the recent days, what was made since, and nothing before the start",
      {},
      `${columns}, Interval, Sequence`,
      `Interval IN ('Hourly','Daily') AND ${types} AND (LogDate >= 2026-07-14T12:00:00.000Z OR CreatedDate > 2026-07-17T12:00:00.000Z) AND LogDate >= 2026-06-17T12:00:00.000Z`,
    ],
    [
      "at first: from the start on",
      { createdAfter: undefined, notBefore: NOON - DAY, logDateFrom: NOON - DAY },
      `${columns}, Interval, Sequence`,
      `Interval IN ('Hourly','Daily') AND ${types} AND LogDate >= 2026-07-16T12:00:00.000Z`,
    ],
    [
      "in an org without hourly files: no column Interval, in no place",
      { intervals: [], eventTypes: { only: ["Login"] } },
      columns,
      "EventType IN ('Login') AND (LogDate >= 2026-07-14T12:00:00.000Z OR CreatedDate > 2026-07-17T12:00:00.000Z) AND LogDate >= 2026-06-17T12:00:00.000Z",
    ],
    [
      "of all types but some",
      { eventTypes: { allBut: ["Login", "O'Brien"] }, createdAfter: undefined, notBefore: NOON, logDateFrom: NOON },
      `${columns}, Interval, Sequence`,
      "Interval IN ('Hourly','Daily') AND EventType NOT IN ('Login','O\\'Brien') AND LogDate >= 2026-07-17T12:00:00.000Z",
    ],
  ])("%s", (_, more, selected, where) => {
    expect(eventLogFileSoql({ ...base, ...more })).toBe(
      `SELECT ${selected} FROM EventLogFile WHERE ${where} ORDER BY CreatedDate ASC, Id ASC`,
    );
  });
});

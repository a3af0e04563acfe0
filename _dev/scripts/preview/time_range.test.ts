import { expect, test } from "vitest";
import { autoInterval } from "./time_range.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

test.each([
  ["15 minutes", 15 * MINUTE, { fixed_interval: "30s" }],
  ["1 hour", HOUR, { calendar_interval: "1m" }],
  ["24 hours", DAY, { fixed_interval: "30m" }],
  ["2 days", 2 * DAY, { calendar_interval: "1h" }],
  ["7 days", 7 * DAY, { fixed_interval: "3h" }],
  ["30 days", 30 * DAY, { fixed_interval: "12h" }],
  ["90 days", 90 * DAY, { calendar_interval: "1d" }],
  ["1 year", 365 * DAY, { calendar_interval: "1w" }],
  ["30 years", 30 * 365 * DAY, { calendar_interval: "1M" }],
])("%s are shown in bars of Kibana's length", (_, length, aggregation) => {
  expect(autoInterval({ from: 5, to: 5 + length }).aggregation).toEqual(aggregation);
});

import { expect, test } from "vitest";
import { spanOf } from "./relative_dates.ts";

/** A Friday. */
const NOW = Date.parse("2026-07-17T09:22:41Z");

test.each([
  ["TODAY", undefined, "2026-07-17", "2026-07-18"],
  ["YESTERDAY", undefined, "2026-07-16", "2026-07-17"],
  ["TOMORROW", undefined, "2026-07-18", "2026-07-19"],
  ["LAST_N_DAYS", 3, "2026-07-14", "2026-07-18"],
  ["NEXT_N_DAYS", 2, "2026-07-18", "2026-07-20"],
  ["N_DAYS_AGO", 3, "2026-07-14", "2026-07-15"],
  ["THIS_WEEK", undefined, "2026-07-12", "2026-07-19"],
  ["LAST_WEEK", undefined, "2026-07-05", "2026-07-12"],
  ["THIS_MONTH", undefined, "2026-07-01", "2026-08-01"],
  ["LAST_MONTH", undefined, "2026-06-01", "2026-07-01"],
  ["THIS_YEAR", undefined, "2026-01-01", "2027-01-01"],
  ["LAST_YEAR", undefined, "2025-01-01", "2026-01-01"],
])("%s:%s is from %s to %s", (name, count, from, to) => {
  const span = spanOf({ kind: "relative", name, count, at: 0 }, NOW);
  expect(span).toEqual({ from: Date.parse(from), to: Date.parse(to) });
});

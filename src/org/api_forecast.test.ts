import { describe, expect, test } from "vitest";
import { ApiBudget } from "./api_budget.ts";
import { callsADay, usedAtEndOfDay } from "./api_forecast.ts";

const MINUTE = 60_000;
const HOUR = 3_600_000;
const MIDNIGHT = Date.UTC(2026, 6, 20);

test.each<[string, number, number, number]>([
  ["nothing", 0, 5 * HOUR, 0],
  ["a day", 480, 24 * HOUR, 480],
  ["half a day", 240, 12 * HOUR, 480],
  ["the first minute, taken as an hour", 20, MINUTE, 480],
  ["more than a day, of which 24 hours were counted", 480, 40 * HOUR, 480],
])("calls a day from %s", (_, calls, observed, expected) => {
  expect(callsADay(calls, observed)).toBe(expected);
});

describe("what the org will have used when the day ends", () => {
  const at = (hour: number, used: number) => ({ at: MIDNIGHT + hour * HOUR, used });
  test.each<[string, { at: number; used: number }[], number, number | undefined]>([
    ["is unknown before the first answer", [], 6, undefined],
    ["is what it is after one answer", [at(6, 1_000)], 6, 1_000],
    ["follows no trend of less than an hour", [at(5.5, 0), at(6, 1_000)], 6, 1_000],
    ["goes on as in the last hours", [at(3, 700), at(6, 1_000)], 6, 2_800],
    ["looks back three hours, no further", [at(0, 90_000), at(3, 700), at(4, 800), at(6, 1_000)], 6, 2_800],
    ["counts the trend from the newest answer", [at(3, 700), at(6, 1_000)], 12, 2_800],
    ["never falls below nothing", [at(3, 70_000), at(6, 1_000)], 6, 0],
  ])("%s", (_, samples, hour, expected) => {
    expect(usedAtEndOfDay(samples, MIDNIGHT + hour * HOUR)).toBe(expected);
  });
});

describe("a budget's report", () => {
  test("says nothing before Salesforce has told the allocation", () => {
    const budget = new ApiBudget(20);
    expect(budget.report(MIDNIGHT)).toBeUndefined();
    budget.count(MIDNIGHT, undefined);
    expect(budget.report(MIDNIGHT)).toBeUndefined();
  });

  test("tells use, share, own calls and what both come to", () => {
    const budget = new ApiBudget(20);
    for (let call = 0; call <= 6; call += 1) {
      budget.count(MIDNIGHT + call * HOUR, `api-usage=${1_000 + 100 * call}/100000`);
    }
    expect(budget.report(MIDNIGHT + 6 * HOUR)).toEqual({
      used: 1_600,
      allocation: 100_000,
      share: 20_000,
      calls: 7,
      forecast: { calls: 28, used: 3_400 },
    });
  });

  test("forgets the trend of yesterday", () => {
    const budget = new ApiBudget(20);
    budget.count(MIDNIGHT, "api-usage=90000/100000");
    budget.count(MIDNIGHT + 30 * HOUR, "api-usage=1000/100000");
    expect(budget.report(MIDNIGHT + 30 * HOUR)).toMatchObject({ calls: 1, forecast: { calls: 1, used: 1_000 } });
  });
});

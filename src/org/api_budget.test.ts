import { describe, expect, test } from "vitest";
import { createMemoryCallHours } from "../cursors/call_hours.ts";
import { ApiBudget, parseLimitInfo } from "./api_budget.ts";

const HOUR = 3_600_000;
const NOON = Date.UTC(2026, 6, 17, 12);

test.each([
  ["api-usage=10018/100000", { used: 10_018, allocation: 100_000 }],
  ["api-usage=25/5000; per-app-api-usage=17/250(appName=sample-connected-app)", { used: 25, allocation: 5_000 }],
  ["per-app-api-usage=17/250(appName=sample), api-usage=25/5000", { used: 25, allocation: 5_000 }],
  ["per-app-api-usage=17/250(appName=sample)", undefined],
  ["api-usage=many", undefined],
  ["", undefined],
  [undefined, undefined],
])("Sforce-Limit-Info: %s", (header, expected) => {
  expect(parseLimitInfo(header)).toEqual(expected);
});

/** A budget of 20 % of an org's 50 calls, which is 10, after calls at these times. */
function budgetAfter(calls: readonly number[], sharePercent = 20, allocation = 50): ApiBudget {
  const budget = new ApiBudget(sharePercent);
  for (const at of calls) {
    budget.count(at, `api-usage=40/${allocation}`);
  }
  return budget;
}

/** When the next call may be made, but for the one an hour that looks how things stand. */
function freeAt(budget: ApiBudget, now: number): number {
  budget.take(now);
  return budget.take(now)?.freeAt ?? now;
}

const times = (count: number, at: number) => Array.from({ length: count }, () => at);

describe("the share of an org's calls", () => {
  test.each<[string, number[], number, number]>([
    ["no call yet: at once", [], NOON, NOON],
    ["below the share: at once", times(9, NOON), NOON, NOON],
    ["at the share: when the hour of the calls has left the last 24", times(10, NOON), NOON, NOON + 25 * HOUR],
    ["that moment is the end of the hour, not of the call", times(10, NOON + HOUR - 1), NOON + HOUR, NOON + 25 * HOUR],
    ["the oldest hour frees enough", [...times(3, NOON), ...times(7, NOON + HOUR)], NOON + HOUR, NOON + 25 * HOUR],
    [
      "several hours have to leave when the share is exceeded",
      [...times(3, NOON), ...times(9, NOON + 2 * HOUR)],
      NOON + 2 * HOUR,
      NOON + 25 * HOUR,
    ],
    ["one hour is too little", [...times(3, NOON), ...times(12, NOON + 2 * HOUR)], NOON + 2 * HOUR, NOON + 27 * HOUR],
    ["calls of the day before count no more", times(10, NOON), NOON + 25 * HOUR, NOON + 25 * HOUR],
  ])("%s", (_, calls, now, expected) => {
    expect(freeAt(budgetAfter(calls), now)).toBe(expected);
  });

  test("one call an hour looks whether what was said of the allocation still holds", () => {
    const budget = budgetAfter([]);
    expect(budget.take(NOON)).toBeUndefined();
    budget.count(NOON, "api-usage=1/1");
    expect(budget.take(NOON + 1)).toEqual({
      calls: 1,
      share: 1,
      allocation: 1,
      freeAt: NOON + 25 * HOUR,
      askAt: NOON + HOUR,
    });
    expect(budget.take(NOON + HOUR - 1)).toMatchObject({ askAt: NOON + HOUR });
    expect(budget.take(NOON + HOUR)).toBeUndefined();
    expect(budget.take(NOON + HOUR)).toMatchObject({ askAt: NOON + 2 * HOUR });
    budget.count(NOON + HOUR, "api-usage=2/15000");
    expect(budget.take(NOON + HOUR)).toBeUndefined();
  });

  test.each(["api-usage=1/0", "api-usage=-1/-1", `api-usage=1/${"9".repeat(400)}`, `api-usage=${"9".repeat(400)}/100`])(
    "an allocation that can't be is not believed (%s)",
    (said) => {
      const budget = budgetAfter([NOON]);
      budget.count(NOON, said.slice(0, 60));
      budget.count(NOON, said);
      expect(budget.usage).toEqual({ used: 40, allocation: 50 });
    },
  );

  test("a share below one call is one call", () => {
    expect(freeAt(budgetAfter([], 1, 50), NOON)).toBe(NOON);
    expect(freeAt(budgetAfter([NOON], 1, 50), NOON)).toBe(NOON + 25 * HOUR);
  });

  test("nothing is held back before Salesforce has told the allocation", () => {
    const budget = new ApiBudget(20);
    for (const at of times(1_000, NOON)) {
      budget.count(at, undefined);
    }
    expect(budget.usage).toBeUndefined();
    expect(freeAt(budget, NOON)).toBe(NOON);
    budget.count(NOON, "api-usage=1001/50");
    expect(freeAt(budget, NOON)).toBe(NOON + 25 * HOUR);
  });

  test("what is told last counts, and an answer that tells nothing changes nothing", () => {
    const budget = budgetAfter([NOON]);
    budget.count(NOON, "api-usage=7/90");
    budget.count(NOON, undefined);
    expect(budget.usage).toEqual({ used: 7, allocation: 90 });
    expect(budget.callsLastDay(NOON)).toBe(3);
  });

  test("calls are counted for a day and then forgotten", () => {
    const budget = budgetAfter([...times(4, NOON), ...times(2, NOON + 20 * HOUR)]);
    expect(budget.callsLastDay(NOON + 24 * HOUR)).toBe(6);
    expect(budget.callsLastDay(NOON + 25 * HOUR)).toBe(2);
    expect(budget.callsLastDay(NOON + 45 * HOUR)).toBe(0);
  });
});

test("calls of another process of the data directory count, also from before a restart", () => {
  const hours = createMemoryCallHours();
  const [run, backfill] = [new ApiBudget(20, hours), new ApiBudget(20, hours)];
  for (const at of times(5, NOON)) {
    run.count(at, "api-usage=40/50");
    backfill.count(at, "api-usage=40/50");
  }
  expect(run.callsLastDay(NOON)).toBe(10);
  expect(freeAt(run, NOON)).toBe(NOON + 25 * HOUR);
  const restarted = new ApiBudget(20, hours);
  restarted.count(NOON + 2 * HOUR, "api-usage=40/50");
  expect(freeAt(restarted, NOON + 2 * HOUR)).toBe(NOON + 25 * HOUR);
  expect(restarted.report(NOON + 2 * HOUR)).toMatchObject({ calls: 11, forecast: { calls: 264 } });
});

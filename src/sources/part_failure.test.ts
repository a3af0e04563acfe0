import { describe, expect, test } from "vitest";
import { RETRY, RunnerError } from "../core/errors.ts";
import {
  afterAttempt,
  endWith,
  type FailedPart,
  isDue,
  isGivenUp,
  PARKED_AFTER,
  type PartFailure,
  readFailure,
} from "./part_failure.ts";

const SECOND = 1_000;
const HOUR = 3_600_000;
const NOW = Date.UTC(2026, 6, 20, 12);
/** This machine's clock, which is not Salesforce's. */
const MACHINE = NOW + 3 * 24 * HOUR;

function failureAfter(attempts: number, retryAt = NOW): PartFailure {
  return { attempts, retryAt, code: "server_error", text: "Salesforce failed." };
}

function waitAfter(attempts: number, { at = undefined as number | undefined, random = 1 } = {}): number {
  const next = at === undefined ? RETRY : ({ do: "waitUntil", at } as const);
  const error = new RunnerError("server_error", "Salesforce failed.", { next, cure: "It heals." });
  const before = attempts === 1 ? undefined : failureAfter(attempts - 1);
  const failure = afterAttempt(before, { error, machineNow: MACHINE, now: NOW, random });
  expect(failure).toMatchObject({ attempts, code: "server_error", text: "Salesforce failed. It heals." });
  return failure.retryAt - NOW;
}

describe("the wait for a part that failed", () => {
  test.each([
    [1, 1 * SECOND],
    [2, 2 * SECOND],
    [3, 4 * SECOND],
    [12, 2_048 * SECOND],
    [13, HOUR],
    [15, HOUR],
    [16, 24 * HOUR],
    [400, 24 * HOUR],
  ])("after %i attempts is %i ms at most", (attempts, wait) => {
    expect(waitAfter(attempts)).toBe(wait);
  });

  test("is spread by chance over its upper half, but for a parked one", () => {
    expect(waitAfter(13, { random: 0 })).toBe(HOUR / 2);
    expect(waitAfter(PARKED_AFTER, { random: 0 })).toBe(24 * HOUR);
  });

  test("before it is parked is five hours together", () => {
    const waits = Array.from({ length: PARKED_AFTER - 1 }, (_, n) => waitAfter(n + 1));
    const together = waits.reduce((sum, wait) => sum + wait, 0);
    expect(together / HOUR).toBeGreaterThan(4);
    expect(together / HOUR).toBeLessThan(5);
  });

  test.each([
    ["a moment that comes later", MACHINE + 90 * SECOND, 90 * SECOND],
    ["at once", MACHINE, SECOND],
    ["a moment that is over", MACHINE - HOUR, SECOND],
    ["more than an hour", MACHINE + 10 * HOUR, HOUR],
    ["for ever", Number.MAX_SAFE_INTEGER, HOUR],
  ])("that the far side asks for: %s", (_, at, wait) => {
    expect(waitAfter(1, { at })).toBe(wait);
  });
});

describe("whether a part is tried", () => {
  test.each<[string, PartFailure | undefined, boolean, boolean]>([
    ["one that has not failed", undefined, false, false],
    ["one that is due", failureAfter(3, NOW), true, true],
    ["one that is not", failureAfter(3, NOW + 1), false, true],
    ["a parked one that is due", failureAfter(PARKED_AFTER, NOW), true, true],
    ["a parked one that is not", failureAfter(PARKED_AFTER, NOW + 1), false, false],
  ])("%s", (_, failure, later, first) => {
    expect([isDue(failure, NOW, false), isDue(failure, NOW, true)]).toEqual([later, first]);
  });

  test("it is given up with the last attempt", () => {
    expect([undefined, failureAfter(PARKED_AFTER - 1), failureAfter(PARKED_AFTER)].map(isGivenUp)).toEqual([
      false,
      false,
      true,
    ]);
  });
});

describe("how a round ends", () => {
  const part = (id: string, attempts: number, retryAt: number): FailedPart => ({
    id,
    name: `File ${id}`,
    failure: failureAfter(attempts, retryAt),
  });

  test("with nothing, if nothing failed", () => {
    expect(endWith([], NOW)).toBeUndefined();
  });

  test("with the first time that is due, and the part that is due first", () => {
    const end = endWith([part("b", 2, NOW + 9), part("a", 1, NOW + 5)], NOW);
    expect(end?.retryIn).toBe(5);
    expect(end?.error?.text).toBe(
      "File a could not be read in 1 attempts; the others go on. Salesforce failed. It is tried again, ever more rarely.",
    );
    expect(end?.error?.code).toBe("server_error");
  });

  test("with a parked part, if there is one, and how to have it tried", () => {
    const end = endWith([part("a", 1, NOW + 5), part("b", PARKED_AFTER, NOW + HOUR)], NOW);
    expect(end?.retryIn).toBe(5);
    expect(end?.error?.text).toMatch(/^File b could not be read in 16 attempts and is parked;.*cursors --retry b\.$/);
  });

  test("at once, for what is overdue", () => {
    expect(endWith([part("a", 1, NOW - HOUR)], NOW)?.retryIn).toBe(0);
  });
});

test.each([
  undefined,
  null,
  "x",
  {},
  { ...failureAfter(1), attempts: 1.5 },
  { ...failureAfter(1), retryAt: Number.NaN },
  { ...failureAfter(1), code: "no_such_code" },
  { ...failureAfter(1), code: "toString" },
  { ...failureAfter(1), text: 7 },
])("%j in a cursor is no failure", (value) => {
  expect(readFailure(value)).toBeUndefined();
});

test("a failure is read as it was saved", () => {
  expect(readFailure(failureAfter(3))).toEqual(failureAfter(3));
});

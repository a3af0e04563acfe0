import { describe, expect, test } from "vitest";
import { explore } from "./lease_model.fixture.ts";
import { type Bounds, MODEL_TIMING, PRODUCT_RULES, type Rules } from "./lease_world.fixture.ts";
import { passedAtMost } from "./moment.ts";
import { timingOf } from "./timing.ts";

/** `LEASE_MODEL=long npx vitest run --project unit lease_model` for a longer look, of an hour. */
const IS_LONG = process.env.LEASE_MODEL === "long";

const QUIET: Bounds = { time: 10, hosts: 3, orgs: 2, faults: 0, pauses: 0, crashes: 0, saves: 1 };

test("the model's times are those of the product, and no kinder", () => {
  const real = timingOf(15);
  expect(MODEL_TIMING.lease / MODEL_TIMING.beat).toBe(real.lease / real.beat);
  expect(MODEL_TIMING.lease / MODEL_TIMING.forget).toBe(real.lease / real.forget);
  expect(MODEL_TIMING.work / MODEL_TIMING.lease).toBeGreaterThanOrEqual(real.work / real.lease);
  // What the others rest on: a sign of life that is sent at the last moment is there before anybody may miss it.
  for (const { work, answer, lease } of [MODEL_TIMING, real]) {
    expect(work + answer).toBeLessThanOrEqual(lease);
  }
});

describe("no two hosts ever write a cursor in turn, or work for an org at once, whatever the order of", () => {
  test.each<[name: string, bounds: Partial<Bounds>]>([
    ["three hosts that spread two orgs, of which one crashes", { time: 14, crashes: 1 }],
    ["three hosts with two orgs, of which one stands still for any time, anywhere", { time: 9, pauses: 1 }],
    ["three hosts with two orgs, one answer lost or late, or one request", { time: 7, faults: 1 }],
    [
      "two hosts with an org, one standing still, and one answer lost or late, or one request",
      { time: 8, hosts: 2, orgs: 1, faults: 1, pauses: 1 },
    ],
    ...(IS_LONG
      ? ([
          ["three hosts, one standing still, one crashing", { time: 12, pauses: 1, crashes: 1 }],
          ["three hosts with an org, two answers lost or late", { time: 11, orgs: 1, faults: 2 }],
          [
            "three hosts with an org, one standing still, one answer lost or late",
            { time: 10, orgs: 1, faults: 1, pauses: 1 },
          ],
          ["three hosts with two orgs, one answer lost or late", { time: 11, faults: 1 }],
        ] satisfies [string, Partial<Bounds>][])
      : []),
  ])("%s", { timeout: IS_LONG ? 3_600_000 : 120_000 }, (_, bounds) => {
    const { states, takeOvers, violation } = explore({ ...QUIET, ...bounds });
    expect(violation).toBeUndefined();
    expect(states).toBeGreaterThan(1_000);
    expect(takeOvers).toBeGreaterThan(10);
  });
});

describe("the explorer finds what is wrong when", () => {
  const one: Partial<Bounds> = { hosts: 2, orgs: 1 };
  test.each<[name: string, rules: Partial<Rules>, bounds: Partial<Bounds>, what: RegExp]>([
    [
      "cursors are not made one's own before work begins",
      { claims: false },
      { ...one, faults: 1, saves: 2 },
      /is written in term 1 after term 2/,
    ],
    [
      "a write does not depend on what was read",
      { compares: false },
      { ...one, faults: 1, saves: 2 },
      /is written in term 1 after term 2|at the same time|same term/,
    ],
    [
      "a holder works for as long as the lease, counted from the answer",
      {
        mayWork: ({ held, confirmed }, org, now) =>
          held.has(org) && confirmed !== undefined && passedAtMost(confirmed, now) <= MODEL_TIMING.lease,
        afterBeat: (known, { answered }) => ({ ...known, confirmed: answered }),
      },
      { ...one, pauses: 1 },
      /at the same time/,
    ],
    [
      "a sign of life that comes late prolongs what had run out",
      { afterBeat: (known, { sent }) => ({ ...known, confirmed: sent }) },
      { ...one, pauses: 1 },
      /at the same time/,
    ],
    [
      "a holder does not notice that time has passed while it stood still",
      { mayWork: ({ held }, org) => held.has(org) },
      { ...one, pauses: 1 },
      /at the same time/,
    ],
    [
      "a host takes what has been silent for less than the lease",
      { decide: (known, around) => PRODUCT_RULES.decide(known, { ...around, timing: { ...MODEL_TIMING, lease: 2 } }) },
      { ...one, pauses: 1 },
      /at the same time/,
    ],
  ])("%s", (_, rules, bounds, what) => {
    const { violation } = explore({ ...QUIET, ...bounds }, { ...PRODUCT_RULES, ...rules });
    expect(violation?.what).toMatch(what);
  });
});

import { expect, test } from "vitest";
import { RETRY, RunnerError } from "../core/errors.ts";
import { createMemoryNames } from "../cursors/name_cache.ts";
import type { OrgClient } from "./org_client.ts";
import { OrgNames } from "./org_names.ts";

const MINUTE = 60_000;
const ANN = "005300000000001AAA";
const never = new AbortController().signal;

/** Names of an org that does not tell them, by a clock that is set apart from the time that passes. */
function namesThatFail() {
  const time = { set: Date.UTC(2026, 6, 20, 12), passed: 0, asked: 0 };
  const client = {
    apiVersion: "66.0",
    hasSpareCalls: () => true,
    getJson: async () => {
      time.asked += 1;
      throw new RunnerError("connection_lost", "Nobody answers.", { next: RETRY });
    },
  } as unknown as OrgClient;
  const clock = {
    now: () => time.set,
    elapsed: () => time.passed,
    random: () => 1,
    sleep: (_: number, signal?: AbortSignal) =>
      new Promise<void>((_resolve, reject) => signal?.addEventListener("abort", () => reject(signal.reason))),
  };
  const names = new OrgNames({ client, cache: createMemoryNames(), org: "acme", everything: false, clock });
  return { time, learn: () => names.learn(new Map([["user", [ANN]]]), () => {}, never) };
}

test.each([
  ["years ahead", 10 * 365 * 86_400_000],
  ["years back", -10 * 365 * 86_400_000],
])("after a failure nothing is asked for ten minutes, though the clock is set %s", async (_, by) => {
  const { time, learn } = namesThatFail();
  await learn();
  time.set += by;
  time.passed += 9 * MINUTE;
  await learn();
  expect(time.asked).toBe(1);
  time.passed += 1 * MINUTE;
  await learn();
  expect(time.asked).toBe(2);
});

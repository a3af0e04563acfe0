import { expect, test } from "vitest";
import { REMOTE_BACKOFF, remoteWaits, waitBefore, waitFor } from "./backoff.ts";

test.each<[number, readonly number[]]>([
  [0, [500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]],
  [0.5, [750, 1_500, 3_000, 6_000, 12_000, 24_000, 45_000, 45_000]],
  [1, [1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000]],
])("waits double up to a minute; by chance %f of their upper half", (random, waits) => {
  const nextWait = remoteWaits({ random: () => random });
  expect(waits.map(nextWait)).toEqual(waits);
});

test("the longest wait is kept after any number of attempts", () => {
  expect([100, 10_000, Number.MAX_SAFE_INTEGER].map((attempt) => waitBefore(attempt, REMOTE_BACKOFF, 1))).toEqual([
    60_000, 60_000, 60_000,
  ]);
});

test.each([
  [-5, 0],
  [0, 0],
  [20_000, 20_000],
  [3_600_001, 3_600_000],
  [Number.POSITIVE_INFINITY, 3_600_000],
])("a far side that asks to wait %d ms is asked again after %d ms", (asked, wait) => {
  expect(waitFor(asked, 1_000)).toEqual({ do: "waitUntil", at: 1_000 + wait });
});

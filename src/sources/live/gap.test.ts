import { describe, expect, test } from "vitest";
import { type Gap, gapBehind, gapChange, readGap } from "./gap.ts";

const NOW = Date.UTC(2026, 6, 20, 12);
const HOUR = 3_600_000;

describe("the gap behind a place that Salesforce no longer knows", () => {
  test("holds what happened in the very second in which it was found, which Salesforce tells without its fraction", () => {
    const { to } = gapBehind(NOW - HOUR, NOW, undefined);
    expect(to).toBeGreaterThan(NOW + 999);
  });

  test.each<[string, number | undefined, Gap | undefined, number]>([
    ["begins before the last event that was heard", NOW - HOUR, undefined, NOW - HOUR],
    ["is as long as events are published if nothing is known of that", undefined, undefined, NOW - 72 * HOUR],
    ["takes an open one in", NOW - HOUR, { from: NOW - 90 * HOUR, to: NOW - 80 * HOUR }, NOW - 90 * HOUR],
  ])("%s", (_, heardAt, open, from) => {
    const gap = gapBehind(heardAt, NOW, open);
    expect(gap.from).toBeLessThanOrEqual(from);
    expect(gap.to).toBeGreaterThan(NOW);
  });

  test("is read as it was kept, at once and later; one in the future is damaged", () => {
    const gap = gapBehind(NOW - HOUR, NOW, undefined);
    const { key, value } = gapChange(gap);
    const kept = new Map([[key, value ?? null]]);
    for (const at of [NOW, NOW + HOUR, NOW - 60_000]) {
      expect(readGap(kept, at)).toEqual({ gap: { ...gap, failure: undefined }, isDamaged: false });
    }
    for (const at of [NOW - 60_001, NOW - HOUR]) {
      expect(readGap(kept, at)).toEqual({ gap: undefined, isDamaged: true });
    }
  });
});

import { expect, test } from "vitest";
import { isoTime, systemClock } from "./clock.ts";

test.each([
  [Date.UTC(2026, 6, 17, 9), "2026-07-17T09:00:00.000Z"],
  [1e16, "+275760-09-13T00:00:00.000Z"],
  [Number.POSITIVE_INFINITY, "+275760-09-13T00:00:00.000Z"],
  [Number.NEGATIVE_INFINITY, "-271821-04-20T00:00:00.000Z"],
  [Number.NaN, "1970-01-01T00:00:00.000Z"],
])("the time %d is written as %s", (ms, text) => {
  expect(isoTime(ms)).toBe(text);
});

test.each([1e16, Number.POSITIVE_INFINITY, Number.NaN])(
  "a sleep of %d ms neither throws nor is over at once, and ends with its signal",
  async (ms) => {
    const stop = new AbortController();
    let awake = false;
    const slept = systemClock.sleep(ms, stop.signal).finally(() => {
      awake = true;
    });
    await new Promise(setImmediate);
    expect(awake).toBe(false);
    stop.abort(new Error("stopped"));
    await expect(slept).rejects.toThrow("stopped");
  },
);

import fc from "fast-check";
import { expect, test } from "vitest";
import { count, httpDate, retryAfterMs } from "./header_values.ts";

const NOW = Date.UTC(2026, 6, 17, 9, 0, 0);
const HOUR = 3_600_000;

test.each<[string | undefined, number | undefined]>([
  [undefined, undefined],
  ["", undefined],
  ["  ", undefined],
  ["soon", undefined],
  ["-5", undefined],
  ["NaN", undefined],
  ["Infinity", undefined],
  ["0x10", undefined],
  ["1e3", undefined],
  ["5, 10", undefined],
  ["0", 0],
  ["5", 5_000],
  [" 5 ", 5_000],
  ["0.5", 500],
  ["3600", HOUR],
  ["3601", HOUR],
  ["9999999999999", HOUR],
  ["9".repeat(400), HOUR],
  ["Fri, 17 Jul 2026 09:00:30 GMT", 30_000],
  ["Friday, 17-Jul-26 09:00:30 GMT", 30_000],
  ["Fri, 17 Jul 2026 08:00:00 GMT", 0],
  ["Thu, 01 Jan 1970 00:00:00 GMT", 0],
  ["Fri, 31 Dec 9999 23:59:59 GMT", HOUR],
  ["Fri, 99 Jul 2026 09:00:30 GMT", undefined],
  ["2026", 2_026_000],
])("Retry-After %j asks to wait %j ms", (text, ms) => {
  expect(retryAfterMs(text, NOW)).toBe(ms);
});

test.each<[string | undefined, number | undefined]>([
  [undefined, undefined],
  ["1", undefined],
  ["yesterday", undefined],
  ["+275760-09-13T00:00:00.001Z", undefined],
  ["Fri, 17 Jul 2026 09:00:00 GMT", NOW],
])("Date %j is %j", (text, time) => {
  expect(httpDate(text)).toBe(time);
});

test.each<[string | undefined, number | undefined]>([
  [undefined, undefined],
  ["", undefined],
  ["-1", undefined],
  ["1.5", undefined],
  ["9007199254740992", undefined],
  ["9".repeat(400), undefined],
  ["0", 0],
  ["15000", 15_000],
])("the count %j is %j", (text, number) => {
  expect(count(text)).toBe(number);
});

test("no text at all gives anything but a wait of at most an hour, a time or a count", () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[\dA-Za-z :,.+-]{0,40}$/)), (text) => {
      const wait = retryAfterMs(text, NOW) ?? 0;
      expect(wait >= 0 && wait <= HOUR).toBe(true);
      expect(() => new Date(httpDate(text) ?? 0).toISOString()).not.toThrow();
      expect(Number.isSafeInteger(count(text) ?? 0)).toBe(true);
    }),
    { seed: 11 },
  );
});

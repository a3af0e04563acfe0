import fc from "fast-check";
import { expect, it } from "vitest";
import { eventTime } from "./event_time.ts";

it.each([
  ["2026-07-17T09:22:41.123Z", "2026-07-17T09:22:41.123Z"],
  ["20260717092241.123", "2026-07-17T09:22:41.123Z"],
  ["20260717092241.1", "2026-07-17T09:22:41.100Z"],
  ["20260717092241.123456", "2026-07-17T09:22:41.123Z"],
  ["20260717092241", "2026-07-17T09:22:41.000Z"],
  ["2026-07-17T09:22:41.123+0000", "2026-07-17T09:22:41.123Z"],
  ["2026-07-17T09:22:41.123+02:00", "2026-07-17T07:22:41.123Z"],
  ["2026-07-17T00:22:41-0130", "2026-07-17T01:52:41.000Z"],
  ["2026-07-17T09:22:41Z", "2026-07-17T09:22:41.000Z"],
  ["2024-02-29T00:00:00.000Z", "2024-02-29T00:00:00.000Z"],
  ["2026-02-29T00:00:00.000Z", undefined],
  ["2026-13-01T00:00:00.000Z", undefined],
  ["2026-07-32T00:00:00.000Z", undefined],
  ["2026-07-17T24:00:00.000Z", undefined],
  ["20260732092241.123", undefined],
  ["20260717092241,123", undefined],
  ["20260717092241.", undefined],
  ["2026-07-17", undefined],
  ["1752744161123", undefined],
  ["yesterday", undefined],
  ["", undefined],
])("%j becomes %j", (text, expected) => {
  expect(eventTime(text)).toBe(expected);
});

it("agrees with Date on every time, in both forms of a log file", () => {
  fc.assert(
    fc.property(fc.date({ min: new Date("1971-01-01"), max: new Date("2099-12-31"), noInvalidDate: true }), (date) => {
      const iso = date.toISOString();
      const compact = `${iso.slice(0, 19).replace(/\D/g, "")}${iso.slice(19, 23)}`;
      expect(eventTime(iso)).toBe(iso);
      expect(eventTime(compact)).toBe(iso);
    }),
  );
});

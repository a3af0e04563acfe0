import fc from "fast-check";
import { expect, it } from "vitest";
import { RowCells } from "../core/row_cells.ts";
import { eventTime } from "./event_time.ts";
import { TimeCell } from "./time_cell.ts";

/** As `eventTime` has it, whatever cells came before. */
function expected(text: string): number | undefined {
  const time = eventTime(text);
  return time === undefined ? undefined : Date.parse(time);
}

/** Of few days, so that neighbours are often of one. */
const DATE = fc
  .tuple(fc.constantFrom("0000-02-29", "2026-07-17", "9999-12-31"), fc.nat(86_399_999))
  .map(([day, inDay]) => new Date(Date.parse(day) + inDay));
const ISO = DATE.map((date) => date.toISOString());
/** Times and what is nearly one. */
const TEXT = fc.oneof(
  ISO,
  ISO.map((text) => text.replace(/Z$/, "+0000")),
  ISO.map((text) => text.replaceAll(/[-:TZ]/g, "")),
  fc
    .tuple(ISO, fc.nat(23), fc.constantFrom(..."0369:.TZ /x"))
    .map(([text, at, code]) => text.slice(0, at) + code + text.slice(at + 1)),
  fc.string(),
);

it("reads what eventTime reads, and nothing else, whatever came before", () => {
  fc.assert(
    fc.property(fc.array(TEXT, { maxLength: 12 }), (texts) => {
      const times = new TimeCell();
      for (const text of texts.flatMap((text) => [text, text])) {
        expect(times.of(RowCells.of(["x", text, "y"]), 1)).toBe(expected(text));
      }
    }),
    { numRuns: 1_000 },
  );
});

it.each([
  ["2026-07-17T24:00:00.000Z", undefined],
  ["2026-07-17T23:60:00.000Z", undefined],
  ["2026-07-17T23:59:60.000Z", undefined],
  ["2026-07-17T23:59:59.9/9Z", undefined],
  ["2026-07-17T0::22:41.123Z", undefined],
  ["2026-07-17T:0:22:41.123Z", undefined],
  ["2026-07-17T23:59:59.999z", undefined],
  ["2026-07-17T23:59:59.999Z", Date.UTC(2026, 6, 17, 23, 59, 59, 999)],
  ["2026-07-17T23:59:59+0000", Date.UTC(2026, 6, 17, 23, 59, 59)],
  ["2026-07-18T00:00:00.000Z", Date.UTC(2026, 6, 18)],
  ["2026-02-30T00:00:00.000Z", undefined],
  [`${"\0".repeat(10)}T00:00:00.000Z`, undefined],
])("behind a time of that day, %j is %j", (text, time) => {
  const times = new TimeCell();
  times.of(RowCells.of(["2026-07-17T09:22:41.123Z"]), 0);
  expect(times.of(RowCells.of([text]), 0)).toBe(time);
});

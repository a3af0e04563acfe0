import { expect, test } from "vitest";
import { formatted, type ValueFormat } from "./value_format.ts";

const number: ValueFormat = { dataType: "number" };
const duration = (fromUnit: string): ValueFormat => ({
  dataType: "number",
  format: { id: "duration", params: { decimals: 1, fromUnit } },
});

test.each<[string | number | null, ValueFormat, string]>([
  [null, number, "-"],
  [Number.NaN, number, "-"],
  ["Sweden", { dataType: "string" }, "Sweden"],
  [1_234_567, number, "1,234,567"],
  [12.345, number, "12.35"],
  [12.345, { dataType: "number", format: { id: "number", params: { decimals: 0 } } }, "12"],
  [0.12345, { dataType: "number", format: { id: "percent", params: { decimals: 1 } } }, "12.3%"],
  [900, { dataType: "number", format: { id: "bytes", params: { decimals: 1 } } }, "900 B"],
  [3_858_483_583, { dataType: "number", format: { id: "bytes", params: { decimals: 1 } } }, "3.6 GB"],
  [340, duration("milliseconds"), "340 ms"],
  [12_450, duration("milliseconds"), "12.5 s"],
  [1_500_000_000, duration("nanoseconds"), "1.5 s"],
  [5_400, duration("seconds"), "1.5 h"],
  [Date.UTC(2026, 10, 21, 14, 0, 0, 7), { dataType: "date" }, "Nov 21, 2026 @ 14:00:00.007"],
])("%s is written as Kibana does", (value, format, expected) => {
  expect(formatted(value, format)).toBe(expected);
});

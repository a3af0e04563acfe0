import { expect, test } from "vitest";
import { soqlDateTime, soqlText } from "./soql.ts";

const NOON = Date.UTC(2026, 6, 17, 12);

test("a time is unquoted, in UTC, with milliseconds", () => {
  expect(soqlDateTime(NOON + 7)).toBe("2026-07-17T12:00:00.007Z");
});

test.each([
  ["Login", "'Login'"],
  ["O'Brien", "'O\\'Brien'"],
  ["a\\b", "'a\\\\b'"],
  ["\\' OR Id != '", "'\\\\\\' OR Id != \\''"],
])("text %s", (text, literal) => {
  expect(soqlText(text)).toBe(literal);
});

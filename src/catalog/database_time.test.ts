import { expect, it } from "vitest";
import { databaseTime } from "./database_time.ts";

it.each([
  ["12", 100, "12000000"],
  ["0", 100, "0"],
  ["150", 100, "150000000"],
  ["81604961", 322, "81604961"],
  ["400000", 322, "400000"],
  ["3000000", 400_000, "3000000"],
  ["250000", 400_000, "250000000000"],
  ["12", 0, "12000000"],
  ["2000000", 0, "2000000"],
  ["12.6", 100, "13000000"],
  [" ", 100, ""],
  ["-1", 100, undefined],
  ["n/a", 100, undefined],
  ["9007199254740991", 9007199254740991, undefined],
])("%j in a request of %i ms is %j ns", (cell, requestTime, expected) => {
  expect(databaseTime(cell, requestTime)).toBe(expected);
});

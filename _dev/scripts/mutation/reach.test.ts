import { expect, test } from "vitest";
import { reachOf, type ScriptCoverage, unreachedOf } from "./reach.ts";

const range = (startOffset: number, endOffset: number, count: number) => ({ startOffset, endOffset, count });
/** A module with one function that was called but for one of its blocks, and one that was not. */
const ONE: ScriptCoverage = {
  url: "file:///a.ts",
  functions: [
    { ranges: [range(0, 100, 1)] },
    { ranges: [range(10, 50, 3), range(20, 30, 0)] },
    { ranges: [range(60, 90, 0)] },
  ],
};

test("a place is reached, or its function alone, or nothing of it", () => {
  const processes = [unreachedOf(ONE)];
  expect([5, 15, 20, 29, 30, 60, 89, 90].map((offset) => reachOf(offset, processes))).toEqual([
    "place",
    "place",
    "function",
    "function",
    "place",
    "nothing",
    "nothing",
    "place",
  ]);
});

test("what any process of a test reaches is reached, and a file that none loads is not", () => {
  const other: ScriptCoverage = {
    url: ONE.url,
    functions: [{ ranges: [range(0, 100, 1)] }, { ranges: [range(10, 50, 0)] }],
  };
  expect(reachOf(70, [unreachedOf(ONE), unreachedOf(other)])).toBe("place");
  expect(reachOf(25, [unreachedOf(ONE), unreachedOf(other)])).toBe("function");
  expect(reachOf(70, [])).toBe("nothing");
});

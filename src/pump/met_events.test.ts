import { expect, test } from "vitest";
import { MetEvents } from "./met_events.ts";

/** What is told after each of these parts, of 10 events of which so many were there. */
function told(...existing: readonly number[]) {
  const met = new MetEvents();
  return existing.flatMap((count, at) => {
    const news = met.add(`file ${at}`, 10 - count, count);
    return news === undefined ? [] : [{ at, parts: news.parts }];
  });
}

test("three parts of the last eight that were mostly there mean another runner, once", () => {
  expect(told(10, 10, 10, 10, 10)).toEqual([{ at: 2, parts: 3 }]);
  expect(told(0, 10, 0, 0, 6, 0, 9)).toEqual([{ at: 6, parts: 3 }]);
});

test("a few events, two parts, or parts long ago mean nothing", () => {
  expect(told(5, 4, 3, 5, 5, 1, 2, 5)).toEqual([]);
  expect(told(10, 0, 10, 0, 0)).toEqual([]);
  expect(told(10, 10, ...Array.from({ length: 7 }, () => 0), 10)).toEqual([]);
});

test("it is over when none of the last eight was there", () => {
  expect(told(10, 10, 10, 0, 0, 0, 0, 0, 0, 0, 0, 0)).toEqual([
    { at: 2, parts: 3 },
    { at: 10, parts: 0 },
  ]);
});

test("batches of a part count together, with the events of all parts", () => {
  const met = new MetEvents();
  met.add("a", 0, 10);
  met.add("b", 0, 10);
  met.add("c", 6, 4);
  expect(met.add("c", 0, 4)).toEqual({ parts: 3, of: 3, created: 6, existing: 28 });
});

import { describe, expect, test } from "vitest";
import {
  commonPart,
  horizonAt,
  isEmpty,
  LONGEST_WIDTH_MS,
  nextWindow,
  type ReadingOrder,
  restBehind,
  restFrom,
  SHORTEST_WIDTH_MS,
  slice,
  type Window,
  widthAfter,
  widthAfterRefusal,
} from "./window.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** `(after, to]` as a pair. */
const range = ([after, to]: readonly [number, number]): Window => ({ after, to });

describe("the next window", () => {
  const now = 100 * HOUR;
  const horizon = horizonAt(now, 2 * MINUTE);

  test("what is younger than the settle time is not read, what is younger by ten minutes more may still appear", () => {
    expect(horizon).toEqual({ settledTo: now - 12 * MINUTE, readTo: now - 2 * MINUTE });
  });

  test.each<[string, number, number, number]>([
    ["far behind, it has its width", 50 * HOUR, HOUR, 51 * HOUR],
    ["far behind, it ends where records may still appear", 90 * HOUR, 24 * HOUR, horizon.settledTo],
    ["so far behind that everything may be settled", horizon.settledTo - 10 * MINUTE - 1, HOUR, horizon.settledTo],
    ["ten minutes behind, it takes everything at once", horizon.settledTo - 10 * MINUTE, HOUR, horizon.readTo],
    ["hardly behind, it takes everything at once", horizon.settledTo - MINUTE, HOUR, horizon.readTo],
    ["hardly behind, it is no wider than asked", horizon.settledTo - MINUTE, 30_000, horizon.settledTo - 30_000],
    ["from the settled time on, it ends with what is read", horizon.settledTo, HOUR, horizon.readTo],
  ])("%s", (_, position, width, to) => {
    expect(nextWindow(position, width, horizon)).toEqual({ after: position, to });
  });

  test.each([
    ["everything is read", horizon.readTo],
    ["the position is ahead of the clock", now + HOUR],
  ])("is empty when %s", (_, position) => {
    expect(isEmpty(nextWindow(position, HOUR, horizon))).toBe(true);
  });
});

describe("a slice and what it leaves", () => {
  test.each<[ReadingOrder, number, [number, number], [number, number]]>([
    ["newest first", 30, [70, 100], [0, 70]],
    ["oldest first", 30, [0, 30], [30, 100]],
    ["newest first", 100, [0, 100], [0, 0]],
    ["oldest first", 500, [0, 100], [100, 100]],
  ])("%s, width %d", (order, width, part, left) => {
    const rest = range([0, 100]);
    expect(slice(rest, width, order)).toEqual(range(part));
    expect(restBehind(rest, range(part), order)).toEqual(range(left));
  });

  test.each<[ReadingOrder, number, [number, number]]>([
    ["newest first", 60, [0, 60]],
    ["newest first", 100, [0, 100]],
    ["newest first", 1, [0, 1]],
    ["oldest first", 60, [59, 100]],
    ["oldest first", 1, [0, 100]],
    ["oldest first", 100, [99, 100]],
  ])("%s, after a page that ends at %d the same moment is asked for again", (order, edge, left) => {
    const rest = restFrom(range([0, 100]), edge, order);
    expect(rest).toEqual(range(left));
    expect(edge > rest.after && edge <= rest.to).toBe(true);
  });

  test.each<[[number, number], [number, number]]>([
    [
      [20, 80],
      [20, 80],
    ],
    [
      [-20, 80],
      [0, 80],
    ],
    [
      [20, 180],
      [20, 100],
    ],
  ])("what (0, 100] has in common with (%j]", (other, common) => {
    expect(commonPart(range([0, 100]), range(other))).toEqual(range(common));
    expect(commonPart(range(other), range([0, 100]))).toEqual(range(common));
  });

  test.each<[ReadingOrder, number]>([
    ["newest first", 120],
    ["oldest first", -5],
  ])("%s, an edge outside (%d) never widens the rest", (order, edge) => {
    expect(restFrom(range([0, 100]), edge, order)).toEqual(range([0, 100]));
  });
});

describe("the width", () => {
  test.each([
    ["less than a page: double", HOUR, 1_999, 2 * HOUR],
    ["nothing: double, up to the longest", LONGEST_WIDTH_MS, 0, LONGEST_WIDTH_MS],
    ["some pages: the same", HOUR, 2_000, HOUR],
    ["as many as are borne well: the same", HOUR, 20_000, HOUR],
    ["too many: half", HOUR, 20_001, HOUR / 2],
    ["too many in the shortest: the same", SHORTEST_WIDTH_MS, 1_000_000, SHORTEST_WIDTH_MS],
  ])("after %s", (_, width, records, expected) => {
    expect(widthAfter(width, records)).toBe(expected);
  });

  test.each<[string, number, number | undefined]>([
    ["an hour", HOUR, HOUR / 2],
    ["an odd number of milliseconds", 5_001, 2_500],
    ["less than two of the shortest", 1_500, SHORTEST_WIDTH_MS],
    ["the shortest", SHORTEST_WIDTH_MS, undefined],
    ["what was left of a window", 10, undefined],
  ])("after a refusal of %s", (_, width, expected) => {
    expect(widthAfterRefusal({ after: 5, to: 5 + width })).toBe(expected);
  });
});

import { describe, expect, test } from "vitest";
import { possiblyDoubled, readBackingIndices, readFoundIds, whereToLook } from "./backing_indices.ts";
import { anEvent } from "./sink.contract.ts";

const STREAM = "logs-x-default";
const events = [anEvent(STREAM, "a"), anEvent(STREAM, "b")];

test.each([
  ["the same backing index as before", ["one", "one"], { [STREAM]: ["one"] }, 0],
  ["another", ["two", "two"], { [STREAM]: ["one"] }, 2],
  ["another in part; the rest was there", [undefined, "two"], { [STREAM]: ["one"] }, 1],
  ["one of two that it may have been", ["two", "two"], { [STREAM]: ["one", "two"] }, 2],
  ["unknown before", ["one", undefined], {}, 1],
])("events that land in %s", (_, createdIn, before, doubled) => {
  expect(possiblyDoubled(events, createdIn, before)).toBe(doubled);
});

test.each([
  [["two"], ["two", "three"]],
  [
    ["three", "two"],
    ["two", "three"],
  ],
  [["gone"], ["one", "two", "three"]],
  [undefined, ["one", "two", "three"]],
])("what was sent when %s answered is looked for in %s", (before, places) => {
  expect(whereToLook(["one", "two", "three"], before)).toEqual(places);
});

describe("answers that are no answers", () => {
  test.each([undefined, null, "text", { data_streams: 1, docs: 1 }, { data_streams: [{}, null], docs: [null, {}] }])(
    "%j names nothing",
    (body) => {
      expect(readBackingIndices(body)).toEqual([]);
      expect(readFoundIds(body)).toEqual([]);
    },
  );
});

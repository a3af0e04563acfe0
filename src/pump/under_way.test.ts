import { expect, test } from "vitest";
import type { CursorChange, CursorEntries, CursorValue } from "../cursors/cursor.ts";
import { UnderWay } from "./under_way.ts";

/** Events under way at once. */
const MOST = 10_000;
const ONE = { stream: ["one"] };
const TWO = { stream: ["two"] };

function saved(entries: CursorEntries, ...changes: readonly (readonly CursorChange[])[]): CursorEntries {
  const after = new Map<string, CursorValue>(entries);
  for (const { key, value } of changes.flat()) {
    if (value === undefined) {
      after.delete(key);
    } else {
      after.set(key, value);
    }
  }
  return after;
}

/** What is kept after a round of `part` that was cut, when `ONE` had been the last to answer before it. */
function afterCutRound(part: string): CursorEntries {
  const whole = new UnderWay(new Map(), MOST);
  const entries = saved(new Map(), whole.begin("earlier", 1).changes, whole.landed("earlier", ONE), whole.ended(true));
  const cut = new UnderWay(entries, MOST);
  return saved(entries, cut.begin(part, 500).changes);
}

test("after a round that ended, nothing may have been sent before", () => {
  const round = new UnderWay(new Map(), MOST);
  const entries = saved(new Map(), round.begin("a", 500).changes, round.landed("a", ONE), round.ended(true));
  expect(new UnderWay(entries, MOST).begin("a", 500).sentBefore).toBeUndefined();
});

test("after one that was cut, the first events of its parts may, into what answered before, and no others", () => {
  const next = new UnderWay(afterCutRound("a"), MOST);
  expect(next.begin("b", 500).sentBefore).toBeUndefined();
  expect(next.begin("a", 9_999).sentBefore).toEqual(ONE);
  expect(next.begin("a", 1).sentBefore).toEqual(ONE);
  expect(next.begin("a", 500).sentBefore).toBeUndefined();
});

test("a part that the next round could not finish stays unsure for what is left of it", () => {
  const entries = afterCutRound("a");
  const next = new UnderWay(entries, MOST);
  const between = saved(entries, next.begin("a", 4_000).changes, next.landed("a", TWO), next.ended(false));
  const third = new UnderWay(between, MOST);
  expect(third.begin("a", 6_000).sentBefore).toEqual(ONE);
  expect(third.begin("a", 500).sentBefore).toBeUndefined();
});

test("a second kill makes as many events unsure again, wherever the first round may have sent them", () => {
  const entries = afterCutRound("a");
  const next = new UnderWay(entries, MOST);
  const killed = saved(entries, next.begin("a", 9_000).changes, next.landed("a", TWO));
  const third = new UnderWay(killed, MOST);
  expect(third.begin("a", 9_000).sentBefore).toEqual(ONE);
  expect(third.begin("a", 500).sentBefore).toEqual(ONE);
});

test("an entry that can't be meant makes the part unsure, of no known place", () => {
  const next = new UnderWay(new Map([["part:a", null]]), MOST);
  expect(next.begin("a", 500).sentBefore).toEqual({});
});

test("of a source's very first events, the first answer says where they landed", () => {
  const first = new UnderWay(new Map(), MOST);
  const begun = saved(new Map(), first.begin("a", 500).changes);
  expect(new UnderWay(begun, MOST).begin("a", 500).sentBefore).toEqual({});
  expect(new UnderWay(saved(begun, first.landed("a", ONE)), MOST).begin("a", 500).sentBefore).toEqual(ONE);
});

test("a part of which everything is saved is forgotten with the next that is kept, or at the end", () => {
  const round = new UnderWay(new Map(), MOST);
  const a = saved(new Map(), round.begin("a", 500).changes);
  round.over("a");
  const b = saved(a, round.begin("b", 500).changes);
  expect([...b.keys()]).toEqual(["part:b"]);
  round.over("b");
  expect([...saved(b, round.ended(false)).keys()]).toEqual(["landed"]);
});

test("a part that is over is one of a cut round no more, and is kept anew should more of it come", () => {
  const entries = afterCutRound("a");
  const next = new UnderWay(entries, MOST);
  const begun = saved(entries, next.begin("a", 500).changes);
  next.over("a");
  const other = saved(begun, next.begin("b", 500).changes);
  expect([...other.keys()].sort()).toEqual(["landed", "part:b"]);
  const again = next.begin("a", 500);
  expect(again.sentBefore).toBeUndefined();
  const both = saved(other, again.changes);
  expect(both.has("part:a")).toBe(true);
  next.over("unknown");
  expect([...saved(both, next.ended(false)).keys()]).toEqual(["landed"]);
});

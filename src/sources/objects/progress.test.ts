import { describe, expect, test } from "vitest";
import type { CursorEntries, CursorValue } from "../../cursors/cursor.ts";
import {
  afterRecords,
  afterWindow,
  firstObjectChanges,
  MOST_REMEMBERED,
  type Moved,
  type ObjectCursor,
  readObjectCursor,
  soundEntries,
  whereToGoOn,
} from "./progress.ts";
import type { ReadingOrder } from "./window.ts";

const ORG = "00D000000000001AAA";

const start: ObjectCursor = {
  organizationId: ORG,
  after: 1_000,
  open: undefined,
  delivered: new Map(),
  failed: new Map(),
};
const at = (...times: number[]) => times.map((time) => ({ id: `id${time}`, time }));

/** The entries of a store that had those of `cursor` saved change by change. */
function saved(moves: readonly Moved[]): CursorEntries {
  const entries = new Map<string, CursorValue>([
    ["organization", ORG],
    ["after", start.after],
  ]);
  for (const { key, value } of moves.flatMap(({ changes }) => changes)) {
    if (value === undefined) {
      entries.delete(key);
    } else {
      entries.set(key, value);
    }
  }
  return entries;
}

const idsOf = (cursor: ObjectCursor) => [...cursor.delivered.values()].flatMap(({ ids }) => ids);

describe("the entries", () => {
  test("a first round begins the look-back before now, and keeps that", () => {
    const cursor = readObjectCursor(new Map(), ORG, 10_000 - 3_000);
    expect(cursor).toEqual({
      organizationId: ORG,
      after: 7_000,
      open: undefined,
      delivered: new Map(),
      failed: new Map(),
    });
    expect(firstObjectChanges(new Map(), cursor)).toEqual([
      { key: "organization", value: ORG },
      { key: "after", value: 7_000 },
    ]);
  });

  test("those of the same organization need no first changes, those of another one are replaced", () => {
    const entries = new Map<string, CursorValue>([
      ["organization", ORG],
      ["after", 5_000],
      ["delivered:1", { newest: 6_000, oldest: 6_000, ids: ["a"] }],
    ]);
    expect(firstObjectChanges(entries, readObjectCursor(entries, ORG, 10_000 - 3_000))).toEqual([]);
    const other = readObjectCursor(entries, "00D000000000002AAA", 10_000 - 3_000);
    expect(other).toMatchObject({ after: 7_000, delivered: new Map() });
    expect(firstObjectChanges(entries, other)).toEqual([
      { key: "organization", value: undefined },
      { key: "after", value: undefined },
      { key: "delivered:1", value: undefined },
      { key: "organization", value: "00D000000000002AAA" },
      { key: "after", value: 7_000 },
    ]);
  });

  test("a position may be a minute ahead, and no more", () => {
    const damaged = (after: number) =>
      soundEntries(
        new Map<string, CursorValue>([
          ["organization", ORG],
          ["after", after],
        ]),
        ORG,
        10_000,
      ).damaged;
    expect([damaged(70_000), damaged(70_001)]).toEqual([[], ["after"]]);
  });

  test("what the changes make is what the next round reads", () => {
    const window = { after: 1_000, to: 2_000 };
    const page = afterRecords(
      start,
      { window, rest: { after: 1_000, to: 1_500 }, settledTo: 5_000, order: "newest first" },
      at(1_800, 1_500),
    );
    expect(readObjectCursor(saved([page]), ORG, 0)).toEqual(page.cursor);
    const end = afterWindow(page.cursor, window, 5_000);
    expect(readObjectCursor(saved([page, end]), ORG, 0)).toEqual(end.cursor);
  });
});

describe("a window in which nothing can appear any more", () => {
  const window = { after: 1_000, to: 2_000 };
  const settledTo = 9_000;

  test("newest first: the place reached and the identities of that moment are kept", () => {
    const rest = { after: 1_000, to: 1_500 };
    const { cursor } = afterRecords(start, { window, rest, settledTo, order: "newest first" }, at(1_900, 1_700, 1_500));
    expect(cursor).toMatchObject({ after: 1_000, open: { to: 2_000, reached: 1_500 } });
    expect(idsOf(cursor)).toEqual(["id1500"]);
    expect(whereToGoOn(cursor)).toEqual({ window, rest });
  });

  test("oldest first: the cursor moves to just before the moment reached", () => {
    const rest = { after: 1_499, to: 2_000 };
    const { cursor } = afterRecords(start, { window, rest, settledTo, order: "oldest first" }, at(1_200, 1_500));
    expect(cursor).toMatchObject({ after: 1_499, open: undefined });
    expect(idsOf(cursor)).toEqual(["id1500"]);
  });

  test.each<[ReadingOrder, number, number]>([
    ["newest first", 1_500, 1_200],
    ["oldest first", 1_200, 1_500],
  ])("%s: identities of a moment are forgotten when it has been passed, not before", (order, first, second) => {
    const restAt = (edge: number) =>
      order === "newest first" ? { after: 1_000, to: edge } : { after: edge - 1, to: 2_000 };
    const once = afterRecords(start, { window, rest: restAt(first), settledTo, order }, at(first));
    const same = { id: "twin", time: first };
    const twice = afterRecords(once.cursor, { window, rest: restAt(first), settledTo, order }, [same]);
    expect(idsOf(twice.cursor)).toEqual([`id${first}`, "twin"]);
    const passed = afterRecords(twice.cursor, { window, rest: restAt(second), settledTo, order }, at(second));
    expect(idsOf(passed.cursor)).toEqual([`id${second}`]);
  });

  test("its end is the new cursor, and nothing of it is remembered", () => {
    const rest = { after: 1_000, to: 1_500 };
    const page = afterRecords(start, { window, rest, settledTo, order: "newest first" }, at(1_500));
    const { cursor } = afterWindow(page.cursor, window, settledTo);
    expect(cursor).toMatchObject({ after: 2_000, open: undefined, delivered: new Map(), failed: new Map() });
    expect(whereToGoOn(cursor)).toEqual({ window: { after: 2_000, to: 2_000 }, rest: { after: 2_000, to: 2_000 } });
  });

  test("what was delivered is remembered while a piece of its time has to be read again, and no longer", () => {
    const failure = { attempts: 1, retryAt: 0, code: "server_error", text: "It failed." } as const;
    const cursor: ObjectCursor = {
      ...start,
      delivered: new Map([
        ["delivered:1", { newest: 1_200, oldest: 1_100, ids: ["before"] }],
        ["delivered:2", { newest: 1_400, oldest: 1_201, ids: ["within"] }],
        ["delivered:3", { newest: 1_500, oldest: 1_301, ids: ["behind"] }],
      ]),
      failed: new Map([["failed:1", { after: 1_200, to: 1_300, failure }]]),
    };
    expect(idsOf(afterWindow(cursor, window, settledTo).cursor)).toEqual(["within"]);
  });

  test("without progress nothing is said to be reached", () => {
    const { changes } = afterRecords(start, { window, rest: window, settledTo, order: "newest first" }, at(1_400));
    expect(changes).toEqual([]);
  });

  test("what was delivered of the time below the place reached stays known", () => {
    const delivered = new Map([["delivered:7", { newest: 1_300, oldest: 1_100, ids: ["a"] }]]);
    const rest = { after: 1_000, to: 1_500 };
    const { cursor } = afterRecords(
      { ...start, delivered },
      { window, rest, settledTo, order: "newest first" },
      at(1_500),
    );
    expect([...cursor.delivered.keys()]).toEqual(["delivered:7", "delivered:8"]);
  });
});

describe("a window in which records may still appear", () => {
  const window = { after: 1_000, to: 3_000 };
  const progress = { window, rest: { after: 1_000, to: 1_500 }, settledTo: 1_800, order: "newest first" } as const;

  test("every identity is kept and the cursor stays", () => {
    const { cursor } = afterRecords(start, progress, at(2_900, 1_700, 1_500));
    expect(cursor).toMatchObject({ after: 1_000, open: undefined });
    expect(idsOf(cursor)).toEqual(["id2900", "id1700", "id1500"]);
  });

  test("its end moves the cursor to what has settled, and forgets what lies before", () => {
    const first = afterRecords(start, progress, at(2_900, 2_000));
    const second = afterRecords(first.cursor, progress, at(1_700, 1_500));
    const { cursor, changes } = afterWindow(second.cursor, window, 1_800);
    expect(cursor.after).toBe(1_800);
    expect(idsOf(cursor)).toEqual(["id2900", "id2000"]);
    expect(changes).toEqual([
      { key: "after", value: 1_800 },
      { key: "delivered:2", value: undefined },
    ]);
  });

  test("the cursor never moves back", () => {
    expect(afterWindow(start, window, 500).cursor.after).toBe(1_000);
  });

  test("a page without new records changes nothing", () => {
    expect(afterRecords(start, progress, []).changes).toEqual([]);
  });
});

describe("more identities than are remembered", () => {
  const half = Array.from({ length: MOST_REMEMBERED / 2 }, (_, n) => `${n}`);
  const delivered = new Map([
    ["delivered:1", { newest: 2_000, oldest: 1_900, ids: half }],
    ["delivered:2", { newest: 4_000, oldest: 3_900, ids: half }],
    ["delivered:3", { newest: 3_000, oldest: 2_900, ids: half }],
  ]);

  test("the oldest are forgotten, and their time is not asked for again", () => {
    const { cursor } = afterWindow({ ...start, delivered }, { after: 1_000, to: 5_000 }, 1_500);
    expect(cursor.after).toBe(2_000);
    expect([...cursor.delivered.keys()]).toEqual(["delivered:2", "delivered:3"]);
  });

  test("the cursor never passes what has been read in the round", () => {
    const { cursor } = afterWindow({ ...start, delivered }, { after: 1_000, to: 1_600 }, 1_500);
    expect(cursor.after).toBe(1_600);
  });
});

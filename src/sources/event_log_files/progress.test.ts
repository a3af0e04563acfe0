import { describe, expect, test } from "vitest";
import type { CursorChange, CursorEntries, CursorValue } from "../../cursors/cursor.ts";
import type { EventLogFile } from "./body.ts";
import {
  type FileProgress,
  fileChange,
  firstChanges,
  goneChange,
  type ListingTimes,
  logDateFrom,
  openProgress,
  readListingCursor,
  roundChanges,
} from "./progress.ts";

const ORG = "00D000000000001AAA";
const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const NOON = Date.UTC(2026, 6, 17, 12);
const MIDNIGHT = Date.UTC(2026, 6, 17);

function file(id: string, created: number, more: Partial<EventLogFile> = {}): EventLogFile {
  return {
    id,
    eventType: "Login",
    interval: "hourly",
    sequence: 1,
    logDate: created - 3 * HOUR,
    created,
    length: 100,
    path: `/services/data/v66.0/sobjects/EventLogFile/${id}/LogFile`,
    ...more,
  };
}

/** With a look-back of a day. */
function times(now: number): ListingTimes {
  return { now, first: now - DAY };
}

function entriesOf(changes: readonly CursorChange[], before: CursorEntries = new Map()): Map<string, CursorValue> {
  const entries = new Map(before);
  for (const { key, value } of changes) {
    if (value === undefined) {
      entries.delete(key);
    } else {
      entries.set(key, value);
    }
  }
  return entries;
}

function started(changes: readonly CursorChange[] = []): Map<string, CursorValue> {
  const empty = readListingCursor(new Map(), ORG, times(NOON));
  return entriesOf(changes, entriesOf(firstChanges(new Map(), empty)));
}

describe("the first round", () => {
  test("starts with the UTC day in which the look-back begins, and keeps that", () => {
    const cursor = readListingCursor(new Map(), ORG, times(NOON));
    expect(cursor).toMatchObject({ start: MIDNIGHT - DAY, createdAfter: undefined });
    expect(logDateFrom(cursor, NOON)).toBe(MIDNIGHT - DAY);
    expect(readListingCursor(started(), ORG, times(NOON + 40 * DAY)).start).toBe(MIDNIGHT - DAY);
  });

  test("another organization begins anew and leaves nothing of the first", () => {
    const entries = started([fileChange(file("0AT1", NOON), { rows: 7, lacked: 7, done: true })]);
    const cursor = readListingCursor(entries, "00D000000000002AAA", times(NOON));
    expect(cursor.files.size).toBe(0);
    const after = entriesOf(firstChanges(entries, cursor), entries);
    expect([...after.keys()].sort()).toEqual(["organization", "start"]);
  });
});

describe("rows to skip", () => {
  const known = file("0AT1", NOON);
  test.each<[string, CursorChange[], EventLogFile, number | undefined]>([
    ["a new file", [], known, 0],
    ["a file under way", [fileChange(known, { rows: 17, lacked: 17, done: false })], known, 17],
    ["a finished file", [fileChange(known, { rows: 99, lacked: 99, done: true })], known, undefined],
    [
      "a finished file whose length has changed",
      [fileChange(known, { rows: 99, lacked: 99, done: true })],
      { ...known, length: 101 },
      0,
    ],
    [
      "a finished file that was made anew, as long as before",
      [fileChange(known, { rows: 99, lacked: 99, done: true })],
      { ...known, created: known.created + HOUR },
      0,
    ],
    [
      "a file under way whose length has changed",
      [fileChange(known, { rows: 17, lacked: 17, done: false })],
      { ...known, length: 101 },
      0,
    ],
  ])("%s", (_, changes, listed, expected) => {
    expect(openProgress(readListingCursor(started(changes), ORG, times(NOON)), listed)?.rows).toBe(expected);
  });
});

test("a file that is gone stays known by what it has brought, in this version or an earlier one", () => {
  const known = file("0AT1", NOON);
  const gone = (rows: number, earlier?: FileProgress["earlier"]) => {
    const entries = started([fileChange(known, { rows, lacked: 0, done: false, earlier })]);
    const [one] = readListingCursor(entries, ORG, times(NOON)).files;
    return one === undefined ? undefined : goneChange(one).value;
  };
  expect(gone(0)).toBeUndefined();
  expect(gone(0, [])).toBeUndefined();
  expect(gone(1)).toMatchObject({ rows: 1, gone: true });
  expect(gone(0, [{ length: 9, created: NOON - HOUR, rows: 5 }])).toMatchObject({ gone: true });
});

describe("the end of a round", () => {
  const [a, b, c] = [file("0AT1", NOON), file("0AT2", NOON + HOUR), file("0AT3", NOON + 2 * HOUR)];
  const endOfRound = (open: string[], entries = started()) => {
    const cursor = readListingCursor(entries, ORG, times(NOON + 3 * HOUR));
    const changes = roundChanges(cursor, [a, b, c], new Set(open), NOON + 3 * HOUR);
    return readListingCursor(entriesOf(changes, entries), ORG, times(NOON + 3 * HOUR));
  };

  test("moves to the newest file when all are done", () => {
    expect(endOfRound([]).createdAfter).toBe(c.created - 1);
  });

  test("stays before the first file that is open", () => {
    expect(endOfRound(["0AT2"]).createdAfter).toBe(a.created - 1);
    expect(endOfRound(["0AT1"]).createdAfter).toBeUndefined();
  });

  test("never moves back", () => {
    const entries = started([{ key: "created_after", value: c.created + HOUR }]);
    expect(endOfRound(["0AT1"], entries).createdAfter).toBe(c.created + HOUR);
  });

  test("forgets files that no listing brings again, and only those", () => {
    const ancient = file("0AT0", NOON - 10 * DAY);
    const ancientOpen = file("0AT9", NOON - 10 * DAY, { eventType: "Logout" });
    const ofItsDay = file("0AT8", NOON - 10 * DAY, { eventType: "Logout" });
    const [edge, behind] = [c.created - 1, c.created].map((created) =>
      file(`0AT${created}`, created, { logDate: NOON - 9 * DAY }),
    ) as [EventLogFile, EventLogFile];
    const entries = started([
      fileChange(edge, { rows: 5, lacked: 5, done: true }),
      fileChange(behind, { rows: 5, lacked: 5, done: true }),
      fileChange(ancient, { rows: 5, lacked: 5, done: true }),
      fileChange(ofItsDay, { rows: 5, lacked: 5, done: true }),
      fileChange(ancientOpen, { rows: 5, lacked: 5, done: false }),
      fileChange(a, { rows: 5, lacked: 5, done: true }),
      { key: "created_after", value: NOON },
    ]);
    expect([...endOfRound(["0AT9"], entries).files.keys()].sort()).toEqual(["0AT1", behind.id, "0AT8", "0AT9"]);
  });

  test("later listings reach three days back, or to what was made since", () => {
    const entries = started([{ key: "created_after", value: NOON }]);
    const cursor = readListingCursor(entries, ORG, times(NOON + 10 * DAY));
    expect(logDateFrom(cursor, NOON + 10 * DAY)).toBe(NOON + 7 * DAY);
    expect(logDateFrom(cursor, NOON)).toBe(MIDNIGHT - DAY);
  });
});

describe("entries that can't be meant", () => {
  const good = fileChange(file("0AT1", NOON), { rows: 5, lacked: 5, done: true });
  const damaged: [string, string, CursorValue][] = [
    ["null in the place of a file", "file:0AT2", null],
    ["a file without its rows", "file:0AT2", { eventType: "Login", interval: "hourly", done: true }],
    ["a file whose rows are a text", "file:0AT2", { ...(good.value as object), rows: "5" } as CursorValue],
    ["a start in the future", "start", NOON + DAY + 1],
    ["a start that is a text", "start", "soon"],
    ["a watermark in the future", "created_after", NOON + DAY + 1],
  ];
  test("none that is ahead by a day at most", () => {
    const entries = started([
      { key: "start", value: NOON + DAY },
      { key: "created_after", value: NOON + DAY },
    ]);
    const read = readListingCursor(entries, ORG, times(NOON));
    expect(read).toMatchObject({ damaged: [], start: NOON + DAY, createdAfter: NOON + DAY });
  });

  test.each(damaged)("%s: named, and set anew; the others stay", (_, key, value) => {
    const entries = started([good, { key, value }]);
    const cursor = readListingCursor(entries, ORG, times(NOON));
    expect(cursor).toMatchObject({ damaged: [key], start: MIDNIGHT - DAY, createdAfter: undefined });
    expect([...cursor.files.keys()]).toEqual(["0AT1"]);
    const mended = entriesOf(firstChanges(entries, cursor), entries);
    expect(readListingCursor(mended, ORG, times(NOON + 90 * DAY))).toMatchObject({
      damaged: [],
      start: MIDNIGHT - DAY,
    });
  });
});

import { describe, expect, test } from "vitest";
import type { CursorChange, CursorEntries, CursorValue } from "../cursors/cursor.ts";
import type { EventLogFile } from "../org/log_file_body.ts";
import {
  fileChange,
  firstChanges,
  logDateFrom,
  openProgress,
  readListingCursor,
  roundChanges,
} from "./file_progress.ts";

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
  const empty = readListingCursor(new Map(), ORG, NOON - DAY);
  return entriesOf(changes, entriesOf(firstChanges(new Map(), empty)));
}

describe("the first round", () => {
  test("starts with the UTC day in which the look-back begins, and keeps that", () => {
    const cursor = readListingCursor(new Map(), ORG, NOON - DAY);
    expect(cursor).toMatchObject({ start: MIDNIGHT - DAY, createdAfter: undefined });
    expect(logDateFrom(cursor, NOON)).toBe(MIDNIGHT - DAY);
    expect(readListingCursor(started(), ORG, NOON + 40 * DAY - DAY).start).toBe(MIDNIGHT - DAY);
  });

  test("another organization begins anew and leaves nothing of the first", () => {
    const entries = started([fileChange(file("0AT1", NOON), { rows: 7, lacked: 7, done: true })]);
    const cursor = readListingCursor(entries, "00D000000000002AAA", NOON - DAY);
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
      "a file under way whose length has changed",
      [fileChange(known, { rows: 17, lacked: 17, done: false })],
      { ...known, length: 101 },
      0,
    ],
  ])("%s", (_, changes, listed, expected) => {
    expect(openProgress(readListingCursor(started(changes), ORG, NOON - DAY), listed)?.rows).toBe(expected);
  });
});

describe("the end of a round", () => {
  const [a, b, c] = [file("0AT1", NOON), file("0AT2", NOON + HOUR), file("0AT3", NOON + 2 * HOUR)];
  const endOfRound = (open: string[], entries = started()) => {
    const cursor = readListingCursor(entries, ORG, NOON + 3 * HOUR - DAY);
    const changes = roundChanges(cursor, [a, b, c], new Set(open), NOON + 3 * HOUR);
    return readListingCursor(entriesOf(changes, entries), ORG, NOON + 3 * HOUR - DAY);
  };

  test("moves to the newest file when all are done", () => {
    expect(endOfRound([]).createdAfter).toBe(c.created - 1);
  });

  test("stays before the first file that is open", () => {
    expect(endOfRound(["0AT2"]).createdAfter).toBe(a.created - 1);
    expect(endOfRound(["0AT1"]).createdAfter).toBeUndefined();
  });

  test("never moves back", () => {
    const entries = started([{ key: "created_after", value: c.created + DAY }]);
    expect(endOfRound(["0AT1"], entries).createdAfter).toBe(c.created + DAY);
  });

  test("forgets files that no listing brings again, and only those", () => {
    const ancient = file("0AT0", NOON - 10 * DAY);
    const ancientOpen = file("0AT9", NOON - 10 * DAY);
    const entries = started([
      fileChange(ancient, { rows: 5, lacked: 5, done: true }),
      fileChange(ancientOpen, { rows: 5, lacked: 5, done: false }),
      fileChange(a, { rows: 5, lacked: 5, done: true }),
      { key: "created_after", value: NOON },
    ]);
    expect([...endOfRound(["0AT9"], entries).files.keys()].sort()).toEqual(["0AT1", "0AT9"]);
  });

  test("later listings reach three days back, or to what was made since", () => {
    const entries = started([{ key: "created_after", value: NOON }]);
    const cursor = readListingCursor(entries, ORG, NOON + 10 * DAY - DAY);
    expect(logDateFrom(cursor, NOON + 10 * DAY)).toBe(NOON + 7 * DAY);
    expect(logDateFrom(cursor, NOON)).toBe(MIDNIGHT - DAY);
  });
});

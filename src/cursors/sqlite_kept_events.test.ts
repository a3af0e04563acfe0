import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openFilesIn } from "../../_dev/shared/testing/open_files.ts";
import type { KeptEvent, KeptEvents } from "./kept_events.ts";
import { openKeptEvents } from "./sqlite_kept_events.ts";

const NOON = Date.UTC(2026, 6, 20, 12);
const LOGIN = "login-1/event_log_files";

let folder: string;
let kept: KeptEvents;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "kept-"));
  kept = openKeptEvents(folder);
});
afterEach(() => {
  kept.close();
  expect(openFilesIn(folder)).toEqual([]);
  rmSync(folder, { recursive: true });
});

function event(id: string, reason = "bad ip", length = 100): KeptEvent {
  return { event: { index: "logs-a", id, json: `{"text":"${"x".repeat(length - 11)}"}` }, reason };
}

const idsOf = (source = LOGIN, behind = 0, bytes = 1e6) => kept.read(source, behind, bytes).map((one) => one.event.id);

test("what is kept is whole and known by its source, also for the next process", () => {
  const long = { event: { index: "logs-a", id: "long", json: `{"uri":"${"é".repeat(100_000)}"}` }, reason: "too long" };
  expect(kept.keep(LOGIN, [event("a"), long], NOON)).toBe(true);
  expect(kept.keep("api-1/event_log_files", [event("a")], NOON + 1)).toBe(true);
  kept.close();
  kept = openKeptEvents(folder);
  expect(kept.sources()).toEqual(["api-1/event_log_files", LOGIN]);
  expect(kept.read(LOGIN, 0, 1e6)).toMatchObject([event("a"), long]);
  expect(kept.of(LOGIN)).toEqual({
    events: 2,
    bytes: 100 + Buffer.byteLength(long.event.json),
    since: NOON,
    reason: "too long",
  });
  expect(kept.of("other")).toBeUndefined();
});

test("is read in pieces of bytes, of one event at least, and forgotten by number or source", () => {
  kept.keep(LOGIN, [event("a", "r", 400), event("b", "r", 100), event("c", "r", 100)], NOON);
  expect(idsOf(LOGIN, 0, 10)).toEqual(["a"]);
  const [first] = kept.read(LOGIN, 0, 10);
  expect(idsOf(LOGIN, first?.serial, 200)).toEqual(["b", "c"]);
  expect(idsOf(LOGIN, first?.serial, 199)).toEqual(["b"]);
  expect(idsOf(LOGIN, first?.serial, 199)).toEqual(["b"]);
  kept.forget([first?.serial ?? 0]);
  expect(idsOf()).toEqual(["b", "c"]);
  kept.keep("other/event_log_files", [event("a")], NOON);
  kept.clear(LOGIN);
  expect(kept.sources()).toEqual(["other/event_log_files"]);
});

test("a full store keeps nothing more, all or none, but for what it has; with room it does again", () => {
  kept.close();
  kept = openKeptEvents(folder, 200);
  expect(kept.keep(LOGIN, [event("a"), event("b")], NOON)).toBe(true);
  expect(kept.keep(LOGIN, [event("b"), event("c")], NOON)).toBe(false);
  expect(kept.keep("other", [event("a")], NOON)).toBe(false);
  expect(kept.keep(LOGIN, [event("b")], NOON)).toBe(true);
  expect(idsOf()).toEqual(["a", "b"]);
  kept.forget(kept.read(LOGIN, 0, 1).map(({ serial }) => serial));
  expect(kept.keep(LOGIN, [event("b"), event("c")], NOON)).toBe(true);
  expect(idsOf()).toEqual(["b", "c"]);
});

test("a number is never given twice, so that nothing is skipped by one who reads on", () => {
  kept.keep(LOGIN, [event("a")], NOON);
  const [first] = kept.read(LOGIN, 0, 1);
  kept.forget([first?.serial ?? 0]);
  kept.keep(LOGIN, [event("b")], NOON);
  expect(idsOf(LOGIN, first?.serial)).toEqual(["b"]);
});

test("a far side's reason has a bound", () => {
  kept.keep(LOGIN, [event("a", "r".repeat(1_000_000))], NOON);
  expect(kept.of(LOGIN)?.reason).toHaveLength(1_000);
});

test("two processes share it", () => {
  const other = openKeptEvents(folder);
  other.keep(LOGIN, [event("a")], NOON);
  kept.keep(LOGIN, [event("b")], NOON);
  expect(other.of(LOGIN)?.events).toBe(2);
  other.close();
});

test("nobody else can read it", () => {
  kept.keep(LOGIN, [event("a")], NOON);
  for (const file of ["kept_events.sqlite", "kept_events.sqlite-wal", "kept_events.sqlite-shm"]) {
    expect(statSync(join(folder, file)).mode & 0o077, file).toBe(0);
  }
});

test("a file that is damaged, or of a newer version, is refused when it is opened, and left as it is", () => {
  const other = mkdtempSync(join(tmpdir(), "kept-"));
  writeFileSync(join(other, "kept_events.sqlite"), "x".repeat(8_192));
  expect(() => openKeptEvents(other)).toThrow(
    expect.objectContaining({ code: "data_directory_unusable", cure: expect.stringContaining("is damaged") }),
  );
  rmSync(other, { recursive: true });

  kept.close();
  const database = new DatabaseSync(join(folder, "kept_events.sqlite"));
  database.exec("PRAGMA user_version = 2");
  database.close();
  expect(() => openKeptEvents(folder)).toThrow(/newer version/);
});

test.runIf(process.platform === "linux")(
  "a folder is made for its owner alone, and one that can't be is refused",
  () => {
    openKeptEvents(join(folder, "of", "aquila")).close();
    expect(statSync(join(folder, "of")).mode & 0o777).toBe(0o700);
    expect(() => openKeptEvents("/proc/nowhere/data")).toThrow(
      expect.objectContaining({ code: "data_directory_unusable" }),
    );
  },
);

test("a store that can't be written says state_unusable and keeps none", () => {
  kept.keep(LOGIN, [event("a")], NOON);
  const other = new DatabaseSync(join(folder, "kept_events.sqlite"));
  other.exec(
    "CREATE TRIGGER full BEFORE INSERT ON kept_events WHEN NEW.id = 'c' BEGIN SELECT RAISE(FAIL, 'disk'); END",
  );
  expect(() => kept.keep(LOGIN, [event("b"), event("c")], NOON)).toThrow(
    expect.objectContaining({ code: "state_unusable" }),
  );
  other.exec("DROP TRIGGER full");
  other.close();
  expect(idsOf()).toEqual(["a"]);
  expect(kept.keep(LOGIN, [event("c")], NOON)).toBe(true);
});

import { chmodSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openFilesIn } from "../../_dev/shared/testing/open_files.ts";
import { callHoursContract } from "./call_hours.contract.ts";
import { openCallCounts } from "./sqlite_call_hours.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "calls-"));
});
afterEach(() => {
  expect(openFilesIn(folder)).toEqual([]);
  rmSync(folder, { recursive: true });
});

describe("counts of a data directory", () => {
  let counts: ReturnType<typeof openCallCounts>;
  afterEach(() => counts.close());
  callHoursContract(() => {
    counts = openCallCounts(folder);
    return counts.of("a");
  });
});

test("two users of a data directory see each other's counts, and a later one still does", () => {
  const [run, backfill] = [openCallCounts(folder), openCallCounts(folder)];
  run.of("a").add(7);
  backfill.of("a").add(7);
  backfill.of("a").add(9);
  backfill.of("b").add(7);
  expect(run.of("a").since(0)).toEqual(
    new Map([
      [7, 2],
      [9, 1],
    ]),
  );
  run.close();
  backfill.close();
  const restarted = openCallCounts(folder);
  expect(restarted.of("a").since(7).get(7)).toBe(2);
  expect(restarted.of("a").since(8)).toEqual(new Map([[9, 1]]));
  expect(restarted.of("a").since(0)).toEqual(new Map([[9, 1]]));
  restarted.of("a").since(9);
  expect(restarted.of("a").since(9)).toEqual(new Map([[9, 1]]));
  restarted.close();
});

test("each call is counted once, in a data directory that is made for it and is its owner's alone", () => {
  const data = join(folder, "of", "aquila");
  const counts = openCallCounts(data);
  const a = counts.of("a");
  for (const hour of [7, 7, 8, 7]) {
    a.add(hour);
  }
  counts.close();
  expect(statSync(data).mode & 0o777).toBe(0o700);
  const restarted = openCallCounts(data);
  for (const those of [a, restarted.of("a")]) {
    expect(those.since(0)).toEqual(
      new Map([
        [7, 3],
        [8, 1],
      ]),
    );
  }
  restarted.close();
});

test("where the file can't be used, the process counts for itself", () => {
  const file = join(folder, "file");
  writeFileSync(file, "");
  for (const nowhere of [file, ...(process.platform === "linux" ? ["/proc/nowhere/data"] : [])]) {
    const counts = openCallCounts(nowhere).of("a");
    counts.add(7);
    counts.add(7);
    expect(counts.since(0)).toEqual(new Map([[7, 2]]));
  }
});

test("counts that could not be kept are kept with the next one", () => {
  const counts = openCallCounts(folder);
  const a = counts.of("a");
  a.add(7);
  counts.close();
  // The last one to close takes along what SQLite puts beside the file.
  expect(readdirSync(folder)).toEqual(["api_calls.sqlite"]);
  counts.close();
  a.add(8);
  expect(a.since(0)).toEqual(
    new Map([
      [7, 1],
      [8, 1],
    ]),
  );
});

test("nobody else can read the counts, nor what SQLite puts beside them, nor those that an earlier version left open", () => {
  const umask = process.umask(0o022);
  try {
    for (const left of ["none", "open"]) {
      const calls = openCallCounts(folder);
      calls.of("a").add(7);
      const files = readdirSync(folder);
      expect(files.length, left).toBeGreaterThan(1);
      expect(files.map((name) => statSync(join(folder, name)).mode & 0o777)).toEqual(files.map(() => 0o600));
      calls.close();
      for (const name of readdirSync(folder)) {
        chmodSync(join(folder, name), 0o644);
      }
    }
  } finally {
    process.umask(umask);
  }
});

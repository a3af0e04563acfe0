import { mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openFilesIn } from "../../_dev/shared/testing/open_files.ts";
import { appendFrame, readEnd } from "./row_ledger_frames.ts";

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "frames-"));
  path = join(folder, "frames");
});
afterEach(() => {
  expect(openFilesIn(folder)).toEqual([]);
  rmSync(folder, { recursive: true });
});

const identities = (count: number, first = 0) =>
  Array.from({ length: count }, (_, n) => String(first + n).padStart(20, "A"));

/** Two frames, of 3 rows and of 2. */
function twoFrames() {
  const first = appendFrame(path, 0, 3, identities(3));
  const second = appendFrame(path, 3, 5, identities(2, 3), first);
  return { first, second };
}

test("frames follow each other, and end where the file ends", () => {
  const { first, second } = twoFrames();
  expect(first?.rows).toBe(3);
  expect(second).toEqual({ rows: 5, bytes: statSync(path).size });
  expect(readEnd(path, 5)).toEqual(second);
  expect(readEnd(path, 9)).toEqual(second);
});

test("only what the cursor says is read", () => {
  const { first } = twoFrames();
  expect(readEnd(path, 4)).toEqual(first);
  expect(readEnd(path, 2)).toEqual({ rows: 0, bytes: 0 });
});

test.each([1, 8, 15, 16, 17])("a frame that lacks %i bytes is none", (lacking) => {
  const { first, second } = twoFrames();
  truncateSync(path, (second?.bytes ?? 0) - lacking);
  expect(readEnd(path, 5)).toEqual(first);
});

test("a frame with one wrong bit, wherever, is none, nor is any behind it", () => {
  twoFrames();
  const whole = readFileSync(path);
  for (let at = 0; at < whole.length; at += 1) {
    const broken = Buffer.from(whole);
    broken[at] = (broken[at] ?? 0) ^ 1;
    writeFileSync(path, broken);
    expect(readEnd(path, 5).rows, `byte ${at}`).toBeLessThan(5);
  }
});

test("what is behind the cursor is written over", () => {
  const { first } = twoFrames();
  const again = appendFrame(path, 3, 4, identities(1, 7));
  expect(again?.rows).toBe(4);
  expect(statSync(path).size).toBe(again?.bytes);
  expect(readEnd(path, 9)).toEqual(again);
  expect(first?.rows).toBe(3);
});

test("a gap is no row that is known: nothing is written", () => {
  twoFrames();
  const before = readFileSync(path);
  expect(appendFrame(path, 6, 7, identities(1))).toBeUndefined();
  expect(readFileSync(path)).toEqual(before);
});

test("an end that another has moved is not believed", () => {
  const { first } = twoFrames();
  const moved = appendFrame(path, 3, 4, identities(1, 9), first);
  expect(moved?.rows).toBe(4);
  expect(readEnd(path, 9)).toEqual(moved);
});

test.each([
  ["as many keys as a frame may have is read", 1 << 20, 1 << 20],
  ["one more is none", (1 << 20) + 1, 0],
])("a frame with %s", (_, rows, known) => {
  appendFrame(path, 0, rows, Array(rows).fill(identities(1)[0]));
  expect(readEnd(path, rows).rows).toBe(known);
});

test("a header that says more keys than there can be costs no memory for them", () => {
  const { first } = twoFrames();
  const broken = readFileSync(path);
  broken.writeUInt32LE(0xffff_ffff, (first?.bytes ?? 0) + 4);
  writeFileSync(path, broken);
  expect(readEnd(path, 5)).toEqual(first);
});

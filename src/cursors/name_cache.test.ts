import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openFilesIn } from "../../_dev/shared/testing/open_files.ts";
import { createMemoryNames, openNameCache } from "./name_cache.ts";

const DAY_MS = 86_400_000;
const NOW = Date.UTC(2026, 6, 20);

let folder: string;
let umask: number;
beforeEach(() => {
  // What is private must not be so by chance.
  umask = process.umask(0o022);
  folder = mkdtempSync(join(tmpdir(), "aquila-name-cache-"));
});
afterEach(() => {
  process.umask(umask);
  expect(openFilesIn(folder)).toEqual([]);
  rmSync(folder, { recursive: true });
});

test("names outlive the process, each org's apart, in a file of its owner alone", () => {
  const first = openNameCache(folder, NOW);
  first.keep("acme", new Map([["1", { at: NOW, text: "ann" }]]));
  first.keep("beta", new Map([["1", { at: NOW, text: "" }]]));
  first.keep("acme", new Map([["1", { at: NOW + 1, text: "anna" }]]));
  first.close();
  const second = openNameCache(folder, NOW);
  expect(second.find("acme", ["1", "2"])).toEqual(new Map([["1", { at: NOW + 1, text: "anna" }]]));
  expect(second.find("beta", ["1"])).toEqual(new Map([["1", { at: NOW, text: "" }]]));
  second.close();
  expect(statSync(join(folder, "names.sqlite")).mode & 0o777).toBe(0o600);
});

test("names that come together are kept together or not at all, and what can't be kept keeps nothing else from it", () => {
  const names = openNameCache(folder, NOW);
  const ann = { at: NOW, text: "ann" };
  // No time at all is what the table refuses.
  names.keep(
    "acme",
    new Map([
      ["1", ann],
      ["2", { at: Number.NaN, text: "bob" }],
    ]),
  );
  expect(names.find("acme", ["1", "2"]).size).toBe(0);
  names.keep("acme", new Map([["1", ann]]));
  expect(names.find("acme", ["1", "2"])).toEqual(new Map([["1", ann]]));
  names.close();
});

test("what was not looked up for a week is forgotten", () => {
  const first = openNameCache(folder, NOW);
  first.keep("acme", new Map([["1", { at: NOW, text: "ann" }]]));
  first.close();
  for (const [later, left] of [
    [NOW + 7 * DAY_MS, 1],
    [NOW + 7 * DAY_MS + 1, 0],
  ] as const) {
    const names = openNameCache(folder, later);
    expect(names.find("acme", ["1"]).size).toBe(left);
    names.close();
  }
});

test("several processes keep names in one file", () => {
  const [one, other] = [openNameCache(folder, NOW), openNameCache(folder, NOW)];
  one.keep("acme", new Map([["1", { at: NOW, text: "ann" }]]));
  expect(other.find("acme", ["1"]).size).toBe(1);
  one.close();
  other.close();
});

test("a file that is damaged is made anew, readable by its owner alone", () => {
  const path = join(folder, "names.sqlite");
  writeFileSync(path, "no database".repeat(1_000), { mode: 0o644 });
  const names = openNameCache(folder, NOW);
  names.keep("acme", new Map([["1", { at: NOW, text: "ann" }]]));
  names.close();
  expect(statSync(path).mode & 0o777).toBe(0o600);
  const again = openNameCache(folder, NOW);
  expect(again.find("acme", ["1"]).size).toBe(1);
  again.close();
});

test("a file that can't be opened is one without names", () => {
  mkdirSync(join(folder, "names.sqlite"));
  const names = openNameCache(folder, NOW);
  names.keep("acme", new Map([["1", { at: NOW, text: "ann" }]]));
  expect(names.find("acme", ["1"]).size).toBe(0);
  names.close();
});

test("in memory they end with the process", () => {
  const names = createMemoryNames();
  names.keep("acme", new Map([["1", { at: NOW, text: "ann" }]]));
  expect(names.find("acme", ["1"]).get("1")?.text).toBe("ann");
  names.close();
});

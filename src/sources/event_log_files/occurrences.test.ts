import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createMemoryScratch } from "../../../_dev/shared/testing/memory_ledger.ts";
import { createDiskLedger } from "../../cursors/row_ledger_disk.ts";
import { recordIdentity } from "../event_identity.ts";
import { Occurrences } from "./occurrences.ts";
import { SeenKeys } from "./seen_keys.ts";

const id = (name: string) => recordIdentity("00D000000000001AAA", "Login", name);

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "occurrences-"));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

describe("occurrences", { timeout: 60_000 }, () => {
  test("tell equal rows apart, the same way every time", () => {
    const read = () => {
      const occurrences = new Occurrences(5, createMemoryScratch);
      return ["x", "y", "x", "x", "y"].map((name) => occurrences.distinguish(id(name)));
    };
    const first = read();
    expect(first[0]).toBe(id("x"));
    expect(first[1]).toBe(id("y"));
    expect(new Set(first).size).toBe(5);
    expect(read()).toEqual(first);
  });

  test("equal rows that are 300,000 rows apart are two events, numbered as if they stood side by side", () => {
    const near = new Occurrences(10, createMemoryScratch);
    const expected = [1, 2, 3, 4].map(() => near.distinguish(id("x")));
    const occurrences = new Occurrences(300_000, () => createDiskLedger(directory).scratch());
    const found = [occurrences.distinguish(id("x")), occurrences.distinguish(id("x"))];
    for (let n = 0; n < 300_000; n += 1) {
      const own = id(`row ${n}`);
      if (occurrences.distinguish(own) !== own) {
        throw new Error(`row ${n} is taken for another`);
      }
    }
    found.push(occurrences.distinguish(id("x")), occurrences.distinguish(id("x")));
    expect(found).toEqual(expected);
    // Nothing is left behind, however the process ends.
    expect(readdirSync(join(directory, "ledger"))).toEqual([]);
    occurrences.close();
  });

  test("a file of nothing but equal rows is numbered through", () => {
    const occurrences = new Occurrences(1, createMemoryScratch);
    const all = Array.from({ length: 150_000 }, () => occurrences.distinguish(id("same")));
    expect(new Set(all).size).toBe(150_000);
  });
});

test("keys that were seen are known, and no others, though the filter is far too small", { timeout: 60_000 }, () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 2 ** 31 }), (seed) => {
      const keys = new SeenKeys(1, createMemoryScratch);
      const nth = (n: number) => 1 + ((seed * 7_919 + n * 2_654_435_761) % 2 ** 53);
      for (let n = 0; n < 400_000; n += 1) {
        if (!keys.add(nth(n))) {
          throw new Error(`key ${n} is taken for another`);
        }
      }
      for (let n = 0; n < 400_000; n += 997) {
        expect(keys.has(nth(n))).toBe(true);
        expect(keys.has(nth(n + 400_000))).toBe(false);
      }
    }),
    { numRuns: 3 },
  );
});

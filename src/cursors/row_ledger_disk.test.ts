import {
  appendFileSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { A_DAY, identities, rowLedgerContract } from "./row_ledger.contract.ts";
import { createDiskLedger } from "./row_ledger_disk.ts";
import { keyOf, smallestKey, UPPER_HALVES } from "./row_ledger_key.ts";
import { mergeKeys } from "./row_ledger_merge.ts";

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "ledger-"));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

describe("ledger on disk keeps the contract", () => {
  rowLedgerContract(
    () => createDiskLedger(directory),
    () => createDiskLedger(directory),
  );
});

/** The path of a part of the day. */
function part(name: string): string {
  const [folder = ""] = readdirSync(join(directory, "ledger"));
  return join(directory, "ledger", folder, `Login-2026-07-19.${name}`);
}

async function knownOf(of: readonly string[]): Promise<string[]> {
  const rows = await createDiskLedger(directory).open(A_DAY);
  try {
    return of.filter((identity) => rows.has(identity));
  } finally {
    rows.close();
  }
}

describe("ledger on disk", () => {
  const [a, b] = [identities("a", 400), identities("b", 400)];

  test("takes 8 bytes a row, readable by its owner only", async () => {
    const ledger = createDiskLedger(directory);
    await ledger.record(A_DAY, a);
    expect(statSync(part("rows"))).toMatchObject({ size: 3_200, mode: 0o100600 });
    (await ledger.open(A_DAY)).close();
    expect(existsSync(part("rows"))).toBe(false);
    expect(statSync(part("sorted"))).toMatchObject({ size: 3_200, mode: 0o100600 });
    expect(statSync(join(directory, "ledger")).mode & 0o077).toBe(0);
  });

  test("a batch that was cut inside a row loses that row and none behind it", async () => {
    const ledger = createDiskLedger(directory);
    await ledger.record(A_DAY, a);
    const whole = readFileSync(part("rows"));
    writeFileSync(part("rows"), whole.subarray(0, whole.length - 3));
    await ledger.record(A_DAY, b);
    expect(await knownOf([...a, ...b])).toEqual([...a.slice(0, -1), ...b]);
  });

  test("zeros that a power cut has left are no rows", async () => {
    await createDiskLedger(directory).record(A_DAY, a);
    appendFileSync(part("rows"), new Uint8Array(4_096));
    const rows = await createDiskLedger(directory).open(A_DAY);
    expect(rows.count).toBe(a.length);
    rows.close();
  });

  test.each([
    ["renaming", false, false],
    ["writing the merged file", true, false],
    ["replacing the sorted file", false, true],
  ])("a merge that was cut off after %s is done again", async (_, halfWritten, replaced) => {
    const ledger = createDiskLedger(directory);
    await ledger.record(A_DAY, a);
    (await ledger.open(A_DAY)).close();
    await ledger.record(A_DAY, b);
    copyFileSync(part("rows"), part("merging"));
    if (replaced) {
      (await ledger.open(A_DAY)).close();
      writeFileSync(part("merging"), Float64Array.from(b, keyOf));
    } else {
      rmSync(part("rows"));
    }
    if (halfWritten) {
      writeFileSync(part("next"), new Uint8Array(1_001));
    }
    const c = identities("c", 50);
    await createDiskLedger(directory).record(A_DAY, c);
    expect(await knownOf([...a, ...b, ...c])).toHaveLength(850);
    expect(readdirSync(join(part("rows"), "..")).map((name) => name.split(".")[1])).toEqual(["sorted"]);
  });

  test("a folder that can't be made is said with its cure, and what is asked later works when it can", async () => {
    writeFileSync(join(directory, "ledger"), "in the way");
    const ledger = createDiskLedger(directory);
    await expect(ledger.record(A_DAY, a)).rejects.toMatchObject({
      code: "state_unusable",
      next: { do: "retry" },
      message: expect.stringContaining(join(directory, "ledger")),
    });
    rmSync(join(directory, "ledger"));
    await ledger.record(A_DAY, a);
    expect(await knownOf(a)).toEqual(a);
  });

  test("a merge that fails leaves the rows where they were", async () => {
    const ledger = createDiskLedger(directory);
    await ledger.record(A_DAY, a);
    // A folder in the place of the file that is to be written: refused like a disk that is full.
    mkdirSync(part("sorted"));
    await expect(ledger.open(A_DAY)).rejects.toMatchObject({ code: "state_unusable" });
    rmSync(part("sorted"), { recursive: true });
    await ledger.record(A_DAY, b);
    expect(await knownOf([...a, ...b])).toHaveLength(800);
  });

  test("more rows than the pages that are kept in memory", async () => {
    const ledger = createDiskLedger(directory);
    const many = identities("many", 300_000);
    await ledger.record(A_DAY, many);
    const rows = await ledger.open(A_DAY);
    expect(rows.count).toBe(many.length);
    expect(many.every((identity) => rows.has(identity))).toBe(true);
    expect(identities("others", 10_000).some((identity) => rows.has(identity))).toBe(false);
    rows.close();
  });
});

describe("keys", () => {
  const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  const identity = fc.array(fc.nat(63), { minLength: 20, maxLength: 20 });
  const text = (sextets: readonly number[]) => sextets.map((sextet) => ALPHABET[sextet]).join("");
  /** The first 62 of 66 bits: 30, and the last 32 of the next 36. */
  const bits = (sextets: readonly number[]) =>
    (BigInt(`0b${sextets.slice(0, 5).map(binary).join("")}`) << 32n) |
    (BigInt(`0b${sextets.slice(5, 11).map(binary).join("")}`) & 0xffff_ffffn);
  const binary = (sextet: number) => sextet.toString(2).padStart(6, "0");

  test("are equal and ordered as 62 bits of the identities are", () => {
    fc.assert(
      fc.property(identity, identity, (one, other) => {
        const [a, b] = [keyOf(text(one)), keyOf(text(other))];
        expect(Math.sign(a - b) === 0 ? a === b : a < b).toBe(a === b || bits(one) < bits(other));
        expect(a === b).toBe(bits(one) === bits(other));
      }),
    );
  });

  test("lie from 0 to below the limit", () => {
    expect(keyOf("A".repeat(20))).toBe(0);
    expect(keyOf("_".repeat(20))).toBeLessThan(smallestKey(UPPER_HALVES));
    expect(smallestKey(UPPER_HALVES)).toBe(2);
  });
});

describe("merging", () => {
  test("gives every key of all files once, ascending, however few are sorted at once", async () => {
    const key = fc.integer({ min: 1, max: 2 ** 40 }).map((n) => keyOf(identities(String(n), 1)[0] ?? ""));
    const files = fc.array(fc.array(key), { minLength: 1, maxLength: 3 });
    await fc.assert(
      fc.asyncProperty(files, fc.integer({ min: 8, max: 40 }), async (keys, sortedAtOnce) => {
        const from = keys.map((of, at) => {
          const path = join(directory, String(at));
          writeFileSync(path, Float64Array.from(of));
          return path;
        });
        const to = join(directory, "to");
        await mergeKeys({ from, to, sortedAtOnce });
        const merged = new Float64Array(new Uint8Array(readFileSync(to)).buffer);
        expect([...merged]).toEqual([...new Set(keys.flat())].sort((x, y) => x - y));
      }),
    );
  });

  test("refuses what can be no hashes instead of running for ever", async () => {
    const path = join(directory, "equal");
    writeFileSync(path, new Float64Array(20).fill(1));
    await expect(mergeKeys({ from: [path], to: join(directory, "to"), sortedAtOnce: 8 })).rejects.toThrow("no hashes");
  });
});

import {
  closeSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openFilesIn } from "../../_dev/shared/testing/open_files.ts";
import { A_FILE, identities, rowLedgerContract } from "./row_ledger.contract.ts";
import { createDiskLedger } from "./row_ledger_disk.ts";
import { keyOf, smallestKey, UPPER_HALVES } from "./row_ledger_key.ts";
import { mergeKeys } from "./row_ledger_merge.ts";

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "ledger-"));
});
afterEach(() => {
  expect(openFilesIn(directory)).toEqual([]);
  rmSync(directory, { recursive: true, force: true });
});

describe("ledger on disk keeps the contract", () => {
  rowLedgerContract(
    () => createDiskLedger(directory),
    () => createDiskLedger(directory),
  );
});

/** The one file of the ledger. */
function path(): string {
  const [folder = ""] = readdirSync(join(directory, "ledger"));
  const [name = ""] = readdirSync(join(directory, "ledger", folder));
  return join(directory, "ledger", folder, name);
}

async function knownOf(of: readonly string[]): Promise<string[]> {
  const rows = await createDiskLedger(directory).open([{ file: A_FILE, rows: 1_000_000 }]);
  try {
    return of.filter((identity) => rows.has(identity));
  } finally {
    rows.close();
  }
}

describe("ledger on disk", () => {
  const [a, b] = [identities("a", 400), identities("b", 400)];
  const noteBoth = () => {
    const ledger = createDiskLedger(directory);
    ledger.note(A_FILE, 0, 400, a);
    ledger.note(A_FILE, 400, 800, b);
  };

  test("takes 8 bytes a row and 16 a batch, readable by its owner only, and leaves nothing else", async () => {
    noteBoth();
    expect(statSync(path())).toMatchObject({ size: 6_432, mode: 0o100600 });
    expect(statSync(join(directory, "ledger")).mode & 0o077).toBe(0);
    expect(await knownOf([...a, ...b])).toHaveLength(800);
    expect(readdirSync(join(directory, "ledger"))).toHaveLength(1);
  });

  test.each<[string, (bytes: Buffer) => Uint8Array, number]>([
    ["cut inside its last batch", (bytes) => bytes.subarray(0, bytes.length - 3), 400],
    ["cut inside a header", (bytes) => bytes.subarray(0, 3_216 + 7), 400],
    ["followed by zeros of a power cut", (bytes) => Buffer.concat([bytes, Buffer.alloc(4_096)]), 800],
    ["zeros from the middle on", (bytes) => Buffer.concat([bytes.subarray(0, 5_000), Buffer.alloc(1_432)]), 400],
    ["one bit off in the first batch", (bytes) => bytes.fill((bytes[999] ?? 0) ^ 4, 999, 1_000), 0],
    ["one bit off in the second header", (bytes) => bytes.fill((bytes[3_224] ?? 0) ^ 1, 3_224, 3_225), 400],
    ["something else altogether", () => Buffer.from("not a ledger at all, but some text that is long enough"), 0],
    ["empty", () => Buffer.alloc(0), 0],
  ])("a file that is %s is known up to the last whole batch, and written on from there", async (_, damage, rows) => {
    noteBoth();
    writeFileSync(path(), damage(readFileSync(path())));
    const ledger = createDiskLedger(directory);
    expect(ledger.noted({ file: A_FILE, rows: 800 })).toBe(rows);
    expect(await knownOf([...a, ...b])).toEqual([...a, ...b].slice(0, rows));
    const rest = [...a, ...b].slice(rows);
    ledger.note(A_FILE, rows, 800, rest);
    expect(await knownOf([...a, ...b])).toEqual([...a, ...b]);
  });

  test("a file that is lost or cut while the process runs is noticed", () => {
    const ledger = createDiskLedger(directory);
    ledger.note(A_FILE, 0, 400, a);
    truncateSync(path(), 100);
    ledger.note(A_FILE, 400, 800, b);
    expect(ledger.noted({ file: A_FILE, rows: 800 })).toBe(0);
    rmSync(path());
    ledger.note(A_FILE, 400, 800, b);
    expect(ledger.noted({ file: A_FILE, rows: 800 })).toBe(0);
  });

  test("a folder that can't be made is said with its cure, and what is asked later works when it can", async () => {
    writeFileSync(join(directory, "ledger"), "in the way");
    const ledger = createDiskLedger(directory);
    expect(() => ledger.note(A_FILE, 0, 400, a)).toThrow(
      expect.objectContaining({
        code: "state_unusable",
        next: { do: "retry" },
        message: expect.stringContaining(join(directory, "ledger")),
      }),
    );
    rmSync(join(directory, "ledger"));
    ledger.note(A_FILE, 0, 400, a);
    expect(await knownOf(a)).toEqual(a);
  });

  test("more rows than the pages that are kept in memory", async () => {
    const ledger = createDiskLedger(directory);
    const many = identities("many", 300_000);
    for (let at = 0; at < many.length; at += 1_000) {
      ledger.note(A_FILE, at, at + 1_000, many.slice(at, at + 1_000));
    }
    const rows = await ledger.open([{ file: A_FILE, rows: many.length }]);
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
  async function merged(files: readonly (readonly number[])[], sortedAtOnce: number): Promise<number[]> {
    const from = files.map((of, at) => {
      const path = join(directory, String(at));
      writeFileSync(path, Float64Array.from(of));
      return { path, bytes: of.length * 8 };
    });
    const path = join(directory, "to");
    const to = openSync(path, "w");
    await mergeKeys({ from, to, sortedAtOnce });
    closeSync(to);
    return [...new Float64Array(new Uint8Array(readFileSync(path)).buffer)];
  }

  test("gives every key of all files once, ascending, however few are sorted at once", async () => {
    const key = fc.integer({ min: 1, max: 2 ** 40 }).map((n) => keyOf(identities(String(n), 1)[0] ?? ""));
    const files = fc.array(fc.array(key), { minLength: 1, maxLength: 3 });
    await fc.assert(
      fc.asyncProperty(files, fc.integer({ min: 8, max: 40 }), async (keys, sortedAtOnce) => {
        expect(await merged(keys, sortedAtOnce)).toEqual([...new Set(keys.flat())].sort((x, y) => x - y));
      }),
    );
  });

  test("gives a key once that is where one range ends and the next begins", async () => {
    const keys = Array.from({ length: 16 }, (_, n) => smallestKey((UPPER_HALVES / 16) * n)).slice(1);
    for (const sortedAtOnce of [8, 10, 16]) {
      expect(await merged([keys, keys.slice(0, 1)], sortedAtOnce)).toEqual(keys);
    }
  });

  test("refuses what can be no hashes instead of running for ever", async () => {
    const path = join(directory, "equal");
    writeFileSync(path, new Float64Array(20).fill(1));
    const to = openSync(join(directory, "to"), "w");
    await expect(mergeKeys({ from: [{ path, bytes: 160 }], to, sortedAtOnce: 8 })).rejects.toThrow("no hashes");
    closeSync(to);
  });
});

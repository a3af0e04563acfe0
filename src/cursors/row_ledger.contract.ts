import { hash } from "node:crypto";
import { beforeEach, expect, test } from "vitest";
import type { LedgerFile, LedgerRows, RowLedger } from "./row_ledger.ts";

export const A_FILE: LedgerFile = { source: "acme/login", id: "0AT1", length: 900, created: Date.UTC(2026, 6, 19) };

export function identities(name: string, count: number): string[] {
  return Array.from({ length: count }, (_, n) => hash("sha256", `${name} ${n}`, "base64url").slice(0, 20));
}

/** What every ledger of rows does. `reopen`, where it has a life after the process, gives a new one on the same state. */
export function rowLedgerContract(create: () => RowLedger, reopen?: () => RowLedger): void {
  let ledger: RowLedger;
  beforeEach(() => {
    ledger = create();
  });
  const [a, b, c] = [identities("a", 700), identities("b", 1_300), identities("c", 2_000)];

  const known = async (files: readonly LedgerRows[], of: readonly string[]) => {
    const rows = await ledger.open(files);
    try {
      return of.filter((identity) => rows.has(identity));
    } finally {
      rows.close();
    }
  };
  const noted = (rows = Number.MAX_SAFE_INTEGER, file = A_FILE) => ledger.noted({ file, rows });

  test("knows nothing of a file of which nothing is noted", async () => {
    expect(noted()).toBe(0);
    const rows = await ledger.open([{ file: A_FILE, rows: 7 }]);
    expect(rows.count).toBe(0);
    expect(rows.has(a[0] ?? "")).toBe(false);
    rows.close();
    ledger.keep(A_FILE.source, []);
  });

  test("knows the rows up to the one that is asked for, and not those behind it", async () => {
    ledger.note(A_FILE, 0, 700, a);
    ledger.note(A_FILE, 700, 2_100, b);
    expect([noted(), noted(2_100), noted(2_099), noted(700), noted(699)]).toEqual([2_100, 2_100, 700, 700, 0]);
    expect(await known([{ file: A_FILE, rows: 2_100 }], [...a, ...b, ...c])).toEqual([...a, ...b]);
    expect(await known([{ file: A_FILE, rows: 700 }], [...a, ...b])).toEqual(a);
  });

  test("rows that were given and not delivered are forgotten when their file is read on from before them", async () => {
    ledger.note(A_FILE, 0, 700, a);
    ledger.note(A_FILE, 700, 2_000, b);
    ledger.note(A_FILE, 700, 2_700, c);
    expect(noted()).toBe(2_700);
    expect(await known([{ file: A_FILE, rows: 2_700 }], [...a, ...b, ...c])).toEqual([...a, ...c]);
    ledger.note(A_FILE, 0, 1_300, b);
    expect(await known([{ file: A_FILE, rows: 2_700 }], [...a, ...b, ...c])).toEqual(b);
  });

  test("notes nothing behind rows that are lacking", async () => {
    ledger.note(A_FILE, 700, 2_000, b);
    expect(noted()).toBe(0);
    ledger.note(A_FILE, 0, 700, a);
    ledger.note(A_FILE, 701, 2_000, b);
    expect(noted()).toBe(700);
    expect(await known([{ file: A_FILE, rows: 2_000 }], [...a, ...b])).toEqual(a);
  });

  test("rows without an event count, and have no identity", async () => {
    ledger.note(A_FILE, 0, 20_000, []);
    ledger.note(A_FILE, 20_000, 20_800, a);
    expect(noted()).toBe(20_800);
    const rows = await ledger.open([{ file: A_FILE, rows: 20_800 }]);
    expect(rows.count).toBe(700);
    rows.close();
  });

  test.each<[string, Partial<LedgerFile>]>([
    ["source", { source: "acme/logout" }],
    ["id", { id: "0AT2" }],
    ["length", { length: 901 }],
    ["creation", { created: A_FILE.created + 1 }],
  ])("keeps files of another %s apart, opens them together, and forgets only what it is told to", async (_, other) => {
    const another = { ...A_FILE, ...other };
    ledger.note(A_FILE, 0, 700, a);
    ledger.note(another, 0, 1_300, b);
    const both = [
      { file: A_FILE, rows: 700 },
      { file: another, rows: 1_300 },
    ];
    expect(await known(both.slice(0, 1), [...a, ...b])).toEqual(a);
    expect(await known(both, [...a, ...b, ...c])).toEqual([...a, ...b]);
    ledger.keep(A_FILE.source, [A_FILE]);
    ledger.keep(another.source, another.source === A_FILE.source ? [A_FILE, another] : []);
    expect(noted(700)).toBe(700);
    ledger.keep(A_FILE.source, []);
    expect(noted(700)).toBe(0);
  });

  test("what is open outlives being forgotten, and several readers share nothing", async () => {
    ledger.note(A_FILE, 0, 700, a);
    const wanted = [{ file: A_FILE, rows: 700 }];
    const [first, second] = await Promise.all([ledger.open(wanted), ledger.open(wanted)]);
    first.close();
    ledger.keep(A_FILE.source, []);
    expect(a.every((identity) => second.has(identity))).toBe(true);
    second.close();
  });

  test("scratches give back what was written to each, wherever it was", () => {
    const [one, other] = [ledger.scratch(), ledger.scratch()];
    one.write(Float64Array.of(1, 2, 3), 0);
    other.write(Float64Array.of(7, 8), 0);
    one.write(Float64Array.of(4, 5), 16);
    const [numbers, others] = [new Float64Array(3), new Float64Array(2)];
    one.read(numbers, 8);
    other.read(others, 0);
    expect([...numbers, ...others]).toEqual([2, 4, 5, 7, 8]);
    one.close();
    other.close();
  });

  if (reopen !== undefined) {
    test("what was noted is there for the next process, which goes on behind it", async () => {
      ledger.note(A_FILE, 0, 700, a);
      ledger = reopen();
      ledger.note(A_FILE, 700, 2_000, b);
      ledger = reopen();
      expect(await known([{ file: A_FILE, rows: 2_000 }], [...a, ...b])).toEqual([...a, ...b]);
    });
  }
}

import { hash } from "node:crypto";
import { beforeEach, expect, test } from "vitest";
import type { LedgerDay, RowLedger } from "./row_ledger.ts";

const DAY_MS = 86_400_000;
export const A_DAY: LedgerDay = { source: "acme/login", eventType: "Login", day: Date.UTC(2026, 6, 19) };

export function identities(name: string, count: number): string[] {
  return Array.from({ length: count }, (_, n) => hash("sha256", `${name} ${n}`, "base64url").slice(0, 20));
}

/** What every ledger of rows does. `reopen`, where it has a life after the process, gives a new one on the same state. */
export function rowLedgerContract(create: () => RowLedger, reopen?: () => RowLedger): void {
  let ledger: RowLedger;
  beforeEach(() => {
    ledger = create();
  });

  const known = async (day: LedgerDay, of: readonly string[]) => {
    const rows = await ledger.open(day);
    try {
      return of.filter((identity) => rows.has(identity));
    } finally {
      rows.close();
    }
  };

  test("knows nothing of a day of which nothing is recorded", async () => {
    const rows = await ledger.open(A_DAY);
    expect(rows.count).toBe(0);
    expect(rows.has(identities("a", 1)[0] ?? "")).toBe(false);
    rows.close();
    expect(await ledger.days(A_DAY.source)).toEqual([]);
    await ledger.forget(A_DAY);
  });

  test("knows exactly the rows that were recorded, however often it was opened between", async () => {
    const [a, b, c] = [identities("a", 700), identities("b", 1_300), identities("c", 2_000)];
    await ledger.record(A_DAY, a);
    expect(await known(A_DAY, [...a, ...b])).toEqual(a);
    await ledger.record(A_DAY, b.slice(0, 600));
    await ledger.record(A_DAY, b.slice(600));
    expect(await known(A_DAY, [...a, ...b, ...c])).toEqual([...a, ...b]);
    expect(await known(A_DAY, c)).toEqual([]);
  });

  test("counts a row once, however often it is recorded", async () => {
    const a = identities("a", 10);
    await ledger.record(A_DAY, [...a, ...a]);
    await ledger.record(A_DAY, a);
    for (let times = 0; times < 2; times += 1) {
      const rows = await ledger.open(A_DAY);
      expect(rows.count).toBe(10);
      rows.close();
    }
  });

  test.each<[string, Partial<LedgerDay>]>([
    ["source", { source: "acme/logout" }],
    ["event type", { eventType: "LoginAs" }],
    ["day", { day: A_DAY.day + DAY_MS }],
  ])("keeps days of another %s apart, and forgets only what it is told to", async (_, other) => {
    const another = { ...A_DAY, ...other };
    const [a, b] = [identities("a", 5), identities("b", 5)];
    await ledger.record(A_DAY, a);
    await ledger.record(another, b);
    expect(await known(A_DAY, [...a, ...b])).toEqual(a);
    expect(await known(another, [...a, ...b])).toEqual(b);
    expect(await ledger.days(A_DAY.source)).toContainEqual(A_DAY);
    await ledger.forget(A_DAY);
    expect(await known(A_DAY, a)).toEqual([]);
    expect(await known(another, b)).toEqual(b);
    expect(await ledger.days(A_DAY.source)).not.toContainEqual(A_DAY);
    expect(await ledger.days(another.source)).toEqual([another]);
  });

  test("what is recorded while a day is opened, or is open, is there at the next opening", async () => {
    const [a, b, c] = [identities("a", 500), identities("b", 500), identities("c", 500)];
    await ledger.record(A_DAY, a);
    const opening = ledger.open(A_DAY);
    const recording = ledger.record(A_DAY, b);
    const rows = await opening;
    await recording;
    await ledger.record(A_DAY, c);
    expect(a.every((identity) => rows.has(identity))).toBe(true);
    expect(c.some((identity) => rows.has(identity))).toBe(false);
    expect(await known(A_DAY, [...a, ...b, ...c])).toHaveLength(1_500);
    rows.close();
  });

  test("opens a day for several readers at once; what is open outlives being forgotten", async () => {
    const a = identities("a", 1_000);
    await ledger.record(A_DAY, a);
    const [first, second] = await Promise.all([ledger.open(A_DAY), ledger.open(A_DAY)]);
    first.close();
    await ledger.forget(A_DAY);
    expect(a.every((identity) => second.has(identity))).toBe(true);
    second.close();
  });

  if (reopen !== undefined) {
    test("what was recorded is there for the next process, merged or not", async () => {
      const [a, b] = [identities("a", 300), identities("b", 300)];
      await ledger.record(A_DAY, a);
      (await ledger.open(A_DAY)).close();
      await ledger.record(A_DAY, b);
      ledger = reopen();
      expect(await ledger.days(A_DAY.source)).toEqual([A_DAY]);
      expect(await known(A_DAY, [...a, ...b])).toEqual([...a, ...b]);
    });
  }
}

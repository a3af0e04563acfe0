import type { LedgerDay, RowLedger } from "./row_ledger.ts";

/** A ledger that ends with the process and holds every identity in memory: for tests and for a run of a known size. */
export function createMemoryLedger(): RowLedger {
  const days = new Map<string, { readonly day: LedgerDay; readonly rows: Set<string> }>();
  return {
    async record(day, identities) {
      if (identities.length === 0) {
        return;
      }
      const known = days.get(keyOf(day)) ?? { day: { ...day }, rows: new Set<string>() };
      days.set(keyOf(day), known);
      for (const identity of identities) {
        known.rows.add(identity);
      }
    },
    async open(day) {
      const rows = new Set(days.get(keyOf(day))?.rows);
      return { count: rows.size, has: (identity) => rows.has(identity), close() {} };
    },
    async days(source) {
      return [...days.values()].map(({ day }) => day).filter((day) => day.source === source);
    },
    async forget(day) {
      days.delete(keyOf(day));
    },
  };
}

function keyOf({ source, eventType, day }: LedgerDay): string {
  return JSON.stringify([source, eventType, day]);
}

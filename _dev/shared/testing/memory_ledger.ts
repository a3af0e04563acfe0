import type { LedgerFile, RowLedger, Scratch } from "../../../src/cursors/row_ledger.ts";

/** The rows behind the frame before, up to row `to`. */
interface Frame {
  readonly to: number;
  readonly identities: readonly string[];
}

/** A ledger that ends with the process and holds every identity in memory. */
export function createMemoryLedger(): RowLedger {
  const files = new Map<string, { readonly file: LedgerFile; frames: Frame[] }>();
  const framesOf = (file: LedgerFile, rows: number) =>
    (files.get(keyOf(file))?.frames ?? []).filter(({ to }) => to <= rows);
  return {
    note(file, after, to, identities) {
      const frames = framesOf(file, after);
      if ((frames.at(-1)?.to ?? 0) === after) {
        files.set(keyOf(file), { file, frames: [...frames, { to, identities: [...identities] }] });
      }
    },
    noted: ({ file, rows }) => framesOf(file, rows).at(-1)?.to ?? 0,
    async open(wanted) {
      const frames = wanted.flatMap(({ file, rows }) => framesOf(file, rows));
      const known = new Set(frames.flatMap(({ identities }) => identities));
      return { count: known.size, has: (identity) => known.has(identity), close() {} };
    },
    keep(source, kept) {
      const keys = new Set(kept.map(keyOf));
      for (const [key, { file }] of files) {
        if (file.source === source && !keys.has(key)) {
          files.delete(key);
        }
      }
    },
    scratch: createMemoryScratch,
  };
}

export function createMemoryScratch(): Scratch {
  let numbers = new Float64Array(0);
  return {
    write(more, position) {
      const start = position / more.BYTES_PER_ELEMENT;
      const before = numbers;
      numbers = new Float64Array(Math.max(before.length, start + more.length));
      numbers.set(before);
      numbers.set(more, start);
    },
    read(into, position) {
      const start = position / into.BYTES_PER_ELEMENT;
      into.set(numbers.subarray(start, start + into.length));
    },
    close() {},
  };
}

function keyOf({ source, id, length, created }: LedgerFile): string {
  return JSON.stringify([source, id, length, created]);
}

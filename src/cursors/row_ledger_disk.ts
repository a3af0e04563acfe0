import { createHash } from "node:crypto";
import {
  closeSync,
  constants,
  fstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { RETRY, RunnerError } from "../core/errors.ts";
import type { LedgerDay, RecordedRows, RowLedger } from "./row_ledger.ts";
import { KEY_BYTES, keyOf } from "./row_ledger_key.ts";
import { mergeKeys } from "./row_ledger_merge.ts";
import { SortedKeys } from "./row_ledger_sorted.ts";

const FOLDER = "ledger";
const DAY_MS = 86_400_000;

/** The files of a day: rows as they come; those that are being merged; all others, sorted; the next sorted file. */
const PARTS = ["rows", "merging", "sorted", "next"] as const;
type Part = (typeof PARTS)[number];
const FILE_NAME = /^([A-Za-z0-9_]+)-(\d{4}-\d{2}-\d{2})\.(?:rows|merging|sorted|next)$/;

/**
 * A ledger in files of the data directory that only their owner can read: 8 bytes a row, a folder for each source, and for
 * each event type and day
 *
 * - `Login-2026-07-19.rows`, to which rows are appended as they are delivered;
 * - `Login-2026-07-19.sorted`, into which `open` merges them: every row once, ascending, so that a look-up is one read.
 *
 * Rows are renamed to `.merging`, merged with the sorted ones into `.next`, and that is renamed to `.sorted`; only then
 * `.merging` is removed. At every moment each row lies in at least one file, and a merge that was cut off is done again.
 * While it merges, a day takes twice its size; nothing but the buffers of merging and looking up is in memory.
 */
export function createDiskLedger(dataDirectory: string): RowLedger {
  const root = join(dataDirectory, FOLDER);
  const merges = new Map<string, Promise<unknown>>();

  const guarded = async <T>(action: () => T | Promise<T>): Promise<T> => {
    try {
      return await action();
    } catch (error) {
      throw ledgerUnusable(root, error);
    }
  };

  /** One merge of a day at a time. */
  const inTurn = async <T>(day: LedgerDay, action: () => Promise<T>): Promise<T> => {
    const key = dayPath(root, day, "sorted");
    const turn = (merges.get(key) ?? Promise.resolve()).catch(() => {}).then(action);
    merges.set(key, turn);
    try {
      return await turn;
    } finally {
      if (merges.get(key) === turn) {
        merges.delete(key);
      }
    }
  };

  return {
    record: (day, identities) =>
      guarded(() => {
        if (identities.length > 0) {
          append(root, day, Float64Array.from(identities, keyOf));
        }
      }),
    open: (day) =>
      guarded(() =>
        inTurn(day, async () => {
          await merge(root, day);
          return openSorted(root, day);
        }),
      ),
    days: (source) => guarded(() => daysOf(root, source)),
    forget: (day) =>
      guarded(() =>
        inTurn(day, async () => {
          for (const part of PARTS) {
            rmSync(dayPath(root, day, part), { force: true });
          }
        }),
      ),
  };
}

/** Unlike `existsSync`, throws where it can't be seen. */
function exists(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) !== undefined;
}

function sourceFolder(root: string, source: string): string {
  return join(root, createHash("sha256").update(source).digest("hex").slice(0, 32));
}

function dayPath(root: string, day: LedgerDay, part: Part): string {
  const date = new Date(day.day).toISOString().slice(0, 10);
  return join(sourceFolder(root, day.source), `${day.eventType}-${date}.${part}`);
}

/**
 * Writes behind the last whole key: a part of one that a crash or a full disk has left is written over. The file is opened
 * for each batch, which costs less than a hundredth of delivering it and keeps no descriptor for each of thousands of days.
 */
function append(root: string, day: LedgerDay, keys: Float64Array): void {
  mkdirSync(sourceFolder(root, day.source), { recursive: true, mode: 0o700 });
  const descriptor = openSync(dayPath(root, day, "rows"), constants.O_WRONLY | constants.O_CREAT, 0o600);
  try {
    const size = fstatSync(descriptor).size;
    const end = size - (size % KEY_BYTES);
    for (let written = 0; written < keys.byteLength; ) {
      written += writeSync(descriptor, keys, written, keys.byteLength - written, end + written);
    }
  } finally {
    closeSync(descriptor);
  }
}

/** Merges what an earlier merge has left, then what has come since. */
async function merge(root: string, day: LedgerDay): Promise<void> {
  const merging = dayPath(root, day, "merging");
  if (exists(merging)) {
    await mergeIntoSorted(root, day);
  }
  const rows = dayPath(root, day, "rows");
  if (exists(rows)) {
    renameSync(rows, merging);
    await mergeIntoSorted(root, day);
  }
}

async function mergeIntoSorted(root: string, day: LedgerDay): Promise<void> {
  const [merging, sorted, next] = [
    dayPath(root, day, "merging"),
    dayPath(root, day, "sorted"),
    dayPath(root, day, "next"),
  ];
  try {
    await mergeKeys({ from: exists(sorted) ? [sorted, merging] : [merging], to: next });
  } catch (error) {
    rmSync(next, { force: true });
    throw error;
  }
  renameSync(next, sorted);
  rmSync(merging);
}

function openSorted(root: string, day: LedgerDay): RecordedRows {
  const path = dayPath(root, day, "sorted");
  if (!exists(path)) {
    return { count: 0, has: () => false, close() {} };
  }
  const keys = new SortedKeys(path);
  return {
    count: keys.count,
    has(identity: string) {
      try {
        return keys.has(keyOf(identity));
      } catch (error) {
        throw ledgerUnusable(root, error);
      }
    },
    close: () => keys.close(),
  };
}

function daysOf(root: string, source: string): LedgerDay[] {
  const folder = sourceFolder(root, source);
  if (!exists(folder)) {
    return [];
  }
  const days = new Map<string, LedgerDay>();
  for (const name of readdirSync(folder)) {
    const [, eventType, date] = FILE_NAME.exec(name) ?? [];
    const day = Date.parse(date ?? "");
    if (eventType !== undefined && day % DAY_MS === 0) {
      days.set(`${eventType}-${date}`, { source, eventType, day });
    }
  }
  return [...days.values()];
}

function ledgerUnusable(root: string, error: unknown): RunnerError {
  if (error instanceof RunnerError) {
    return error;
  }
  const reason = error instanceof Error ? error.message : String(error);
  return new RunnerError(
    "state_unusable",
    `The rows that are known, in ${root}, can't be read or written: ${reason}.`,
    {
      next: RETRY,
      cure: "Look at the free space and the rights of the data directory. Until then rows of daily files are sent though hourly files have brought them, and Elasticsearch leaves out those that it has.",
      cause: error,
    },
  );
}

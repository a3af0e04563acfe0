import { createHash, randomUUID } from "node:crypto";
import { closeSync, openSync, readdirSync, readSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { messageOf, RETRY, RunnerError } from "../core/errors.ts";
import { guardedBy } from "../core/guarded.ts";
import { makeFolder } from "../core/private_file.ts";
import type { LedgerFile, LedgerRows, RecordedRows, RowLedger, Scratch } from "./row_ledger.ts";
import { appendFrame, type End, readEnd, writeWhole } from "./row_ledger_frames.ts";
import { keyOf } from "./row_ledger_key.ts";
import { mergeKeys } from "./row_ledger_merge.ts";
import { SortedKeys } from "./row_ledger_sorted.ts";

const FOLDER = "ledger";
const NOTHING: End = { rows: 0, bytes: 0 };

/**
 * A ledger in files of the data directory that only their owner can read: a folder for each source, in it a file for each
 * event log file with 8 bytes a row, in the order of the rows. `open` sorts them into one file without a name, in which a look-up
 * is one read. Nothing but the buffers of sorting and looking up is in memory.
 */
export function createDiskLedger(dataDirectory: string): RowLedger {
  const root = join(dataDirectory, FOLDER);
  /** Where the files end that this process has written to. */
  const ends = new Map<string, End>();

  const guarded = guardOf(root);
  const folderOf = (source: string) => join(root, nameOf(source));
  const pathOf = ({ source, id, length, created }: LedgerFile) =>
    join(folderOf(source), nameOf(`${id} ${length} ${created}`));
  const endOf = ({ file, rows }: LedgerRows) => {
    const path = pathOf(file);
    return exists(path) ? readEnd(path, rows) : NOTHING;
  };

  return {
    note: (file, after, to, identities) =>
      guarded(() => {
        makeFolder(folderOf(file.source));
        const path = pathOf(file);
        const end = appendFrame(path, after, to, identities, ends.get(path));
        if (end !== undefined) {
          ends.set(path, end);
        }
      }),
    noted: (rows) => guarded(() => endOf(rows).rows),
    async open(files) {
      try {
        return await openSorted(
          root,
          files.map((rows) => ({ path: pathOf(rows.file), bytes: endOf(rows).bytes })),
        );
      } catch (error) {
        throw ledgerUnusable(root, error);
      }
    },
    keep: (source, files) =>
      guarded(() => {
        const folder = folderOf(source);
        const kept = new Set(files.map(pathOf));
        for (const name of exists(folder) ? readdirSync(folder) : []) {
          const path = join(folder, name);
          if (!kept.has(path)) {
            rmSync(path, { force: true });
            ends.delete(path);
          }
        }
      }),
    scratch: () => openScratch(root),
  };
}

/** Runs what may fail in the ledger's folder and throws the error that calls of a ledger throw. */
function guardOf(root: string): <T>(action: () => T) => T {
  return guardedBy((error) => ledgerUnusable(root, error));
}

function nameOf(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 32);
}

/** Unlike `existsSync`, throws where it can't be seen. */
function exists(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) !== undefined;
}

async function openSorted(
  root: string,
  from: ReadonlyArray<{ readonly path: string; readonly bytes: number }>,
): Promise<RecordedRows> {
  const filled = from.filter(({ bytes }) => bytes > 0);
  if (filled.length === 0) {
    return { count: 0, has: () => false, close() {} };
  }
  const guarded = guardOf(root);
  const descriptor = openNameless(root);
  try {
    await mergeKeys({ from: filled, to: descriptor });
    const keys = new SortedKeys(descriptor);
    return {
      count: keys.count,
      has(identity: string) {
        return guarded(() => keys.has(keyOf(identity)));
      },
      close: () => closeSync(descriptor),
    };
  } catch (error) {
    closeSync(descriptor);
    throw error;
  }
}

/** A file that loses its name at once, so that nothing of it is left when the process dies. */
function openNameless(root: string): number {
  makeFolder(root);
  const path = join(root, `nameless-${randomUUID()}`);
  const descriptor = openSync(path, "wx+", 0o600);
  rmSync(path);
  return descriptor;
}

function openScratch(root: string): Scratch {
  const guarded = guardOf(root);
  const descriptor = guarded(() => openNameless(root));
  return {
    write: (numbers, position) =>
      guarded(() => {
        writeWhole(descriptor, numbers, position);
      }),
    read: (into, position) =>
      guarded(() => {
        if (readSync(descriptor, into, 0, into.byteLength, position) < into.byteLength) {
          throw new Error("a scratch file ends early");
        }
      }),
    close: () => closeSync(descriptor),
  };
}

function ledgerUnusable(root: string, error: unknown): RunnerError {
  if (error instanceof RunnerError) {
    return error;
  }
  return new RunnerError(
    "state_unusable",
    `The rows that are known, in ${root}, can't be read or written: ${messageOf(error)}.`,
    {
      next: RETRY,
      cure: "Look at the free space and the rights of the data directory. Until then rows of daily files are sent though hourly files have brought them, and Elasticsearch leaves out those that it has.",
      cause: error,
    },
  );
}

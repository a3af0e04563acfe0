import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { GIVE_UP, messageOf, RETRY, RunnerError } from "../core/errors.ts";
import { guardedBy } from "../core/guarded.ts";
import { parsedJson } from "../core/json.ts";
import { makePrivate } from "../core/private_file.ts";
import type { CursorValue } from "./cursor.ts";
import type { CursorStore } from "./cursor_store.ts";
import { sqliteTrouble } from "./sqlite_result.ts";
import { transaction } from "./sqlite_transaction.ts";

/** The file in the data directory. */
export const CURSORS_FILE = "cursors.sqlite";
/** `PRAGMA user_version` of the layout below. A newer one is refused, never overwritten. */
const LAYOUT = 1;

const DAMAGED = `Its file ${CURSORS_FILE} is damaged: put a copy back, or take it away. Streams then begin with their initial_lookback, what is stored already is found to be there, and backfill brings what is older.`;

/**
 * Cursors in one SQLite file of the data directory, held exclusively: a second runner on the same directory is refused with
 * `data_directory_locked`, and the operating system frees the lock when the process dies, however it dies.
 *
 * Write-ahead log with `synchronous = NORMAL`: a saved cursor survives kill -9. A power cut may take the last moments back;
 * their events are then sent again and found to be there already.
 */
export function openSqliteCursors(dataDirectory: string): CursorStore {
  const database = openDatabase(dataDirectory);
  const selectEntries = database.prepare("SELECT key, value FROM cursors WHERE source = ?");
  const selectSources = database.prepare("SELECT DISTINCT source FROM cursors ORDER BY source");
  const upsert = database.prepare(
    "INSERT INTO cursors (source, key, value) VALUES (?, ?, ?) ON CONFLICT (source, key) DO UPDATE SET value = excluded.value",
  );
  const remove = database.prepare("DELETE FROM cursors WHERE source = ? AND key = ?");
  const removeAll = database.prepare("DELETE FROM cursors WHERE source = ?");

  const guarded = guardedBy((error) => stateUnusable(dataDirectory, error));

  return {
    async load(source) {
      const rows = guarded(() => selectEntries.all(source));
      return new Map(rows.map((row) => [String(row.key), parsed(String(row.value))]));
    },
    async save(source, changes) {
      const write = () => {
        for (const { key, value } of changes) {
          if (value === undefined) {
            remove.run(source, key);
          } else {
            upsert.run(source, key, JSON.stringify(value));
          }
        }
      };
      guarded(() => transaction(database, "BEGIN", write));
    },
    async sources() {
      return guarded(() => selectSources.all()).map((row) => String(row.source));
    },
    async clear(source) {
      guarded(() => removeAll.run(source));
    },
    close() {
      if (database.isOpen) {
        database.close();
      }
    },
  };
}

/** A text that is damaged is null, as nobody saves it: the source that owns the entry sets it anew. */
function parsed(text: string): CursorValue {
  return (parsedJson(text) as CursorValue | undefined) ?? null;
}

function openDatabase(dataDirectory: string): DatabaseSync {
  const path = join(dataDirectory, CURSORS_FILE);
  let database: DatabaseSync | undefined;
  try {
    makePrivate(path);
    database = new DatabaseSync(path, { timeout: 0 });
    database.exec("PRAGMA locking_mode = EXCLUSIVE");
    const layout = Number(database.prepare("PRAGMA user_version").get()?.user_version);
    if (layout > LAYOUT) {
      throw newerLayout(dataDirectory, layout);
    }
    database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; BEGIN EXCLUSIVE");
    database.exec(
      `CREATE TABLE IF NOT EXISTS cursors (source TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (source, key)) WITHOUT ROWID;
       PRAGMA user_version = ${LAYOUT}`,
    );
    database.exec("COMMIT");
    return database;
  } catch (error) {
    if (database?.isOpen) {
      database.close();
    }
    throw openingError(dataDirectory, error);
  }
}

function newerLayout(dataDirectory: string, layout: number): RunnerError {
  return new RunnerError(
    "data_directory_unusable",
    `The cursors in ${dataDirectory} were written by a newer version of the runner (layout ${layout}, this one knows ${LAYOUT}).`,
    { next: GIVE_UP, cure: "Run the newer version, or give this one a data directory of its own with --data-dir." },
  );
}

function openingError(dataDirectory: string, error: unknown): RunnerError {
  if (error instanceof RunnerError) {
    return error;
  }
  const trouble = sqliteTrouble(error);
  if (trouble === "in use") {
    return new RunnerError("data_directory_locked", `Another runner is using the data directory ${dataDirectory}.`, {
      next: GIVE_UP,
      cure: "Stop it, or give this one a data directory of its own with --data-dir.",
      cause: error,
    });
  }
  return new RunnerError(
    "data_directory_unusable",
    `The data directory ${dataDirectory} can't be used: ${messageOf(error)}.`,
    {
      next: GIVE_UP,
      cure:
        trouble === "damaged"
          ? DAMAGED
          : "It must be a folder that this user can write to, on a disk with room; choose another with --data-dir.",
      cause: error,
    },
  );
}

function stateUnusable(dataDirectory: string, error: unknown): RunnerError {
  return new RunnerError(
    "state_unusable",
    `The cursors in ${dataDirectory} can't be read or written: ${messageOf(error)}.`,
    {
      next: RETRY,
      cure:
        sqliteTrouble(error) === "damaged"
          ? DAMAGED
          : "Look at the disk's free space and health; nothing is collected until cursors can be saved.",
      cause: error,
    },
  );
}

import { rmSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { makePrivate } from "../core/private_file.ts";
import { sqliteTrouble } from "./sqlite_result.ts";

/** A writer of another process holds the file for less than this. Milliseconds. */
const LONGEST_LOCK_MS = 50;

/**
 * A SQLite file of the data directory for what may be lost: several processes share it, and its owner alone can read it. Undefined
 * where it can't be used; one that is damaged is made anew. `table` makes the table that it holds, if it is not there.
 */
export function openCacheFile(dataDirectory: string, name: string, table: string): DatabaseSync | undefined {
  return attempt(() => {
    const path = join(dataDirectory, name);
    makePrivate(path);
    try {
      return openCache(path, table);
    } catch (error) {
      if (sqliteTrouble(error) !== "damaged") {
        throw error;
      }
      for (const file of [path, `${path}-wal`, `${path}-shm`]) {
        rmSync(file, { force: true });
      }
      makePrivate(path);
      return openCache(path, table);
    }
  });
}

/** The same for any path of SQLite. */
export function openCache(path: string, table: string): DatabaseSync {
  const database = new DatabaseSync(path, { timeout: LONGEST_LOCK_MS });
  try {
    database.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF; ${table}`);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

export function closeCache(database: DatabaseSync | undefined): void {
  if (database?.isOpen === true) {
    database.close();
  }
}

/** The outcome; undefined where the file can't be used now. */
export function attempt<T>(action: () => T): T | undefined {
  try {
    return action();
  } catch {
    return undefined;
  }
}

import type { DatabaseSync } from "node:sqlite";
import { attempt, closeCache, openCache, openCacheFile } from "./cache_database.ts";
import { transaction } from "./sqlite_transaction.ts";

const FILE_NAME = "names.sqlite";
const TABLE =
  "CREATE TABLE IF NOT EXISTS names (org TEXT NOT NULL, id TEXT NOT NULL, at INTEGER NOT NULL, text TEXT NOT NULL, PRIMARY KEY (org, id)) WITHOUT ROWID";
/** What was not looked up anew for so long is of no event that still comes. */
const FORGOTTEN_AFTER_MS = 7 * 86_400_000;

/** What was found for an id. */
export interface CachedName {
  /** When, in milliseconds since the epoch. */
  readonly at: number;
  /** As whoever keeps it wrote it; "" if Salesforce shows nothing for the id. */
  readonly text: string;
}

/**
 * The names of ids, so that a restart looks nothing up again. It is a cache: where it can't be used, nothing is known and nothing
 * kept, and neither call throws.
 */
export interface NameCache {
  /** `org` names the org and the user that asks it. Ids that are not known are left out. */
  find(org: string, ids: readonly string[]): ReadonlyMap<string, CachedName>;
  keep(org: string, names: ReadonlyMap<string, CachedName>): void;
  close(): void;
}

/** Names in a SQLite file of the data directory, which its owner alone can read. */
export function openNameCache(dataDirectory: string, now: number): NameCache {
  const database = openCacheFile(dataDirectory, FILE_NAME, TABLE);
  attempt(() => database?.prepare("DELETE FROM names WHERE at < ?").run(now - FORGOTTEN_AFTER_MS));
  return createNameCache(database);
}

/** Names that end with the process. */
export function createMemoryNames(): NameCache {
  return createNameCache(openCache(":memory:", TABLE));
}

function createNameCache(database: DatabaseSync | undefined): NameCache {
  const select = database?.prepare("SELECT at, text FROM names WHERE org = ? AND id = ?");
  const upsert = database?.prepare(
    "INSERT INTO names (org, id, at, text) VALUES (?, ?, ?, ?) ON CONFLICT (org, id) DO UPDATE SET at = excluded.at, text = excluded.text",
  );
  return {
    find(org, ids) {
      const found = new Map<string, CachedName>();
      attempt(() => {
        for (const id of ids) {
          const row = select?.get(org, id);
          if (row !== undefined) {
            found.set(id, { at: Number(row.at), text: String(row.text) });
          }
        }
      });
      return found;
    },
    keep(org, names) {
      if (database === undefined) {
        return;
      }
      const write = () => {
        for (const [id, { at, text }] of names) {
          upsert?.run(org, id, at, text);
        }
      };
      attempt(() => transaction(database, "BEGIN IMMEDIATE", write));
    },
    close: () => closeCache(database),
  };
}

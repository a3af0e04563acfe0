import { attempt, closeCache, openCacheFile } from "./cache_database.ts";
import type { CallHours } from "./call_hours.ts";

const FILE_NAME = "api_calls.sqlite";
const TABLE =
  "CREATE TABLE IF NOT EXISTS calls (org TEXT NOT NULL, hour INTEGER NOT NULL, count INTEGER NOT NULL, PRIMARY KEY (org, hour)) WITHOUT ROWID";

/** The counts of all orgs of a data directory. */
export interface CallCounts {
  /** `org` names the org and the user that calls it. */
  of(org: string): CallHours;
  close(): void;
}

/**
 * Counts in a SQLite file of the data directory that several processes share, unlike the cursors: a backfill counts in it
 * beside the runner. Where the file can't be used, each process counts for itself.
 */
export function openCallCounts(dataDirectory: string): CallCounts {
  const database = openCacheFile(dataDirectory, FILE_NAME, TABLE);
  const upsert = database?.prepare(
    "INSERT INTO calls (org, hour, count) VALUES (?, ?, ?) ON CONFLICT (org, hour) DO UPDATE SET count = count + excluded.count",
  );
  const select = database?.prepare("SELECT hour, count FROM calls WHERE org = ? AND hour >= ?");
  const forget = database?.prepare("DELETE FROM calls WHERE org = ? AND hour < ?");

  return {
    of(org) {
      const unsaved = new Map<number, number>();
      let known = new Map<number, number>();
      return {
        add(hour) {
          unsaved.set(hour, (unsaved.get(hour) ?? 0) + 1);
          for (const [each, count] of unsaved) {
            if (attempt(() => upsert?.run(org, each, count)) !== undefined) {
              unsaved.delete(each);
              known.set(each, (known.get(each) ?? 0) + count);
            }
          }
        },
        since(first) {
          const rows = attempt(() => select?.all(org, first));
          if (rows !== undefined) {
            known = new Map(rows.map(({ hour, count }) => [Number(hour), Number(count)]));
            attempt(() => forget?.run(org, first));
          }
          const counts = new Map([...known].filter(([hour]) => hour >= first));
          for (const [hour, count] of unsaved) {
            counts.set(hour, (counts.get(hour) ?? 0) + count);
          }
          return counts;
        },
      };
    },
    close: () => closeCache(database),
  };
}

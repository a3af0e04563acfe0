import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { GIVE_UP, messageOf, RETRY, RunnerError } from "../core/errors.ts";
import { guardedBy } from "../core/guarded.ts";
import { makePrivate } from "../core/private_file.ts";
import type { KeptEvents } from "./kept_events.ts";
import { sqliteTrouble } from "./sqlite_result.ts";
import { transaction } from "./sqlite_transaction.ts";

const FILE_NAME = "kept_events.sqlite";
/** `PRAGMA user_version` of the layout below. A newer one is refused, never overwritten. */
const LAYOUT = 1;
/** A writer of another process holds the file for less than this. Milliseconds. */
const LONGEST_LOCK_MS = 1_000;
const LONGEST_REASON = 1_000;

/** Bytes of events that a data directory keeps: some hundred thousand events. */
const MOST_BYTES = 256 * 1024 * 1024;

/** The store of a data directory as a SQLite file, which a backfill uses beside the runner. Throws `data_directory_unusable`. */
export function openKeptEvents(dataDirectory: string, mostBytes = MOST_BYTES): KeptEvents {
  const database = openDatabase(dataDirectory);
  const insert = database.prepare(
    "INSERT INTO kept_events (source, stream, id, since, bytes, reason, json) VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (source, stream, id) DO NOTHING",
  );
  const total = database.prepare("SELECT coalesce(sum(bytes), 0) AS bytes FROM kept_events");
  const known = database.prepare("SELECT 1 FROM kept_events WHERE source = ? AND stream = ? AND id = ?");
  const select = database.prepare("SELECT * FROM kept_events WHERE source = ? AND serial > ? ORDER BY serial");
  const remove = database.prepare("DELETE FROM kept_events WHERE serial = ?");
  const removeAll = database.prepare("DELETE FROM kept_events WHERE source = ?");
  const sum = database.prepare(
    "SELECT count(*) AS events, sum(bytes) AS bytes, min(since) AS since FROM kept_events WHERE source = ?",
  );
  const newest = database.prepare("SELECT reason FROM kept_events WHERE source = ? ORDER BY serial DESC LIMIT 1");
  const sources = database.prepare("SELECT DISTINCT source FROM kept_events ORDER BY source");

  const guarded = guardedBy((error) => stateUnusable(dataDirectory, error));
  const inOne = <T>(action: () => T): T => guarded(() => transaction(database, "BEGIN IMMEDIATE", action));

  return {
    mostBytes,
    keep(source, events, now) {
      return inOne(() => {
        const fresh = events.filter(({ event }) => known.get(source, event.index, event.id) === undefined);
        if (fresh.length > 0 && Number(total.get()?.bytes) >= mostBytes) {
          return false;
        }
        for (const { event, reason } of fresh) {
          const bytes = Buffer.byteLength(event.json);
          insert.run(source, event.index, event.id, now, bytes, reason.slice(0, LONGEST_REASON), event.json);
        }
        return true;
      });
    },
    read(source, behind, bytes) {
      return guarded(() => {
        const found = [];
        let size = 0;
        for (const row of select.iterate(source, behind)) {
          size += Number(row.bytes);
          if (size > bytes && found.length > 0) {
            break;
          }
          const event = { index: String(row.stream), id: String(row.id), json: String(row.json) };
          found.push({ serial: Number(row.serial), event, reason: String(row.reason) });
        }
        return found;
      });
    },
    forget(serials) {
      if (serials.length > 0) {
        inOne(() => {
          for (const serial of serials) {
            remove.run(serial);
          }
        });
      }
    },
    clear(source) {
      guarded(() => removeAll.run(source));
    },
    of(source) {
      return guarded(() => {
        const { events, bytes, since } = sum.get(source) ?? {};
        return Number(events) === 0
          ? undefined
          : {
              events: Number(events),
              bytes: Number(bytes),
              since: Number(since),
              reason: String(newest.get(source)?.reason),
            };
      });
    },
    sources() {
      return guarded(() => sources.all()).map((row) => String(row.source));
    },
    close() {
      if (database.isOpen) {
        database.close();
      }
    },
  };
}

function openDatabase(dataDirectory: string): DatabaseSync {
  const path = join(dataDirectory, FILE_NAME);
  let database: DatabaseSync | undefined;
  try {
    makePrivate(path);
    database = new DatabaseSync(path, { timeout: LONGEST_LOCK_MS });
    const layout = Number(database.prepare("PRAGMA user_version").get()?.user_version);
    if (layout > LAYOUT) {
      throw new Error(`a newer version of the runner has written it (layout ${layout}, this one knows ${LAYOUT})`);
    }
    // What is kept here is nowhere else once its cursor is saved, so that it has to survive a power cut too.
    database.exec(
      `PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
       CREATE TABLE IF NOT EXISTS kept_events (serial INTEGER PRIMARY KEY AUTOINCREMENT, source TEXT NOT NULL, stream TEXT NOT NULL, id TEXT NOT NULL,
         since INTEGER NOT NULL, bytes INTEGER NOT NULL, reason TEXT NOT NULL, json TEXT NOT NULL, UNIQUE (source, stream, id));
       CREATE INDEX IF NOT EXISTS kept_events_by_source ON kept_events (source, bytes, since);
       PRAGMA user_version = ${LAYOUT}`,
    );
    return database;
  } catch (error) {
    if (database?.isOpen) {
      database.close();
    }
    throw new RunnerError("data_directory_unusable", `The kept events in ${path} can't be used: ${messageOf(error)}.`, {
      next: GIVE_UP,
      cure:
        sqliteTrouble(error) === "damaged"
          ? "The file is damaged: put a copy back, or take it away; the events that it kept are lost then."
          : "It must be a file that this user can write to, on a disk with room; choose another place with --data-dir.",
      cause: error,
    });
  }
}

function stateUnusable(dataDirectory: string, error: unknown): RunnerError {
  return new RunnerError(
    "state_unusable",
    `The kept events in ${dataDirectory} can't be read or written: ${messageOf(error)}.`,
    {
      next: RETRY,
      cure: "Look at the disk's free space and health; nothing more is collected until refused events can be kept.",
      cause: error,
    },
  );
}

import { isoTime } from "../../core/clock.ts";
import type { CursorChange, CursorEntries, CursorValue } from "../../cursors/cursor.ts";
import { entriesAnew, isOfThisOrg } from "../own_entries.ts";
import { type FailedPart, type PartFailure, readFailure } from "../part_failure.ts";
import type { ReadingOrder, Window } from "./window.ts";

/**
 * Identities that are remembered between rounds, two pages of a query: looking for late records costs a busy org no more than
 * two API calls in each round, and reaches less far back there.
 */
export const MOST_REMEMBERED = 4_000;

const DELIVERED_KEY = "delivered:";
const FAILED_KEY = "failed:";

/** Identities of delivered records, of the times `oldest` to `newest`. Milliseconds since the epoch. */
export interface Delivered {
  readonly newest: number;
  readonly oldest: number;
  readonly ids: readonly string[];
}

/** A piece of a window that could not be read. It lies behind the cursor and is asked for apart. */
export interface FailedWindow extends Window {
  readonly failure: PartFailure;
}

/** What the entries of an object's source say. */
export interface ObjectCursor {
  readonly organizationId: string;
  /** Nothing up to this moment will be asked for again. */
  readonly after: number;
  /** A window behind `after` that is read newest first: of it, what is older than `reached`, and `reached` itself, is open. */
  readonly open: { readonly to: number; readonly reached: number } | undefined;
  /** What has been delivered of the time that will be asked for again, by its key. */
  readonly delivered: ReadonlyMap<string, Delivered>;
  /** By its key. */
  readonly failed: ReadonlyMap<string, FailedWindow>;
}

/** A cursor and the changes that led to it. */
export interface Moved {
  readonly cursor: ObjectCursor;
  readonly changes: readonly CursorChange[];
}

/** A position is never ahead of the time at which it was saved; what two answers of Salesforce tell may differ by a little. */
const TOLERANCE_MS = 60_000;

/**
 * The entries without those that can't be meant, as a position later than `latest` (milliseconds since the epoch), and the
 * keys of these. Entries of another organization are left as they are.
 */
export function soundEntries(
  entries: CursorEntries,
  organizationId: string,
  latest: number,
): { readonly entries: CursorEntries; readonly damaged: readonly string[] } {
  if (!isOfThisOrg(entries, organizationId)) {
    return { entries, damaged: [] };
  }
  const isTime = (value: unknown) => Number.isFinite(value) && Number(value) <= latest + TOLERANCE_MS;
  const isPositionSound = isTime(entries.get("after"));
  const isSound = (key: string, value: CursorValue): boolean => {
    const { to, reached, newest, oldest, ids } = (value ?? {}) as Record<string, unknown>;
    switch (key) {
      case "after":
        return isPositionSound;
      case "open":
        return isPositionSound && isTime(to) && isTime(reached);
      default:
        if (key.startsWith(FAILED_KEY)) {
          return readFailedWindow(value) !== undefined;
        }
        return (
          !key.startsWith(DELIVERED_KEY) ||
          (Number.isFinite(newest) &&
            Number.isFinite(oldest) &&
            Array.isArray(ids) &&
            ids.every((id) => typeof id === "string"))
        );
    }
  };
  const damaged = [...entries].flatMap(([key, value]) => (isSound(key, value) ? [] : [key]));
  const isKept = ([key]: readonly [string, CursorValue]) => !damaged.includes(key);
  return damaged.length === 0 ? { entries, damaged } : { entries: new Map([...entries].filter(isKept)), damaged };
}

/** Reads the entries. Those of another organization are none: then, and without a position, the cursor begins behind `after`. */
export function readObjectCursor(entries: CursorEntries, organizationId: string, after: number): ObjectCursor {
  if (!isOfThisOrg(entries, organizationId)) {
    return { organizationId, after, open: undefined, delivered: new Map(), failed: new Map() };
  }
  const delivered = new Map<string, Delivered>();
  const failed = new Map<string, FailedWindow>();
  for (const [key, value] of entries) {
    const window = key.startsWith(FAILED_KEY) ? readFailedWindow(value) : undefined;
    if (window !== undefined) {
      failed.set(key, window);
    } else if (key.startsWith(DELIVERED_KEY)) {
      delivered.set(key, value as unknown as Delivered);
    }
  }
  return {
    organizationId,
    after: Number(entries.get("after") ?? after),
    open: entries.get("open") as unknown as ObjectCursor["open"],
    delivered,
    failed,
  };
}

/** The changes of a first round: they replace whatever another organization left, and set a position where there is none. */
export function firstObjectChanges(entries: CursorEntries, cursor: ObjectCursor): CursorChange[] {
  if (isOfThisOrg(entries, cursor.organizationId)) {
    return entries.has("after") ? [] : [{ key: "after", value: cursor.after }];
  }
  return [...entriesAnew(entries, cursor.organizationId), { key: "after", value: cursor.after }];
}

/** One new record of a page, with its identity. */
export interface DeliveredRecord {
  readonly id: string;
  /** Milliseconds since the epoch. */
  readonly time: number;
}

/** How far a window has come. */
export interface WindowProgress {
  readonly window: Window;
  /** What of it has not been given yet. */
  readonly rest: Window;
  /** As in Horizon. */
  readonly settledTo: number;
  readonly order: ReadingOrder;
}

/**
 * After records of a window have been delivered. A window in which nothing can appear any more needs only the place reached
 * and the identities at its edge. Any other is read again from its beginning, so all its identities are kept.
 */
export function afterRecords(
  cursor: ObjectCursor,
  progress: WindowProgress,
  records: readonly DeliveredRecord[],
): Moved {
  const { window, rest, settledTo, order } = progress;
  const isSettled = window.to <= settledTo;
  const moved = remembering(cursor, isSettled ? atEdge(records, rest, order) : records);
  if (!isSettled || isSame(rest, window)) {
    return changed(cursor, moved);
  }
  return order === "newest first"
    ? changed(cursor, { ...moved, open: { to: window.to, reached: rest.to } })
    : changed(cursor, { ...moved, after: Math.max(cursor.after, rest.after) });
}

/**
 * After a window has been delivered, or kept apart, up to `settledTo` at least, as a whole if `isWhole`, and before it everything
 * from `cursor.after` on in the same round.
 */
export function afterWindow(cursor: ObjectCursor, window: Window, settledTo: number, isWhole = true): Moved {
  const reached = isWhole ? Math.max(settledTo, edgeOfMemory(cursor)) : settledTo;
  const after = Math.max(cursor.after, Math.min(window.to, reached));
  return changed(cursor, { ...cursor, after, open: undefined });
}

/** After a piece of a window could not be read: it is kept apart. */
export function afterFailure(cursor: ObjectCursor, piece: Window, failure: PartFailure): Moved {
  const { after, to } = piece;
  const failed = new Map(cursor.failed).set(nextKey(FAILED_KEY, cursor.failed), { after, to, failure });
  return changed(cursor, { ...cursor, failed });
}

/** After records of a window that had failed have been delivered. */
export function afterFailedRecords(
  cursor: ObjectCursor,
  { key, rest, order }: { readonly key: string; readonly rest: Window; readonly order: ReadingOrder },
  records: readonly DeliveredRecord[],
): Moved {
  const moved = remembering(cursor, atEdge(records, rest, order));
  const known = cursor.failed.get(key);
  const failed = known === undefined ? cursor.failed : new Map(cursor.failed).set(key, { ...known, ...rest });
  return changed(cursor, { ...moved, failed });
}

/** After a window that had failed has been read, but for pieces of it that are kept apart. */
export function afterFailedWindow(cursor: ObjectCursor, key: string): Moved {
  const failed = new Map(cursor.failed);
  failed.delete(key);
  return changed(cursor, { ...cursor, failed });
}

/** A window that could not be read, for people. */
export function failedWindow(object: string, key: string, { after, to, failure }: FailedWindow): FailedPart {
  const [from, until] = [after, to].map(isoTime);
  const id = `${object}/${key.slice(FAILED_KEY.length)}`;
  return { id, name: `${object} of ${from} to ${until} (${id})`, failure };
}

/** The windows of the entries that could not be read. */
export function failedWindows(entries: CursorEntries, object: string): FailedPart[] {
  return [...entries].flatMap(([key, value]) => {
    const window = key.startsWith(FAILED_KEY) ? readFailedWindow(value) : undefined;
    return window === undefined ? [] : [failedWindow(object, key, window)];
  });
}

/** What has a window that failed tried in the next round, by the id of `failedWindow`; nothing for another. */
export function retryWindowChanges(entries: CursorEntries, object: string, id: string): CursorChange[] {
  const key = id.startsWith(`${object}/`) ? FAILED_KEY + id.slice(object.length + 1) : "";
  const window = readFailedWindow(entries.get(key) ?? null);
  if (window === undefined) {
    return [];
  }
  const value = { ...window, failure: { ...window.failure, retryAt: 0 } };
  return [{ key, value: value as unknown as CursorValue }];
}

function readFailedWindow(value: CursorValue): FailedWindow | undefined {
  const { after, to, failure } = (value ?? {}) as Record<string, unknown>;
  const known = readFailure(failure);
  return Number.isSafeInteger(after) && Number.isSafeInteger(to) && known !== undefined
    ? { after: Number(after), to: Number(to), failure: known }
    : undefined;
}

/** Where to go on: the rest of the open window, or nothing and the moment behind which the next window begins. */
export function whereToGoOn(cursor: ObjectCursor): { readonly window: Window; readonly rest: Window } {
  const window = { after: cursor.after, to: cursor.open?.to ?? cursor.after };
  return { window, rest: { after: cursor.after, to: cursor.open?.reached ?? cursor.after } };
}

/** The moment before which identities would be more than can be remembered. */
function edgeOfMemory({ delivered, after }: ObjectCursor): number {
  let ids = 0;
  const ahead = [...delivered.values()].filter(({ newest }) => newest > after);
  for (const { newest, ids: more } of ahead.sort((a, b) => b.newest - a.newest)) {
    ids += more.length;
    if (ids > MOST_REMEMBERED) {
      return newest;
    }
  }
  return Number.NEGATIVE_INFINITY;
}

/** Whether no query of this cursor can bring the records again. */
function isForgettable({ newest, oldest }: Delivered, { after, open, failed }: ObjectCursor): boolean {
  const isBehind = newest <= after || (open !== undefined && oldest > open.reached && newest <= open.to);
  return isBehind && [...failed.values()].every((window) => newest <= window.after || oldest > window.to);
}

/** The records of the time at which the rest of a window begins: these alone can come again. */
function atEdge(records: readonly DeliveredRecord[], rest: Window, order: ReadingOrder): readonly DeliveredRecord[] {
  const edge = order === "newest first" ? rest.to : rest.after + 1;
  return records.filter(({ time }) => time === edge);
}

function remembering(cursor: ObjectCursor, records: readonly DeliveredRecord[]): ObjectCursor {
  if (records.length === 0) {
    return cursor;
  }
  const times = records.map(({ time }) => time);
  const entry = { newest: Math.max(...times), oldest: Math.min(...times), ids: records.map(({ id }) => id) };
  return { ...cursor, delivered: new Map(cursor.delivered).set(nextKey(DELIVERED_KEY, cursor.delivered), entry) };
}

function changed(before: ObjectCursor, moved: ObjectCursor): Moved {
  const delivered = new Map([...moved.delivered].filter(([, entry]) => !isForgettable(entry, moved)));
  return {
    cursor: { ...moved, delivered },
    changes: [
      ...(moved.after === before.after ? [] : [{ key: "after", value: moved.after }]),
      ...(moved.open === before.open ? [] : [{ key: "open", value: moved.open }]),
      ...entryChanges(before.delivered, delivered),
      ...entryChanges(before.failed, moved.failed),
    ],
  };
}

function entryChanges(before: ReadonlyMap<string, object>, now: ReadonlyMap<string, object>): CursorChange[] {
  const set = [...now].filter(([key, value]) => before.get(key) !== value);
  const forgotten = [...before.keys()].filter((key) => !now.has(key));
  return [
    ...set.map(([key, value]) => ({ key, value: value as CursorValue })),
    ...forgotten.map((key) => ({ key, value: undefined })),
  ];
}

function nextKey(prefix: string, entries: ReadonlyMap<string, unknown>): string {
  const serials = [...entries.keys()].map((key) => Number(key.slice(prefix.length)));
  return `${prefix}${Math.max(0, ...serials) + 1}`;
}

function isSame(a: Window, b: Window): boolean {
  return a.after === b.after && a.to === b.to;
}

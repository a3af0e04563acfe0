import type { CursorChange, CursorEntries, CursorValue } from "../cursors/cursor.ts";
import type { ReadingOrder, Window } from "./window.ts";

/**
 * Identities that are remembered between rounds, two pages of a query: looking for late records costs a busy org no more than
 * two API calls in each round, and reaches less far back there.
 */
export const MOST_REMEMBERED = 4_000;

const DELIVERED_KEY = "delivered:";

/** Identities of delivered records, of the times `oldest` to `newest`. Milliseconds since the epoch. */
export interface Delivered {
  readonly newest: number;
  readonly oldest: number;
  readonly ids: readonly string[];
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

/** Whether the entries are of this organization; those of another one tell nothing. */
export function isOfThisOrg(entries: CursorEntries, organizationId: string): boolean {
  return entries.get("organization") === organizationId;
}

/** Reads the entries. Those of another organization are none: then, and without a position, the cursor begins behind `after`. */
export function readObjectCursor(entries: CursorEntries, organizationId: string, after: number): ObjectCursor {
  if (!isOfThisOrg(entries, organizationId)) {
    return { organizationId, after, open: undefined, delivered: new Map() };
  }
  const delivered = new Map<string, Delivered>();
  for (const [key, value] of entries) {
    if (key.startsWith(DELIVERED_KEY)) {
      delivered.set(key, value as unknown as Delivered);
    }
  }
  return {
    organizationId,
    after: Number(entries.get("after") ?? after),
    open: entries.get("open") as unknown as ObjectCursor["open"],
    delivered,
  };
}

/** The changes of a first round: they replace whatever another organization left, and set a position where there is none. */
export function firstObjectChanges(entries: CursorEntries, cursor: ObjectCursor): CursorChange[] {
  if (isOfThisOrg(entries, cursor.organizationId)) {
    return entries.has("after") ? [] : [{ key: "after", value: cursor.after }];
  }
  return [
    ...[...entries.keys()].map((key) => ({ key, value: undefined })),
    { key: "organization", value: cursor.organizationId },
    { key: "after", value: cursor.after },
  ];
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
  const edge = order === "newest first" ? rest.to : rest.after + 1;
  const kept = isSettled ? records.filter(({ time }) => time === edge) : records;
  const delivered = new Map(cursor.delivered);
  if (kept.length > 0) {
    const times = kept.map(({ time }) => time);
    const ids = kept.map(({ id }) => id);
    delivered.set(nextKey(delivered), { newest: Math.max(...times), oldest: Math.min(...times), ids });
  }
  const moved = { ...cursor, delivered };
  if (!isSettled || isSame(rest, window)) {
    return changed(cursor, moved);
  }
  return order === "newest first"
    ? changed(cursor, { ...moved, open: { to: window.to, reached: rest.to } })
    : changed(cursor, { ...moved, after: Math.max(cursor.after, rest.after) });
}

/** After a whole window has been delivered, and before it everything from `cursor.after` on in the same round. */
export function afterWindow(cursor: ObjectCursor, window: Window, settledTo: number): Moved {
  const after = Math.max(cursor.after, Math.min(window.to, Math.max(settledTo, edgeOfMemory(cursor.delivered))));
  return changed(cursor, { ...cursor, after, open: undefined });
}

/** Where to go on: the rest of the open window, or nothing and the moment behind which the next window begins. */
export function whereToGoOn(cursor: ObjectCursor): { readonly window: Window; readonly rest: Window } {
  const window = { after: cursor.after, to: cursor.open?.to ?? cursor.after };
  return { window, rest: { after: cursor.after, to: cursor.open?.reached ?? cursor.after } };
}

/** The moment before which identities would be more than can be remembered. */
function edgeOfMemory(delivered: ReadonlyMap<string, Delivered>): number {
  let ids = 0;
  for (const { newest, ids: more } of [...delivered.values()].sort((a, b) => b.newest - a.newest)) {
    ids += more.length;
    if (ids > MOST_REMEMBERED) {
      return newest;
    }
  }
  return Number.NEGATIVE_INFINITY;
}

/** Whether no query of this cursor can bring the records again. */
function isForgettable({ newest, oldest }: Delivered, { after, open }: ObjectCursor): boolean {
  return newest <= after || (open !== undefined && oldest > open.reached && newest <= open.to);
}

function changed(before: ObjectCursor, moved: ObjectCursor): Moved {
  const delivered = new Map([...moved.delivered].filter(([, entry]) => !isForgettable(entry, moved)));
  const added = [...delivered].filter(([key]) => !before.delivered.has(key));
  const forgotten = [...before.delivered.keys()].filter((key) => !delivered.has(key));
  return {
    cursor: { ...moved, delivered },
    changes: [
      ...(moved.after === before.after ? [] : [{ key: "after", value: moved.after }]),
      ...(moved.open === before.open ? [] : [{ key: "open", value: moved.open }]),
      ...added.map(([key, value]) => ({ key, value: value as unknown as CursorValue })),
      ...forgotten.map((key) => ({ key, value: undefined })),
    ],
  };
}

function nextKey(delivered: ReadonlyMap<string, Delivered>): string {
  const serials = [...delivered.keys()].map((key) => Number(key.slice(DELIVERED_KEY.length)));
  return `${DELIVERED_KEY}${Math.max(0, ...serials) + 1}`;
}

function isSame(a: Window, b: Window): boolean {
  return a.after === b.after && a.to === b.to;
}

import type { CursorChange, CursorEntries, CursorValue } from "../cursors/cursor.ts";
import type { EventLogFile } from "../org/log_file_body.ts";

const DAY_MS = 86_400_000;

/** "Log files can be created within three days of generation" (REST API Developer Guide, Event Log Files). */
const LOOK_BACK_MS = 3 * DAY_MS;

/** How far one file has been delivered. Times in milliseconds since the epoch. */
export interface FileProgress {
  readonly eventType: string;
  readonly interval: "hourly" | "daily";
  readonly length: number;
  readonly logDate: number;
  readonly created: number;
  /** Data rows that are acknowledged. */
  readonly rows: number;
  /** Of these, the ones that no other file had brought, without rejected ones. */
  readonly lacked: number;
  readonly done: boolean;
}

/** What the entries of an event log file source say. */
export interface ListingCursor {
  readonly organizationId: string;
  /** The earliest LogDate that is wanted: set in the first round, kept for ever. */
  readonly start: number;
  /** Every file made up to this moment has been dealt with. */
  readonly createdAfter: number | undefined;
  readonly files: ReadonlyMap<string, FileProgress>;
}

const FILE_KEY = "file:";

/**
 * Reads the entries. Those of another organization (the policy's input now logs in to another org) are none. What is
 * wanted starts with the UTC day of `first`, because a daily file carries its day's first moment.
 */
export function readListingCursor(entries: CursorEntries, organizationId: string, first: number): ListingCursor {
  const foreign = entries.get("organization") !== organizationId;
  if (foreign) {
    return { organizationId, start: first - (first % DAY_MS), createdAfter: undefined, files: new Map() };
  }
  const files = new Map<string, FileProgress>();
  for (const [key, value] of entries) {
    if (key.startsWith(FILE_KEY)) {
      files.set(key.slice(FILE_KEY.length), value as unknown as FileProgress);
    }
  }
  const createdAfter = entries.get("created_after");
  return {
    organizationId,
    start: Number(entries.get("start")),
    createdAfter: typeof createdAfter === "number" ? createdAfter : undefined,
    files,
  };
}

/** The changes of a first round: they replace whatever another organization left. */
export function firstChanges(entries: CursorEntries, cursor: ListingCursor): CursorChange[] {
  if (entries.get("organization") === cursor.organizationId) {
    return [];
  }
  return [
    ...[...entries.keys()].map((key) => ({ key, value: undefined })),
    { key: "organization", value: cursor.organizationId },
    { key: "start", value: cursor.start },
  ];
}

/** The earliest LogDate of the next listing; see soql.ts. */
export function logDateFrom(cursor: ListingCursor, now: number): number {
  return cursor.createdAfter === undefined ? cursor.start : Math.max(cursor.start, now - LOOK_BACK_MS);
}

/** How far a file has come; undefined if nothing of it is open. A file of another length is a new one. */
export function openProgress(cursor: ListingCursor, file: EventLogFile): FileProgress | undefined {
  const known = cursor.files.get(file.id);
  if (known === undefined || known.length !== file.length) {
    return progressOf(file, { rows: 0, lacked: 0, done: false });
  }
  return known.done ? undefined : known;
}

export function fileChange(file: EventLogFile, state: Pick<FileProgress, "rows" | "lacked" | "done">): CursorChange {
  return { key: FILE_KEY + file.id, value: progressOf(file, state) as unknown as CursorValue };
}

function progressOf(
  { eventType, interval, length, logDate, created }: EventLogFile,
  { rows, lacked, done }: Pick<FileProgress, "rows" | "lacked" | "done">,
): FileProgress {
  return { eventType, interval, length, logDate, created, rows, lacked, done };
}

/** First moment of the UTC day of a LogDate. */
export function dayOf(logDate: number): number {
  return logDate - (logDate % DAY_MS);
}

/**
 * The changes at the end of a round: the moment up to which every listed file is done, and the entries that no listing will
 * need again. `listed` in the order of creation; `open` are those that could not be finished.
 */
export function roundChanges(
  cursor: ListingCursor,
  listed: readonly EventLogFile[],
  open: ReadonlySet<string>,
  now: number,
): CursorChange[] {
  const firstOpen = listed.findIndex((file) => open.has(file.id));
  const settled = firstOpen === -1 ? listed.at(-1) : listed[firstOpen - 1];
  const createdAfter = Math.max(
    settled === undefined ? Number.NEGATIVE_INFINITY : settled.created - 1,
    cursor.createdAfter ?? Number.NEGATIVE_INFINITY,
  );
  if (!Number.isFinite(createdAfter)) {
    return [];
  }
  const oldestListed = logDateFrom({ ...cursor, createdAfter }, now);
  const forgotten = [...cursor.files].filter(
    ([id, file]) => file.logDate < oldestListed && file.created <= createdAfter && !open.has(id),
  );
  return [
    ...(createdAfter === cursor.createdAfter ? [] : [{ key: "created_after", value: createdAfter }]),
    ...forgotten.map(([id]) => ({ key: FILE_KEY + id, value: undefined })),
  ];
}

import type { CursorChange, CursorEntries, CursorValue } from "../../cursors/cursor.ts";
import { entriesAnew, forgotten, isOfThisOrg } from "../own_entries.ts";
import { type FailedPart, type PartFailure, readFailure } from "../part_failure.ts";
import type { EventLogFile } from "./body.ts";

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
  /** Salesforce no longer has it. What it has brought is known as long as that of a file that is done. */
  readonly gone?: true | undefined;
  /** Versions of the file that this one has replaced, and how many of their rows were delivered. */
  readonly earlier?: readonly FileVersion[] | undefined;
  /** Of the attempts since the last success; undefined if there was none. */
  readonly failure?: PartFailure | undefined;
}

export interface FileVersion {
  readonly length: number;
  readonly created: number;
  readonly rows: number;
}

/** Replaced versions that are remembered; a file is replaced once or twice. */
const MOST_VERSIONS = 8;

/** What the entries of an event log file source say. */
export interface ListingCursor {
  readonly organizationId: string;
  /** The earliest LogDate that is wanted: set in the first round, kept for ever. */
  readonly start: number;
  /** Every file made up to this moment has been dealt with, or is parked. */
  readonly createdAfter: number | undefined;
  readonly files: ReadonlyMap<string, FileProgress>;
  /** Keys of entries that can't be meant. */
  readonly damaged: readonly string[];
}

const FILE_KEY = "file:";

/** Milliseconds since the epoch, by Salesforce's clock. */
export interface ListingTimes {
  readonly now: number;
  /** What is wanted starts with the UTC day of this moment, because a daily file carries its day's first moment. */
  readonly first: number;
}

/**
 * Reads the entries. Those of another organization (the policy's input now logs in to another org) are none. An entry that
 * can't be meant, as a start in the future, is as none, and named.
 */
export function readListingCursor(
  entries: CursorEntries,
  organizationId: string,
  { now, first }: ListingTimes,
): ListingCursor {
  const anew = dayOf(first);
  if (!isOfThisOrg(entries, organizationId)) {
    return { organizationId, start: anew, createdAfter: undefined, files: new Map(), damaged: [] };
  }
  const damaged: string[] = [];
  const time = (key: string): number | undefined => {
    const value = entries.get(key);
    if (typeof value === "number" && value <= now + DAY_MS) {
      return value;
    }
    if (value !== undefined) {
      damaged.push(key);
    }
    return undefined;
  };
  const files = new Map<string, FileProgress>();
  for (const [key, value] of entries) {
    if (key.startsWith(FILE_KEY)) {
      const progress = readProgress(value);
      if (progress === undefined) {
        damaged.push(key);
      } else {
        files.set(key.slice(FILE_KEY.length), progress);
      }
    }
  }
  return { organizationId, start: time("start") ?? anew, createdAfter: time("created_after"), files, damaged };
}

function readProgress(value: CursorValue): FileProgress | undefined {
  const entry = (value ?? {}) as Record<string, unknown>;
  const isOne =
    typeof entry.eventType === "string" &&
    (entry.interval === "hourly" || entry.interval === "daily") &&
    ["length", "logDate", "created", "rows", "lacked"].every((name) => Number.isSafeInteger(entry[name])) &&
    typeof entry.done === "boolean";
  if (!isOne) {
    return undefined;
  }
  const progress = { ...entry, failure: readFailure(entry.failure), earlier: readVersions(entry.earlier) };
  return progress as unknown as FileProgress;
}

function readVersions(value: unknown): readonly FileVersion[] | undefined {
  const versions = Array.isArray(value) ? value : [];
  const isOne = (version: unknown) =>
    ["length", "created", "rows"].every((name) =>
      Number.isSafeInteger((version as Record<string, unknown> | null)?.[name]),
    );
  return versions.length > 0 && versions.every(isOne) ? versions : undefined;
}

/**
 * The changes at the beginning of a round: in the first one they replace whatever another organization left, later they
 * replace what was damaged.
 */
export function firstChanges(entries: CursorEntries, cursor: ListingCursor): CursorChange[] {
  const start = { key: "start", value: cursor.start };
  if (isOfThisOrg(entries, cursor.organizationId)) {
    const mended = cursor.damaged.map(forgotten);
    return entries.get("start") === cursor.start ? mended : [...mended, start];
  }
  return [...entriesAnew(entries, cursor.organizationId), start];
}

/** The earliest LogDate of the next listing; see soql.ts. */
export function logDateFrom(cursor: ListingCursor, now: number): number {
  return cursor.createdAfter === undefined ? cursor.start : Math.max(cursor.start, now - LOOK_BACK_MS);
}

/** How far a file has come; undefined if nothing of it is open. A file of another length or creation is a new one. */
export function openProgress(cursor: ListingCursor, file: EventLogFile): FileProgress | undefined {
  const known = cursor.files.get(file.id);
  if (known === undefined) {
    return progressOf(file, { rows: 0, lacked: 0, done: false });
  }
  if (known.length !== file.length || known.created !== file.created) {
    const { length, created, rows, earlier = [] } = known;
    const versions = [...earlier, { length, created, rows }].slice(-MOST_VERSIONS);
    return progressOf(file, { rows: 0, lacked: 0, done: false, earlier: versions });
  }
  return known.done ? undefined : known;
}

type FileState = Pick<FileProgress, "rows" | "lacked" | "done" | "failure" | "earlier">;

export function fileChange(file: EventLogFile, state: FileState): CursorChange {
  return { key: FILE_KEY + file.id, value: progressOf(file, state) as unknown as CursorValue };
}

/** Whether more of a file is waited for. */
export function isOpen({ done, gone }: Pick<FileProgress, "done" | "gone">): boolean {
  return !done && gone !== true;
}

/** Waits no longer for a file that Salesforce no longer has; another may have its rows, so what it has brought stays known. */
export function goneChange([id, { failure: _, ...progress }]: readonly [string, FileProgress]): CursorChange {
  const hasBrought = progress.rows > 0 || progress.earlier !== undefined;
  return {
    key: FILE_KEY + id,
    value: hasBrought ? ({ ...progress, gone: true } as unknown as CursorValue) : undefined,
  };
}

function progressOf(
  { eventType, interval, length, logDate, created }: EventLogFile,
  { rows, lacked, done, failure, earlier }: FileState,
): FileProgress {
  return {
    ...{ eventType, interval, length, logDate, created, rows, lacked, done },
    ...(failure === undefined ? {} : { failure }),
    ...(earlier === undefined ? {} : { earlier }),
  };
}

/** Names an event type and day. */
export function spanOfDay({ eventType, logDate }: Pick<FileProgress, "eventType" | "logDate">): string {
  return `${eventType} ${dayOf(logDate)}`;
}

/** A file that could not be read, for people. */
export function failedFile(id: string, eventType: string, failure: PartFailure): FailedPart {
  return { id, name: `Event log file ${id} (${eventType})`, failure };
}

/** The files of the entries that could not be read. */
export function failedFiles(entries: CursorEntries): FailedPart[] {
  return [...entries].flatMap(([key, value]) => {
    const progress = key.startsWith(FILE_KEY) ? readProgress(value) : undefined;
    return progress?.failure === undefined
      ? []
      : [failedFile(key.slice(FILE_KEY.length), progress.eventType, progress.failure)];
  });
}

/** What has a file that failed tried in the next round; nothing for another. */
export function retryFileChanges(entries: CursorEntries, id: string): CursorChange[] {
  const progress = readProgress(entries.get(FILE_KEY + id) ?? null);
  return progress?.failure === undefined
    ? []
    : [
        {
          key: FILE_KEY + id,
          value: { ...progress, failure: { ...progress.failure, retryAt: 0 } } as unknown as CursorValue,
        },
      ];
}

/** First moment of the UTC day of a LogDate. */
export function dayOf(logDate: number): number {
  return logDate - (logDate % DAY_MS);
}

/**
 * The changes at the end of a round: the moment up to which every listed file is done, and the entries that no listing will
 * need again, nor any file of their day that is not read yet. `listed` in the order of creation; `open` are those that are
 * still waited for.
 */
export function roundChanges(
  cursor: ListingCursor,
  listed: readonly EventLogFile[],
  open: ReadonlySet<string>,
  now: number,
): CursorChange[] {
  const unread = new Set([
    ...listed.filter(({ id }) => open.has(id)).map(spanOfDay),
    ...[...cursor.files.values()].filter(isOpen).map(spanOfDay),
  ]);
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
  const past = [...cursor.files].filter(
    ([id, file]) =>
      !isOpen(file) &&
      file.logDate < oldestListed &&
      file.created <= createdAfter &&
      !open.has(id) &&
      !unread.has(spanOfDay(file)),
  );
  return [
    ...(createdAfter === cursor.createdAfter ? [] : [{ key: "created_after", value: createdAfter }]),
    ...past.map(([id]) => forgotten(FILE_KEY + id)),
  ];
}

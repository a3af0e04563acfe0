import type { CursorEntries } from "../cursors/cursor.ts";
import type { KeptSum } from "../cursors/kept_events.ts";
import { failedFiles, isOpen, readListingCursor } from "../sources/event_log_files/progress.ts";
import { failedWindows, readObjectCursor } from "../sources/objects/progress.ts";
import { type FailedPart, isParked } from "../sources/part_failure.ts";

/** Where one source stands. Times are ISO texts. */
export interface Position {
  readonly stream: string;
  /** `EventLogFile`, or the object's name. */
  readonly source: string;
  readonly organization: string;
  /** Everything made, or that happened, up to here has been delivered; undefined before the first complete round. */
  readonly until: string | undefined;
  /** Of the files of the last days. */
  readonly files?: { readonly done: number; readonly open: number; readonly rowsOfOpen: number };
  /** Files or windows that could not be read. A parked one is tried once a day, another ever more rarely. */
  readonly failed: readonly {
    /** For --retry. */
    readonly id: string;
    readonly name: string;
    readonly attempts: number;
    readonly parked: boolean;
    readonly nextAttempt: string;
    readonly cause: string;
  }[];
  /** Events that have no place in Elasticsearch. */
  readonly kept?: {
    readonly events: number;
    readonly bytes: number;
    readonly since: string;
    readonly reason: string;
  };
  /** A window that is being read, newest first. */
  readonly window?: { readonly to: string; readonly reached: string };
}

/** Reads the entries of a source as the source itself does. Pure. */
export function describePosition(
  { stream, object }: { readonly stream: string; readonly object: string | undefined },
  entries: CursorEntries,
  sum?: KeptSum,
): Position {
  const kept = sum === undefined ? {} : { kept: { ...sum, since: iso(sum.since) ?? "" } };
  const organization = String(entries.get("organization") ?? "");
  if (object === undefined) {
    const { files, createdAfter } = readListingCursor(entries, organization, {
      now: Number.POSITIVE_INFINITY,
      first: 0,
    });
    const open = [...files.values()].filter(isOpen);
    return {
      stream,
      source: "EventLogFile",
      organization,
      until: iso(createdAfter),
      files: {
        done: files.size - open.length,
        open: open.length,
        rowsOfOpen: open.reduce((sum, { rows }) => sum + rows, 0),
      },
      failed: failedFiles(entries).map(shownFailure),
      ...kept,
    };
  }
  const { after, open } = readObjectCursor(entries, organization, 0);
  return {
    stream,
    source: object,
    organization,
    until: iso(after),
    ...(open === undefined ? {} : { window: { to: iso(open.to) ?? "", reached: iso(open.reached) ?? "" } }),
    failed: failedWindows(entries, object).map(shownFailure),
    ...kept,
  };
}

function shownFailure({ id, name, failure }: FailedPart): Position["failed"][number] {
  const nextAttempt = iso(failure.retryAt) ?? "";
  return { id, name, attempts: failure.attempts, parked: isParked(failure), nextAttempt, cause: failure.text };
}

/** A position as lines for people. Pure. */
export function positionLines({
  stream,
  source,
  organization,
  until,
  files,
  failed = [],
  window,
  kept,
}: Position): string[] {
  const where = until === undefined ? "first round not complete" : `complete up to ${until}`;
  const parts = [
    ...(files === undefined
      ? []
      : [
          `${files.done} files done, ${files.open} begun${files.open === 0 ? "" : ` (${files.rowsOfOpen} rows delivered)`}`,
        ]),
    ...(window === undefined
      ? []
      : [`reading ${until ?? ""} to ${window.to}, newest first, down to ${window.reached}`]),
  ];
  return [
    [`${stream} · ${source} of ${organization}: ${where}`, ...parts].join("; "),
    ...failed.map(
      ({ name, attempts, parked, nextAttempt, cause }) =>
        `  ${parked ? "parked" : "failed"}: ${name}, ${attempts} attempts, next at ${nextAttempt}: ${cause}`,
    ),
    ...(kept === undefined
      ? []
      : [`  kept: ${kept.events} events (${kept.bytes} bytes) without a place, since ${kept.since}: ${kept.reason}`]),
  ];
}

function iso(time: number | undefined): string | undefined {
  return time === undefined ? undefined : new Date(time).toISOString();
}

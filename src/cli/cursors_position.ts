import { isoTime } from "../core/clock.ts";
import type { CursorEntries } from "../cursors/cursor.ts";
import type { KeptSum } from "../cursors/kept_events.ts";
import { iso } from "../sources/fact.ts";
import { type FailedPart, isParked } from "../sources/part_failure.ts";
import type { SourceName } from "./source_id.ts";

/** Where one source stands. Times are ISO texts. */
export interface Position {
  readonly stream: string;
  /** As reports call it. */
  readonly source: string;
  readonly organization: string;
  /** Everything made, or that happened, up to here has been delivered; undefined before the first complete round. */
  readonly until: string | undefined;
  /** Parts (files, windows) that could not be read. A parked one is tried once a day, another ever more rarely. */
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
}

/** A position for programs, with what its kind adds, and for people. */
export interface ShownPosition {
  readonly json: Position & Readonly<Record<string, unknown>>;
  readonly lines: readonly string[];
}

/** Reads the entries of a source as the source itself does. Pure. */
export function describePosition(
  { stream, kind, part }: SourceName,
  entries: CursorEntries,
  sum?: KeptSum,
): ShownPosition {
  const kept = sum === undefined ? {} : { kept: { ...sum, since: isoTime(sum.since) } };
  const organization = String(entries.get("organization") ?? "");
  const { until, untilOf, details, lines } = kind.position(entries, organization);
  const position: Position = {
    stream,
    source: kind.nameOf(part),
    organization,
    until: iso(until),
    failed: kind.failed(entries, part).map(shownFailure),
    ...kept,
  };
  const { failed, ...rest } = position;
  return { json: { ...rest, ...details, failed }, lines: positionLines(position, untilOf, lines) };
}

function shownFailure({ id, name, failure }: FailedPart): Position["failed"][number] {
  const nextAttempt = isoTime(failure.retryAt);
  return { id, name, attempts: failure.attempts, parked: isParked(failure), nextAttempt, cause: failure.text };
}

function positionLines(
  { stream, source, organization, until, failed, kept }: Position,
  untilOf: string | undefined,
  parts: readonly string[],
): string[] {
  const complete = untilOf === undefined ? "complete" : `complete for ${untilOf}`;
  const where = until === undefined ? "first round not complete" : `${complete} up to ${until}`;
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

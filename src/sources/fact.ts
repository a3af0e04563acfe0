import type { ApiCalls } from "../core/api_calls.ts";
import { isoTime } from "../core/clock.ts";
import type { ErrorCode, RunnerError } from "../core/errors.ts";
import type { StreamId } from "../core/event.ts";
import type { LogLevel } from "../core/log.ts";

/**
 * What happens to a source, told as it happens: from it come log lines, the status, the progress display and the collector's
 * events. Its name says which one it is, and is unique among all kinds. Times in milliseconds since the epoch.
 */
export interface AnyFact {
  readonly fact: string;
  readonly [detail: string]: unknown;
}

export type Tell<F extends AnyFact = AnyFact> = (fact: F) => void;

/** What a fact means to those who hear of it. What is left out, it does not concern. */
export interface Meaning<F> {
  /** As a line of the log. */
  line(fact: F, now: number): { readonly level: LogLevel; readonly message: string };
  /** The report of its source after it. */
  report?(report: StreamReport, fact: F): StreamReport;
  /** How far the source is collected after it. */
  coverage?(known: Coverages, fact: F): Coverages;
  /** What it says of how far a run is. */
  work?(fact: F): Work;
  /** A part of the source (a file) that is begun, or that is over. */
  begins?(fact: F): string;
  ends?(fact: F): string;
  /** The collector's event of it, if it is worth one: what the periodic events count is not. */
  readonly event?: { readonly code: string; of(fact: F, about: Told): FactEvent };
}

/** What each of these facts means. */
export type Meanings<F extends AnyFact> = { readonly [N in F["fact"]]: Meaning<Called<F, N>> };

/** The facts among `F` that may have this name. */
type Called<F, N> = F extends { readonly fact: infer M } ? (N extends M ? F : never) : never;

/** What is known where an event is made of a fact. */
export interface Told {
  readonly stream: StreamId;
  /** Name of the source. */
  readonly source: string;
  readonly now: number;
  /** When the part that the fact ends was begun. */
  readonly begunAt: number | undefined;
  readonly message: string;
}

/** What an event of the collector says besides its code, time, source and message. */
export interface FactEvent {
  /** Equal for reports of the same occurrence, so that one that is sent again is not stored again. */
  readonly identity: readonly (string | number)[];
  readonly outcome?: "success" | "failure";
  readonly error?: { readonly code: string; readonly message: string } | undefined;
  /** What it took, or the time that its counts are about. */
  readonly start?: number | undefined;
  readonly end?: number | undefined;
  /** Where what it is about comes from, as the events of the stream itself say it. */
  readonly origin?: { readonly provider?: string; readonly collection: Readonly<Record<string, unknown>> };
  readonly values?: CollectorValues;
}

/** What stands below `salesforce.collector`, in the form that its data stream declares: times as text, durations in ms. */
export interface CollectorValues {
  readonly event_type?: string;
  readonly health?: string;
  readonly attempt?: number;
  readonly next_attempt?: string | undefined;
  readonly columns?: readonly string[];
  readonly replaced_characters?: number;
  readonly covered_until?: string | undefined;
  readonly newest_event?: string | undefined;
  readonly hours_without_file?: readonly string[];
  readonly gaps?: readonly string[];
  readonly window?: number;
  readonly dropped_reports?: number;
  readonly files?: Readonly<Partial<Record<"listed" | "open" | "collected" | "failed" | "gone", number>>>;
  readonly rows?: Readonly<Partial<Record<RowCount, number>>>;
  readonly rounds?: Readonly<Record<"failed", number>>;
  readonly lag?: Readonly<
    Partial<Record<"creation" | "collection" | "newest_event" | "open_file", number | undefined>>
  >;
  readonly bytes?: number;
  readonly api?: ApiCalls & { readonly used_pct: number };
  readonly lease?: LeaseValues;
  readonly connection?: ConnectionValues | undefined;
}

interface ConnectionValues {
  readonly since: string | undefined;
  readonly heard: string | undefined;
  readonly newest_event: string | undefined;
  readonly lag: number | undefined;
}

interface LeaseValues {
  readonly holder: string;
  readonly term: number;
  readonly since: string | undefined;
  readonly taken_from: string | undefined;
}

type RowCount = "created" | "existing" | "refused" | "rejected" | "read" | "lacked" | "foreign" | "possibly_doubled";

/** `degraded` heals by itself, `failed` needs a person. */
export type Health = "starting" | "healthy" | "degraded" | "failed";

/** Where one stream stands. Times in milliseconds since the epoch. */
export interface StreamReport {
  readonly stream: StreamId;
  readonly health: Health;
  /** Cause and cure; empty while healthy. */
  readonly message: string;
  /** Of the error that the message tells; undefined while healthy. */
  readonly errorCode: ErrorCode | undefined;
  /** Why this machine's clock needs to be set; undefined while it is right. */
  readonly clockError: RunnerError | undefined;
  /** What the source has to do without while it goes on; undefined while it lacks nothing. */
  readonly lackError: RunnerError | undefined;
  /** That another runner collects the same; undefined while none is known to. */
  readonly twiceError: RunnerError | undefined;
  readonly filesDone: number;
  /** Attempts to read a file that failed. */
  readonly filesFailed: number;
  readonly filesGone: number;
  readonly roundsFailed: number;
  readonly rowsCreated: number;
  readonly rowsExisting: number;
  readonly rowsRefused: number;
  readonly rowsRejected: number;
  /** Events that may be stored twice, since the runner was started. */
  readonly rowsPossiblyDoubled: number;
  /** Events that are kept in the data directory: Elasticsearch has no place for them, or none by the policy. */
  readonly eventsKept: number;
  readonly nextAttemptAt: number | undefined;
  /** Of a source that is pushed to; undefined without. */
  readonly connection?: Connection;
}

/** How a connection does over which events are pushed. Times in milliseconds since the epoch. */
export interface Connection {
  /** Undefined while there is none; what was last known of it stays. */
  readonly since: number | undefined;
  /** The last sign of life, whether or not with events. */
  readonly lastHeard?: number;
  /** When the newest event happened, and how long after that it was here. */
  readonly newestEvent?: number;
  readonly lag?: number;
}

/**
 * How far a part of a source has been collected: an object, or the files of one event type and interval. Of files it tells the
 * look-back of the last listing, and what earlier ones knew that it no longer holds. Times in milliseconds since the epoch.
 */
export interface Coverage {
  /** Event type or object. */
  readonly eventType: string;
  /** Of files; undefined without. */
  readonly interval: "hourly" | "daily" | undefined;
  /** Files that Salesforce lists, and of these the ones that are not collected, with when they were created. */
  readonly listed: number;
  readonly open: ReadonlyMap<string, { readonly created: number }>;
  /** End of the newest time that is collected. */
  readonly coveredUntil: number | undefined;
  /** The newest event that a file held. */
  readonly newestEvent: number | undefined;
  /** Hours that the listed files are about; none for daily files. */
  readonly hours: ReadonlySet<number>;
}

/** By what they are of. */
export type Coverages = ReadonlyMap<string, Coverage>;

/** What a run has to do, and what of it is done. */
export interface Work {
  /** Files that are to be read or have been. */
  readonly expected?: readonly { readonly id: string; readonly length: number }[];
  /** The id of one that needs no more reading. */
  readonly done?: string;
  readonly rows?: number;
  readonly rejected?: number;
}

/** An error as the collector's events have it. */
export function errorOf(error: RunnerError): { readonly code: string; readonly message: string } {
  return { code: error.code, message: error.text };
}

/** A time as the collector's events have it. */
export function iso(time: number | undefined): string | undefined {
  return time === undefined ? undefined : isoTime(time);
}

/** The latest of the times that are known. */
export function latest(times: readonly (number | undefined)[]): number | undefined {
  const known = times.filter((time) => time !== undefined);
  return known.length === 0 ? undefined : Math.max(...known);
}

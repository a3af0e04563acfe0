import type { ApiCalls } from "../core/api_calls.ts";
import { isoTime } from "../core/clock.ts";
import type { FileFacts } from "../core/fact.ts";
import type { Stream } from "../policy/policy.ts";

/** One thing that a stream collects: its event log files, or an object. */
export interface CollectedSource {
  readonly stream: Stream;
  /** `EventLogFile` or the object's name. */
  readonly name: string;
}

/** `event.code` of what is reported here; a rejected row and a refused event are written where they are met. */
export const COLLECTOR_EVENT_CODES = [
  "api_budget",
  "characters_replaced",
  "clock_compared",
  "coverage",
  "cursors_mended",
  "drift",
  "file_collected",
  "file_failed",
  "file_gone",
  "file_parked",
  "file_unusable",
  "foreign_rows",
  "gap",
  "hourly_files_missing",
  "possibly_doubled",
  "reconciled",
  "reconciliation_resumed",
  "reconciliation_suspended",
  "round_failed",
  "stream_status",
  "window_failed",
  "window_halved",
  "window_parked",
] as const;
export type CollectorEventCode = (typeof COLLECTOR_EVENT_CODES)[number];

/**
 * Something the runner reports of itself, before it is written as a document of the collector's data stream. Times in
 * milliseconds since the epoch.
 */
export interface CollectorEvent {
  readonly code: CollectorEventCode;
  readonly time: number;
  /** Undefined where it is about the whole org. */
  readonly source: CollectedSource | undefined;
  /** Equal for reports of the same occurrence, so that one that is sent again is not stored again. */
  readonly identity: readonly (string | number)[];
  /** What a person reads. */
  readonly message: string;
  readonly outcome?: "success" | "failure";
  readonly error?: { readonly code: string; readonly message: string } | undefined;
  /** What it took, or the time that its counts are about. */
  readonly start?: number | undefined;
  readonly end?: number | undefined;
  readonly file?: FileFacts;
  readonly interval?: "hourly" | "daily" | undefined;
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
  readonly files?: Readonly<Record<"listed" | "open", number> | Record<"collected" | "failed" | "gone", number>>;
  readonly rows?: Readonly<
    | Record<"read" | "rejected", number>
    | Record<"foreign", number>
    | Record<"possibly_doubled", number>
    | Record<"read" | "lacked", number>
    | Record<RowOutcome, number>
    | Record<"foreign", number>
  >;
  readonly rounds?: Readonly<Record<"failed", number>>;
  readonly lag?: Readonly<
    Partial<Record<"creation" | "collection" | "newest_event" | "open_file", number | undefined>>
  >;
  readonly bytes?: number;
  readonly api?: ApiCalls & { readonly used_pct: number };
}

type RowOutcome = "created" | "existing" | "refused" | "rejected";

/** Those that come again by themselves; the others are told once. */
export function isPeriodic({ code }: CollectorEvent): boolean {
  return code === "stream_status" || code === "coverage" || code === "api_budget";
}

/** A time as the documents have it. */
export function iso(time: number | undefined): string | undefined {
  return time === undefined ? undefined : isoTime(time);
}

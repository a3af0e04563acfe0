import type { ApiCalls } from "../core/api_calls.ts";
import type { RunnerError } from "../core/errors.ts";
import type { Fact, FileFacts } from "../core/fact.ts";
import type { Stream } from "../policy/policy.ts";
import { type Coverage, hoursWithoutFile } from "./coverage.ts";
import type { StreamReport } from "./report.ts";
import { sentence } from "./sentence.ts";

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
  "coverage",
  "drift",
  "file_collected",
  "file_failed",
  "file_gone",
  "gap",
  "hourly_files_missing",
  "reconciled",
  "reconciliation_resumed",
  "reconciliation_suspended",
  "round_failed",
  "stream_status",
  "window_halved",
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
    Record<"read" | "rejected", number> | Record<"read" | "lacked", number> | Record<RowOutcome, number>
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

/**
 * The event of a fact, if it is worth one: what the periodic events count is not. `openedAt` is when the fact's file was
 * opened. Pure.
 */
export function eventOfFact(
  fact: Fact,
  source: CollectedSource,
  now: number,
  openedAt?: number,
): CollectorEvent | undefined {
  const told = { time: now, source, message: sentence(fact, now).message };
  const { id } = source.stream;
  switch (fact.fact) {
    case "file_done":
      return {
        ...told,
        ...aboutFile(fact.file, "file_collected"),
        outcome: "success",
        start: openedAt,
        end: now,
        values: {
          event_type: fact.file.eventType,
          bytes: fact.file.length,
          rows: { read: fact.rows, rejected: fact.rejected },
          newest_event: iso(fact.newestEvent),
          lag: {
            creation: fact.file.created - fact.file.logDate,
            collection: now - fact.file.created,
            newest_event: fact.newestEvent === undefined ? undefined : now - fact.newestEvent,
          },
        },
      };
    case "file_failed":
      return {
        ...told,
        ...aboutFile(fact.file, "file_failed", now),
        outcome: "failure",
        error: errorOf(fact.error),
        values: { event_type: fact.file.eventType, bytes: fact.file.length, attempt: fact.attempt },
      };
    case "file_gone":
      return { ...told, ...aboutFile(fact.file, "file_gone"), values: { event_type: fact.file.eventType } };
    case "replaced_characters":
      return {
        ...told,
        ...aboutFile(fact.file, "characters_replaced"),
        values: { event_type: fact.file.eventType, replaced_characters: fact.count },
      };
    case "reconciled":
      return {
        ...told,
        ...aboutFile(fact.file, "reconciled"),
        outcome: fact.lacked === 0 ? "success" : "failure",
        values: {
          event_type: fact.file.eventType,
          rows: { read: fact.rows, lacked: fact.lacked },
        },
      };
    case "gap":
      return {
        ...told,
        ...aboutFile(fact.file, "gap"),
        outcome: "failure",
        values: { event_type: fact.file.eventType, gaps: fact.hours.map(hourText) },
      };
    case "ledger_refused":
      return {
        ...told,
        code: "reconciliation_suspended",
        identity: [id, now],
        outcome: "failure",
        error: errorOf(fact.error),
      };
    case "ledger_usable":
      return { ...told, code: "reconciliation_resumed", identity: [id, now] };
    case "unknown_columns":
      return {
        ...told,
        code: "drift",
        identity: [id, fact.eventType, ...fact.columns],
        values: { event_type: fact.eventType, columns: fact.columns },
      };
    case "column_left_out":
      return {
        ...told,
        code: "drift",
        identity: [id, fact.object, "left out", fact.column],
        values: { event_type: fact.object, columns: [fact.column] },
      };
    case "window_halved":
      return {
        ...told,
        code: "window_halved",
        identity: [id, fact.object, now],
        error: errorOf(fact.error),
        values: { event_type: fact.object, window: fact.width },
      };
    case "no_hourly_files":
      return { ...told, code: "hourly_files_missing", identity: [id, dayOf(now)] };
    case "round_failed":
      return {
        ...told,
        code: "round_failed",
        identity: [id, source.name, now],
        outcome: "failure",
        error: errorOf(fact.error),
        values: { next_attempt: iso(Number.isFinite(fact.nextAttemptAt) ? fact.nextAttemptAt : undefined) },
      };
    case "listed":
    case "file_opened":
    case "row_rejected":
    case "window_done":
    case "delivered":
    case "round_done":
      return undefined;
  }
}

/** Where a source stands, with what has happened since an earlier report of it. Pure. */
export function statusEvent(
  source: CollectedSource,
  { from, since }: { readonly from: StreamReport; readonly since: number },
  report: StreamReport,
  now: number,
  droppedReports: number,
): CollectorEvent {
  const { health, message, errorCode } = report;
  return {
    code: "stream_status",
    time: now,
    source,
    identity: [source.stream.id, source.name, since, now],
    message: `${source.stream.dataStream.dataset}, ${source.name}: ${health}. ${message}`.trimEnd(),
    ...(health === "starting" ? {} : { outcome: health === "healthy" ? "success" : "failure" }),
    error: errorCode === undefined ? undefined : { code: errorCode, message },
    start: since,
    end: now,
    values: {
      health,
      next_attempt: iso(report.nextAttemptAt),
      files: {
        collected: report.filesDone - from.filesDone,
        failed: report.filesFailed - from.filesFailed,
        gone: report.filesGone - from.filesGone,
      },
      rows: {
        created: report.rowsCreated - from.rowsCreated,
        existing: report.rowsExisting - from.rowsExisting,
        refused: report.rowsRefused - from.rowsRefused,
        rejected: report.rowsRejected - from.rowsRejected,
      },
      rounds: { failed: report.roundsFailed - from.roundsFailed },
      dropped_reports: droppedReports,
    },
  };
}

/** How far an event type and interval, or an object, is collected. Pure. */
export function coverageEvent(source: CollectedSource, coverage: Coverage, now: number): CollectorEvent {
  const { eventType, interval, listed, open, coveredUntil, newestEvent } = coverage;
  const newest = newestEvent ?? coveredUntil;
  const waiting = [...open.values()].map(({ created }) => created);
  const subject = interval === undefined ? eventType : `${eventType} (${interval})`;
  const until = coveredUntil === undefined ? "not yet collected" : `collected up to ${iso(coveredUntil)}`;
  return {
    code: "coverage",
    time: now,
    source,
    identity: [source.stream.id, eventType, interval ?? "", now],
    message: `${subject} is ${until}${open.size === 0 ? "" : `; ${open.size} of ${listed} files are still to read`}.`,
    interval,
    values: {
      event_type: eventType,
      covered_until: iso(coveredUntil),
      newest_event: iso(newestEvent),
      lag: {
        newest_event: newest === undefined ? undefined : now - newest,
        open_file: waiting.length === 0 ? undefined : now - Math.min(...waiting),
      },
      ...(interval === undefined
        ? {}
        : {
            files: { listed, open: open.size },
            hours_without_file: hoursWithoutFile(coverage).map(hourText),
          }),
    },
  };
}

/** What the org's API allocation is used for. Pure. */
export function apiBudgetEvent(inputId: string, api: ApiCalls, now: number): CollectorEvent {
  const { used, allocation, share, calls, forecast } = api;
  return {
    code: "api_budget",
    time: now,
    source: undefined,
    identity: [inputId, now],
    message:
      `${used} of the org's ${allocation} API calls of 24 hours are used, ${calls} of them by this integration, which may use ` +
      `${share}. At this pace it makes ${forecast.calls} calls a day, and the org will stand at ${forecast.used} when the day ends.`,
    values: { api: { ...api, used_pct: allocation === 0 ? 0 : used / allocation } },
  };
}

/** Without a time there is one event for all attempts at the file. */
function aboutFile(
  file: FileFacts,
  code: CollectorEventCode,
  ...time: readonly number[]
): Pick<CollectorEvent, "code" | "identity" | "file"> {
  return { code, identity: [file.id, file.length, ...time], file };
}

function errorOf(error: RunnerError): { readonly code: string; readonly message: string } {
  return { code: error.code, message: error.text };
}

function hourText(hour: number): string {
  return new Date(hour).toISOString();
}

function iso(time: number | undefined): string | undefined {
  return time === undefined ? undefined : new Date(time).toISOString();
}

function dayOf(time: number): string {
  return new Date(time).toISOString().slice(0, 10);
}

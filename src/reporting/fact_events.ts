import type { RunnerError } from "../core/errors.ts";
import type { Fact, FileFacts } from "../core/fact.ts";
import { type CollectedSource, type CollectorEvent, type CollectorEventCode, iso } from "./collector_event.ts";
import { sentence } from "./sentence.ts";

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
    case "file_parked":
      return {
        ...told,
        ...aboutFile(fact.file, fact.fact, now),
        outcome: "failure",
        error: errorOf(fact.error),
        values: { event_type: fact.file.eventType, bytes: fact.file.length, attempt: fact.attempt },
      };
    case "file_unusable":
      return { ...told, code: "file_unusable", identity: [id, fact.id, fact.reason], outcome: "failure" };
    case "cursors_mended":
      return { ...told, code: "cursors_mended", identity: [id, source.name, now], outcome: "failure" };
    case "clock_compared":
      return {
        ...told,
        code: "clock_compared",
        identity: [id, source.name, now],
        outcome: fact.ahead === 0 ? "success" : "failure",
        error: fact.ahead === 0 ? undefined : { code: "clock_off", message: told.message },
      };
    case "file_gone":
      return { ...told, ...aboutFile(fact.file, "file_gone"), values: { event_type: fact.file.eventType } };
    case "replaced_characters":
      return {
        ...told,
        ...aboutFile(fact.file, "characters_replaced"),
        values: { event_type: fact.file.eventType, replaced_characters: fact.count },
      };
    case "foreign_rows":
      return {
        ...told,
        ...aboutFile(fact.file, "foreign_rows"),
        outcome: "failure",
        values: { event_type: fact.file.eventType, rows: { foreign: fact.count } },
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
        values: { event_type: fact.file.eventType, gaps: fact.hours.map((hour) => new Date(hour).toISOString()) },
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
    case "window_failed":
    case "window_parked":
      return {
        ...told,
        code: fact.fact,
        identity: [id, fact.id, now],
        outcome: "failure",
        start: fact.after,
        end: fact.to,
        error: errorOf(fact.error),
        values: { event_type: fact.object, attempt: fact.attempt },
      };
    case "window_halved":
      return {
        ...told,
        code: "window_halved",
        identity: [id, fact.object, now],
        error: errorOf(fact.error),
        values: { event_type: fact.object, window: fact.width },
      };
    case "possibly_doubled":
      return {
        ...told,
        code: "possibly_doubled",
        identity: [id, source.name, now, fact.events],
        outcome: "failure",
        values: { rows: { possibly_doubled: fact.events } },
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
    case "description_unusable":
    case "names_missing":
    case "file_opened":
    case "row_rejected":
    case "events_refused":
    case "events_kept":
    case "kept_events_placed":
    case "window_done":
    case "delivered":
    case "round_done":
      return undefined;
  }
}

/** Without a time there is one event for all attempts at the file. */
function aboutFile(
  file: FileFacts,
  code: CollectorEventCode,
  ...time: readonly number[]
): Pick<CollectorEvent, "code" | "identity" | "file"> {
  return { code, identity: [file.id, file.length, file.created, ...time], file };
}

function errorOf(error: RunnerError): { readonly code: string; readonly message: string } {
  return { code: error.code, message: error.text };
}

function dayOf(time: number): string {
  return new Date(time).toISOString().slice(0, 10);
}

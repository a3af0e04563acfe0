import type { ApiCalls } from "../core/api_calls.ts";
import { isoTime } from "../core/clock.ts";
import { type Connection, type Coverage, iso, type StreamReport } from "../sources/fact.ts";
import type { CollectedSource, CollectorEvent } from "./collector_event.ts";

const HOUR_MS = 3_600_000;

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
      connection: connectionValues(report.connection),
    },
  };
}

function connectionValues(connection: Connection | undefined) {
  return connection === undefined
    ? undefined
    : {
        since: iso(connection.since),
        heard: iso(connection.lastHeard),
        newest_event: iso(connection.newestEvent),
        lag: connection.lag,
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
    ...(interval === undefined ? {} : { origin: { collection: { interval } } }),
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
            hours_without_file: hoursWithoutFile(coverage).map(isoTime),
          }),
    },
  };
}

/** Hours between the first and the last listed one without an hourly file: quiet ones, or gaps. */
export function hoursWithoutFile({ hours }: Pick<Coverage, "hours">): number[] {
  const last = Math.max(...hours);
  const without: number[] = [];
  for (let hour = Math.min(...hours); hour < last; hour += HOUR_MS) {
    if (!hours.has(hour)) {
      without.push(hour);
    }
  }
  return without;
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

/** How this host has an org that several hosts share. */
export interface LeaseFacts {
  readonly term: number;
  /** This host. */
  readonly holder: { readonly id: string; readonly name: string };
  /** In milliseconds since the epoch. */
  readonly since: number;
  /** Who had it before and showed no sign of life any more. */
  readonly takenFrom: { readonly name: string } | undefined;
}

/** Code of what is told once, when a host begins with an org. */
export const LEASE_TAKEN = "lease_taken";

/** This host collects the org from now on. Pure. */
export function leaseTakenEvent(inputId: string, lease: LeaseFacts): CollectorEvent {
  const { holder, term, since, takenFrom } = lease;
  const before =
    takenFrom === undefined ? "" : ` ${takenFrom.name}, which collected it before, showed no sign of life.`;
  return {
    code: LEASE_TAKEN,
    time: since,
    source: undefined,
    identity: [inputId, holder.id, term],
    message: `${holder.name} collects the org from now on, in term ${term}.${before}`,
    values: { lease: leaseValues(lease) },
  };
}

/** Who collects the org. Pure. */
export function leaseEvent(inputId: string, lease: LeaseFacts, now: number): CollectorEvent {
  const { holder, term, since } = lease;
  return {
    code: "lease",
    time: now,
    source: undefined,
    identity: [inputId, holder.id, term, now],
    message: `${holder.name} collects the org since ${iso(since)}, in term ${term}.`,
    values: { lease: leaseValues(lease) },
  };
}

function leaseValues({ holder, term, since, takenFrom }: LeaseFacts) {
  return { holder: holder.name, term, since: iso(since), taken_from: takenFrom?.name };
}

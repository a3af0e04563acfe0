import { REMOTE_BACKOFF, waitBefore } from "../core/backoff.ts";
import { type Clock, systemClock } from "../core/clock.ts";
import { asRunnerError, type RunnerError } from "../core/errors.ts";
import { EventBytesPool } from "../core/event_bytes.ts";
import type { Fact, Tell } from "../core/fact.ts";
import type { CursorEntries } from "../cursors/cursor.ts";
import { type EventLogFile, logFileBody } from "../org/log_file_body.ts";
import type { OrgClient } from "../org/org_client.ts";
import { queryPages } from "../org/query_pages.ts";
import { unknownColumn } from "../org/response_meaning.ts";
import { eventLogFileSoql } from "../org/soql.ts";
import type { StreamContext } from "./envelope.ts";
import { byCreation, eventLogFileOf } from "./file_listing.ts";
import {
  fileChange,
  firstChanges,
  type ListingCursor,
  logDateFrom,
  readListingCursor,
  roundChanges,
  rowsToSkip,
} from "./file_progress.ts";
import { logFileRows } from "./log_file_rows.ts";
import { merged } from "./merged.ts";
import type { Batch, Source } from "./source.ts";

export interface EventLogFilesOptions {
  readonly id: string;
  readonly client: OrgClient;
  /** What all events have in common; organization id and instance address come from the login. */
  readonly stream: Omit<StreamContext, "organization" | "instanceUrl"> & { readonly organizationName: string };
  readonly eventTypes: readonly string[];
  readonly interval: "hourly+daily" | "hourly" | "daily";
  /** Milliseconds. */
  readonly initialLookback: number;
  /** Files read at once. */
  readonly downloads: number;
  readonly tell: Tell;
  readonly clock?: Clock;
}

/**
 * The event log files of an org. A round lists them, then reads those that are not done, oldest first, several at a time;
 * each batch moves its own file's cursor. A file that fails stays open and is tried again in a later round, ever more rarely,
 * while the others go on.
 */
export class EventLogFiles implements Source {
  readonly id: string;
  readonly #options: EventLogFilesOptions;
  readonly #clock: Clock;
  readonly #failures = new Map<string, { attempts: number; notBefore: number; error: RunnerError }>();
  readonly #memory = new EventBytesPool();
  #hasHourlyFiles = true;

  constructor(options: EventLogFilesOptions) {
    this.#options = options;
    this.id = options.id;
    this.#clock = options.clock ?? systemClock;
  }

  async *read(from: CursorEntries, signal: AbortSignal): AsyncGenerator<Batch> {
    const stop = new AbortController();
    const stopped = AbortSignal.any([signal, stop.signal]);
    try {
      yield* this.#round(from, stopped);
    } finally {
      stop.abort(new Error("the round has ended"));
    }
  }

  async *#round(from: CursorEntries, signal: AbortSignal): AsyncGenerator<Batch> {
    const { client, stream, initialLookback, downloads, tell } = this.#options;
    const { organizationId, instanceUrl } = await client.identity(signal);
    const cursor = readListingCursor(from, organizationId, this.#clock.now(), initialLookback);
    yield { events: [], changes: firstChanges(from, cursor) };

    const listed = (await this.#list(cursor, signal)).sort(byCreation);
    const unfinished = listed.filter((file) => rowsToSkip(cursor, file) !== undefined);
    const open = new Set(unfinished.map(({ id }) => id));
    tell({ fact: "listed", files: listed, open: unfinished });

    const context: StreamContext = {
      ...stream,
      organization: { id: organizationId, name: stream.organizationName },
      instanceUrl,
    };
    const due = unfinished.filter(({ id }) => (this.#failures.get(id)?.notBefore ?? 0) <= this.#clock.now());
    const round = { stopped: undefined as RunnerError | undefined };
    yield* merged(
      due.map((file) => () => this.#readFile(file, rowsToSkip(cursor, file) ?? 0, context, open, round, signal)),
      downloads,
    );

    yield { events: [], changes: roundChanges(cursor, listed, open, this.#clock.now()) };
    this.#forgetFailures(open);
    const problem = round.stopped ?? this.#firstFailure(open);
    if (problem !== undefined) {
      throw problem;
    }
  }

  async #list(cursor: ListingCursor, signal: AbortSignal): Promise<EventLogFile[]> {
    const { client, eventTypes, interval, tell } = this.#options;
    const wanted =
      interval === "hourly+daily"
        ? (["Hourly", "Daily"] as const)
        : ([interval === "hourly" ? "Hourly" : "Daily"] as const);
    const soql = eventLogFileSoql({
      eventTypes,
      intervals: this.#hasHourlyFiles ? wanted : [],
      notBefore: cursor.start,
      logDateFrom: logDateFrom(cursor, this.#clock.now()),
      createdAfter: cursor.createdAfter,
    });
    const files: EventLogFile[] = [];
    try {
      for await (const records of queryPages(client, soql, "listing of event log files", signal)) {
        files.push(...records.map(eventLogFileOf));
      }
      return files;
    } catch (error) {
      const column = unknownColumn(asRunnerError(error));
      if (this.#hasHourlyFiles && (column === "Interval" || column === "Sequence")) {
        this.#hasHourlyFiles = false;
        tell({ fact: "no_hourly_files" });
        return await this.#list(cursor, signal);
      }
      throw error;
    }
  }

  async *#readFile(
    file: EventLogFile,
    skipRows: number,
    stream: StreamContext,
    open: Set<string>,
    round: { stopped: RunnerError | undefined },
    signal: AbortSignal,
  ): AsyncGenerator<Batch> {
    if (round.stopped !== undefined) {
      return;
    }
    const { client, tell } = this.#options;
    tell({ fact: "file_opened", file, skippedRows: skipRows });
    let rows = skipRows;
    let rejected = 0;
    let newestEvent: number | undefined;
    let gone = false;
    try {
      const body = logFileBody(client, file, signal);
      const now = () => this.#clock.now();
      const memory = this.#memory;
      for await (const batch of logFileRows({ file, body, skipRows, stream, primary: true, memory, now, tell })) {
        ({ rows, rejected, newestEvent } = batch);
        yield { events: batch.events, changes: [fileChange(file, rows, false)] };
      }
    } catch (caught) {
      signal.throwIfAborted();
      const error = asRunnerError(caught);
      if (error.code !== "not_found") {
        this.#fail(file, error, round);
        return;
      }
      gone = true;
    }
    open.delete(file.id);
    const fact: Fact = gone ? { fact: "file_gone", file } : { fact: "file_done", file, rows, rejected, newestEvent };
    yield { events: [], changes: [fileChange(file, rows, true)], facts: [fact] };
  }

  #fail(file: EventLogFile, error: RunnerError, round: { stopped: RunnerError | undefined }): void {
    if (concernsTheOrg(error)) {
      round.stopped ??= error;
      return;
    }
    const attempts = (this.#failures.get(file.id)?.attempts ?? 0) + 1;
    const wait = waitBefore(attempts, { ...REMOTE_BACKOFF, longest: 15 * 60_000 }, this.#clock.random());
    this.#failures.set(file.id, { attempts, notBefore: this.#clock.now() + wait, error });
    this.#options.tell({ fact: "file_failed", file, error, attempt: attempts });
  }

  #forgetFailures(open: ReadonlySet<string>): void {
    for (const id of this.#failures.keys()) {
      if (!open.has(id)) {
        this.#failures.delete(id);
      }
    }
  }

  #firstFailure(open: ReadonlySet<string>): RunnerError | undefined {
    for (const [id, failure] of this.#failures) {
      if (open.has(id)) {
        return failure.error;
      }
    }
    return undefined;
  }
}

/** Errors that every further file of the org would meet as well. */
function concernsTheOrg(error: RunnerError): boolean {
  switch (error.code) {
    case "login_refused":
    case "login_rate_exceeded":
    case "clock_off":
    case "key_unreadable":
    case "key_not_pem":
    case "key_not_rsa":
    case "key_too_weak":
    case "key_passphrase_missing":
    case "key_passphrase_wrong":
    case "session_expired":
    case "request_limit_exceeded":
    case "too_many_requests":
    case "api_disabled":
    case "permission_missing":
    case "host_unknown":
    case "host_unreachable":
    case "tls_refused":
      return true;
    default:
      return false;
  }
}

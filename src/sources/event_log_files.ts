import { REMOTE_BACKOFF, waitBefore } from "../core/backoff.ts";
import { type Clock, systemClock } from "../core/clock.ts";
import { asRunnerError, type RunnerError } from "../core/errors.ts";
import type { SourceEvent } from "../core/event.ts";
import type { Fact, Tell } from "../core/fact.ts";
import { Memory, type MemoryShare } from "../core/memory.ts";
import type { CursorEntries } from "../cursors/cursor.ts";
import type { RecordedRows, RowLedger } from "../cursors/row_ledger.ts";
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
  openProgress,
  readListingCursor,
  roundChanges,
} from "./file_progress.ts";
import { gaps } from "./gaps.ts";
import { logFileRows } from "./log_file_rows.ts";
import { merged } from "./merged.ts";
import { Reconciliation, readingOrder } from "./reconcile.ts";
import type { Batch, Source } from "./source.ts";
import type { TimeRange } from "./time_range.ts";

export interface EventLogFilesOptions {
  readonly id: string;
  readonly client: OrgClient;
  /** What all events have in common; organization id and instance address come from the login. */
  readonly stream: Omit<StreamContext, "organization" | "instanceUrl"> & { readonly organizationName: string };
  readonly eventTypes: readonly string[];
  readonly interval: "hourly+daily" | "hourly" | "daily";
  /** Milliseconds. */
  readonly initialLookback: number;
  /** Collects only the files of this range, from the beginning of its first UTC day on, instead of looking back from now. */
  readonly range?: TimeRange | undefined;
  /** Files read at once. */
  readonly downloads: number;
  /** Where rows are known by that more than one file holds. */
  readonly ledger: RowLedger;
  readonly tell: Tell;
  readonly clock?: Clock;
  /** By default, which is for tests, memory of its own. */
  readonly memory?: MemoryShare;
}

/** What the files of one round have in common. */
interface Round {
  readonly cursor: ListingCursor;
  readonly context: StreamContext;
  readonly listed: readonly EventLogFile[];
  /** Ids of the files that are not done. */
  readonly open: Set<string>;
  readonly signal: AbortSignal;
  /** Set by the first error that concerns the whole org. */
  stopped: RunnerError | undefined;
}

/**
 * The event log files of an org. A round lists them, then reads those that are not done, oldest first, several at a time;
 * each batch moves its own file's cursor. Files whose rows others may have brought come last, and only their new rows are
 * given. A file that fails stays open and is tried again in a later round, ever more rarely, while the others go on.
 */
export class EventLogFiles implements Source {
  readonly id: string;
  readonly #options: EventLogFilesOptions;
  readonly #clock: Clock;
  readonly #failures = new Map<string, { attempts: number; notBefore: number; error: RunnerError }>();
  readonly #memory: MemoryShare;
  readonly #reconciliation: Reconciliation;
  #hasHourlyFiles = true;

  constructor(options: EventLogFilesOptions) {
    this.#options = options;
    this.id = options.id;
    this.#reconciliation = new Reconciliation({ ledger: options.ledger, source: options.id, tell: options.tell });
    this.#clock = options.clock ?? systemClock;
    this.#memory = options.memory ?? new Memory().share();
  }

  async *read(from: CursorEntries, signal: AbortSignal): AsyncGenerator<Batch> {
    const stop = new AbortController();
    const stopped = AbortSignal.any([signal, stop.signal]);
    try {
      for await (const batch of this.#round(from, stopped)) {
        let goesOn = false;
        try {
          yield batch;
          goesOn = true;
        } finally {
          if (!goesOn) {
            // Before the files are closed: they may be waiting for memory or for Salesforce.
            stop.abort(new Error("the round is not read to its end"));
          }
        }
      }
    } finally {
      stop.abort(new Error("the round has ended"));
    }
  }

  async *#round(from: CursorEntries, signal: AbortSignal): AsyncGenerator<Batch> {
    const { client, stream, initialLookback, range, downloads, tell } = this.#options;
    const { organizationId, instanceUrl } = await client.identity(signal);
    const first = range?.from ?? this.#clock.now() - initialLookback;
    const cursor = readListingCursor(from, organizationId, first);
    const changes = firstChanges(from, cursor);
    if (changes.length > 0) {
      await this.#reconciliation.forgetAll();
    }
    yield { events: [], changes };

    const listed = (await this.#list(cursor, signal)).sort(byCreation);
    const unfinished = listed.filter((file) => openProgress(cursor, file) !== undefined);
    const open = new Set(unfinished.map(({ id }) => id));
    tell({ fact: "listed", files: listed, open: unfinished });

    const context: StreamContext = {
      ...stream,
      organization: { id: organizationId, name: stream.organizationName },
      instanceUrl,
    };
    this.#reconciliation.begin();
    await this.#reconciliation.forgetBefore(logDateFrom(cursor, this.#clock.now()), unfinished);
    const due = unfinished.filter(({ id }) => (this.#failures.get(id)?.notBefore ?? 0) <= this.#clock.now());
    const { firstHand, inTurn } = this.#reconciles ? readingOrder(due, cursor.files) : { firstHand: due, inTurn: [] };
    const round: Round = { cursor, context, listed, open, signal, stopped: undefined };
    yield* merged(
      firstHand.map((file) => () => this.#inPlace(() => this.#readFile(file, undefined, round), signal)),
      downloads,
      giveBack,
    );
    yield* merged(
      inTurn.map((files) => () => this.#inPlace(() => this.#readInTurn(files, round), signal)),
      downloads,
      giveBack,
    );
    this.#reconciliation.end();

    yield { events: [], changes: roundChanges(cursor, listed, open, this.#clock.now()) };
    this.#forgetFailures(open);
    const problem = round.stopped ?? this.#firstFailure(open);
    if (problem !== undefined) {
      throw problem;
    }
  }

  /** Reads as soon as there is a place for it in the process. */
  async *#inPlace(read: () => AsyncIterable<Batch>, signal: AbortSignal): AsyncGenerator<Batch> {
    const leave = await this.#memory.reading(signal);
    try {
      yield* read();
    } finally {
      leave();
    }
  }

  /** Rows of hourly files need no comparing where no daily files are read. */
  get #reconciles(): boolean {
    return this.#options.interval !== "hourly" || !this.#hasHourlyFiles;
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
      logDateBefore: this.#options.range?.to,
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

  async *#readInTurn(files: readonly EventLogFile[], round: Round): AsyncGenerator<Batch> {
    for (const file of files) {
      const brought = await this.#reconciliation.rowsBrought(file);
      try {
        yield* this.#readFile(file, brought, round);
      } finally {
        brought?.close();
      }
    }
  }

  async *#readFile(file: EventLogFile, brought: RecordedRows | undefined, round: Round): AsyncGenerator<Batch> {
    const { cursor, context, open, signal } = round;
    if (round.stopped !== undefined) {
      return;
    }
    const { client, tell } = this.#options;
    const { rows: skipRows = 0, lacked: lackedBefore = 0 } = openProgress(cursor, file) ?? {};
    tell({ fact: "file_opened", file, skippedRows: skipRows });
    let rows = skipRows;
    let lacked = lackedBefore;
    let rejected = 0;
    let newestEvent: number | undefined;
    let lackedHours: readonly number[] = [];
    let gone = false;
    try {
      const body = logFileBody(client, file, signal);
      const now = () => this.#clock.now();
      const memory = this.#memory;
      const given = { file, body, skipRows, brought, stream: context, primary: true, memory, signal, now, tell };
      for await (const batch of logFileRows(given)) {
        ({ rows, rejected, newestEvent, lackedHours } = batch);
        lacked = lackedBefore + (rows - skipRows) - rejected - batch.repeated;
        yield {
          events: batch.events,
          changes: [fileChange(file, { rows, lacked, done: false })],
          release: batch.release,
          ...this.#recording(file, batch.events),
        };
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
    const facts: readonly Fact[] = gone
      ? [{ fact: "file_gone", file }]
      : [
          { fact: "file_done", file, rows, rejected, newestEvent },
          ...this.#reconciliation
            .result(file, brought, { rows, lacked })
            .flatMap((fact) => [fact, ...this.#gapsOf(file, lackedHours, round)]),
        ];
    yield { events: [], changes: [fileChange(file, { rows, lacked, done: true })], facts };
  }

  /** Nothing for a day that the listing did not ask for any more. */
  #gapsOf(file: EventLogFile, hours: readonly number[], { cursor, listed }: Round): readonly Fact[] {
    const found = file.logDate < logDateFrom(cursor, this.#clock.now()) ? [] : gaps(file, hours, listed);
    return found.length === 0 ? [] : [{ fact: "gap", file, hours: found }];
  }

  #recording(file: EventLogFile, events: readonly SourceEvent[]): Pick<Batch, "delivered"> {
    if (!this.#reconciles || events.length === 0) {
      return {};
    }
    const identities = events.map(({ id }) => id);
    return { delivered: this.#reconciliation.give(file, identities) };
  }

  #fail(file: EventLogFile, error: RunnerError, round: Round): void {
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

function giveBack({ release }: Batch): void {
  release?.();
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

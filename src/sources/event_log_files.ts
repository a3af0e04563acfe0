import { type Clock, systemClock } from "../core/clock.ts";
import { asRunnerError, RETRY, RunnerError } from "../core/errors.ts";
import type { Fact, FileFacts, Tell } from "../core/fact.ts";
import { Memory, type MemoryShare } from "../core/memory.ts";
import type { CursorEntries } from "../cursors/cursor.ts";
import type { LedgerRows, RecordedRows, RowLedger } from "../cursors/row_ledger.ts";
import { type EventLogFile, logFileBody } from "../org/log_file_body.ts";
import type { OrgClient } from "../org/org_client.ts";
import type { StreamContext } from "./envelope.ts";
import { byCreation, FileListing } from "./file_listing.ts";
import {
  type FileProgress,
  failedFile,
  fileChange,
  firstChanges,
  goneChange,
  isOpen,
  type ListingCursor,
  logDateFrom,
  openProgress,
  readListingCursor,
  roundChanges,
} from "./file_progress.ts";
import { gaps } from "./gaps.ts";
import { logFileRows, rowIdentities } from "./log_file_rows.ts";
import { merged } from "./merged.ts";
import { afterAttempt, endWith, isDue, isGivenUp, isParked, type PartFailure } from "./part_failure.ts";
import { Reconciliation, readingOrder } from "./reconcile.ts";
import type { Batch, RoundEnd, RoundScope, Source } from "./source.ts";
import { TimeAtSalesforce } from "./time_at_salesforce.ts";
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
  /** By Salesforce's clock. */
  readonly now: number;
  /** The files that are not done, and what each failed of. */
  readonly open: Map<string, { readonly eventType: string; readonly failure: PartFailure | undefined }>;
  readonly signal: AbortSignal;
  /** The code of the latest download that was refused as the org refuses them, with none that succeeded since. */
  refused: RunnerError | undefined;
  /** Set by the first error that concerns the whole org. */
  stopped: RunnerError | undefined;
  /** No further file is begun: two were refused alike, so the next listing is to say whether the org refuses all. */
  held: boolean;
}

/** Refusals that mostly concern the whole org, and may be one file's alone. */
const REFUSALS: readonly string[] = [
  "session_expired",
  "too_many_requests",
  "request_limit_exceeded",
  "permission_missing",
  "api_disabled",
];

/**
 * The event log files of an org. A round lists them, then reads those that are not done, oldest first, several at a time;
 * each batch moves its own file's cursor. Files whose rows others may have brought come last, and only their new rows are
 * given. A file that fails stays open and is tried again, ever more rarely, while the others go on; in the end it is parked,
 * and the listing goes past it. It is gone only when Salesforce no longer lists it.
 */
export class EventLogFiles implements Source {
  readonly id: string;
  readonly #options: EventLogFilesOptions;
  readonly #clock: Clock;
  readonly #listing: FileListing;
  readonly #memory: MemoryShare;
  readonly #reconciliation: Reconciliation;
  readonly #time: TimeAtSalesforce;
  /** The latest listing, while files of it have failed. */
  #lastListed: readonly EventLogFile[] = [];
  #isNew = true;

  constructor(options: EventLogFilesOptions) {
    this.#options = options;
    this.id = options.id;
    this.#listing = new FileListing(options);
    this.#time = new TimeAtSalesforce(options.client, options.tell);
    this.#reconciliation = new Reconciliation({ ledger: options.ledger, source: options.id, tell: options.tell });
    this.#clock = options.clock ?? systemClock;
    this.#memory = options.memory ?? new Memory().share();
  }

  async *read(
    from: CursorEntries,
    signal: AbortSignal,
    scope: RoundScope = "everything",
  ): AsyncGenerator<Batch, RoundEnd | undefined, undefined> {
    const stop = new AbortController();
    const round = this.#round(from, AbortSignal.any([signal, stop.signal]), scope);
    try {
      for (;;) {
        const step = await round.next();
        if (step.done) {
          return step.value;
        }
        yield step.value;
      }
    } finally {
      // Before the files are closed: they may be waiting for memory or for Salesforce.
      stop.abort(new Error("the round has ended"));
      await round.return(undefined);
    }
  }

  async *#round(
    from: CursorEntries,
    signal: AbortSignal,
    scope: RoundScope,
  ): AsyncGenerator<Batch, RoundEnd | undefined, undefined> {
    const { client, stream, initialLookback, range, downloads, tell } = this.#options;
    const { organizationId, instanceUrl } = await client.identity(signal);
    const now = await this.#time.now(signal);
    const first = range?.from ?? now - initialLookback;
    const cursor = readListingCursor(from, organizationId, { now, first });
    const changes = firstChanges(from, cursor);
    const mended: readonly Fact[] =
      cursor.damaged.length === 0 ? [] : [{ fact: "cursors_mended", keys: cursor.damaged }];
    yield { events: [], changes, facts: mended };

    const again = scope === "what failed" && this.#lastListed.length > 0;
    const listed = again ? this.#lastListed : yield* this.#listed(cursor, now, signal);
    const unfinished = listed.filter((file) => openProgress(cursor, file) !== undefined);
    const failureOf = (file: EventLogFile) => openProgress(cursor, file)?.failure;
    const open: Round["open"] = new Map(
      unfinished.map((file) => [file.id, { eventType: file.eventType, failure: failureOf(file) }]),
    );
    if (!again) {
      tell({ fact: "listed", files: listed, open: unfinished });
    }

    const context: StreamContext = {
      ...stream,
      organization: { id: organizationId, name: stream.organizationName },
      instanceUrl,
    };
    this.#reconciliation.begin(cursor.files);
    // Those that have failed come last: they keep no new file waiting. A new process tries them at once.
    const due = [
      ...unfinished.filter((file) => !again && failureOf(file) === undefined),
      ...unfinished.filter((file) => isDue(failureOf(file), now, this.#isNew)),
    ];
    this.#isNew = false;
    const { firstHand, inTurn } = this.#reconciles ? readingOrder(due, cursor.files) : { firstHand: due, inTurn: [] };
    const round: Round = {
      cursor,
      context,
      listed,
      now,
      open,
      signal,
      refused: undefined,
      stopped: undefined,
      held: false,
    };
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

    const failing = [...open].flatMap(([id, { eventType, failure }]) =>
      failure === undefined ? [] : [failedFile(id, eventType, failure)],
    );
    if (!again) {
      const waitedFor = new Set([...open.keys()].filter((id) => !isGivenUp(open.get(id)?.failure)));
      yield { events: [], changes: roundChanges(cursor, listed, waitedFor, now) };
    }
    this.#lastListed = failing.length === 0 ? [] : listed;
    if (round.stopped !== undefined) {
      throw round.stopped;
    }
    const parked = [...cursor.files].flatMap(([id, { eventType, failure, done, gone }]) =>
      isGivenUp(failure) && isOpen({ done, gone }) && !listed.some((file) => file.id === id)
        ? [failedFile(id, eventType, failure)]
        : [],
    );
    return endWith([...parked, ...failing], (await client.time(signal)).now);
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
    return this.#options.interval !== "hourly" || !this.#listing.hasHourlyFiles;
  }

  /**
   * The files that may be open: those of the listing, and those that were begun or failed and lie behind it. Of the latter,
   * the ones that Salesforce no longer has are gone.
   */
  async *#listed(
    cursor: ListingCursor,
    now: number,
    signal: AbortSignal,
  ): AsyncGenerator<Batch, readonly EventLogFile[], undefined> {
    const { eventTypes, range } = this.#options;
    const listed = await this.#listing.list(
      {
        notBefore: cursor.start,
        logDateFrom: logDateFrom(cursor, now),
        createdAfter: cursor.createdAfter,
        logDateBefore: range?.to,
      },
      now,
      signal,
    );
    const ids = new Set(listed.map(({ id }) => id));
    const behind = [...cursor.files].filter(
      ([id, { eventType, done, gone, failure }]) =>
        isOpen({ done, gone }) && !ids.has(id) && eventTypes.includes(eventType) && (failure?.retryAt ?? 0) <= now,
    );
    const { files, gone } = await this.#listing.find(
      behind.map(([id]) => id),
      now,
      signal,
    );
    if (gone.length > 0) {
      const missing = [...cursor.files].filter(([id]) => gone.includes(id));
      const facts = missing.map((file): Fact => ({ fact: "file_gone", file: asFile(...file) }));
      yield { events: [], changes: missing.map(goneChange), facts };
    }
    return [...files, ...listed].sort(byCreation);
  }

  async *#readInTurn(files: readonly EventLogFile[], round: Round): AsyncGenerator<Batch> {
    for (const file of files) {
      const others = this.#reconciliation.others(file, round.cursor.files);
      for (const lacking of this.#reconciliation.lacking(others)) {
        await this.#readAgain(lacking, round);
      }
      const brought = await this.#reconciliation.open(others);
      try {
        yield* this.#readFile(file, brought, round);
      } finally {
        brought?.close();
      }
    }
  }

  /** Reads rows that have been delivered once more, for their identities alone: the ledger has lost them. */
  async #readAgain({ file, rows }: LedgerRows, { listed, context, now, signal }: Round): Promise<void> {
    const isIt = ({ id, length, created }: EventLogFile) =>
      id === file.id && length === file.length && created === file.created;
    try {
      const known = listed.find(isIt) ?? (await this.#listing.find([file.id], now, signal)).files.find(isIt);
      if (known === undefined) {
        throw unknownRows(file.id, rows);
      }
      const body = logFileBody(this.#options.client, known, signal);
      const scratch = () => this.#options.ledger.scratch();
      const organizationId = context.organization.id;
      for await (const { after, to, identities } of rowIdentities({
        file: known,
        body,
        rows,
        organizationId,
        scratch,
      })) {
        this.#reconciliation.note(file, after, to, identities);
      }
    } catch (error) {
      signal.throwIfAborted();
      this.#reconciliation.refuse(asRunnerError(error));
    }
  }

  async *#readFile(file: EventLogFile, brought: RecordedRows | undefined, round: Round): AsyncGenerator<Batch> {
    const { cursor, context, open, signal } = round;
    if (round.stopped !== undefined || round.held) {
      return;
    }
    const { client, tell } = this.#options;
    const { rows: skipRows = 0, lacked: lackedBefore = 0, failure, earlier } = openProgress(cursor, file) ?? {};
    tell({ fact: "file_opened", file, skippedRows: skipRows });
    let rows = skipRows;
    let lacked = lackedBefore;
    let rejected = 0;
    let newestEvent: number | undefined;
    let lackedHours: readonly number[] = [];
    try {
      const body = logFileBody(client, file, signal);
      const now = () => this.#clock.now();
      const memory = this.#memory;
      const scratch = () => this.#options.ledger.scratch();
      const rowsOf = { file, body, skipRows, brought, stream: context, primary: true };
      const given = { ...rowsOf, memory, scratch, signal, now, tell };
      for await (const batch of logFileRows(given)) {
        if (this.#reconciles) {
          this.#reconciliation.give(
            file,
            rows,
            batch.rows,
            batch.events.map(({ id }) => id),
          );
        }
        ({ rows, rejected, newestEvent, lackedHours } = batch);
        lacked = lackedBefore + (rows - skipRows) - rejected - batch.repeated;
        yield {
          part: file.id,
          events: batch.events,
          changes: [fileChange(file, { rows, lacked, done: false, failure, earlier })],
          release: batch.release,
        };
      }
    } catch (caught) {
      signal.throwIfAborted();
      yield* this.#failed(file, asRunnerError(caught), { rows, lacked, done: false, failure, earlier }, round);
      return;
    }
    round.refused = undefined;
    open.delete(file.id);
    const facts: readonly Fact[] = [
      { fact: "file_done", file, rows, rejected, newestEvent },
      ...this.#reconciliation
        .result(file, brought, { rows, lacked })
        .flatMap((fact) => [fact, ...this.#gapsOf(file, lackedHours, round)]),
    ];
    yield { events: [], changes: [fileChange(file, { rows, lacked, done: true, earlier })], facts };
  }

  /** Saves what is known of a failure that is the file's own; one that concerns the whole org ends the round. */
  async *#failed(
    file: EventLogFile,
    error: RunnerError,
    progress: Pick<FileProgress, "rows" | "lacked" | "done" | "failure" | "earlier">,
    round: Round,
  ): AsyncGenerator<Batch> {
    if (error.scope === "org") {
      round.stopped ??= error;
      return;
    }
    if (REFUSALS.includes(error.code)) {
      round.held ||= round.refused?.code === error.code;
      round.refused = error;
    }
    const { now } = await this.#options.client.time(round.signal);
    const [machineNow, random] = [this.#clock.now(), this.#clock.random()];
    const failure = afterAttempt(progress.failure, { error, machineNow, now, random });
    round.open.set(file.id, { eventType: file.eventType, failure });
    const fact = isParked(failure) ? "file_parked" : "file_failed";
    yield {
      events: [],
      changes: [fileChange(file, { ...progress, failure })],
      facts: [{ fact, file, error, attempt: failure.attempts }],
    };
  }

  /** Nothing for a day that the listing did not ask for any more. */
  #gapsOf(file: EventLogFile, hours: readonly number[], { cursor, listed, now }: Round): readonly Fact[] {
    const found = file.logDate < logDateFrom(cursor, now) ? [] : gaps(file, hours, listed);
    return found.length === 0 ? [] : [{ fact: "gap", file, hours: found }];
  }
}

function giveBack({ release }: Batch): void {
  release?.();
}

function unknownRows(id: string, rows: number): RunnerError {
  return new RunnerError(
    "not_found",
    `Which ${rows} rows event log file ${id} has brought is no longer known, and Salesforce no longer has it.`,
    {
      next: RETRY,
      cure: "Rows of the daily file that it had are sent again; Elasticsearch leaves out those that it has.",
    },
  );
}

/** What is still known of a file that Salesforce no longer lists. */
function asFile(id: string, { eventType, interval, logDate, created, length }: FileProgress): FileFacts {
  return { id, eventType, interval, sequence: 0, logDate, created, length };
}

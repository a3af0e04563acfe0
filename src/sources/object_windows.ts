import { findObjectType } from "../catalog/catalog.ts";
import type { ObjectType } from "../catalog/column.ts";
import { type Clock, systemClock } from "../core/clock.ts";
import { asRunnerError, type RunnerError } from "../core/errors.ts";
import type { SourceEvent } from "../core/event.ts";
import type { Fact, Tell } from "../core/fact.ts";
import { Memory, type MemoryShare } from "../core/memory.ts";
import type { CursorChange, CursorEntries } from "../cursors/cursor.ts";
import type { OrgClient } from "../org/org_client.ts";
import { queryPages } from "../org/query_pages.ts";
import { objectSoql } from "../org/soql.ts";
import { AskedColumns } from "./asked_columns.ts";
import type { StreamContext } from "./envelope.ts";
import {
  afterFailedRecords,
  afterFailedWindow,
  afterFailure,
  afterRecords,
  afterWindow,
  type DeliveredRecord,
  type FailedWindow,
  failedWindow,
  firstObjectChanges,
  isOfThisOrg,
  type Moved,
  type ObjectCursor,
  readObjectCursor,
  soundEntries,
  whereToGoOn,
} from "./object_progress.ts";
import { ObjectRecords } from "./object_records.ts";
import { afterAttempt, endWith, isDue, isParked, type PartFailure } from "./part_failure.ts";
import type { Batch, RoundEnd, RoundScope, Source } from "./source.ts";
import { TimeAtSalesforce } from "./time_at_salesforce.ts";
import type { TimeRange } from "./time_range.ts";
import {
  commonPart,
  FIRST_WIDTH_MS,
  type Horizon,
  horizonAt,
  isEmpty,
  nextWindow,
  type ReadingOrder,
  restBehind,
  restFrom,
  SHORTEST_WIDTH_MS,
  slice,
  type Window,
  widthAfter,
  widthAfterRefusal,
} from "./window.ts";

export interface ObjectWindowsOptions {
  readonly id: string;
  readonly client: OrgClient;
  /** What all events have in common; organization id and instance address come from the login. */
  readonly stream: Omit<StreamContext, "organization" | "instanceUrl"> & { readonly organizationName: string };
  /** An object of the catalogue, such as `LoginEvent`. */
  readonly objectName: string;
  /** `salesforce.collection.primary` of the events; see object_primary.ts. */
  readonly primary: boolean;
  /** Milliseconds. */
  readonly initialLookback: number;
  /** Collects only the records of this range, instead of looking back from now. */
  readonly range?: TimeRange | undefined;
  /** Milliseconds that an event takes to appear in Salesforce; nothing younger is asked for. */
  readonly settleTime: number;
  readonly tell: Tell;
  readonly clock?: Clock;
  /** By default, which is for tests, memory of its own. */
  readonly memory?: MemoryShare;
}

/** Pieces of a window that are kept apart in one round; then the rest of it is one. */
const MOST_FAILURES = 3;
/** Pieces of an object that are kept apart: each is asked for by queries of its own. */
const MOST_PIECES = 32;
/** Milliseconds until what failed close to the present is asked for again at the latest. */
const UNSETTLED_WAIT_MS = 60_000;

/** What one round knows and moves. */
interface Round {
  readonly horizon: Horizon;
  readonly records: ObjectRecords;
  readonly signal: AbortSignal;
  cursor: ObjectCursor;
  /** What a piece failed of in which records may still appear: the next round asks for it again. */
  unsettled: RunnerError | undefined;
}

/** A window that is being read, and how the cursor moves with it. */
interface Reading {
  readonly window: Window;
  /** What of it has not been given yet. */
  rest: Window;
  /** Of its slices. Milliseconds. */
  readonly width: { ms: number };
  /** Of a window that has failed before. */
  readonly failure?: PartFailure;
  /** Records up to `rest` have been given. */
  given(rest: Window, records: readonly DeliveredRecord[]): Moved;
  whole(): Moved;
}

/**
 * The records of one event object. A round reads from the cursor to `settleTime` before now, by Salesforce's clock, in windows
 * of time, each drained before the next. The last minutes are read again in every round, because a record may appear late;
 * what has been delivered is known by its identity. A window that is too much for Salesforce is cut in halves; windows grow
 * again afterwards. A piece that fails, though Salesforce answers for another, is tried again apart, in halves and ever more
 * rarely, while everything else goes on; in the end it is parked.
 *
 * Throws a TypeError for an object that the catalogue does not have.
 */
export class ObjectWindows implements Source {
  readonly id: string;
  readonly #options: ObjectWindowsOptions;
  readonly #type: ObjectType;
  readonly #order: ReadingOrder;
  readonly #time: TimeAtSalesforce;
  readonly #memory: MemoryShare;
  readonly #columns: AskedColumns;
  readonly #clock: Clock;
  readonly #width = { ms: FIRST_WIDTH_MS };
  #isNew = true;

  constructor(options: ObjectWindowsOptions) {
    const type = findObjectType(options.objectName);
    if (type === undefined) {
      throw new TypeError(`No object ${options.objectName} in the catalogue.`);
    }
    this.id = options.id;
    this.#options = options;
    this.#type = type;
    this.#order = type.storage === "big object" ? "newest first" : "oldest first";
    this.#columns = new AskedColumns(type, options.client, options.tell);
    this.#time = new TimeAtSalesforce(options.client, options.tell);
    this.#memory = options.memory ?? new Memory().share();
    this.#clock = options.clock ?? systemClock;
  }

  async *read(
    from: CursorEntries,
    signal: AbortSignal,
    scope: RoundScope = "everything",
  ): AsyncGenerator<Batch, RoundEnd | undefined, undefined> {
    const { client, stream, initialLookback, range, settleTime, primary } = this.#options;
    const { organizationId, instanceUrl } = await client.identity(signal);
    const now = await this.#time.now(signal);
    const first = range === undefined ? now - initialLookback : range.from - 1;
    const { entries, damaged } = soundEntries(from, organizationId, Math.max(now, first));
    const cursor = readObjectCursor(entries, organizationId, first);
    const mended: readonly Fact[] = damaged.length === 0 ? [] : [{ fact: "cursors_mended", keys: damaged }];
    const described = await this.#columns.learn(
      isOfThisOrg(entries, organizationId) ? entries : new Map(),
      now,
      signal,
    );
    yield {
      events: [],
      changes: [
        ...damaged.map((key) => ({ key, value: undefined })),
        ...firstObjectChanges(entries, cursor),
        ...described,
      ],
      facts: mended,
    };

    const organization = { id: organizationId, name: stream.organizationName };
    const records = new ObjectRecords({
      type: this.#type,
      columns: this.#columns.names,
      stream: { ...stream, organization, instanceUrl },
      primary,
      delivered: cursor.delivered,
    });
    const horizon = horizonAt(now, settleTime, range?.to);
    const round: Round = { horizon, records, signal, cursor, unsettled: undefined };
    if (scope === "everything") {
      yield* this.#readOn(round);
    }
    // Those that have failed come last: they keep nothing new waiting.
    const isNew = this.#isNew;
    this.#isNew = false;
    for (const [key, window] of cursor.failed) {
      if (isDue(window.failure, now, isNew)) {
        yield* this.#readAgain(key, window, round);
      }
    }
    const failed = [...round.cursor.failed].map((each) => failedWindow(this.#type.name, ...each));
    const end = endWith(failed, (await client.time(signal)).now);
    return end ?? (round.unsettled === undefined ? undefined : { error: round.unsettled, retryIn: UNSETTLED_WAIT_MS });
  }

  /** Everything behind the cursor, window by window. */
  async *#readOn(round: Round): AsyncGenerator<Batch> {
    const begun = whereToGoOn(round.cursor);
    if (!isEmpty(begun.window)) {
      yield* this.#readWindow(begun.window, begun.rest, round);
    }
    const behind = (position: number) => nextWindow(position, this.#width.ms, round.horizon);
    let window = behind(begun.window.to);
    // The cursor does not go past what may still change.
    while (!isEmpty(window) && round.unsettled === undefined) {
      yield* this.#readWindow(window, window, round);
      window = behind(window.to);
    }
  }

  /** Gives what is open of a window. */
  #readWindow(window: Window, rest: Window, round: Round): AsyncGenerator<Batch> {
    const { settledTo } = round.horizon;
    const order = this.#order;
    const reading: Reading = {
      window,
      rest,
      width: this.#width,
      given: (left, records) => afterRecords(round.cursor, { window, rest: left, settledTo, order }, records),
      whole: () => afterWindow(round.cursor, window, settledTo, round.unsettled === undefined),
    };
    return this.#drain(reading, round);
  }

  /** Tries a piece that has failed once more, in halves. */
  #readAgain(key: string, { after, to, failure }: FailedWindow, round: Round): AsyncGenerator<Batch> {
    const order = this.#order;
    const window = { after, to };
    const reading: Reading = {
      window,
      rest: window,
      width: { ms: Math.max(SHORTEST_WIDTH_MS, Math.ceil((to - after) / 2)) },
      failure,
      given: (rest, records) => afterFailedRecords(round.cursor, { key, rest, order }, records),
      whole: () => afterFailedWindow(round.cursor, key),
    };
    return this.#drain(reading, round);
  }

  /** Keeps a piece apart that could not be read, and goes on behind `reading.rest`. */
  async #setAside(piece: Window, error: RunnerError, reading: Reading, round: Round): Promise<Batch> {
    const failure = await this.#failureOf(reading.failure, error, round);
    const { settledTo } = round.horizon;
    const { name } = this.#type;
    const changes: CursorChange[] = [];
    const facts: Fact[] = [];
    const settled = { after: piece.after, to: Math.min(piece.to, settledTo) };
    if (piece.to > settledTo) {
      round.unsettled = error;
    }
    if (!isEmpty(settled)) {
      changes.push(...this.#move(afterFailure(round.cursor, settled, failure), round));
      const [key = ""] = [...round.cursor.failed.keys()].slice(-1);
      const { id } = failedWindow(name, key, { ...settled, failure });
      const fact = isParked(failure) ? "window_parked" : "window_failed";
      facts.push({ fact, object: name, id, ...settled, error, attempt: failure.attempts });
    }
    changes.push(...this.#move(reading.given(reading.rest, []), round));
    return { events: [], changes, facts };
  }

  /** What is known of a piece after it has failed once more. Throws what concerns the object or the org as a whole. */
  async #failureOf(before: PartFailure | undefined, error: RunnerError, round: Round): Promise<PartFailure> {
    const { horizon, signal } = round;
    if (error.scope === "org") {
      throw error;
    }
    const latest = { after: horizon.readTo - SHORTEST_WIDTH_MS, to: horizon.readTo };
    for await (const _ of this.#pages(latest, signal)) {
      break;
    }
    const { now } = await this.#options.client.time(signal);
    return afterAttempt(before, { error, machineNow: this.#clock.now(), now, random: this.#clock.random() });
  }

  #move({ cursor, changes }: Moved, round: Round): readonly CursorChange[] {
    round.cursor = cursor;
    round.records.know(cursor.delivered);
    return changes;
  }

  /** Gives what is open of a window, in slices where it is too much at once, and moves the cursor. */
  async *#drain(reading: Reading, round: Round): AsyncGenerator<Batch> {
    const { records, signal } = round;
    const { window, width } = reading;
    const order = this.#order;
    let given = 0;
    let failures = 0;
    while (!isEmpty(reading.rest)) {
      const part = slice(reading.rest, width.ms, order);
      let found = 0;
      // Salesforce documents the order of its big objects; if an answer breaks it, the slice counts only as a whole.
      let ordered = true;
      try {
        for await (const page of this.#pages(part, signal)) {
          const { events, delivered, edge } = records.read(page, reading.rest, order);
          found += page.length;
          given += events.length;
          if (edge === undefined) {
            ordered = false;
          } else if (ordered) {
            reading.rest = restFrom(reading.rest, edge, order);
          }
          const release = events.length === 0 ? undefined : await this.#memory.events(bytesOf(events), signal);
          const changes = this.#move(reading.given(reading.rest, delivered), round);
          yield { events, changes, ...(release === undefined ? {} : { release }) };
        }
      } catch (caught) {
        signal.throwIfAborted();
        const error = asRunnerError(caught);
        if (this.#narrows(error, part, width)) {
          continue;
        }
        failures += 1;
        const isOne = failures < MOST_FAILURES && round.cursor.failed.size < MOST_PIECES;
        const piece = isOne ? commonPart(part, reading.rest) : reading.rest;
        reading.rest = isOne ? restBehind(reading.rest, part, order) : { after: piece.after, to: piece.after };
        yield await this.#setAside(piece, error, reading, round);
        continue;
      }
      reading.rest = restBehind(reading.rest, part, order);
      width.ms = widthAfter(width.ms, found);
    }
    const { after, to } = window;
    const fact: Fact = { fact: "window_done", object: this.#type.name, after, to, records: given };
    yield { events: [], changes: this.#move(reading.whole(), round), facts: [fact] };
  }

  /** The pages of a query, which is repeated without the columns that the org turns out to lack. */
  async *#pages(part: Window, signal: AbortSignal) {
    const { name, timeColumn, identityColumn, storage } = this.#type;
    const thenBy = storage === "big object" ? {} : { thenBy: identityColumn };
    for (;;) {
      const soql = objectSoql({ object: name, columns: this.#columns.names, timeColumn, ...part, ...thenBy });
      try {
        return yield* this.#inPlace(queryPages(this.#options.client, soql, `records of ${name}`, signal), signal);
      } catch (error) {
        this.#columns.leaveOut(asRunnerError(error));
      }
    }
  }

  /** Asks for each page as soon as there is a place to read it in the process. */
  async *#inPlace<T>(pages: AsyncGenerator<T>, signal: AbortSignal): AsyncGenerator<T> {
    for (;;) {
      const leave = await this.#memory.reading(signal);
      try {
        const step = await pages.next();
        if (step.done) {
          return;
        }
        yield step.value;
      } finally {
        leave();
      }
    }
  }

  /** Whether a narrower slice may help now. One that took too long is narrower in the next attempt: Salesforce did not refuse. */
  #narrows(error: RunnerError, part: Window, width: { ms: number }): boolean {
    const narrower = widthAfterRefusal(part);
    if (narrower === undefined || (error.code !== "query_timed_out" && error.code !== "timed_out")) {
      return false;
    }
    width.ms = narrower;
    if (error.code === "timed_out") {
      return false;
    }
    this.#options.tell({ fact: "window_halved", object: this.#type.name, width: narrower, error });
    return true;
  }
}

function bytesOf(events: readonly SourceEvent[]): number {
  return events.reduce((sum, { json }) => sum + json.length, 0);
}

import type { ObjectType } from "../../catalog/column.ts";
import type { Clock } from "../../core/clock.ts";
import { asRunnerError, type RunnerError } from "../../core/errors.ts";
import { EventBytes } from "../../core/event_bytes.ts";
import type { MemoryShare } from "../../core/memory.ts";
import type { CursorChange } from "../../cursors/cursor.ts";
import type { OrgClient } from "../../org/org_client.ts";
import type { Tell } from "../fact.ts";
import { afterAttempt, isParked, type PartFailure } from "../part_failure.ts";
import type { Batch } from "../source.ts";
import type { SourceFact } from "../source_facts.ts";
import type { ObjectFact } from "./facts.ts";
import type { ObjectPages } from "./pages.ts";
import { afterFailure, type DeliveredRecord, failedWindow, type Moved, type ObjectCursor } from "./progress.ts";
import type { ObjectRecords } from "./records.ts";
import {
  commonPart,
  type Horizon,
  isEmpty,
  type ReadingOrder,
  restBehind,
  restFrom,
  SHORTEST_WIDTH_MS,
  slice,
  type Window,
  widthAfter,
  widthAfterRefusal,
} from "./window.ts";

/** Pieces of a window that are kept apart in one round; then the rest of it is one. */
const MOST_FAILURES = 3;
/** Pieces of an object that are kept apart: each is asked for by queries of its own. */
const MOST_PIECES = 32;

/** What one round knows and moves. */
export interface ObjectRound {
  readonly horizon: Horizon;
  readonly records: ObjectRecords;
  readonly signal: AbortSignal;
  cursor: ObjectCursor;
  /** What a piece failed of in which records may still appear: the next round asks for it again. */
  unsettled: RunnerError | undefined;
}

/** A window that is being read, and how the cursor moves with it. */
export interface WindowReading {
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

export interface WindowReaderOptions {
  readonly type: ObjectType;
  readonly order: ReadingOrder;
  readonly pages: ObjectPages;
  readonly client: OrgClient;
  readonly memory: MemoryShare;
  readonly tell: Tell<ObjectFact | SourceFact>;
  readonly clock: Clock;
}

/** Reads windows of an object in slices that Salesforce can answer, and keeps apart what it can't. */
export class WindowReader {
  readonly #options: WindowReaderOptions;

  constructor(options: WindowReaderOptions) {
    this.#options = options;
  }

  /** Gives what is open of a window, in slices where it is too much at once, and moves the cursor. */
  async *drain(reading: WindowReading, round: ObjectRound): AsyncGenerator<Batch> {
    const { type, order, pages, memory } = this.#options;
    const { records, signal } = round;
    const { window, width } = reading;
    let given = 0;
    let failures = 0;
    while (!isEmpty(reading.rest)) {
      const part = slice(reading.rest, width.ms, order);
      let found = 0;
      // Salesforce documents the order of its big objects; if an answer breaks it, the slice counts only as a whole.
      let ordered = true;
      try {
        for await (const page of pages.of(part, signal)) {
          const { events, delivered, edge } = records.read(page, reading.rest, order);
          found += page.length;
          given += events.length;
          if (edge === undefined) {
            ordered = false;
          } else if (ordered) {
            reading.rest = restFrom(reading.rest, edge, order);
          }
          const release = events.length === 0 ? undefined : await memory.events(EventBytes.lengthOfAll(events), signal);
          const changes = this.#move(reading.given(reading.rest, delivered), round);
          yield { events, whenDelivered: { changes }, ...(release === undefined ? {} : { release }) };
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
    const fact: ObjectFact = { fact: "window_done", object: type.name, after, to, records: given };
    yield { events: [], whenDelivered: { changes: this.#move(reading.whole(), round), facts: [fact] } };
  }

  /** Keeps a piece apart that could not be read, and goes on behind `reading.rest`. */
  async #setAside(piece: Window, error: RunnerError, reading: WindowReading, round: ObjectRound): Promise<Batch> {
    const failure = await this.#failureOf(reading.failure, error, round);
    const { settledTo } = round.horizon;
    const { name } = this.#options.type;
    const changes: CursorChange[] = [];
    const facts: ObjectFact[] = [];
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
    return { events: [], whenDelivered: { changes, facts } };
  }

  /** What is known of a piece after it has failed once more. Throws what concerns the object or the org as a whole. */
  async #failureOf(before: PartFailure | undefined, error: RunnerError, round: ObjectRound): Promise<PartFailure> {
    const { pages, client, clock } = this.#options;
    const { horizon, signal } = round;
    if (error.scope === "org") {
      throw error;
    }
    const latest = { after: horizon.readTo - SHORTEST_WIDTH_MS, to: horizon.readTo };
    for await (const _ of pages.of(latest, signal)) {
      break;
    }
    const { now } = await client.time(signal);
    return afterAttempt(before, { error, machineNow: clock.now(), now, random: clock.random() });
  }

  #move({ cursor, changes }: Moved, round: ObjectRound): readonly CursorChange[] {
    round.cursor = cursor;
    round.records.know(cursor.delivered);
    return changes;
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
    this.#options.tell({ fact: "window_halved", object: this.#options.type.name, width: narrower, error });
    return true;
  }
}

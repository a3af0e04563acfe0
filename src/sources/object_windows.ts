import { findObjectType } from "../catalog/catalog.ts";
import type { ObjectType } from "../catalog/column.ts";
import { asRunnerError, type RunnerError } from "../core/errors.ts";
import type { SourceEvent } from "../core/event.ts";
import type { Fact, Tell } from "../core/fact.ts";
import { Memory, type MemoryShare } from "../core/memory.ts";
import type { CursorEntries } from "../cursors/cursor.ts";
import type { OrgClient } from "../org/org_client.ts";
import { queryPages } from "../org/query_pages.ts";
import { objectSoql } from "../org/soql.ts";
import { AskedColumns } from "./asked_columns.ts";
import type { StreamContext } from "./envelope.ts";
import {
  afterRecords,
  afterWindow,
  firstObjectChanges,
  isOfThisOrg,
  type Moved,
  type ObjectCursor,
  readObjectCursor,
  soundEntries,
  whereToGoOn,
} from "./object_progress.ts";
import { ObjectRecords } from "./object_records.ts";
import type { Batch, Source } from "./source.ts";
import { TimeAtSalesforce } from "./time_at_salesforce.ts";
import type { TimeRange } from "./time_range.ts";
import {
  FIRST_WIDTH_MS,
  horizonAt,
  isEmpty,
  nextWindow,
  type ReadingOrder,
  restBehind,
  restFrom,
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
  /** By default, which is for tests, memory of its own. */
  readonly memory?: MemoryShare;
}

/** What one round knows and moves. */
interface Round {
  readonly settledTo: number;
  readonly records: ObjectRecords;
  readonly signal: AbortSignal;
  cursor: ObjectCursor;
}

/**
 * The records of one event object. A round reads from the cursor to `settleTime` before now, by Salesforce's clock, in windows
 * of time, each drained before the next. The last minutes are read again in every round, because a record may appear late;
 * what has been delivered is known by its identity. A window that is too much for Salesforce is cut in halves; windows grow
 * again afterwards.
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
  #width = FIRST_WIDTH_MS;

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
  }

  async *read(from: CursorEntries, signal: AbortSignal): AsyncGenerator<Batch, undefined, undefined> {
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
    const round: Round = { settledTo: horizon.settledTo, records, signal, cursor };

    const begun = whereToGoOn(cursor);
    if (!isEmpty(begun.window)) {
      yield* this.#drain(begun.window, begun.rest, round);
    }
    const behind = (position: number) => nextWindow(position, this.#width, horizon);
    for (let window = behind(begun.window.to); !isEmpty(window); window = behind(window.to)) {
      yield* this.#drain(window, window, round);
    }
  }

  /** Gives what is open of a window, in slices where it is too much at once, and moves the cursor. */
  async *#drain(window: Window, open: Window, round: Round): AsyncGenerator<Batch> {
    const { records, settledTo, signal } = round;
    const order = this.#order;
    const move = ({ cursor, changes }: Moved) => {
      round.cursor = cursor;
      records.know(cursor.delivered);
      return changes;
    };
    let rest = open;
    let given = 0;
    while (!isEmpty(rest)) {
      const part = slice(rest, this.#width, order);
      let found = 0;
      // Salesforce documents the order of its big objects; if an answer breaks it, the slice counts only as a whole.
      let ordered = true;
      try {
        for await (const page of this.#pages(part, signal)) {
          const { events, delivered, edge } = records.read(page, rest, order);
          found += page.length;
          given += events.length;
          if (edge === undefined) {
            ordered = false;
          } else if (ordered) {
            rest = restFrom(rest, edge, order);
          }
          const release = events.length === 0 ? undefined : await this.#memory.events(bytesOf(events), signal);
          const changes = move(afterRecords(round.cursor, { window, rest, settledTo, order }, delivered));
          yield { events, changes, ...(release === undefined ? {} : { release }) };
        }
      } catch (error) {
        this.#narrow(asRunnerError(error), part, signal);
        continue;
      }
      rest = restBehind(rest, part, order);
      this.#width = widthAfter(this.#width, found);
    }
    const fact: Fact = { fact: "window_done", object: this.#type.name, ...window, records: given };
    yield { events: [], changes: move(afterWindow(round.cursor, window, settledTo)), facts: [fact] };
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

  /** Throws the error unless a narrower window may help now. */
  #narrow(error: RunnerError, part: Window, signal: AbortSignal): void {
    signal.throwIfAborted();
    const width = widthAfterRefusal(part);
    if (width === undefined || (error.code !== "query_timed_out" && error.code !== "timed_out")) {
      throw error;
    }
    this.#width = width;
    if (error.code === "timed_out") {
      // Salesforce did not refuse: the narrower window is for the next round, in case this one was too slow.
      throw error;
    }
    this.#options.tell({ fact: "window_halved", object: this.#type.name, width, error });
  }
}

function bytesOf(events: readonly SourceEvent[]): number {
  return events.reduce((sum, { json }) => sum + json.length, 0);
}

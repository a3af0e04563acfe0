import { findObjectType } from "../../catalog/catalog.ts";
import type { ObjectType } from "../../catalog/column.ts";
import { type Clock, systemClock } from "../../core/clock.ts";
import { Memory, type MemoryShare } from "../../core/memory.ts";
import type { CursorEntries } from "../../cursors/cursor.ts";
import type { OrgClient } from "../../org/org_client.ts";
import type { StreamContext } from "../envelope.ts";
import type { Tell } from "../fact.ts";
import { forgotten, isOfThisOrg } from "../own_entries.ts";
import { endWith, isDue } from "../part_failure.ts";
import type { Batch, Round, RoundScope, Source } from "../source.ts";
import type { SourceFact } from "../source_facts.ts";
import { TimeAtSalesforce } from "../time_at_salesforce.ts";
import type { TimeRange } from "../time_range.ts";
import { AskedColumns } from "./asked_columns.ts";
import type { ObjectFact } from "./facts.ts";
import { ObjectPages } from "./pages.ts";
import {
  afterFailedRecords,
  afterFailedWindow,
  afterRecords,
  afterWindow,
  type FailedWindow,
  failedWindow,
  firstObjectChanges,
  readObjectCursor,
  soundEntries,
  whereToGoOn,
} from "./progress.ts";
import { type ObjectRound, WindowReader, type WindowReading } from "./reading.ts";
import { ObjectRecords } from "./records.ts";
import {
  FIRST_WIDTH_MS,
  horizonAt,
  isEmpty,
  nextWindow,
  type ReadingOrder,
  SHORTEST_WIDTH_MS,
  type Window,
} from "./window.ts";

export interface ObjectWindowsOptions {
  readonly id: string;
  readonly client: OrgClient;
  /** What all events have in common; organization id and instance address come from the login. */
  readonly stream: Omit<StreamContext, "organization" | "instanceUrl"> & { readonly organizationName: string };
  /** An object of the catalogue, such as `LoginEvent`. */
  readonly objectName: string;
  /** `salesforce.collection.primary` of the events; see `sources/primary.ts`. */
  readonly primary: boolean;
  /** Milliseconds. */
  readonly initialLookback: number;
  /** Collects only the records of this range, instead of looking back from now. */
  readonly range?: TimeRange | undefined;
  /** Milliseconds that an event takes to appear in Salesforce; nothing younger is asked for. */
  readonly settleTime: number;
  readonly tell: Tell<ObjectFact | SourceFact>;
  readonly clock?: Clock;
  /** By default, which is for tests, memory of its own. */
  readonly memory?: MemoryShare;
}

/** Milliseconds until what failed close to the present is asked for again at the latest. */
const UNSETTLED_WAIT_MS = 60_000;

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
  readonly #columns: AskedColumns;
  readonly #reader: WindowReader;
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
    const { client, tell, memory = new Memory().share(), clock = systemClock } = options;
    this.#columns = new AskedColumns(type, client, tell);
    this.#time = new TimeAtSalesforce(client, tell);
    const pages = new ObjectPages({ type, client, columns: this.#columns, memory });
    this.#reader = new WindowReader({ type, order: this.#order, pages, client, memory, tell, clock });
  }

  async *read(from: CursorEntries, signal: AbortSignal, scope: RoundScope = "everything"): Round {
    const { client, stream, initialLookback, range, settleTime, primary } = this.#options;
    const { organizationId, instanceUrl } = await client.identity(signal);
    const now = await this.#time.now(signal);
    const first = range === undefined ? now - initialLookback : range.from - 1;
    const { entries, damaged } = soundEntries(from, organizationId, Math.max(now, first));
    const cursor = readObjectCursor(entries, organizationId, first);
    const mended: readonly SourceFact[] = damaged.length === 0 ? [] : [{ fact: "cursors_mended", keys: damaged }];
    const described = await this.#columns.learn(
      isOfThisOrg(entries, organizationId) ? entries : new Map(),
      now,
      signal,
    );
    yield {
      events: [],
      whenDelivered: {
        changes: [...damaged.map(forgotten), ...firstObjectChanges(entries, cursor), ...described],
        facts: mended,
      },
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
    const round: ObjectRound = { horizon, records, signal, cursor, unsettled: undefined };
    if (scope !== "what failed") {
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
  async *#readOn(round: ObjectRound): AsyncGenerator<Batch> {
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
  #readWindow(window: Window, rest: Window, round: ObjectRound): AsyncGenerator<Batch> {
    const { settledTo } = round.horizon;
    const order = this.#order;
    const reading: WindowReading = {
      window,
      rest,
      width: this.#width,
      given: (left, records) => afterRecords(round.cursor, { window, rest: left, settledTo, order }, records),
      whole: () => afterWindow(round.cursor, window, settledTo, round.unsettled === undefined),
    };
    return this.#reader.drain(reading, round);
  }

  /** Tries a piece that has failed once more, in halves. */
  #readAgain(key: string, { after, to, failure }: FailedWindow, round: ObjectRound): AsyncGenerator<Batch> {
    const order = this.#order;
    const window = { after, to };
    const reading: WindowReading = {
      window,
      rest: window,
      width: { ms: Math.max(SHORTEST_WIDTH_MS, Math.ceil((to - after) / 2)) },
      failure,
      given: (rest, records) => afterFailedRecords(round.cursor, { key, rest, order }, records),
      whole: () => afterFailedWindow(round.cursor, key),
    };
    return this.#reader.drain(reading, round);
  }
}

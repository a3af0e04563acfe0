import { type Clock, systemClock } from "../../core/clock.ts";
import { Memory, type MemoryShare } from "../../core/memory.ts";
import type { CursorEntries } from "../../cursors/cursor.ts";
import type { RowLedger } from "../../cursors/row_ledger.ts";
import type { OrgClient } from "../../org/org_client.ts";
import type { StreamContext } from "../envelope.ts";
import type { Tell } from "../fact.ts";
import { merged } from "../merged.ts";
import { endWith } from "../part_failure.ts";
import type { Batch, Round, RoundScope, Source } from "../source.ts";
import type { SourceFact } from "../source_facts.ts";
import { stoppable } from "../stoppable.ts";
import { TimeAtSalesforce } from "../time_at_salesforce.ts";
import type { TimeRange } from "../time_range.ts";
import type { EventLogFile, FileFacts } from "./body.ts";
import type { FileFact } from "./facts.ts";
import { readIdentitiesAgain } from "./identities_again.ts";
import { byCreation, FileListing } from "./listing.ts";
import {
  type FileProgress,
  firstChanges,
  goneChange,
  isOpen,
  type ListingCursor,
  logDateFrom,
  readListingCursor,
  roundChanges,
} from "./progress.ts";
import { type FileReadingOptions, readFile } from "./reading.ts";
import { Reconciliation, readingOrder } from "./reconcile.ts";
import { FileRound } from "./round.ts";
import { wants } from "./wanted_types.ts";

export interface EventLogFilesOptions {
  readonly id: string;
  readonly client: OrgClient;
  /** What all events have in common; organization id and instance address come from the login. */
  readonly stream: Omit<StreamContext, "organization" | "instanceUrl"> & { readonly organizationName: string };
  /** Names and patterns. */
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
  readonly tell: Tell<FileFact | SourceFact>;
  readonly clock?: Clock;
  /** By default, which is for tests, memory of its own. */
  readonly memory?: MemoryShare;
}

/**
 * The event log files of an org. A round lists them, then reads those that are not done, oldest first, several at a time;
 * each batch moves its own file's cursor. Files whose rows others may have brought come last, and only their new rows are
 * given. A file that fails stays open and is tried again, ever more rarely, while the others go on; in the end it is parked,
 * and the listing goes past it. It is gone only when Salesforce no longer lists it.
 */
export class EventLogFiles implements Source {
  readonly id: string;
  readonly #options: EventLogFilesOptions;
  readonly #listing: FileListing;
  readonly #memory: MemoryShare;
  readonly #reconciliation: Reconciliation;
  readonly #reading: FileReadingOptions;
  readonly #time: TimeAtSalesforce;
  /** The latest listing, while files of it have failed. */
  #lastListed: readonly EventLogFile[] = [];
  #isNew = true;
  /** Salesforce's time of the first round. */
  #since: number | undefined;

  constructor(options: EventLogFilesOptions) {
    this.#options = options;
    this.id = options.id;
    this.#listing = new FileListing(options);
    this.#time = new TimeAtSalesforce(options.client, options.tell);
    this.#reconciliation = new Reconciliation({ ledger: options.ledger, source: options.id, tell: options.tell });
    this.#memory = options.memory ?? new Memory().share();
    this.#reading = {
      ...options,
      memory: this.#memory,
      reconciliation: this.#reconciliation,
      reconciles: () => this.#reconciles,
      clock: options.clock ?? systemClock,
    };
  }

  read(from: CursorEntries, signal: AbortSignal, scope: RoundScope = "everything"): Round {
    return stoppable(signal, (stop) => this.#round(from, stop, scope));
  }

  async *#round(from: CursorEntries, signal: AbortSignal, scope: RoundScope): Round {
    const { client, stream, initialLookback, range, downloads, tell } = this.#options;
    const { organizationId, instanceUrl } = await client.identity(signal);
    const now = await this.#time.now(signal);
    this.#since ??= now;
    const first = range?.from ?? now - initialLookback;
    const cursor = readListingCursor(from, organizationId, { now, first });
    const changes = firstChanges(from, cursor);
    const mended: readonly SourceFact[] =
      cursor.damaged.length === 0 ? [] : [{ fact: "cursors_mended", keys: cursor.damaged }];
    yield { events: [], whenDelivered: { changes, facts: mended } };

    const again = scope === "what failed" && this.#lastListed.length > 0;
    const listed = again ? this.#lastListed : yield* this.#listed(cursor, now, signal);
    const organization = { id: organizationId, name: stream.organizationName };
    const context: StreamContext = { ...stream, organization, instanceUrl };
    const round = new FileRound({ cursor, context, listed, now, since: this.#since, signal });
    if (!again) {
      tell({ fact: "listed", files: listed, open: round.unfinished });
    }

    this.#reconciliation.begin(cursor.files);
    const due = round.due(again, this.#isNew);
    this.#isNew = false;
    const { firstHand, inTurn } = this.#reconciles ? readingOrder(due, cursor.files) : { firstHand: due, inTurn: [] };
    const inPlace = (read: () => AsyncIterable<Batch>) => () => this.#inPlace(read, signal);
    const alone = firstHand.map((file) => inPlace(() => readFile(file, undefined, round, this.#reading)));
    yield* merged(alone, downloads, giveBack);
    const compared = inTurn.map((files) => inPlace(() => this.#readInTurn(files, round)));
    yield* merged(compared, downloads, giveBack);
    this.#reconciliation.end();

    if (!again) {
      yield { events: [], whenDelivered: { changes: roundChanges(cursor, listed, round.waitedFor(), now) } };
    }
    const failing = round.failing();
    this.#lastListed = failing.length === 0 ? [] : listed;
    round.throwIfStopped();
    return endWith([...round.parkedBehind(), ...failing], (await client.time(signal)).now);
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
        isOpen({ done, gone }) && !ids.has(id) && wants(eventTypes, eventType) && (failure?.retryAt ?? 0) <= now,
    );
    const { files, gone } = await this.#listing.find(
      behind.map(([id]) => id),
      now,
      signal,
    );
    if (gone.length > 0) {
      const missing = [...cursor.files].filter(([id]) => gone.includes(id));
      const facts = missing.map((file): FileFact => ({ fact: "file_gone", file: asFile(...file) }));
      yield { events: [], whenDelivered: { changes: missing.map(goneChange), facts } };
    }
    return [...files, ...listed].sort(byCreation);
  }

  /** Files whose rows others may have brought, one after the other. */
  async *#readInTurn(files: readonly EventLogFile[], round: FileRound): AsyncGenerator<Batch> {
    const [listing, reconciliation] = [this.#listing, this.#reconciliation];
    for (const file of files) {
      const others = reconciliation.others(file, round.cursor.files);
      for (const lacking of reconciliation.lacking(others)) {
        await readIdentitiesAgain(lacking, round, { ...this.#options, listing, reconciliation });
      }
      const brought = await reconciliation.open(others);
      try {
        yield* readFile(file, brought, round, this.#reading);
      } finally {
        brought?.close();
      }
    }
  }
}

function giveBack({ release }: Batch): void {
  release?.();
}

/** What is still known of a file that Salesforce no longer lists. */
function asFile(id: string, { eventType, interval, logDate, created, length }: FileProgress): FileFacts {
  return { id, eventType, interval, sequence: 0, logDate, created, length };
}

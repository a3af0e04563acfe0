import { asRunnerError, type RunnerError } from "../core/errors.ts";
import type { Fact, Tell } from "../core/fact.ts";
import type { LedgerDay, RecordedRows, RowLedger } from "../cursors/row_ledger.ts";
import type { EventLogFile } from "../org/log_file_body.ts";
import { dayOf, type FileProgress } from "./file_progress.ts";

const DAY_MS = 86_400_000;

/** What a file is to the reading order; files and their progress both say it. */
type FileOfDay = Pick<EventLogFile, "eventType" | "interval" | "logDate">;

export interface ReadingOrder {
  /** Hourly files whose rows no other file can have brought. They are read first, side by side. */
  readonly firstHand: readonly EventLogFile[];
  /**
   * Files whose rows other files of their event type and day may have brought: late and replaced hourly files, then daily
   * ones. Each list is read one file after the other, because a file is compared with all before it.
   */
  readonly inTurn: ReadonlyArray<readonly EventLogFile[]>;
}

/** Sorts files that are to be read, oldest first, by what is known of other files. Pure. */
export function readingOrder(due: readonly EventLogFile[], known: ReadonlyMap<string, FileProgress>): ReadingOrder {
  const names = new Map<string, Set<string>>();
  const remember = (id: string, length: number, file: FileOfDay) => {
    const span = spanOf(file);
    names.set(span, (names.get(span) ?? new Set()).add(nameOf(id, length)));
  };
  const hasOther = (file: EventLogFile, span: string) => {
    const those = names.get(span);
    return those !== undefined && (those.size > 1 || !those.has(nameOf(file.id, file.length)));
  };
  for (const [id, progress] of known) {
    remember(id, progress.length, progress);
  }

  const firstHand: EventLogFile[] = [];
  const inTurn = new Map<string, EventLogFile[]>();
  const hourlyFirst = [...due.filter(isHourly), ...due.filter((file) => !isHourly(file))];
  for (const file of hourlyFirst) {
    const day = spanOf({ ...file, interval: "daily" });
    if (isHourly(file) && !hasOther(file, spanOf(file)) && !hasOther(file, day)) {
      firstHand.push(file);
    } else {
      inTurn.set(day, [...(inTurn.get(day) ?? []), file]);
    }
    remember(file.id, file.length, file);
  }
  return { firstHand, inTurn: [...inTurn.values()] };
}

function isHourly({ interval }: FileOfDay): boolean {
  return interval === "hourly";
}

/** The hour, or the day, of an event type. */
function spanOf({ eventType, interval, logDate }: FileOfDay): string {
  return `${eventType} ${interval} ${interval === "daily" ? dayOf(logDate) : logDate}`;
}

/** A file that has another length is another one, though its id is the same. */
function nameOf(id: string, length: number): string {
  return `${id} ${length}`;
}

export interface ReconciliationOptions {
  readonly ledger: RowLedger;
  /** Id of the source. */
  readonly source: string;
  readonly tell: Tell;
}

/**
 * Leaves out the rows of a file that other files of its day have brought already.
 *
 * A row counts as brought when it is recorded in the ledger, or when it is on its way: given to the reader in this round
 * before the file is opened. The reader saves in the order of the batches and saves nothing behind a failure; so a file's
 * progress past a row that was left out is saved only when the row itself has been delivered.
 *
 * Where the ledger can't be read or written, that is told once, and files are read on without it: every row of a daily file
 * is then sent, and Elasticsearch answers for the ones it has (409), unless its index has rolled over in between. The daily
 * file is not left alone, because it may hold rows that no hourly file had.
 */
export class Reconciliation {
  readonly #options: ReconciliationOptions;
  readonly #onTheirWay = new Map<string, Set<string>>();
  #refusedThisRound = false;
  #refusedBefore = false;

  constructor(options: ReconciliationOptions) {
    this.#options = options;
  }

  /** Nothing of an earlier round is on its way any more. */
  begin(): void {
    this.#onTheirWay.clear();
    this.#refusedThisRound = false;
  }

  /** Says when a ledger that was refused in an earlier round has worked through a whole one. */
  end(): void {
    if (this.#refusedBefore && !this.#refusedThisRound) {
      this.#refusedBefore = false;
      this.#options.tell({ fact: "ledger_usable" });
    }
  }

  /** The rows of the file's event type and day that have been brought; undefined if the ledger is refused. To be closed. */
  async rowsBrought(file: EventLogFile): Promise<RecordedRows | undefined> {
    // Taken before the ledger is opened: what is recorded from here on may be missing in what it opens.
    const onTheirWay = new Set(this.#onTheirWay.get(spanOf({ ...file, interval: "daily" })));
    const recorded = await this.#allowed(() => this.#options.ledger.open(this.#dayOf(file)));
    if (recorded === undefined) {
      return undefined;
    }
    let readable = true;
    return {
      count: recorded.count + onTheirWay.size,
      has: (identity) => {
        if (onTheirWay.has(identity)) {
          return true;
        }
        try {
          return readable && recorded.has(identity);
        } catch (error) {
          readable = false;
          this.#refuse(asRunnerError(error));
          return false;
        }
      },
      close: () => recorded.close(),
    };
  }

  /** To be called when a batch of the file is given to the reader. The result is what is to be done after its delivery. */
  give(file: EventLogFile, identities: readonly string[]): () => Promise<void> {
    const day = spanOf({ ...file, interval: "daily" });
    const onTheirWay = this.#onTheirWay.get(day) ?? new Set<string>();
    this.#onTheirWay.set(day, onTheirWay);
    for (const identity of identities) {
      onTheirWay.add(identity);
    }
    return async () => {
      await this.#allowed(() => this.#options.ledger.record(this.#dayOf(file), identities));
      for (const identity of identities) {
        onTheirWay.delete(identity);
      }
    };
  }

  /**
   * What came out for a daily file; nothing if the ledger couldn't say, or if there was nothing to compare it with. After a
   * crash between recording and saving, `lacked` misses the rows of the batches that were recorded.
   */
  result(
    file: EventLogFile,
    brought: RecordedRows | undefined,
    counts: { readonly rows: number; readonly lacked: number },
  ): readonly Fact[] {
    const compared = brought !== undefined && brought.count > 0 && !this.#refusedThisRound;
    return compared && !isHourly(file) ? [{ fact: "reconciled", file, ...counts }] : [];
  }

  /** Forgets days that ended before `from` and of which no file is open. */
  async forgetBefore(from: number, open: readonly EventLogFile[]): Promise<void> {
    const stillOpen = new Set(open.map((file) => spanOf({ ...file, interval: "daily" })));
    await this.#forget(
      ({ eventType, day }) =>
        day + DAY_MS <= from && !stillOpen.has(spanOf({ eventType, interval: "daily", logDate: day })),
    );
  }

  /** For a source that has no cursors: it starts anew, and is to give every row again. */
  async forgetAll(): Promise<void> {
    await this.#forget(() => true);
  }

  async #forget(unneeded: (day: LedgerDay) => boolean): Promise<void> {
    const { ledger, source } = this.#options;
    await this.#allowed(async () => {
      for (const day of await ledger.days(source)) {
        if (unneeded(day)) {
          await ledger.forget(day);
        }
      }
    });
  }

  #dayOf({ eventType, logDate }: EventLogFile): LedgerDay {
    return { source: this.#options.source, eventType, day: dayOf(logDate) };
  }

  async #allowed<T>(action: () => Promise<T>): Promise<T | undefined> {
    try {
      return await action();
    } catch (error) {
      this.#refuse(asRunnerError(error));
      return undefined;
    }
  }

  #refuse(error: RunnerError): void {
    this.#refusedThisRound = true;
    if (!this.#refusedBefore) {
      this.#refusedBefore = true;
      this.#options.tell({ fact: "ledger_refused", error });
    }
  }
}

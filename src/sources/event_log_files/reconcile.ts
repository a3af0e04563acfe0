import { asRunnerError, type RunnerError } from "../../core/errors.ts";
import type { LedgerFile, LedgerRows, RecordedRows, RowLedger } from "../../cursors/row_ledger.ts";
import type { Tell } from "../fact.ts";
import type { SourceFact } from "../source_facts.ts";
import type { EventLogFile } from "./body.ts";
import type { FileFact } from "./facts.ts";
import { dayOf, type FileProgress, spanOfDay } from "./progress.ts";

/** What a file is to the reading order; files and their progress both say it. */
type FileOfDay = Pick<EventLogFile, "eventType" | "interval" | "logDate">;
type FileVersion = FileOfDay & Pick<EventLogFile, "length" | "created">;

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
  const remember = (id: string, file: FileVersion) => {
    const span = spanOf(file);
    names.set(span, (names.get(span) ?? new Set()).add(nameOf(id, file)));
  };
  const hasOther = (file: EventLogFile, span: string) => {
    const those = names.get(span);
    return those !== undefined && (those.size > 1 || !those.has(nameOf(file.id, file)));
  };
  for (const [id, progress] of known) {
    remember(id, progress);
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
    remember(file.id, file);
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

/** A file of another length or creation is another one, though its id is the same. */
function nameOf(id: string, { length, created }: Pick<EventLogFile, "length" | "created">): string {
  return `${id} ${length} ${created}`;
}

export interface ReconciliationOptions {
  readonly ledger: RowLedger;
  /** Id of the source. */
  readonly source: string;
  readonly tell: Tell<FileFact | SourceFact>;
}

/**
 * Leaves out the rows of a file that other files of its day have brought already.
 *
 * A row counts as brought when its file's cursor is past it, or when it is on its way: given to the reader in this round before
 * the file is opened. The reader saves in the order of the batches and saves nothing behind a failure; so a file's progress
 * past a row that was left out is saved only when the row itself has been delivered. Which rows these are says the ledger;
 * what it lacks is read again by the caller.
 *
 * Where rows can't be known, that is told once, and files are read on without them: they are sent again, and Elasticsearch
 * answers for the ones it has (409), unless its index has rolled over in between. The daily file is not left alone, because it
 * may hold rows that no hourly file had.
 */
export class Reconciliation {
  readonly #options: ReconciliationOptions;
  /** What was given in this round, by file and version. */
  readonly #given = new Map<string, { readonly span: string; readonly rows: LedgerRows }>();
  #refusedThisRound = false;
  #refusedBefore = false;

  constructor(options: ReconciliationOptions) {
    this.#options = options;
  }

  /** Begins a round, of which only the files that the cursors know need to be remembered. */
  begin(known: ReadonlyMap<string, FileProgress>): void {
    this.#given.clear();
    this.#refusedThisRound = false;
    const files = [...known].flatMap(([id, progress]) => this.#versions(id, progress).map(({ file }) => file));
    this.#allowed(() => this.#options.ledger.keep(this.#options.source, files));
  }

  /** Says when rows that could not be known in an earlier round are known again. */
  end(): void {
    if (this.#refusedBefore && !this.#refusedThisRound) {
      this.#refusedBefore = false;
      this.#options.tell({ fact: "ledger_usable" });
    }
  }

  /** The other files of a file's event type and day, and how many of their rows have been delivered or are on their way. */
  others(file: EventLogFile, known: ReadonlyMap<string, FileProgress>): readonly LedgerRows[] {
    const span = spanOfDay(file);
    const own = nameOf(file.id, file);
    const others = new Map<string, LedgerRows>();
    for (const [id, progress] of known) {
      if (spanOfDay(progress) === span) {
        for (const version of this.#versions(id, progress)) {
          others.set(nameOf(id, version.file), version);
        }
      }
    }
    for (const [name, given] of this.#given) {
      if (given.span === span) {
        others.set(name, given.rows);
      }
    }
    return [...others].flatMap(([name, rows]) => (name === own || rows.rows === 0 ? [] : [rows]));
  }

  /** Those of which the ledger lacks rows. */
  lacking(others: readonly LedgerRows[]): readonly LedgerRows[] {
    return others.filter((rows) => this.#allowed(() => this.#options.ledger.noted(rows)) !== rows.rows);
  }

  /** The rows of these files; undefined if the ledger is refused. To be closed. */
  async open(others: readonly LedgerRows[]): Promise<RecordedRows | undefined> {
    let recorded: RecordedRows;
    try {
      recorded = await this.#options.ledger.open(others);
    } catch (error) {
      this.refuse(asRunnerError(error));
      return undefined;
    }
    let readable = true;
    return {
      count: recorded.count,
      has: (identity) => {
        try {
          return readable && recorded.has(identity);
        } catch (error) {
          readable = false;
          this.refuse(asRunnerError(error));
          return false;
        }
      },
      close: () => recorded.close(),
    };
  }

  /** To be called when a batch of the file, with its rows behind `after` up to `to`, is given to the reader. */
  give(file: EventLogFile, after: number, to: number, identities: readonly string[]): void {
    const rows = { file: this.#fileOf(file.id, file), rows: to };
    this.#given.set(nameOf(file.id, file), { span: spanOfDay(file), rows });
    this.note(rows.file, after, to, identities);
  }

  /** Notes rows of a file that are known to have been delivered, or are about to be. */
  note(file: LedgerFile, after: number, to: number, identities: readonly string[]): void {
    this.#allowed(() => this.#options.ledger.note(file, after, to, identities));
  }

  /** What came out for a daily file; nothing if rows could not be known, or if there was nothing to compare it with. */
  result(
    file: EventLogFile,
    brought: RecordedRows | undefined,
    counts: { readonly rows: number; readonly lacked: number },
  ): readonly FileFact[] {
    const compared = brought !== undefined && brought.count > 0 && !this.#refusedThisRound;
    return compared && !isHourly(file) ? [{ fact: "reconciled", file, ...counts }] : [];
  }

  /** Tells that rows can't be known, once until they are again. */
  refuse(error: RunnerError): void {
    this.#refusedThisRound = true;
    if (!this.#refusedBefore) {
      this.#refusedBefore = true;
      this.#options.tell({ fact: "ledger_refused", error });
    }
  }

  #versions(id: string, { length, created, rows, earlier = [] }: FileProgress): LedgerRows[] {
    return [...earlier, { length, created, rows }].map((version) => ({
      file: this.#fileOf(id, version),
      rows: version.rows,
    }));
  }

  #fileOf(id: string, { length, created }: Pick<EventLogFile, "length" | "created">): LedgerFile {
    return { source: this.#options.source, id, length, created };
  }

  #allowed<T>(action: () => T): T | undefined {
    try {
      return action();
    } catch (error) {
      this.refuse(asRunnerError(error));
      return undefined;
    }
  }
}

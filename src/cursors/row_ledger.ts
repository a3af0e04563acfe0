/** A version of an event log file of one source: another length or creation is another version. Times in milliseconds. */
export interface LedgerFile {
  /** Id of the source, as its cursors are kept by. */
  readonly source: string;
  readonly id: string;
  readonly length: number;
  readonly created: number;
}

/** A file and how many of its rows are meant, from the first one on. */
export interface LedgerRows {
  readonly file: LedgerFile;
  readonly rows: number;
}

/**
 * The identities (sources/event_identity.ts) of rows that were given, by file and row number: Salesforce gives the rows of an
 * hourly file once more in the daily file of that day, and those of a daily file in the one that replaces it.
 *
 * It is a cache. How many rows of a file have been delivered is what the file's cursor says; the ledger may know fewer (lost,
 * cut off, damaged), and they are had again by reading the file, or more (given, and not delivered before a crash), and they
 * are left alone. So it does not matter in which order ledger and cursor are written, nor whether the ledger is written.
 *
 * Errors: `state_unusable` (disk full, folder not writable) from every call.
 */
export interface RowLedger {
  /**
   * Notes the identities of a file's rows behind row `after` up to `to`; what was noted behind `after` before is forgotten.
   * Nothing is noted behind rows that are lacking.
   */
  note(file: LedgerFile, after: number, to: number, identities: readonly string[]): void;
  /** How many rows of a file it knows, from the first one on, of the `rows` that are asked for. */
  noted({ file, rows }: LedgerRows): number;
  /** The rows of these files, as far as they are known. The caller closes it. */
  open(files: readonly LedgerRows[]): Promise<RecordedRows>;
  /** Forgets every file of a source but these; what is open stays usable. */
  keep(source: string, files: readonly LedgerFile[]): void;
  /** Room for what a file's reading can't hold in memory. */
  scratch(): Scratch;
}

export interface RecordedRows {
  /** How many rows there are. */
  readonly count: number;
  /** Synchronous, because it is asked for every row of a file. Throws `state_unusable`. */
  has(identity: string): boolean;
  close(): void;
}

/** A file without a name, of this process alone. The caller closes it. Every call throws `state_unusable`. */
export interface Scratch {
  /** Numbers, at a position in bytes. */
  write(numbers: Float64Array, position: number): void;
  /** Fills `into`. */
  read(into: Float64Array, position: number): void;
  close(): void;
}

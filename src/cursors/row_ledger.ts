/** The rows of one event type and UTC day that a source has brought. */
export interface LedgerDay {
  /** Id of the source, as its cursors are kept by. */
  readonly source: string;
  readonly eventType: string;
  /** First moment of the day, in milliseconds since the epoch. */
  readonly day: number;
}

/**
 * Which rows have been delivered, by their identities (sources/event_identity.ts), where a cursor can't say it: Salesforce
 * gives the rows of an hourly file once more in the daily file of that day, and those of a daily file in the one that
 * replaces it.
 *
 * `record` is called after the sink has acknowledged a batch and before the batch's cursor is saved. Whatever moment the
 * process dies at, a recorded row has been delivered, and a row whose cursor is saved is recorded; between the two a row may
 * be recorded whose cursor is not, and leaving it out is right. A power cut, or a disk that refused a record, may take rows
 * out of the ledger; they are sent again and found to be there. No call ever adds a row that was not recorded: a row is
 * doubled when in doubt, never lost.
 *
 * `open` is called before a file is read whose rows may be there already, `forget` when no file of the day can come any more.
 * Calls for different days may overlap; `record` may come while `open` of the same day is under way.
 *
 * Errors: `state_unusable` (disk full, folder not writable, damaged file) from every call. What was recorded before stays.
 */
export interface RowLedger {
  /** Adds rows. When it resolves they survive the death of the process. */
  record(day: LedgerDay, identities: readonly string[]): Promise<void>;
  /** The rows that were recorded before the call; those of later calls may be missing. The caller closes it. */
  open(day: LedgerDay): Promise<RecordedRows>;
  /** The days of a source of which something is recorded, in no order. */
  days(source: string): Promise<readonly LedgerDay[]>;
  /** Forgets a day; what is open of it stays usable. */
  forget(day: LedgerDay): Promise<void>;
}

export interface RecordedRows {
  /** How many rows there are. */
  readonly count: number;
  /** Synchronous, because it is asked for every row of a file. Throws `state_unusable`. */
  has(identity: string): boolean;
  close(): void;
}

import type { CursorChange, CursorEntries } from "./cursor.ts";

/**
 * Where cursors outlive the process.
 *
 * The pump calls `load` before a round and `save` after the sink has acknowledged the batch that carried the changes, in the
 * order of the batches. Values are copies: a later change of an object that was saved does not reach the store.
 *
 * Errors: `state_unusable` (disk full, damaged file; next: retry) from every call, and from a store that hosts share also
 * `shared_state_unreachable`, `shared_state_refused` and, for good, `lease_lost`. A store that can't be opened at all says so when
 * it is opened: `data_directory_unusable` or `data_directory_locked`.
 */
export interface CursorStore {
  /**
   * Where each save is a request to another machine: the milliseconds that pass between two of how far a source is, and the events
   * that may be delivered meanwhile.
   */
  readonly pace?: { readonly between: number; readonly events: number };
  /** All entries of a source; empty if it has none yet. */
  load(source: string): Promise<CursorEntries>;
  /** Applies all changes or none. When it resolves they survive the death of the process. */
  save(source: string, changes: readonly CursorChange[]): Promise<void>;
  /** The sources that have entries, sorted. */
  sources(): Promise<readonly string[]>;
  /** Forgets every entry of a source. */
  clear(source: string): Promise<void>;
  close(): void;
}

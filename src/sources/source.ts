import type { SourceEvent } from "../core/event.ts";
import type { Fact } from "../core/fact.ts";
import type { CursorChange, CursorEntries } from "../cursors/cursor.ts";

/** Events, and what is true once they have been delivered: cursor changes to save, then facts to tell. Any may be empty. */
export interface Batch {
  readonly events: readonly SourceEvent[];
  readonly changes: readonly CursorChange[];
  readonly facts?: readonly Fact[];
  /** Run when the events have been delivered, before the changes are saved: what it writes is there no later than they. */
  readonly delivered?: () => Promise<void>;
  /**
   * Gives the memory of the events back; they are not to be touched after it. The reader calls it for every batch that it
   * gets, whatever becomes of it: until then the events count against the memory of the process. It may be called again.
   */
  readonly release?: () => void;
}

/**
 * Where events come from.
 *
 * `read` is one round: it gives every event that is available now and has not been acknowledged, then ends. `from` holds the
 * entries that were saved before; the source trusts nothing else about the past. Batches are pulled: the source does not run
 * ahead of the reader by more than what it has under way. The reader saves a batch's changes after its events have been
 * delivered, in the order of the batches, and may stop between any two; the next round then goes on behind what was saved.
 *
 * A part that fails (a file, a window) does not keep the others back: `read` gives everything else first and then throws the
 * RunnerError of the part that failed, whose `next` says when another round is worth it. It rejects with the signal's reason
 * when the signal aborts. Rounds of one source never overlap.
 */
export interface Source {
  /** Names the source's cursors; unique in the policy. */
  readonly id: string;
  read(from: CursorEntries, signal: AbortSignal): AsyncIterable<Batch>;
}

import type { RunnerError } from "../core/errors.ts";
import type { SourceEvent } from "../core/event.ts";
import type { CursorChange, CursorEntries } from "../cursors/cursor.ts";
import type { AnyFact } from "./fact.ts";

/** What is true from a moment on: cursor changes to save, then facts to tell. Either may be empty. */
export interface Truth {
  readonly changes: readonly CursorChange[];
  readonly facts?: readonly AnyFact[];
}

/** Events, of which there may be none, and what is true once they and those of every earlier batch have been delivered. */
export interface Batch {
  readonly events: readonly SourceEvent[];
  readonly whenDelivered: Truth;
  /** What of the source (a file) the events are of, whose batches come in order; the source as a whole without it. */
  readonly part?: string;
  /** Whether no batch of the part comes any more in this round. */
  readonly isLast?: boolean | undefined;
  /** Whether the part appeared while this source was read, so that nobody but another runner can have sent its events before. */
  readonly isNew?: boolean;
  /**
   * Gives the memory of the events back; they are not to be touched after it. The reader calls it for every batch that it
   * gets, whatever becomes of it: until then the events count against the memory of the process. It may be called again.
   */
  readonly release?: () => void;
}

/**
 * What of a source a round is about: everything that is available now, that and what comes while it lasts, or only what failed in
 * an earlier one. What comes is for sources that are pushed to; to the others the first two are the same.
 */
export type RoundScope = "everything" | "and what comes" | "what failed";

/** How a round ends after which another one is wanted soon: a part (a file) could not be given, or a connection has ended. */
export interface RoundEnd {
  /** Of one such part, for people; it says nothing of the source. Undefined where nothing has failed. */
  readonly error: RunnerError | undefined;
  /** Milliseconds until the first of them may be tried again. */
  readonly retryIn: number;
}

/** One round of a source: what it gives, and how it ends. */
export type Round = AsyncGenerator<Batch, RoundEnd | undefined, undefined>;

/**
 * Where events come from.
 *
 * `read` is one round: it gives every event that is available now and has not been acknowledged, then ends. `from` holds the
 * entries that were saved before; the source trusts nothing else about the past. Batches are pulled: the source does not run
 * ahead of the reader by more than what it has under way. The reader saves a batch's changes, and tells its facts, after its events have been
 * delivered, in the order of the batches, and may stop between any two; the next round then goes on behind what was saved.
 *
 * A part that fails (a file) does not keep the others back and does not end the round: its failure is saved like a cursor,
 * and the round's return value says when it may be tried again. Such a round, about `what failed`, costs no listing. `read`
 * throws a RunnerError only for what concerns the whole org; its `next` says when another round is worth it. It rejects with
 * the signal's reason when the signal aborts. Rounds of one source never overlap.
 */
export interface Source {
  /** Names the source's cursors; unique in the policy. */
  readonly id: string;
  read(from: CursorEntries, signal: AbortSignal, scope?: RoundScope): Round;
}

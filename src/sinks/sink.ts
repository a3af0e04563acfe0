import type { RunnerError } from "../core/errors.ts";
import type { SourceEvent } from "../core/event.ts";
import type { KeptEvent } from "../cursors/kept_events.ts";

/** By data stream: the backing indices that have answered for it. */
export type BackingIndices = Readonly<Record<string, readonly string[]>>;

export function addBackingIndices(a: BackingIndices = {}, b: BackingIndices = {}): BackingIndices {
  const added = { ...a };
  for (const [stream, names] of Object.entries(b)) {
    added[stream] = [...new Set([...(a[stream] ?? []), ...names])];
  }
  return added;
}

/** An event that the far side will never take, with its reason; the caller keeps it elsewhere. */
export interface RefusedEvent {
  readonly event: SourceEvent;
  /** `document_parsing_exception` and the like. */
  readonly type: string;
  readonly reason: string;
}

/** What became of the events of one delivery: every event is counted in exactly one of the three. */
export interface Receipt {
  readonly created: number;
  /** Had been delivered before, under the same identity. */
  readonly existing: number;
  readonly refused: readonly RefusedEvent[];
  /** Of the existing ones, those that this runner itself may have sent before. */
  readonly resent?: number;
  /** Of the created ones, those that may be stored a second time, because the data stream was rolled over in between. */
  readonly possiblyDoubled?: number;
  /** Where the events are, if the far side keeps a data stream in several indices. */
  readonly landedIn?: BackingIndices;
}

/**
 * Where events go.
 *
 * The pump calls `deliver` with one batch, possibly several at a time, and takes its resolution as the acknowledgement: then
 * every event is stored, was there already, or is refused for good. A far side that is down, busy or wrongly set up is no
 * reason to reject: the sink waits and tries again for as long as it takes and says through `SinkHealth` why. It rejects
 * only with the reason of the signal; then nothing is known of the batch and it will be delivered again.
 *
 * With `sentBefore`, the events may have been sent by an earlier delivery whose end is not known: into one of these backing
 * indices or a later one, or if none is given into any. The sink makes sure, as far as it can, that none is stored twice.
 *
 * `close` waits for the deliveries that are under way, which end as they would have (see orderly_end.ts); a delivery that comes
 * after it is an error of the caller and rejects.
 */
export interface Sink {
  deliver(events: readonly SourceEvent[], signal: AbortSignal, sentBefore?: BackingIndices): Promise<Receipt>;
  /**
   * Finds out without an event whether the far side could take some, and says it through `SinkHealth`; absent where there is
   * no far side. Called only while nothing is delivered. Rejects only with the reason of the signal.
   */
  probe?(signal: AbortSignal): Promise<void>;
  close(): Promise<void>;
}

/** What became of some events. */
export interface Placed {
  /** As a sink's: a refused event is counted as refused, wherever its text is. */
  readonly receipt: Receipt;
  /** Those that are nowhere, as they were given. */
  readonly unplaced: readonly KeptEvent[];
}

/** Delivers events as a sink does, but gives back what has no place. */
export type Place = (
  events: readonly SourceEvent[],
  signal: AbortSignal,
  sentBefore?: BackingIndices,
) => Promise<Placed>;

/** Called with the error that holds delivery up, and with `undefined` when it flows again. */
export type SinkHealth = (problem: RunnerError | undefined) => void;

export const EMPTY_RECEIPT: Receipt = { created: 0, existing: 0, refused: [] };

export function addReceipts(a: Receipt, b: Receipt): Receipt {
  return {
    created: a.created + b.created,
    existing: a.existing + b.existing,
    refused: b.refused.length === 0 ? a.refused : [...a.refused, ...b.refused],
    ...(a.resent || b.resent ? { resent: (a.resent ?? 0) + (b.resent ?? 0) } : {}),
    ...(a.possiblyDoubled || b.possiblyDoubled
      ? { possiblyDoubled: (a.possiblyDoubled ?? 0) + (b.possiblyDoubled ?? 0) }
      : {}),
    ...(a.landedIn || b.landedIn ? { landedIn: addBackingIndices(a.landedIn, b.landedIn) } : {}),
  };
}

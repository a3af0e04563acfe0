import { remoteWaits } from "../core/backoff.ts";
import { type Clock, elapsedBy, isoTime } from "../core/clock.ts";
import { RETRY, RunnerError } from "../core/errors.ts";
import type { SourceEvent } from "../core/event.ts";
import type { KeptEvent, KeptEvents, KeptSum } from "../cursors/kept_events.ts";
import type { Place, Sink } from "../sinks/sink.ts";
import type { Tell } from "../sources/fact.ts";
import type { RoundEnd } from "../sources/source.ts";
import type { DeliveryFact } from "./facts.ts";

/** Milliseconds between two attempts to give what is kept a place: mostly a person has to mend something first. */
const KEPT_INTERVAL_MS = 2 * 3_600_000;
/** Bytes of kept events that are sent at once. */
const BATCH_BYTES = 1024 * 1024;

export interface KeepingOptions {
  /** What the source's kept events are known by; the same for all processes that collect it. */
  readonly source: string;
  readonly kept: KeptEvents;
  readonly place: Place;
  /** The policy wants what is refused to be reported in Elasticsearch; otherwise it is kept here for good. */
  readonly isReported: boolean;
  readonly tell: Tell<DeliveryFact>;
  readonly clock: Clock;
}

/**
 * Makes sure that no event of a source is lost which Elasticsearch does not take: what has no place is kept, tried again at the
 * start and now and then, and named at the end of each round while there is any. Where no more can be kept, the sink does not
 * acknowledge, so that collection waits.
 */
export class Keeping {
  readonly #options: KeepingOptions;
  #nextAttempt = Number.NEGATIVE_INFINITY;
  #hasToldRefusal = false;
  /** What was told last to be kept. */
  #told: number | undefined;

  /** Shared as the sinks behind it are: `close` leaves them open. */
  readonly sink: Sink = {
    deliver: async (events, signal, sentBefore) => {
      const { receipt, unplaced } = await this.#options.place(events, signal, sentBefore);
      const [first] = receipt.refused;
      if (first !== undefined && !this.#hasToldRefusal) {
        this.#hasToldRefusal = true;
        this.#options.tell({
          fact: "events_refused",
          index: first.event.index,
          reason: `${first.type}: ${first.reason}`,
        });
      }
      await this.#keep(unplaced, signal);
      return receipt;
    },
    close: async () => {},
  };

  constructor(options: KeepingOptions) {
    this.#options = options;
  }

  /** Sends what is kept once more, if it is time. Rejects with `state_unusable`, or with the signal's reason. */
  async tryAgain(signal: AbortSignal): Promise<void> {
    const { source, kept, place, tell, clock } = this.#options;
    if (elapsedBy(clock) < this.#nextAttempt) {
      return;
    }
    this.#nextAttempt = elapsedBy(clock) + KEPT_INTERVAL_MS;
    let behind = 0;
    let placed = 0;
    for (;;) {
      const batch = kept.read(source, behind, BATCH_BYTES);
      if (batch.length === 0) {
        break;
      }
      const { receipt, unplaced } = await place(
        batch.map(({ event }) => event),
        signal,
      );
      const still = new Set(unplaced.map(({ event }) => nameOf(event)));
      const gone = batch.filter(({ event }) => !still.has(nameOf(event)));
      kept.forget(gone.map(({ serial }) => serial));
      if (gone.length > 0) {
        tell({ fact: "delivered", created: receipt.created, existing: receipt.existing, refused: 0 });
      }
      placed += gone.length;
      behind = batch.at(-1)?.serial ?? behind;
    }
    if (placed > 0) {
      tell({ fact: "kept_events_placed", events: placed });
    }
    this.#tellKept();
  }

  /** How a round ends that would end with `end`: not without a word while something waits for a place. */
  endOf(end: RoundEnd | undefined): RoundEnd | undefined {
    const { isReported, clock } = this.#options;
    const sum = this.#tellKept();
    if (sum === undefined || !isReported) {
      return end;
    }
    const retryIn = Math.max(0, this.#nextAttempt - elapsedBy(clock));
    return { error: noPlaceError(sum), retryIn: Math.min(retryIn, end?.retryIn ?? retryIn) };
  }

  async #keep(events: readonly KeptEvent[], signal: AbortSignal): Promise<void> {
    const { tell, clock } = this.#options;
    const nextWait = remoteWaits(clock);
    while (events.length > 0) {
      const error = this.#tryToKeep(events);
      if (error === undefined) {
        if (this.#told === undefined) {
          this.#tellKept();
        }
        return;
      }
      const wait = nextWait();
      tell({ fact: "round_failed", error, nextAttemptAt: clock.now() + wait });
      await clock.sleep(wait, signal);
      await this.tryAgain(signal);
    }
  }

  /** What keeps them from being kept. */
  #tryToKeep(events: readonly KeptEvent[]): RunnerError | undefined {
    const { source, kept, clock } = this.#options;
    try {
      return kept.keep(source, events, clock.now()) ? undefined : noRoomError(kept, events);
    } catch (error) {
      if (error instanceof RunnerError) {
        return error;
      }
      throw error;
    }
  }

  #tellKept(): KeptSum | undefined {
    const { source, kept, isReported, tell } = this.#options;
    const sum = kept.of(source);
    const events = sum?.events ?? 0;
    if (events !== (this.#told ?? 0)) {
      const reason = sum?.reason ?? "";
      tell({ fact: "events_kept", events, reason, isReported, isNews: this.#told === undefined });
      this.#told = events === 0 ? undefined : events;
    }
    return sum;
  }
}

/** Events are kept that have no place in Elasticsearch. Pure. */
export function noPlaceError({ events, since, reason }: KeptSum): RunnerError {
  return new RunnerError(
    "events_refused",
    `Events have no place in Elasticsearch, which takes neither them nor the reports of them: ${events} are kept in the data directory, the first since ${isoTime(since)}. The reason: ${reason}.`,
    { next: RETRY, cure: NO_PLACE_CURE },
  );
}

/** No more can be kept. Pure. */
export function noRoomError({ mostBytes }: Pick<KeptEvents, "mostBytes">, [first]: readonly KeptEvent[]): RunnerError {
  return new RunnerError(
    "events_refused",
    `The data directory holds ${Math.round(mostBytes / 1024 / 1024)} MiB of events that have no place in Elasticsearch, which is the most; collection waits. The reason: ${first?.reason}.`,
    { next: RETRY, cure: NO_PLACE_CURE },
  );
}

const NO_PLACE_CURE =
  "Mend the mapping or the pipeline that the reason names, or drop the field by a processor of the policy; they are sent again every two hours and at each start. aquila-salesforce cursors --kept shows them, --discard-kept gives them up.";

function nameOf({ index, id }: SourceEvent): string {
  return `${index}/${id}`;
}

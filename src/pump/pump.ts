import { remoteWaits } from "../core/backoff.ts";
import type { Clock } from "../core/clock.ts";
import { RunnerError } from "../core/errors.ts";
import type { CursorChange } from "../cursors/cursor.ts";
import type { CursorStore } from "../cursors/cursor_store.ts";
import { type BackingIndices, EMPTY_RECEIPT, type Sink } from "../sinks/sink.ts";
import type { Tell } from "../sources/fact.ts";
import type { Batch, RoundEnd, RoundScope, Source } from "../sources/source.ts";
import type { DeliveryFact } from "./facts.ts";
import { InFlight } from "./in_flight.ts";
import type { MetEvents } from "./met_events.ts";
import { UnderWay, underWayId } from "./under_way.ts";

/** Batches of one source that are delivered at once. */
const BATCHES_UNDER_WAY = 4;
/** Events that no batch exceeds. */
const MOST_IN_BATCH = 2_000;

/** A batch that was delivered, and where its events are. */
interface Delivered {
  readonly batch: Batch;
  readonly landedIn: BackingIndices;
}

export interface PumpOptions {
  readonly source: Source;
  readonly sink: Sink;
  readonly cursors: CursorStore;
  /** Kept from round to round; without it nobody asks whether another runner collects the same. */
  readonly met?: MetEvents | undefined;
  readonly tell: Tell;
  readonly clock: Clock;
  readonly scope?: RoundScope | undefined;
  /** Ends the reading; what is under way is still delivered and saved. */
  readonly stop: AbortSignal;
  /** Gives up what is under way too; it will be delivered again. */
  readonly abandon: AbortSignal;
}

/**
 * One round: pull a batch, deliver it, save its cursor. Resolves with the source's end of the round when everything it gave is
 * delivered and saved; rejects with the source's error after that.
 */
export async function pump(options: PumpOptions): Promise<RoundEnd | undefined> {
  const { source, sink, cursors, clock, scope, stop, abandon } = options;
  const tell: Tell<DeliveryFact> = options.tell;

  /** A disk that is full or slow holds collection up; it never lets it run ahead of the cursors. */
  const save = async (changes: readonly CursorChange[], id: string, atOnce = true) => {
    const nextWait = remoteWaits(clock);
    while (changes.length > 0) {
      try {
        return await cursors.save(id, changes, atOnce);
      } catch (error) {
        if (!(error instanceof RunnerError) || error.code === "lease_lost") {
          throw error;
        }
        const wait = nextWait();
        tell({ fact: "round_failed", error, nextAttemptAt: clock.now() + wait });
        await clock.sleep(wait, abandon);
      }
    }
  };

  const besides = underWayId(source.id);
  const { batchesUnsaved: unsaved = 0 } = cursors;
  const underWay = new UnderWay(await cursors.load(besides), (BATCHES_UNDER_WAY + unsaved + 1) * MOST_IN_BATCH);
  let kept = Promise.resolve();
  let next: { readonly changes: CursorChange[]; readonly kept: Promise<void> } | undefined;
  /** Keeps that a batch is under way before it is, together with those that come while others are being kept. */
  const keepBegun = (changes: readonly CursorChange[]) => {
    if (next === undefined) {
      const together: CursorChange[] = [];
      kept = kept.then(() => {
        next = undefined;
        return save(together, besides);
      });
      next = { changes: together, kept };
    }
    next.changes.push(...changes);
    return next.kept;
  };

  const deliver = async ({ events, part = "", isNew = false }: Batch) => {
    if (events.length === 0) {
      return EMPTY_RECEIPT;
    }
    const { changes, sentBefore } = underWay.begin(part, events.length);
    await keepBegun(changes);
    const receipt = await sink.deliver(events, abandon, sentBefore);
    const { created, existing, refused, resent = 0, possiblyDoubled = 0 } = receipt;
    tell({ fact: "delivered", created, existing, refused: refused.length });
    const met = isNew ? options.met?.add(part, created, existing - resent) : undefined;
    if (met !== undefined) {
      tell({ fact: "collected_twice", ...met });
    }
    if (possiblyDoubled > 0) {
      tell({ fact: "possibly_doubled", events: possiblyDoubled });
    }
    return receipt;
  };

  let isEnding = false;
  const flight = new InFlight<Delivered>({
    deliveries: BATCHES_UNDER_WAY,
    unsaved,
    save: async (delivered) => {
      const landed = delivered.flatMap(({ batch, landedIn }) => underWay.landed(batch.part ?? "", landedIn));
      await save(landed, besides, isEnding);
      const truths = delivered.map(({ batch }) => batch.whenDelivered);
      await save(
        truths.flatMap(({ changes }) => changes),
        source.id,
        isEnding,
      );
      truths.flatMap(({ facts = [] }) => facts).forEach(options.tell);
    },
  });

  let complete = false;
  const batches = source.read(await cursors.load(source.id), stop, scope);
  try {
    for (;;) {
      const step = await batches.next();
      if (step.done) {
        complete = step.value === undefined;
        return step.value;
      }
      const batch = step.value;
      await flight.add(
        async () => {
          const { landedIn = {} } = await deliver(batch);
          return { batch, landedIn };
        },
        () => batch.release?.(),
      );
    }
  } finally {
    await batches.return(undefined);
    // Nothing comes that what is to be saved could wait for.
    isEnding = true;
    if (unsaved > 0) {
      const hurry = [besides, source.id].map((id) => cursors.save(id, []));
      Promise.all(hurry).catch(() => {});
    }
    await flight.drained();
    await save(underWay.ended(complete), besides);
  }
}

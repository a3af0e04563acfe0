import { remoteWaits } from "../core/backoff.ts";
import type { Clock } from "../core/clock.ts";
import { RunnerError } from "../core/errors.ts";
import type { CursorChange } from "../cursors/cursor.ts";
import type { CursorStore } from "../cursors/cursor_store.ts";
import { type BackingIndices, EMPTY_RECEIPT, type Sink } from "../sinks/sink.ts";
import type { Tell } from "../sources/fact.ts";
import type { Batch, RoundEnd, RoundScope, Source, Truth } from "../sources/source.ts";
import type { DeliveryFact } from "./facts.ts";
import { gathering } from "./gathering.ts";
import { InFlight } from "./in_flight.ts";
import type { MetEvents } from "./met_events.ts";
import { UnderWay, underWayId } from "./under_way.ts";

/** Batches of one source that are delivered at once. */
const BATCHES_UNDER_WAY = 4;
/** Events that no batch exceeds. */
const MOST_IN_BATCH = 2_000;
/** Events that wait for their delivery in more batches than that, so that small files are kept as under way together. */
const EVENTS_UNDELIVERED = MOST_IN_BATCH;

/** A batch that was delivered, without its events, and where these are. */
interface Delivered extends Pick<Batch, "isLast"> {
  readonly part: string;
  readonly truth: Truth;
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
  const save = async (changes: readonly CursorChange[], id: string) => {
    const nextWait = remoteWaits(clock);
    while (changes.length > 0) {
      try {
        return await cursors.save(id, changes);
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
  const { pace = { between: 0, events: 0 } } = cursors;
  const unsaved = BATCHES_UNDER_WAY * MOST_IN_BATCH + pace.events;
  const underWay = new UnderWay(await cursors.load(besides), unsaved + MOST_IN_BATCH);
  const keep = gathering((changes: readonly CursorChange[]) => save(changes, besides));

  const deliver = async ({ events, part = "", isNew = false }: Batch, sentBefore: BackingIndices | undefined) => {
    if (events.length === 0) {
      return EMPTY_RECEIPT;
    }
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

  const flight = new InFlight<Delivered>({
    deliveries: BATCHES_UNDER_WAY,
    undelivered: EVENTS_UNDELIVERED,
    unsaved,
    save: async (delivered) => {
      const landed = delivered.flatMap(({ part, landedIn }) => underWay.landed(part, landedIn));
      await keep(landed);
      const changes = delivered.flatMap(({ truth }) => truth.changes);
      await save(changes, source.id);
      for (const { part, isLast } of delivered) {
        if (isLast === true) {
          underWay.over(part);
        }
      }
      delivered.flatMap(({ truth: { facts = [] } }) => facts).forEach(options.tell);
    },
    pause: async (ending) => {
      await (pace.between > 0 ? clock.sleep(pace.between, ending) : undefined);
    },
  });

  let complete = false;
  // A source may wait for long before it gives anything more.
  const batches = source.read(await cursors.load(source.id), AbortSignal.any([stop, flight.broken]), scope);
  try {
    for (;;) {
      const step = await batches.next();
      if (step.done) {
        complete = step.value === undefined;
        return step.value;
      }
      const batch = step.value;
      const { events, part = "", isLast, whenDelivered: truth } = batch;
      const begun = events.length === 0 ? { changes: [] } : underWay.begin(part, events.length);
      await flight.add({
        events: events.length,
        begin: () => keep(begun.changes),
        deliver: async () => {
          const { landedIn = {} } = await deliver(batch, begun.sentBefore);
          return { part, isLast, truth, landedIn };
        },
        over: () => batch.release?.(),
      });
    }
  } finally {
    await batches.return(undefined);
    await flight.drained();
    await save(underWay.ended(complete), besides);
  }
}

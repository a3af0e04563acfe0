import { REMOTE_BACKOFF, waitBefore } from "../core/backoff.ts";
import type { Clock } from "../core/clock.ts";
import { RunnerError } from "../core/errors.ts";
import type { Tell } from "../core/fact.ts";
import type { CursorChange } from "../cursors/cursor.ts";
import type { CursorStore } from "../cursors/cursor_store.ts";
import type { Sink } from "../sinks/sink.ts";
import type { Batch, RoundEnd, RoundScope, Source } from "../sources/source.ts";
import { InFlight } from "./in_flight.ts";

/** Batches of one source that are delivered at once. */
const BATCHES_UNDER_WAY = 4;

export interface PumpOptions {
  readonly source: Source;
  readonly sink: Sink;
  readonly cursors: CursorStore;
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
  const { source, sink, cursors, tell, clock, scope, stop, abandon } = options;
  const flight = new InFlight(BATCHES_UNDER_WAY);

  const deliver = async ({ events }: Batch) => {
    if (events.length > 0) {
      const { created, existing, refused } = await sink.deliver(events, abandon);
      tell({ fact: "delivered", created, existing, refused: refused.length });
    }
  };

  /** A disk that is full or slow holds collection up; it never lets it run ahead of the cursors. */
  const save = async (changes: readonly CursorChange[]) => {
    for (let attempt = 1; changes.length > 0; attempt += 1) {
      try {
        return await cursors.save(source.id, changes);
      } catch (error) {
        if (!(error instanceof RunnerError)) {
          throw error;
        }
        const wait = waitBefore(attempt, REMOTE_BACKOFF, clock.random());
        tell({ fact: "round_failed", error, nextAttemptAt: clock.now() + wait });
        await clock.sleep(wait, abandon);
      }
    }
  };

  const batches = source.read(await cursors.load(source.id), stop, scope);
  try {
    for (;;) {
      const step = await batches.next();
      if (step.done) {
        return step.value;
      }
      const batch = step.value;
      await flight.add(
        () => deliver(batch),
        async () => {
          await save(batch.changes);
          batch.facts?.forEach(tell);
        },
        () => batch.release?.(),
      );
    }
  } finally {
    await batches.return(undefined);
    await flight.drained();
  }
}

import type { PublishedObject } from "../../catalog/column.ts";
import { asRunnerError, RETRY, RunnerError } from "../../core/errors.ts";
import { type CursorValue, changeEntries } from "../../cursors/cursor.ts";
import type { KindStream, SourceParts } from "../kind.ts";
import { afterAttempt, isDue } from "../part_failure.ts";
import type { Batch, RoundEnd } from "../source.ts";
import type { LiveFact } from "./facts.ts";
import { closedChanges, type Gap, gapChange, type StoredEvents, storedChanges, timesOfGap } from "./gap.ts";

export interface GapReadingOptions {
  readonly type: PublishedObject;
  readonly primary: boolean;
  readonly stored: StoredEvents;
  readonly stream: KindStream;
  readonly parts: SourceParts;
  readonly organizationId: string;
  /** Milliseconds since the epoch, by Salesforce's clock. */
  readonly now: () => Promise<number>;
  /** The first round of the process, which tries what has failed at once. */
  readonly isNew: boolean;
  /** Only what can be read now. */
  readonly isOnce: boolean;
}

/** Milliseconds until stored events are asked for again that may still appear. */
const AGAIN_MS = 2 * 60_000;

/**
 * Reads the stored events of a gap beside the live ones, until all of it has been read; what fails is tried again ever more rarely.
 * `entries`, those of the source that reads them, are moved on. Ends with what is left, or when the signal aborts.
 */
export async function* readGapOf(
  open: Gap,
  entries: Map<string, CursorValue>,
  options: GapReadingOptions,
  signal: AbortSignal,
): AsyncGenerator<Batch, RoundEnd | undefined> {
  const { type, primary, stored, stream, parts, organizationId, now, isOnce } = options;
  const { clock } = stream;
  const topic = type.topic.name;
  let gap = open;
  try {
    if (gap.failure !== undefined && !isDue(gap.failure, await now(), options.isNew)) {
      if (isOnce) {
        return { error: openError(topic, gap), retryIn: gap.failure.retryAt - (await now()) };
      }
      await clock.sleep(Math.max(0, gap.failure.retryAt - (await now())), signal);
    }
    for (;;) {
      let again = AGAIN_MS;
      try {
        const batches = stored
          .open(type.name, primary, { ...stream, range: gap }, parts)
          .read(new Map(entries), signal);
        for (;;) {
          const step = await batches.next();
          if (step.done) {
            again = Math.max(again, step.value?.retryIn ?? 0);
            break;
          }
          const { changes, facts = [] } = step.value.whenDelivered;
          changeEntries(entries, changes);
          yield { ...step.value, part: "stored", whenDelivered: { changes: storedChanges(changes), facts } };
        }
        gap = { from: gap.from, to: gap.to };
      } catch (caught) {
        signal.throwIfAborted();
        const error = asRunnerError(caught);
        const at = { machineNow: clock.now(), now: await now(), random: clock.random() };
        const failure = afterAttempt(gap.failure, { error, ...at });
        gap = { ...gap, failure };
        const { from: after, to } = gap;
        const fact: LiveFact = { fact: "live_gap", topic, after, to, error, attempt: failure.attempts };
        yield { events: [], whenDelivered: { changes: [gapChange(gap)], facts: [fact] } };
        again = failure.retryAt - at.now;
      }
      const until = stored.position(entries, organizationId).until ?? Number.NEGATIVE_INFINITY;
      if (until >= gap.to - 1 && stored.failed(entries, type.name).length === 0) {
        const fact: LiveFact = { fact: "live_gap_closed", topic, after: gap.from, to: gap.to };
        yield { events: [], whenDelivered: { changes: closedChanges(entries), facts: [fact] } };
        return undefined;
      }
      if (isOnce && gap.failure === undefined && stored.failed(entries, type.name).length === 0) {
        // What may still appear is not there now: the next run reads it.
        const fact: LiveFact = { fact: "live_gap_left", topic, after: gap.from, to: gap.to };
        yield { events: [], whenDelivered: { changes: [], facts: [fact] } };
        return undefined;
      }
      if (isOnce) {
        return { error: openError(topic, gap), retryIn: again };
      }
      await clock.sleep(again, signal);
    }
  } catch (error) {
    if (signal.aborted) {
      return undefined;
    }
    throw error;
  }
}

function openError(topic: string, gap: Gap): RunnerError {
  const { failure } = gap;
  const why = failure?.text ?? "A part of them can't be read.";
  return new RunnerError(
    failure?.code ?? "replay_refused",
    `Stored events of ${timesOfGap(gap)}, which ${topic} may have brought while nobody listened, are not read yet. ${why}`,
    { next: RETRY },
  );
}

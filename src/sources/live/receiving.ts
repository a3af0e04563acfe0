import type { PublishedObject } from "../../catalog/column.ts";
import { type Clock, elapsedBy } from "../../core/clock.ts";
import { RETRY, RunnerError } from "../../core/errors.ts";
import { EventBytes } from "../../core/event_bytes.ts";
import type { MemoryShare } from "../../core/memory.ts";
import type { Subscription } from "../../org/pub_sub.ts";
import type { FetchResponse } from "../../org/pub_sub_protocol.ts";
import type { Batch, RoundScope } from "../source.ts";
import type { TimeAtSalesforce } from "../time_at_salesforce.ts";
import { Arrivals } from "./arrivals.ts";
import type { LiveEvents } from "./events.ts";
import type { LiveFact } from "./facts.ts";
import { afterAcknowledgement, afterAnswer, afterAsking, type Flow, inBatches, START_OF_FLOW, wanted } from "./flow.ts";
import type { Gap } from "./gap.ts";
import { heardChanges, type LiveCursor, lastReplayId } from "./progress.ts";

/** Salesforce says each 270 s at the latest that it is still there (Pub/Sub API Guide, "Pull Subscription and Flow Control"). */
const SILENCE_MS = 300_000;
/** A round of what is there now ends when nothing has come for so long. */
const QUIET_MS = 10_000;

/** What one round knows. */
export interface LiveRound {
  readonly scope: RoundScope;
  readonly signal: AbortSignal;
  /** By `elapsedBy`. */
  readonly until: number;
  readonly events: LiveEvents;
  /** What is to be read from the stored object. */
  readonly gap: Gap | undefined;
  cursor: LiveCursor;
  /** A dead token has been replaced, and nothing has come since. */
  isRenewed: boolean;
}

export interface ReceivingOptions {
  readonly type: PublishedObject;
  readonly memory: MemoryShare;
  readonly time: TimeAtSalesforce;
  readonly clock: Clock;
}

/** The round is over, and not the subscription. */
export const STOPPED = Symbol("the round is over");

/** Gives what comes, until the subscription ends: with an error, without one, or because the round is over. */
export async function* receive(
  subscription: Subscription,
  round: LiveRound,
  options: ReceivingOptions,
): AsyncGenerator<Batch, unknown> {
  const { type, memory, clock } = options;
  const arrivals = new Arrivals(subscription, clock);
  let flow: Flow = START_OF_FLOW;
  const askForMore = () => {
    const more = wanted(flow);
    if (more > 0) {
      flow = afterAsking(flow, more);
      subscription.ask(more);
    }
  };
  askForMore();
  const isOnce = round.scope === "everything";
  for (;;) {
    const left = round.until - elapsedBy(clock);
    if (left <= 0) {
      return STOPPED;
    }
    const patience = isOnce ? QUIET_MS : SILENCE_MS;
    const arrived = await arrivals.take(Math.min(patience, left), round.signal);
    if (arrived === undefined) {
      if (isOnce || left <= patience) {
        return STOPPED;
      }
      // Where nothing is owed, Salesforce has nothing to say.
      if (flow.owed > 0) {
        return silent(type.topic.name);
      }
      continue;
    }
    if ("error" in arrived) {
      return arrived.error;
    }
    round.isRenewed = false;
    for (const piece of inBatches(arrived)) {
      const batch = await batchOf(piece, round, options);
      const bytes = EventBytes.lengthOfAll(batch.events);
      const count = piece.reduce((sum, { events }) => sum + events.length, 0);
      flow = afterAnswer(flow, count, bytes);
      const giveBack = bytes === 0 ? () => {} : await memory.events(bytes, round.signal);
      let isHeld = true;
      yield {
        ...batch,
        release: () => {
          giveBack();
          if (isHeld) {
            isHeld = false;
            flow = afterAcknowledgement(flow, count);
            askForMore();
          }
        },
      };
    }
  }
}

async function batchOf(
  arrived: readonly FetchResponse[],
  round: LiveRound,
  { type, time }: ReceivingOptions,
): Promise<Batch> {
  const now = await time.now(round.signal);
  const { events, newest } = await round.events.read(arrived, now, round.signal);
  const replayId = lastReplayId(arrived);
  round.cursor = { ...round.cursor, replayId: replayId ?? round.cursor.replayId, heardAt: now };
  const fact: LiveFact = { fact: "topic_heard", topic: type.topic.name, at: now, events: events.length, newest };
  return { events, whenDelivered: { changes: heardChanges(replayId, now), facts: [fact] } };
}

function silent(topic: string): RunnerError {
  return new RunnerError("timed_out", `Salesforce has said nothing of the live events of ${topic} for 5 minutes.`, {
    next: RETRY,
  });
}

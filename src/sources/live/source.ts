import type { PublishedObject } from "../../catalog/column.ts";
import { elapsedBy } from "../../core/clock.ts";
import { asRunnerError, RETRY, RunnerError } from "../../core/errors.ts";
import { EventBytes } from "../../core/event_bytes.ts";
import type { CursorEntries } from "../../cursors/cursor.ts";
import type { Subscription } from "../../org/pub_sub.ts";
import type { FetchResponse } from "../../org/pub_sub_protocol.ts";
import type { Tell } from "../fact.ts";
import type { KindStream, SourceParts } from "../kind.ts";
import { merged } from "../merged.ts";
import { forgotten, isOfThisOrg } from "../own_entries.ts";
import type { Batch, RoundEnd, RoundScope, Source } from "../source.ts";
import type { SourceFact } from "../source_facts.ts";
import { stoppable } from "../stoppable.ts";
import { TimeAtSalesforce } from "../time_at_salesforce.ts";
import { notAllowed, withTopicCure } from "./access.ts";
import { Arrivals } from "./arrivals.ts";
import { LiveEvents } from "./events.ts";
import type { LiveFact } from "./facts.ts";
import { afterAcknowledgement, afterAnswer, afterAsking, type Flow, inBatches, START_OF_FLOW, wanted } from "./flow.ts";
import { type Gap, gapBehind, gapChange, readGap, type StoredEvents, storedEntries } from "./gap.ts";
import { readGapOf } from "./gap_reading.ts";
import { firstLiveChanges, heardChanges, type LiveCursor, lastReplayId, readLiveCursor } from "./progress.ts";

export interface LiveTopicOptions {
  readonly parts: SourceParts;
  readonly stream: KindStream;
  readonly type: PublishedObject;
  /** `salesforce.collection.primary` of the events. */
  readonly primary: boolean;
  /** Where what the event bus no longer has is read. */
  readonly stored: StoredEvents;
}

/** Salesforce says each 270 s at the latest that it is still there (Pub/Sub API Guide, "Pull Subscription and Flow Control"). */
const SILENCE_MS = 300_000;
/** A round of what is there now ends when nothing has come for so long. */
const QUIET_MS = 10_000;
/** A round ends after so long in any case, so that what is done between two of them is done. */
const LONGEST_ROUND_MS = 3_600_000;
/** A subscription that has lived so long and ends is opened again at once; any other waits ever longer. */
const STEADY_MS = 60_000;
const REOPEN_MS = 1_000;

/** What one round knows. */
interface LiveRound {
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

/** How one subscription of a round ended: with the round, or so that another one follows at once. */
type After = { readonly end: RoundEnd | undefined } | "subscribe again";

/**
 * The events of one topic of the event bus, as they come. A round is a subscription: it begins behind the last event that was
 * delivered, at the first start with the oldest one that Salesforce keeps, and never with the next one alone. Events are asked for
 * as others are acknowledged. A token that dies is replaced within the round; where Salesforce refuses the place that was left
 * off, the next one begins with the oldest event, and beside it reads the stored events of the time between.
 */
export class LiveTopic implements Source {
  readonly id: string;
  readonly #options: LiveTopicOptions;
  readonly #time: TimeAtSalesforce;
  #isNew = true;

  constructor(options: LiveTopicOptions) {
    this.id = options.parts.id;
    this.#options = options;
    this.#time = new TimeAtSalesforce(options.parts.client, options.parts.tell);
  }

  read(
    from: CursorEntries,
    signal: AbortSignal,
    scope: RoundScope = "everything",
  ): AsyncGenerator<Batch, RoundEnd | undefined, undefined> {
    return stoppable(signal, (stop) => this.#round(from, stop, scope));
  }

  async *#round(
    from: CursorEntries,
    signal: AbortSignal,
    scope: RoundScope,
  ): AsyncGenerator<Batch, RoundEnd | undefined, undefined> {
    const { parts, stream, type, primary, stored } = this.#options;
    const { client, pubSub, tell } = parts;
    const { context, clock } = stream;
    const { organizationId, instanceUrl } = await client.identity(signal);
    const now = await this.#time.now(signal);
    const read = readLiveCursor(from, organizationId, now);
    const { cursor } = read;
    const { gap, isDamaged } = isOfThisOrg(from, organizationId) ? readGap(from, now) : NO_GAP;
    const damaged = isDamaged ? [...read.damaged, "gap"] : read.damaged;
    const organization = { id: organizationId, name: context.organizationName };
    const events = new LiveEvents({ type, stream: { ...context, organization, instanceUrl }, primary, pubSub, tell });
    const mended: readonly SourceFact[] = damaged.length === 0 ? [] : [{ fact: "cursors_mended", keys: damaged }];
    yield {
      events: [],
      whenDelivered: { changes: [...firstLiveChanges(from, cursor), ...damaged.map(forgotten)], facts: mended },
    };
    const until = elapsedBy(clock) + LONGEST_ROUND_MS;
    const over = new AbortController();
    const ending = AbortSignal.any([signal, over.signal]);
    const round: LiveRound = { scope, signal: ending, until, events, cursor, gap, isRenewed: false };
    const isNew = this.#isNew;
    this.#isNew = false;
    if (gap === undefined) {
      return yield* this.#subscriptions(round);
    }
    const isOnce = scope === "everything";
    const reading = { type, primary, stored, stream, parts, organizationId, isNew, isOnce };
    const ends: (RoundEnd | undefined)[] = [];
    const given = async function* (batches: AsyncGenerator<Batch, RoundEnd | undefined>, isEnd: boolean) {
      let ended = false;
      try {
        ends.push(yield* batches);
        ended = true;
      } finally {
        if (!ended || isEnd) {
          over.abort(new Error("the round has ended"));
        }
      }
    };
    const both = [
      () => given(this.#subscriptions(round), !isOnce),
      () =>
        given(readGapOf(gap, storedEntries(from), { ...reading, now: () => this.#time.now(ending) }, ending), false),
    ];
    yield* merged(both, both.length, (batch) => batch.release?.());
    return ends.find((end) => end !== undefined);
  }

  /** One subscription after the other, until the round is over. */
  async *#subscriptions(round: LiveRound): AsyncGenerator<Batch, RoundEnd | undefined> {
    const { type } = this.#options;
    for (;;) {
      let after: After;
      try {
        after = yield* this.#subscription(round);
      } catch (error) {
        throw error instanceof RunnerError ? withTopicCure(error, type) : error;
      }
      if (after !== "subscribe again") {
        return after.end;
      }
    }
  }

  /** One subscription from its beginning to its end. */
  async *#subscription(round: LiveRound): AsyncGenerator<Batch, After> {
    const { parts, stream, type } = this.#options;
    const { pubSub } = parts;
    const { clock } = stream;
    const tell: Tell<LiveFact> = parts.tell;
    const { name } = type.topic;
    const { replayId } = round.cursor;
    const ending = new AbortController();
    const signal = AbortSignal.any([round.signal, ending.signal]);
    // It says by its error what is missing, and it is answered within the time of a request, which an idle topic is not.
    const { canSubscribe } = await pubSub.topic(name, signal);
    if (!canSubscribe) {
      throw notAllowed(type);
    }
    const start = replayId === undefined ? "earliest" : { behind: replayId };
    const subscription = await pubSub.subscribe(name, start, signal);
    const begunAt = elapsedBy(clock);
    try {
      const at = await this.#time.now(signal);
      tell({ fact: "topic_subscribed", topic: name, at, isResumed: replayId !== undefined });
      const error = yield* this.#receive(subscription, round);
      return error === STOPPED
        ? { end: round.scope === "everything" ? undefined : { error: undefined, retryIn: REOPEN_MS } }
        : yield* this.#afterEnd(error, subscription, elapsedBy(clock) - begunAt, round);
    } finally {
      subscription.cancel();
      ending.abort(new Error("the subscription has ended"));
    }
  }

  /** Gives what comes, until the subscription ends: with an error, without one, or because the round is over. */
  async *#receive(subscription: Subscription, round: LiveRound): AsyncGenerator<Batch, unknown> {
    const { memory } = this.#options.parts;
    const { clock } = this.#options.stream;
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
          return silent(this.#options.type.topic.name);
        }
        continue;
      }
      if ("error" in arrived) {
        return arrived.error;
      }
      round.isRenewed = false;
      for (const piece of inBatches(arrived)) {
        const batch = await this.#batch(piece, round);
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

  async #batch(arrived: readonly FetchResponse[], round: LiveRound): Promise<Batch> {
    const { type } = this.#options;
    const now = await this.#time.now(round.signal);
    const { events, newest } = await round.events.read(arrived, now, round.signal);
    const replayId = lastReplayId(arrived);
    round.cursor = { ...round.cursor, replayId: replayId ?? round.cursor.replayId, heardAt: now };
    const fact: LiveFact = { fact: "topic_heard", topic: type.topic.name, at: now, events: events.length, newest };
    return { events, whenDelivered: { changes: heardChanges(replayId, now), facts: [fact] } };
  }

  /** What follows a subscription that Salesforce has ended, or that has fallen silent, `lived` milliseconds after its beginning. */
  async *#afterEnd(
    caught: unknown,
    subscription: Subscription,
    lived: number,
    round: LiveRound,
  ): AsyncGenerator<Batch, After> {
    const { type } = this.#options;
    round.signal.throwIfAborted();
    const error = caught === undefined ? undefined : asRunnerError(caught);
    const isSteady = lived >= STEADY_MS;
    if (error?.code === "replay_refused" && round.cursor.replayId !== undefined) {
      const gap = gapBehind(round.cursor.heardAt, await this.#time.now(round.signal), round.gap);
      const fact: LiveFact = { fact: "replay_refused", topic: type.topic.name, after: gap.from, to: gap.to, error };
      yield { events: [], whenDelivered: { changes: [gapChange(gap), forgotten("replay")], facts: [fact] } };
      return { end: { error, retryIn: REOPEN_MS } };
    }
    if (error?.next.do === "refresh" && !round.isRenewed) {
      round.isRenewed = true;
      await subscription.renew();
      return "subscribe again";
    }
    if (!isSteady) {
      throw error ?? endedAtOnce(type.topic.name);
    }
    if (error !== undefined && error.next.do !== "retry") {
      throw error;
    }
    return { end: { error, retryIn: REOPEN_MS } };
  }
}

const NO_GAP = { gap: undefined, isDamaged: false };
/** The round is over, and not the subscription. */
const STOPPED = Symbol("the round is over");

function silent(topic: string): RunnerError {
  return new RunnerError("timed_out", `Salesforce has said nothing of the live events of ${topic} for 5 minutes.`, {
    next: RETRY,
  });
}

function endedAtOnce(topic: string): RunnerError {
  return new RunnerError("connection_lost", `Salesforce has ended the subscription to ${topic} without a reason.`, {
    next: RETRY,
  });
}

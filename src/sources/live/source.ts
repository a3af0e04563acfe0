import type { PublishedObject } from "../../catalog/column.ts";
import { elapsedBy } from "../../core/clock.ts";
import { asRunnerError, RETRY, RunnerError } from "../../core/errors.ts";
import type { CursorEntries } from "../../cursors/cursor.ts";
import type { Subscription } from "../../org/pub_sub.ts";
import type { Tell } from "../fact.ts";
import type { KindStream, SourceParts } from "../kind.ts";
import { merged } from "../merged.ts";
import { forgotten, isOfThisOrg } from "../own_entries.ts";
import type { Batch, Round, RoundEnd, RoundScope, Source } from "../source.ts";
import type { SourceFact } from "../source_facts.ts";
import { stoppable } from "../stoppable.ts";
import { TimeAtSalesforce } from "../time_at_salesforce.ts";
import { notAllowed, withTopicCure } from "./access.ts";
import { LiveEvents } from "./events.ts";
import type { LiveFact } from "./facts.ts";
import { gapBehind, gapChange, readGap, type StoredEvents, storedEntries } from "./gap.ts";
import { readGapOf } from "./gap_reading.ts";
import { firstLiveChanges, readLiveCursor } from "./progress.ts";
import { type LiveRound, receive, STOPPED } from "./receiving.ts";

export interface LiveTopicOptions {
  readonly parts: SourceParts;
  readonly stream: KindStream;
  readonly type: PublishedObject;
  /** `salesforce.collection.primary` of the events. */
  readonly primary: boolean;
  /** Where what the event bus no longer has is read. */
  readonly stored: StoredEvents;
}

/** A round ends after so long in any case, so that what is done between two of them is done. */
const LONGEST_ROUND_MS = 3_600_000;
/** A subscription that has lived so long and ends is opened again at once; any other waits ever longer. */
const STEADY_MS = 60_000;
const REOPEN_MS = 1_000;

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

  read(from: CursorEntries, signal: AbortSignal, scope: RoundScope = "everything"): Round {
    return stoppable(signal, (stop) => this.#round(from, stop, scope));
  }

  async *#round(from: CursorEntries, signal: AbortSignal, scope: RoundScope): Round {
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
      const { memory } = parts;
      const error = yield* receive(subscription, round, { type, memory, clock, time: this.#time });
      return error === STOPPED
        ? { end: round.scope === "everything" ? undefined : { error: undefined, retryIn: REOPEN_MS } }
        : yield* this.#afterEnd(error, subscription, elapsedBy(clock) - begunAt, round);
    } finally {
      subscription.cancel();
      ending.abort(new Error("the subscription has ended"));
    }
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
function endedAtOnce(topic: string): RunnerError {
  return new RunnerError("connection_lost", `Salesforce has ended the subscription to ${topic} without a reason.`, {
    next: RETRY,
  });
}

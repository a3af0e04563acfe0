import type { PublishedObject } from "../../catalog/column.ts";
import { type Clock, elapsedBy } from "../../core/clock.ts";
import { asRunnerError, RETRY, RunnerError } from "../../core/errors.ts";
import type { MemoryShare } from "../../core/memory.ts";
import type { CursorEntries } from "../../cursors/cursor.ts";
import type { OrgClient } from "../../org/org_client.ts";
import type { PubSub, Subscription } from "../../org/pub_sub.ts";
import type { FetchResponse } from "../../org/pub_sub_protocol.ts";
import type { StreamContext } from "../envelope.ts";
import type { Tell } from "../fact.ts";
import type { Batch, RoundEnd, RoundScope, Source } from "../source.ts";
import type { SourceFact } from "../source_facts.ts";
import { TimeAtSalesforce } from "../time_at_salesforce.ts";
import { notAllowed, withTopicCure } from "./access.ts";
import { Arrivals } from "./arrivals.ts";
import { LiveEvents } from "./events.ts";
import type { LiveFact } from "./facts.ts";
import { afterAcknowledgement, afterAnswer, afterAsking, type Flow, START_OF_FLOW, wanted } from "./flow.ts";
import {
  firstLiveChanges,
  forgotten,
  heardChanges,
  type LiveCursor,
  readLiveCursor,
  soundReplayId,
} from "./progress.ts";

export interface LiveTopicOptions {
  readonly id: string;
  readonly client: OrgClient;
  readonly pubSub: PubSub;
  /** What all events have in common; organization id and instance address come from the login. */
  readonly stream: Omit<StreamContext, "organization" | "instanceUrl"> & { readonly organizationName: string };
  readonly type: PublishedObject;
  /** `salesforce.collection.primary` of the events. */
  readonly primary: boolean;
  readonly memory: MemoryShare;
  readonly tell: Tell<LiveFact | SourceFact>;
  readonly clock: Clock;
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
 * off, the round goes on with the oldest event.
 */
export class LiveTopic implements Source {
  readonly id: string;
  readonly #options: LiveTopicOptions;
  readonly #time: TimeAtSalesforce;

  constructor(options: LiveTopicOptions) {
    this.id = options.id;
    this.#options = options;
    this.#time = new TimeAtSalesforce(options.client, options.tell);
  }

  async *read(
    from: CursorEntries,
    signal: AbortSignal,
    scope: RoundScope = "everything",
  ): AsyncGenerator<Batch, RoundEnd | undefined, undefined> {
    const { client, stream, type, primary, pubSub, tell, clock } = this.#options;
    const { organizationId, instanceUrl } = await client.identity(signal);
    const { cursor, damaged } = readLiveCursor(from, organizationId, await this.#time.now(signal));
    const organization = { id: organizationId, name: stream.organizationName };
    const events = new LiveEvents({ type, stream: { ...stream, organization, instanceUrl }, primary, pubSub, tell });
    const mended: readonly SourceFact[] = damaged.length === 0 ? [] : [{ fact: "cursors_mended", keys: damaged }];
    yield {
      events: [],
      whenDelivered: { changes: [...firstLiveChanges(from, cursor), ...damaged.map(forgotten)], facts: mended },
    };
    const until = elapsedBy(clock) + LONGEST_ROUND_MS;
    const round: LiveRound = { scope, signal, until, events, cursor, isRenewed: false };
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
    const { pubSub, type, tell, clock } = this.#options;
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
      tell({ fact: "topic_subscribed", topic: name, isResumed: replayId !== undefined });
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
    const { memory, clock } = this.#options;
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
      const batch = await this.#batch(arrived, round);
      const bytes = batch.events.reduce((sum, { json }) => sum + json.length, 0);
      const count = arrived.reduce((sum, { events }) => sum + events.length, 0);
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

  async #batch(arrived: readonly FetchResponse[], round: LiveRound): Promise<Batch> {
    const { type } = this.#options;
    const now = await this.#time.now(round.signal);
    const events = [];
    let newest: number | undefined;
    let replayId: Uint8Array | undefined;
    for (const response of arrived) {
      for (const one of response.events) {
        const { event, time } = await round.events.read(one, now, round.signal);
        events.push(event);
        newest = time === undefined ? newest : Math.max(newest ?? time, time);
        replayId = soundReplayId(one.replayId) ?? replayId;
      }
      if (response.events.length === 0) {
        replayId = soundReplayId(response.latestReplayId) ?? replayId;
      }
    }
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
      const to = await this.#time.now(round.signal);
      const { heardAt: after } = round.cursor;
      const fact: LiveFact = { fact: "replay_refused", topic: type.topic.name, after, to, error };
      yield { events: [], whenDelivered: { changes: [forgotten("replay")], facts: [fact] } };
      round.cursor = { ...round.cursor, replayId: undefined };
      return "subscribe again";
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

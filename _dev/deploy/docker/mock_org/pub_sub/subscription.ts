import type { ServerDuplexStream } from "@grpc/grpc-js";
import type { FaultPlan } from "../faults.ts";
import type { OrgState } from "../org_state.ts";
import { type FetchRequest, type FetchResponse, REPLAY_PRESETS } from "./protocol.ts";
import { type ErrorCode, PubSubRefusal, RST_STREAM } from "./refusals.ts";
import type { TopicLog } from "./topic_log.ts";

export type SubscribeCall = ServerDuplexStream<FetchRequest, FetchResponse>;

/** Events that a client may have asked for and not been sent yet. */
const WINDOW = 100;

/** Bytes of the events of one answer. */
const LARGEST_ANSWER = 3 * 1024 * 1024;

/** What one subscription has asked for and was sent. */
export interface StreamAccount {
  readonly rpcId: string;
  readonly topic: string;
  readonly preset: string;
  /** Of the first request, in hex; "" where there was none. */
  readonly replayId: string;
  /** Which connection of the server's life carries it. */
  readonly connection: number;
  readonly openedAt: number;
  endedAt: number | undefined;
  /** Why it ended: an error code, or `ended`, `reset`, or `client` where the client has ended it. */
  end: string | undefined;
  fetches: number;
  asked: number;
  /** Most events that were owed at once. */
  mostOwed: number;
  answers: number;
  events: number;
  keepAlives: number;
}

/** What can happen to a running stream besides an error code. `silent`: it stays open and nothing comes any more. */
export type StreamBreak = "ended" | "silent" | "reset";

/**
 * One Subscribe call from its first request on. Delivers as long as events are owed, tells the position of a quiet topic, and ends when
 * the client asks for nothing for too long.
 * Source: Pub/Sub API guide, "Pull Subscription and Flow Control" and "Subscribe RPC".
 */
export class Subscription {
  readonly account: StreamAccount;
  readonly #call: SubscribeCall;
  readonly #org: OrgState;
  readonly #log: TopicLog;
  readonly #faults: FaultPlan;
  /** Sequence number of the next position to deliver. */
  #next: number;
  /** Events from before this time are passed over: a subscription at LATEST is not routed at once. */
  readonly #since: number;
  #owed = 0;
  /** Time of the last answer, or of the first request. */
  #heard: number;
  /** Since when nothing is owed. */
  #starving: number | undefined;
  #silent = false;
  #waiting = false;

  constructor(
    call: SubscribeCall,
    org: OrgState,
    log: TopicLog,
    first: FetchRequest,
    identity: { readonly rpcId: string; readonly connection: number },
  ) {
    this.#call = call;
    this.#org = org;
    this.#log = log;
    this.#faults = org.faults;
    const preset = REPLAY_PRESETS[first.replayPreset];
    this.#next = startOf(log, preset, first);
    this.#since = preset === "LATEST" ? org.now() + org.settings.latestRoutingMs : 0;
    this.#heard = org.now();
    this.account = {
      ...identity,
      topic: first.topicName,
      preset: preset ?? String(first.replayPreset),
      replayId: first.replayId.toString("hex"),
      openedAt: org.now(),
      endedAt: undefined,
      end: undefined,
      fetches: 0,
      asked: 0,
      mostOwed: 0,
      answers: 0,
      events: 0,
      keepAlives: 0,
    };
    call.on("cancelled", () => this.#over("client"));
    call.on("error", () => this.#over("reset"));
    call.on("end", () => {
      if (this.#over("client")) {
        call.end();
      }
    });
  }

  get open(): boolean {
    return this.account.endedAt === undefined;
  }

  request({ topicName, numRequested, authRefresh }: FetchRequest): void {
    if (!this.open || this.#silent) {
      return;
    }
    const refusal = this.#refusalOf(topicName, numRequested, authRefresh);
    if (refusal !== undefined) {
      this.fail(refusal);
      return;
    }
    const { account } = this;
    account.fetches++;
    account.asked += numRequested;
    this.#owed += Math.min(numRequested, WINDOW);
    account.mostOwed = Math.max(account.mostOwed, this.#owed);
    this.#starving = undefined;
    this.deliver();
  }

  #refusalOf(topic: string, asked: number, authRefresh: string): ErrorCode | undefined {
    if (topic !== "" && topic !== this.account.topic) {
      return "subscription.fetch.topic.mismatch";
    }
    if (authRefresh !== "") {
      return "service.auth.refresh.invalid";
    }
    if (asked <= 0) {
      return "subscription.fetch.requested.events.invalid";
    }
    return this.#owed + Math.min(asked, WINDOW) > WINDOW ? "subscription.fetch.overflow" : undefined;
  }

  /** Sends what is there, as far as it is owed. */
  deliver(): void {
    while (this.open && !this.#silent && !this.#waiting && this.#owed > 0) {
      const answer = this.#nextAnswer();
      if (answer === undefined) {
        return;
      }
      const fault = this.#faults.strike("delivery", this.account.topic);
      if (fault !== undefined) {
        this.#org.counters.faults++;
      }
      if (fault?.killToken === true) {
        this.#org.tokens.kill();
      }
      if (fault?.errorCode !== undefined) {
        this.fail(fault.errorCode);
        return;
      }
      if (fault?.hang === true || fault?.resetConnection === true) {
        this.break(fault.hang === true ? "silent" : "reset");
        return;
      }
      if (fault?.delayMs !== undefined) {
        this.#waiting = true;
        setTimeout(() => {
          this.#waiting = false;
          this.#send(answer);
          this.deliver();
        }, fault.delayMs).unref();
        return;
      }
      this.#send(answer);
    }
  }

  #nextAnswer(): { events: FetchResponse["events"]; next: number } | undefined {
    const events: FetchResponse["events"][number][] = [];
    let next = Math.max(this.#next, this.#log.start);
    for (let bytes = 0; next < this.#log.end && events.length < this.#owed; next++) {
      const position = this.#log.at(next);
      if (position?.event === undefined || position.at < this.#since) {
        continue;
      }
      bytes += position.event.payload.length;
      if (events.length > 0 && bytes > LARGEST_ANSWER) {
        break;
      }
      events.push({ event: position.event, replayId: position.replayId });
    }
    return events.length === 0 ? undefined : { events, next };
  }

  #send({ events, next }: { events: FetchResponse["events"]; next: number }): void {
    if (!this.open || this.#silent) {
      return;
    }
    this.#next = next;
    this.#owed -= events.length;
    this.account.events += events.length;
    this.#answer(events, events.at(-1)?.replayId ?? Buffer.alloc(0));
    if (this.#owed === 0) {
      this.#starving = this.#org.now();
    }
  }

  #answer(events: FetchResponse["events"], latestReplayId: Buffer): void {
    this.account.answers++;
    this.#heard = this.#org.now();
    const { rpcId } = this.account;
    this.#call.write({ events, latestReplayId, rpcId, pendingNumRequested: this.#owed });
  }

  /** Does what is due by the org's clock. */
  tick(): void {
    if (!this.open || this.#silent) {
      return;
    }
    const { keepAliveMs, starvingMs } = this.#org.settings;
    const now = this.#org.now();
    if (this.#starving !== undefined) {
      if (now - this.#starving >= starvingMs) {
        this.break("ended");
      }
      return;
    }
    this.deliver();
    if (this.open && this.#owed > 0 && !this.#waiting && now - this.#heard >= keepAliveMs) {
      this.account.keepAlives++;
      const { replayId } = this.#log.append();
      this.#next = this.#log.end;
      this.#answer([], replayId);
    }
  }

  /** Ends the stream with one of Salesforce's errors. */
  fail(errorCode: ErrorCode): void {
    if (this.#over(errorCode)) {
      this.#call.emit("error", new PubSubRefusal(errorCode, this.account.rpcId));
    }
  }

  break(how: StreamBreak): void {
    if (how === "silent") {
      this.#silent = true;
    } else if (this.#over(how)) {
      if (how === "ended") {
        this.#call.end();
      } else {
        this.#call.emit("error", RST_STREAM);
      }
    }
  }

  /** True for the first reason only. */
  #over(end: string): boolean {
    if (!this.open) {
      return false;
    }
    this.account.end = end;
    this.account.endedAt = this.#org.now();
    return true;
  }
}

/** Sequence number at which a subscription begins. Throws a `PubSubRefusal`. */
function startOf(
  log: TopicLog,
  preset: (typeof REPLAY_PRESETS)[number] | undefined,
  { replayId }: FetchRequest,
): number {
  if (preset === "LATEST") {
    return log.end;
  }
  if (preset === "EARLIEST") {
    return log.start;
  }
  if (preset === undefined) {
    throw new PubSubRefusal("subscription.fetch.request.invalid");
  }
  if (replayId.length === 0) {
    throw new PubSubRefusal("subscription.fetch.replayid.validation.failed");
  }
  const start = log.behind(replayId);
  if (start === undefined) {
    throw new PubSubRefusal("subscription.fetch.replayid.corrupted");
  }
  return start;
}

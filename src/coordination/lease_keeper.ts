import { type Clock, isoTime } from "../core/clock.ts";
import { asRunnerError, RETRY, RunnerError } from "../core/errors.ts";
import {
  afterBeat,
  afterGivingUp,
  afterLook,
  afterMembers,
  afterPromise,
  afterTaking,
  type Decision,
  decide,
  type Knowledge,
  knowingNothing,
  type Loss,
  leaving,
  mayWork,
  nextExpiry,
  nextMembers,
  withoutOrg,
} from "./knowledge.ts";
import { givenUp, type Host, leaseDocument, leaseId } from "./lease.ts";
import { MEMBERS_ID, type Member, membersDocument } from "./members.ts";
import { type Moment, momentOf, passedAtMost } from "./moment.ts";
import { leaseLost, type OwnOrg, type OwnTurn, standingOf } from "./own_org.ts";
import type { Standing } from "./standing.ts";
import type { DocumentWrite, StateDocuments, VersionedDocument } from "./state_documents.ts";
import type { Timing } from "./timing.ts";
import type { Turn, Turns } from "./turn.ts";

/** How often members are written anew when another host wrote its own sign of life at the same time. */
const MOST_MEMBER_WRITES = 8;
/** Share of the time between two signs of life that passes between two looks at least, however long answers take. */
const LEAST_PAUSE = 0.2;

type Take = Extract<Decision, { do: "take" }>;

export interface LeaseKeeperOptions {
  readonly documents: StateDocuments;
  readonly me: Host;
  readonly timing: Timing;
  readonly clock: Clock;
}

/**
 * Keeps the leases of this host's orgs: looks who holds what, shows a sign of life, takes what nobody holds, gives up what it has too
 * much. It decides nothing; knowledge.ts does. It begins with the first org and ends with `close`.
 */
export class LeaseKeeper {
  readonly #documents: StateDocuments;
  readonly #timing: Timing;
  readonly #clock: Clock;
  readonly #orgs = new Map<string, OwnOrg>();
  readonly #leastTerms = new Map<string, number>();
  /** What is to be given up when it is its turn, all at once. */
  readonly #unneeded = new Set<string>();
  readonly #closing = new AbortController();
  #known: Knowledge;
  /** When the orgs were taken, in milliseconds since the epoch. */
  readonly #since = new Map<string, number>();
  #problem: RunnerError | undefined;
  #running: Promise<void> | undefined;
  #wake = new AbortController();
  #deadline = new AbortController();
  /** One thing at a time is asked of the documents. */
  #turnstile: Promise<unknown> = Promise.resolve();

  constructor({ documents, me, timing, clock }: LeaseKeeperOptions) {
    this.#documents = documents;
    this.#timing = timing;
    this.#clock = clock;
    this.#known = knowingNothing(me);
  }

  /** `changed` is told where the org stands, whenever that is another. */
  turns(org: string, changed: (standing: Standing) => void): Omit<Turns, "patience"> {
    return {
      next: (stop) => this.#next(org, changed, stop),
      close: () => {
        const own = this.#orgs.get(org);
        if (own !== undefined) {
          own.isWanted = false;
        }
      },
    };
  }

  /** From now on an org is given up as soon as its turn ends, and none is taken. */
  leave(): void {
    if (this.#known.isLeaving) {
      return;
    }
    this.#known = leaving(this.#known);
    if (this.#running !== undefined) {
      // Told before anything is given up: what is given up is to be spread without this host.
      this.#exclusively(() => this.#look(this.#closing.signal)).catch(() => {});
    }
  }

  /** Gives up what is left, and leaves the members. To be called when every turn has ended. */
  async close(): Promise<void> {
    this.leave();
    this.#closing.abort(new Error("left"));
    await this.#running;
    this.#deadline.abort();
    await this.#exclusively(async () => {
      await this.#giveUp([...this.#known.leases.keys()]);
      if (this.#known.confirmed !== undefined && this.#problem === undefined) {
        await this.#leaveMembers();
      }
    }).catch(() => {});
  }

  async #next(org: string, changed: (standing: Standing) => void, stop: AbortSignal): Promise<Turn> {
    stop.throwIfAborted();
    const own: OwnOrg = { changed, isWanted: true, waiting: undefined, turn: undefined, told: "" };
    this.#orgs.set(org, own);
    const isPromised = this.#known.held.get(org)?.promisedTo !== undefined;
    if (!isPromised && !this.#known.isLeaving && mayWork(this.#known, org, momentOf(this.#clock), this.#timing)) {
      const turn = this.#begin(org, own, undefined);
      this.#tellStandings();
      return turn;
    }
    const { promise, resolve, reject } = Promise.withResolvers<Turn>();
    own.waiting = resolve;
    const onStop = () => {
      own.waiting = undefined;
      reject(stop.reason);
    };
    stop.addEventListener("abort", onStop, { once: true });
    this.#running ??= this.#run();
    if (!this.#known.leases.has(org)) {
      this.#wake.abort();
    }
    try {
      return await promise;
    } finally {
      stop.removeEventListener("abort", onStop);
    }
  }

  async #run(): Promise<void> {
    const { signal } = this.#closing;
    // The orgs of a policy come one after the other; one look is for all of them.
    await Promise.resolve();
    while (!signal.aborted) {
      let isLooked = true;
      try {
        await this.#exclusively(() => this.#look(signal));
        this.#problem = undefined;
      } catch (error) {
        if (signal.aborted) {
          return;
        }
        isLooked = false;
        this.#problem = asRunnerError(error);
      }
      this.#tellStandings();
      this.#wake = new AbortController();
      const wait = isLooked ? this.#untilNextLook() : this.#timing.retry * (0.8 + 0.4 * this.#clock.random());
      await this.#clock.sleep(wait, AbortSignal.any([signal, this.#wake.signal])).catch(() => {});
    }
  }

  #untilNextLook(): number {
    const { beat } = this.#timing;
    const now = momentOf(this.#clock);
    // Signs of life follow each other as evenly when answers take their time.
    const sinceLook = this.#known.looked === undefined ? 0 : passedAtMost(this.#known.looked, now);
    const untilBeat = Math.min(beat, Math.max(LEAST_PAUSE * beat, beat - sinceLook));
    return Math.max(1, Math.min(untilBeat, (nextExpiry(this.#known, now, this.#timing) ?? beat) + 1));
  }

  async #look(signal: AbortSignal): Promise<void> {
    await this.#giveUpIdle();
    const orgs = [...this.#orgs.keys()];
    const sent = momentOf(this.#clock);
    const found = await this.#documents.read([MEMBERS_ID, ...orgs.map(leaseId)], signal);
    this.#known = afterLook(this.#known, orgs, found, { sent, answered: momentOf(this.#clock) });
    await this.#beat(found, signal);
    const decisions = decide(this.#known, {
      now: momentOf(this.#clock),
      timing: this.#timing,
      time: isoTime(this.#clock.now()),
      isReady: (org) => this.#orgs.get(org)?.waiting !== undefined,
      leastTerm: (org) => this.#leastTerms.get(org) ?? 0,
    });
    for (const decision of decisions) {
      if (decision.do === "stop") {
        this.#lose(decision.org, decision.why);
      } else if (decision.do === "hand over") {
        this.#known = afterPromise(this.#known, decision.org, decision.to);
        this.#orgs.get(decision.org)?.turn?.ended.abort(new Error(`${decision.to.name} is to collect the org`));
      }
    }
    await this.#take(
      decisions.filter((decision) => decision.do === "take"),
      signal,
    );
  }

  /** What a former policy had, or what is promised to others, and is not collected. */
  async #giveUpIdle(): Promise<void> {
    const idle = [...this.#orgs].filter(([, { turn }]) => turn === undefined);
    const isPromised = (org: string) => this.#known.held.get(org)?.promisedTo !== undefined;
    await this.#giveUp(idle.flatMap(([org, { isWanted }]) => (!isWanted || isPromised(org) ? org : [])));
    for (const [org, { isWanted, waiting }] of idle) {
      if (waiting === undefined && !isWanted) {
        this.#orgs.delete(org);
      }
    }
  }

  /** Shows the sign of life; what others wrote since the look is read again. */
  async #beat(found: ReadonlyMap<string, VersionedDocument>, signal: AbortSignal): Promise<void> {
    const members = () => nextMembers(this.#known, this.#timing);
    const { written, sent, answered } = await this.#writeMembers(members, found.get(MEMBERS_ID), signal);
    this.#known = afterMembers(afterBeat(this.#known, { sent, answered }, this.#timing), written, answered);
    this.#watchDeadline();
  }

  /** Writes the members as often as another host has written them since they were read. */
  async #writeMembers(
    next: () => readonly Member[],
    read: VersionedDocument | undefined,
    signal?: AbortSignal,
  ): Promise<{ readonly written: VersionedDocument; readonly sent: Moment; readonly answered: Moment }> {
    let members = read;
    for (let attempt = 1; attempt <= MOST_MEMBER_WRITES; attempt += 1) {
      const value = membersDocument(next());
      const sent = momentOf(this.#clock);
      const [version] = await this.#documents.write([{ id: MEMBERS_ID, value, expected: members?.version }], signal);
      if (version !== undefined) {
        return { written: { value, version }, sent, answered: momentOf(this.#clock) };
      }
      members = await this.#readMembers(signal);
    }
    throw new RunnerError("shared_state_unreachable", "Other hosts write to the document of members all the time.", {
      next: RETRY,
      cure: "Nothing but the runner may write to the state index.",
    });
  }

  async #readMembers(signal?: AbortSignal): Promise<VersionedDocument | undefined> {
    const members = (await this.#documents.read([MEMBERS_ID], signal)).get(MEMBERS_ID);
    this.#known = afterMembers(this.#known, members, momentOf(this.#clock));
    return members;
  }

  async #take(takes: readonly Take[], signal: AbortSignal): Promise<void> {
    if (takes.length === 0) {
      return;
    }
    const versions = await this.#documents.write(takes.map(leaseWrite), signal);
    const now = momentOf(this.#clock);
    takes.forEach(({ org, lease, from }, at) => {
      const version = versions[at];
      if (version === undefined) {
        return;
      }
      this.#known = afterTaking(this.#known, org, lease, version, now);
      this.#since.set(org, this.#clock.now());
      const own = this.#orgs.get(org);
      const { waiting } = own ?? {};
      if (own !== undefined && waiting !== undefined && mayWork(this.#known, org, now, this.#timing)) {
        own.waiting = undefined;
        waiting(this.#begin(org, own, from));
      }
    });
  }

  /** `from` held it and showed no sign of life: another host, or this one, that was not told that it had taken it from another. */
  #begin(org: string, own: OwnOrg, from: Host | undefined): OwnTurn {
    const ended = new AbortController();
    const lost = new AbortController();
    const term = this.#known.held.get(org)?.term ?? 0;
    const turn: OwnTurn = {
      org,
      term,
      host: this.#known.me,
      since: this.#since.get(org) ?? this.#clock.now(),
      takenFrom: from?.id === this.#known.me.id ? undefined : from,
      settle: from === undefined ? 0 : this.#timing.settle,
      ended,
      lost,
      ending: ended.signal,
      over: lost.signal,
      holds: () => {
        const isHeld =
          this.#known.held.get(org)?.term === term && mayWork(this.#known, org, momentOf(this.#clock), this.#timing);
        if (!isHeld && !lost.signal.aborted) {
          this.#lose(org, "not renewed");
        }
        return isHeld && !lost.signal.aborted;
      },
      lose: (newerTerm) => {
        if (newerTerm !== undefined) {
          this.#leastTerms.set(org, newerTerm);
        }
        this.#lose(org, "taken");
      },
      end: async () => {
        own.turn = undefined;
        const promisedTo = this.#known.held.get(org)?.promisedTo;
        if (!lost.signal.aborted && (promisedTo !== undefined || this.#known.isLeaving)) {
          this.#unneeded.add(org);
          await this.#exclusively(() => this.#giveUp([...this.#unneeded]));
        }
      },
    };
    own.turn = turn;
    return turn;
  }

  #lose(org: string, why: Loss): void {
    this.#known = withoutOrg(this.#known, org);
    const lost = this.#orgs.get(org)?.turn?.lost;
    if (lost !== undefined && !lost.signal.aborted) {
      lost.abort(leaseLost(why));
      this.#tellStandings();
    }
  }

  /** An org is lost when its time has run out, whether anything is answered or not. */
  #watchDeadline(): void {
    this.#deadline.abort();
    this.#deadline = new AbortController();
    const { confirmed } = this.#known;
    if (confirmed === undefined) {
      return;
    }
    const left = this.#timing.work - passedAtMost(confirmed, momentOf(this.#clock));
    this.#clock.sleep(Math.max(1, left), this.#deadline.signal).then(
      () => {
        for (const { turn } of this.#orgs.values()) {
          turn?.holds();
        }
      },
      () => {},
    );
  }

  async #giveUp(orgs: readonly string[]): Promise<void> {
    const given = orgs.flatMap((org) => {
      const seen = this.#known.leases.get(org);
      // One that has run out is this host's too, as far as others know.
      const isOwn = seen?.lease.holder?.id === this.#known.me.id;
      const promisedTo = this.#known.held.get(org)?.promisedTo;
      const lease = isOwn ? givenUp(seen.lease, isoTime(this.#clock.now()), promisedTo) : undefined;
      this.#known = withoutOrg(this.#known, org);
      this.#unneeded.delete(org);
      return lease === undefined ? [] : [{ org, lease, expected: seen?.version }];
    });
    if (given.length === 0) {
      return;
    }
    // Whoever can't be told finds out by itself, when the lease runs out.
    const versions = await this.#documents.write(given.map(leaseWrite)).catch(() => []);
    given.forEach(({ org, lease }, at) => {
      const version = versions[at];
      if (version !== undefined) {
        this.#known = afterGivingUp(this.#known, org, lease, version, momentOf(this.#clock));
      }
    });
  }

  async #leaveMembers(): Promise<void> {
    const others = () => [...this.#known.members.values()].filter(({ id }) => id !== this.#known.me.id);
    await this.#writeMembers(others, await this.#readMembers());
  }

  #tellStandings(): void {
    for (const [org, own] of this.#orgs) {
      const about = { problem: this.#problem, now: momentOf(this.#clock), timing: this.#timing };
      const standing = standingOf(this.#known, org, own.turn, about);
      const { is, term, holder, problem } = standing;
      const told = JSON.stringify([is, term, holder?.id, problem?.text]);
      if (told !== own.told) {
        own.told = told;
        own.changed(standing);
      }
    }
  }

  /** One thing after the other, in the order of the calls. */
  async #exclusively<T>(action: () => Promise<T>): Promise<T> {
    const done = this.#turnstile.then(action, action);
    this.#turnstile = done.catch(() => {});
    return await done;
  }
}

function leaseWrite({ org, lease, expected }: Pick<Take, "org" | "lease" | "expected">): DocumentWrite {
  return { id: leaseId(org), value: leaseDocument(org, lease), expected };
}

/**
 * Every order of events that hosts sharing orgs can meet within some time, for tests: what one does between two answers, when the
 * store does what it was asked and when the answer comes, if it does; hosts that crash, stand still and go on. What a host decides
 * is decided by the product's own functions.
 */
import type { Decision } from "./knowledge.ts";
import * as product from "./knowledge.ts";
import { givenUp, leaseDocument, leaseId, NO_LEASE } from "./lease.ts";
import {
  type Answer,
  type Bounds,
  cursorId,
  hostOf,
  type Late,
  MODEL_TIMING,
  type ModelHost,
  moment,
  PRODUCT_RULES,
  type Request,
  type Rules,
  spend,
  startingWorld,
  version,
  type World,
  withHost,
  without,
  withoutDead,
  worldKey,
  wrongIn,
} from "./lease_world.fixture.ts";
import { MEMBERS_ID, membersDocument } from "./members.ts";
import type { Version, VersionedDocument } from "./state_documents.ts";

/** What must never be, with the steps that led to it. */
export interface Violation {
  readonly what: string;
  readonly steps: readonly string[];
}

export interface Exploration {
  readonly states: number;
  /** How often hosts began with an org that another had before. */
  readonly takeOvers: number;
  readonly violation: Violation | undefined;
}

interface Step {
  readonly name: string;
  readonly next: World | string;
}

class Model {
  readonly #rules: Rules;
  readonly #bounds: Bounds;
  takeOvers = 0;

  constructor(rules: Rules, bounds: Bounds) {
    this.#rules = rules;
    this.#bounds = bounds;
  }

  steps(world: World): Step[] {
    const steps: Step[] = [];
    let isAnyoneBusy = false;
    world.hosts.forEach((host, at) => {
      if (host.is === "up") {
        const request = this.#nextRequest(world, host, at);
        if (request !== undefined) {
          isAnyoneBusy = true;
          steps.push(...this.#fates(world, at, request));
        }
        steps.push(...this.#saves(world, host, at));
        if (world.left.pauses > 0) {
          steps.push({
            name: `${host.me.id} stands still`,
            next: spend(withHost(world, at, { is: "paused", pausedAt: world.time }), "pauses"),
          });
        }
        if (world.left.crashes > 0) {
          steps.push({
            name: `${host.me.id} crashes`,
            next: spend(withHost(world, at, { is: "down" }), "crashes"),
          });
        }
      } else if (host.is === "paused" && world.time > (host.pausedAt ?? 0)) {
        steps.push({ name: `${host.me.id} goes on`, next: withHost(world, at, { is: "up" }) });
      }
    });
    steps.push(...world.late.flatMap((late, n) => this.#lateSteps(world, late, n)));
    if (!isAnyoneBusy && world.time < this.#bounds.time) {
      steps.push({ name: `time ${world.time + 1}`, next: { ...world, time: world.time + 1 } });
    }
    return steps;
  }

  /** What a host asks next by itself; `undefined` while it has nothing to do or waits. */
  #nextRequest(world: World, host: ModelHost, at: number): Request | undefined {
    const { known, phase } = host;
    const now = moment(world.time, at);
    const plain = { sent: now, writes: [] };
    switch (phase) {
      case "waiting":
        return undefined;
      case "beat": {
        const value = membersDocument(product.nextMembers(known, MODEL_TIMING));
        return { ...plain, kind: "beat", writes: [{ id: MEMBERS_ID, value, expected: known.membersVersion }] };
      }
      case "members":
        return { ...plain, kind: "members" };
      case "decide": {
        const decisions = this.#rules.decide(known, {
          now,
          timing: MODEL_TIMING,
          time: "",
          isReady: (org) => !host.working.has(org),
          leastTerm: () => 0,
        });
        const writes = decisions.flatMap((decision) =>
          decision.do === "take"
            ? [
                {
                  id: leaseId(decision.org),
                  value: leaseDocument(decision.org, decision.lease),
                  expected: decision.expected,
                },
              ]
            : [],
        );
        return { ...plain, kind: "take", writes, decisions };
      }
      case "idle": {
        const [claim] = host.toClaim;
        const [offer] = host.toGiveUp;
        if (claim !== undefined) {
          const { org, cursor, isRead } = claim;
          const term = known.held.get(org)?.term;
          return isRead
            ? {
                ...plain,
                kind: "claim",
                org,
                writes: [{ id: cursorId(org), value: { term }, expected: cursor?.version }],
              }
            : { ...plain, kind: "read cursor", org };
        }
        if (offer !== undefined) {
          const { org, to } = offer;
          const seen = known.leases.get(org);
          const value = leaseDocument(org, givenUp(seen?.lease ?? NO_LEASE, "", to));
          return { ...plain, kind: "give up", org, writes: [{ id: leaseId(org), value, expected: seen?.version }] };
        }
        return world.time < host.due ? undefined : { ...plain, kind: "look" };
      }
    }
  }

  /** A host may write a cursor whenever it may work, beside everything else. */
  #saves(world: World, host: ModelHost, at: number): Step[] {
    if (world.left.saves === 0) {
      return [];
    }
    const now = moment(world.time, at);
    return [...host.working].flatMap(([org, { term, version: expected }]) => {
      if (!this.#rules.mayWork(host.known, org, now, MODEL_TIMING)) {
        return [];
      }
      const request: Request = {
        kind: "save",
        org,
        sent: now,
        writes: [{ id: cursorId(org), value: { term }, expected }],
      };
      return this.#fates(spend(world, "saves"), at, request);
    });
  }

  #fates(world: World, at: number, request: Request): Step[] {
    const name = `${world.hosts[at]?.me.id}: ${request.kind}${request.org === undefined ? "" : ` ${request.org}`}`;
    const done = this.#done(world, request);
    const next = typeof done === "string" ? done : this.#answered(done.world, at, request, done.answer);
    // What another host does between these two is the same as if it did it after them.
    const beat =
      request.kind === "look" && typeof next !== "string" ? this.#nextRequest(next, hostOf(next, at), at) : undefined;
    const steps =
      beat === undefined || typeof next === "string"
        ? [{ name, next }]
        : this.#fates(next, at, beat).map((step) => ({ ...step, name: `${name}, ${step.name}` }));
    const isNothing = request.kind === "take" && request.writes.length === 0;
    if (world.left.faults > 0 && !isNothing) {
      const after = typeof done === "string" ? done : this.#unanswered(spend(done.world, "faults"), at, request);
      const late = spend({ ...world, late: [...world.late, { host: at, request, isAwaited: true }] }, "faults");
      steps.push({ name: `${name}, answer lost`, next: after });
      steps.push({
        name: `${name}, late`,
        next: request.kind === "save" ? late : withHost(late, at, { phase: "waiting" }),
      });
    }
    return steps;
  }

  #lateSteps(world: World, late: Late, n: number): Step[] {
    const { host: at, request, answer, isAwaited } = late;
    const host = world.hosts[at];
    const name = `${host?.me.id}: late ${request.kind}`;
    const others = world.late.filter((_, other) => other !== n);
    const steps: Step[] = [];
    if (answer === undefined) {
      const done = this.#done(world, request);
      const next =
        typeof done === "string"
          ? done
          : { ...done.world, late: isAwaited ? [...others, { ...late, answer: done.answer }] : others };
      steps.push({ name: `${name} is done`, next });
    } else if (host?.is === "up") {
      steps.push({
        name: `${name} is answered`,
        next: this.#answered({ ...world, late: others }, at, request, answer),
      });
    }
    const waited = moment(world.time, at).steady - request.sent.steady;
    if (isAwaited && host?.is === "up" && (waited > MODEL_TIMING.answer || request.kind === "save")) {
      const left = answer === undefined ? [...others, { ...late, isAwaited: false }] : others;
      steps.push({ name: `${name} is given up`, next: this.#unanswered({ ...world, late: left }, at, request) });
    }
    return steps;
  }

  /** The store does what it was asked. A text says what must not have been. */
  #done(world: World, request: Request): { readonly world: World; readonly answer: Answer } | string {
    const { kind, org = "" } = request;
    if (kind === "look" || kind === "members" || kind === "read cursor") {
      return { world, answer: { found: world.documents } };
    }
    const documents = new Map(world.documents);
    const versions = request.writes.map(({ id, value, expected }) => {
      const seqNo = documents.get(id)?.version.seqNo;
      if (this.#rules.compares && seqNo !== expected?.seqNo) {
        return undefined;
      }
      const next = version((seqNo ?? 0) + 1);
      documents.set(id, { value, version: next });
      return next;
    });
    const isWritten = versions[0] !== undefined;
    const term = Number((request.writes[0]?.value as { readonly term?: number } | undefined)?.term);
    if (kind === "save" && isWritten && term < (world.begun.get(org) ?? 0)) {
      return `a cursor of ${org} is written in term ${term} after term ${world.begun.get(org)} has begun`;
    }
    return { world: { ...world, documents }, answer: { versions } };
  }

  #answered(world: World, at: number, request: Request, answer: Answer): World {
    const host = hostOf(world, at);
    const now = moment(world.time, at);
    const exchange = { sent: request.sent, answered: now };
    const found = "found" in answer ? answer.found : new Map<string, VersionedDocument>();
    const versions = "versions" in answer ? answer.versions : [];
    const { org = "" } = request;
    switch (request.kind) {
      case "look":
        return withHost(world, at, {
          known: this.#rules.afterLook(host.known, [...world.begun.keys()], found, exchange),
          phase: "beat",
        });
      case "members":
        return withHost(world, at, {
          known: product.afterMembers(host.known, found.get(MEMBERS_ID), now),
          phase: "beat",
        });
      case "beat": {
        if (versions[0] === undefined) {
          return withHost(world, at, { phase: "members" });
        }
        const known = this.#rules.afterBeat(host.known, exchange, MODEL_TIMING);
        const beaten: ModelHost = { ...host, known, phase: "decide" };
        const isDone = this.#nextRequest(world, beaten, at)?.decisions?.length === 0;
        return withHost(world, at, isDone ? { ...beaten, phase: "idle", due: world.time + MODEL_TIMING.beat } : beaten);
      }
      case "take":
        return this.#decided(world, at, request.decisions ?? [], versions);
      case "give up":
        return withHost(world, at, { toGiveUp: host.toGiveUp.slice(1), known: product.withoutOrg(host.known, org) });
      case "read cursor": {
        const cursor = found.get(cursorId(org));
        const seenTerm = Number((cursor?.value as { readonly term?: number } | undefined)?.term ?? 0);
        const term = host.known.held.get(org)?.term ?? 0;
        if (seenTerm > term) {
          return withHost(world, at, without(host, org));
        }
        const toClaim = host.toClaim.map((one) => (one.org === org ? { org, cursor, isRead: true } : one));
        return this.#rules.claims
          ? withHost(world, at, { toClaim })
          : this.#begun(world, at, org, term, cursor?.version);
      }
      case "claim": {
        const term = host.known.held.get(org)?.term;
        const toClaim = host.toClaim.map((one) => (one.org === org ? { org, isRead: false } : one));
        return versions[0] === undefined || term === undefined
          ? withHost(world, at, { toClaim })
          : this.#begun(world, at, org, term, versions[0]);
      }
      case "save": {
        const work = host.working.get(org);
        if (work === undefined) {
          return world;
        }
        return versions[0] === undefined
          ? withHost(world, at, without(host, org))
          : withHost(world, at, { working: new Map(host.working).set(org, { ...work, version: versions[0] }) });
      }
    }
  }

  #unanswered(world: World, at: number, request: Request): World {
    const host = hostOf(world, at);
    const { kind, org = "" } = request;
    switch (kind) {
      case "save":
        // It is unknown what the cursor is: the round fails, and the next one would read it anew.
        return withHost(world, at, without(host, org));
      case "give up":
        return withHost(world, at, {
          phase: "idle",
          toGiveUp: host.toGiveUp.slice(1),
          known: product.withoutOrg(host.known, org),
        });
      case "take":
        return this.#decided(world, at, request.decisions ?? [], []);
      case "read cursor":
      case "claim": {
        const toClaim = host.toClaim.map((one) => (one.org === org ? { org, isRead: false } : one));
        return withHost(world, at, { phase: "idle", toClaim });
      }
      default:
        return withHost(world, at, { phase: "idle", due: world.time + MODEL_TIMING.retry });
    }
  }

  #decided(
    world: World,
    at: number,
    decisions: readonly Decision[],
    versions: readonly (Version | undefined)[],
  ): World {
    let host: ModelHost = { ...hostOf(world, at), phase: "idle", due: world.time + MODEL_TIMING.beat };
    const now = moment(world.time, at);
    let take = 0;
    for (const decision of decisions) {
      if (decision.do === "stop") {
        host = without(host, decision.org);
      } else if (decision.do === "hand over") {
        const { org, to } = decision;
        const working = new Map(host.working);
        working.delete(org);
        host = {
          ...host,
          working,
          known: product.afterPromise(host.known, org, to),
          toGiveUp: [...host.toGiveUp, { org, to: to.id }],
        };
      } else {
        const written = versions[take];
        take += 1;
        if (written !== undefined) {
          const known = product.afterTaking(host.known, decision.org, decision.lease, written, now);
          host = { ...host, known, toClaim: [...host.toClaim, { org: decision.org, isRead: false }] };
        }
      }
    }
    return withHost(world, at, host);
  }

  #begun(world: World, at: number, org: string, term: number, cursor: Version | undefined): World {
    const host = hostOf(world, at);
    this.takeOvers += 1;
    return withHost({ ...world, begun: new Map(world.begun).set(org, Math.max(term, world.begun.get(org) ?? 0)) }, at, {
      toClaim: host.toClaim.filter((one) => one.org !== org),
      working: new Map(host.working).set(org, { term, version: cursor }),
    });
  }
}

/** Visits every state that can be reached within the bounds, until one is wrong. */
export function explore(bounds: Bounds, rules: Rules = PRODUCT_RULES): Exploration {
  const model = new Model(rules, bounds);
  const start = startingWorld(bounds);
  const known = new Set([worldKey(start)]);
  interface Visit {
    readonly world: World;
    readonly step: string;
    readonly before: Visit | undefined;
  }
  const open: Visit[] = [{ world: start, step: "start", before: undefined }];
  const violation = (what: string, visit: Visit, last: string): Violation => {
    const steps = [last];
    for (let one: Visit | undefined = visit; one !== undefined; one = one.before) {
      steps.unshift(one.step);
    }
    return { what, steps };
  };
  for (let visit = open.pop(); visit !== undefined; visit = open.pop()) {
    for (const { name, next: outcome } of model.steps(visit.world)) {
      const wrong = typeof outcome === "string" ? outcome : wrongIn(outcome, rules.mayWork);
      if (wrong !== undefined || typeof outcome === "string") {
        return { states: known.size, takeOvers: model.takeOvers, violation: violation(wrong ?? "", visit, name) };
      }
      const next = rules.compares ? withoutDead(outcome) : outcome;
      const key = worldKey(next);
      if (!known.has(key)) {
        known.add(key);
        open.push({ world: next, step: name, before: visit });
      }
    }
  }
  return { states: known.size, takeOvers: model.takeOvers, violation: undefined };
}

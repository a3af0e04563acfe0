/**
 * Every order of events that hosts sharing orgs can meet within some time, for tests: what one does between two answers, when the
 * store does what it was asked and when the answer comes, if it does; hosts that crash, stand still and go on. What a host decides
 * is decided by the product's own functions.
 */

import type { Decision, Knowledge } from "./knowledge.ts";
import * as product from "./knowledge.ts";
import { givenUp, type Host, leaseDocument, leaseId, NO_LEASE } from "./lease.ts";
import { MEMBERS_ID, membersDocument } from "./members.ts";
import type { Moment } from "./moment.ts";
import type { DocumentWrite, Version, VersionedDocument } from "./state_documents.ts";
import type { Timing } from "./timing.ts";

/** The lease's times in steps of the model, in the proportions of the real ones: each at least as unfavourable. */
export const MODEL_TIMING: Timing = { lease: 6, beat: 2, retry: 1, answer: 1, work: 4, settle: 0, forget: 24 };

/** What decides; a test puts something wrong in its place. */
export interface Rules {
  readonly afterLook: typeof product.afterLook;
  readonly afterBeat: typeof product.afterBeat;
  readonly mayWork: typeof product.mayWork;
  readonly decide: typeof product.decide;
  /** Whether a host makes cursors its own, in its term, before it begins. */
  readonly claims: boolean;
  /** Whether writes depend on what was read. */
  readonly compares: boolean;
}

export const PRODUCT_RULES: Rules = { ...product, claims: true, compares: true };

export interface Bounds {
  /** Steps of time. */
  readonly time: number;
  readonly hosts: number;
  readonly orgs: number;
  /** Answers that are lost, requests and answers that are late. */
  readonly faults: number;
  readonly pauses: number;
  readonly crashes: number;
  /** Cursor writes that holders try. */
  readonly saves: number;
}

interface Request {
  readonly kind: "look" | "members" | "beat" | "take" | "give up" | "read cursor" | "claim" | "save";
  readonly sent: Moment;
  readonly writes: readonly DocumentWrite[];
  readonly org?: string;
  readonly decisions?: readonly Decision[];
}

type Answer =
  | { readonly found: ReadonlyMap<string, VersionedDocument> }
  | { readonly versions: readonly (Version | undefined)[] };

type Phase = "idle" | "beat" | "members" | "decide" | "waiting";

interface ModelHost {
  readonly me: Host;
  readonly is: "up" | "paused" | "down";
  /** When it began to stand still. */
  readonly pausedAt?: number;
  readonly known: Knowledge;
  readonly phase: Phase;
  readonly due: number;
  /** Held orgs of which the cursor is to be made its own; read already or not. */
  readonly toClaim: readonly {
    readonly org: string;
    readonly cursor?: VersionedDocument | undefined;
    readonly isRead: boolean;
  }[];
  /** Held orgs to give up for another host. */
  readonly toGiveUp: readonly { readonly org: string; readonly to: string }[];
  /** Orgs that it collects: term and version of the cursor. */
  readonly working: ReadonlyMap<string, { readonly term: number; readonly version: Version | undefined }>;
}

/** A request that is late. Its host may have given it up; `answer` is there when the store has done it. */
interface Late {
  readonly host: number;
  readonly request: Request;
  readonly answer?: Answer;
  readonly isAwaited: boolean;
}

interface World {
  readonly time: number;
  readonly documents: ReadonlyMap<string, VersionedDocument>;
  readonly hosts: readonly ModelHost[];
  readonly late: readonly Late[];
  readonly left: Pick<Bounds, "faults" | "pauses" | "crashes" | "saves">;
  /** The highest term in which a host has begun with an org. */
  readonly begun: ReadonlyMap<string, number>;
}

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

const cursorId = (org: string) => `${org}|cursor`;

class Model {
  readonly #rules: Rules;
  readonly #bounds: Bounds;
  readonly #orgs: readonly string[];
  takeOvers = 0;

  constructor(rules: Rules, bounds: Bounds) {
    this.#rules = rules;
    this.#bounds = bounds;
    this.#orgs = ["x", "y", "z"].slice(0, bounds.orgs);
  }

  /** The first host collects every org in term 1; the last one has not begun yet. */
  start(): World {
    const hosts = ["a", "b", "c", "d"].slice(0, this.#bounds.hosts).map((id) => ({ id, name: id.toUpperCase() }));
    const [first] = hosts;
    const documents = new Map<string, VersionedDocument>();
    const members = hosts
      .slice(0, Math.max(1, hosts.length - 1))
      .map((host) => ({ ...host, beat: 1, asks: [], isLeaving: false }));
    documents.set(MEMBERS_ID, { value: membersDocument(members), version: version(1) });
    for (const org of this.#orgs) {
      const lease = { ...NO_LEASE, term: 1, holder: first };
      documents.set(leaseId(org), { value: leaseDocument(org, lease), version: version(1) });
      documents.set(cursorId(org), { value: { term: 1 }, version: version(1) });
    }
    const started = hosts.map((me, at): ModelHost => {
      const now = this.#moment(0, at);
      const blank = product.knowingNothing(me);
      const seen = product.afterLook(blank, this.#orgs, documents, { sent: now, answered: now });
      const holds = at === 0 ? new Map(this.#orgs.map((org) => [org, { term: 1, hasRunOut: false }])) : new Map();
      const isMember = at < members.length;
      return {
        me,
        is: "up",
        known: isMember ? { ...seen, confirmed: now, held: holds } : blank,
        phase: "idle",
        due: isMember ? MODEL_TIMING.beat : 1,
        toClaim: [],
        toGiveUp: [],
        working: at === 0 ? new Map(this.#orgs.map((org) => [org, { term: 1, version: version(1) }])) : new Map(),
      };
    });
    const begun = new Map(this.#orgs.map((org) => [org, 1]));
    return { time: 0, documents, hosts: started, late: [], left: this.#bounds, begun };
  }

  /** Clocks of hosts have nothing to do with each other. */
  #moment(time: number, host: number): Moment {
    return { steady: time + 50 * host, wall: time + 100_000 * (host + 1) };
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
            next: spend(withHost(world, at, { ...host, is: "paused", pausedAt: world.time }), "pauses"),
          });
        }
        if (world.left.crashes > 0) {
          steps.push({
            name: `${host.me.id} crashes`,
            next: spend(withHost(world, at, { ...host, is: "down" }), "crashes"),
          });
        }
      } else if (host.is === "paused" && world.time > (host.pausedAt ?? 0)) {
        steps.push({ name: `${host.me.id} goes on`, next: withHost(world, at, { ...host, is: "up" }) });
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
    const now = this.#moment(world.time, at);
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
    const now = this.#moment(world.time, at);
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
        next: request.kind === "save" ? late : this.#withPhase(late, at, "waiting"),
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
    const waited = this.#moment(world.time, at).steady - request.sent.steady;
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
    const now = this.#moment(world.time, at);
    const exchange = { sent: request.sent, answered: now };
    const found = "found" in answer ? answer.found : new Map<string, VersionedDocument>();
    const versions = "versions" in answer ? answer.versions : [];
    const { org = "" } = request;
    switch (request.kind) {
      case "look":
        return withHost(world, at, {
          ...host,
          known: this.#rules.afterLook(host.known, this.#orgs, found, exchange),
          phase: "beat",
        });
      case "members":
        return withHost(world, at, {
          ...host,
          known: product.afterMembers(host.known, found.get(MEMBERS_ID), now),
          phase: "beat",
        });
      case "beat": {
        if (versions[0] === undefined) {
          return withHost(world, at, { ...host, phase: "members" });
        }
        const known = this.#rules.afterBeat(host.known, exchange, MODEL_TIMING);
        const beaten: ModelHost = { ...host, known, phase: "decide" };
        const isDone = this.#nextRequest(world, beaten, at)?.decisions?.length === 0;
        return withHost(world, at, isDone ? { ...beaten, phase: "idle", due: world.time + MODEL_TIMING.beat } : beaten);
      }
      case "take":
        return this.#decided(world, at, request.decisions ?? [], versions);
      case "give up":
        return withHost(world, at, {
          ...host,
          toGiveUp: host.toGiveUp.slice(1),
          known: product.withoutOrg(host.known, org),
        });
      case "read cursor": {
        const cursor = found.get(cursorId(org));
        const seenTerm = Number((cursor?.value as { readonly term?: number } | undefined)?.term ?? 0);
        const term = host.known.held.get(org)?.term ?? 0;
        if (seenTerm > term) {
          return withHost(world, at, without(host, org));
        }
        const toClaim = host.toClaim.map((one) => (one.org === org ? { org, cursor, isRead: true } : one));
        return this.#rules.claims
          ? withHost(world, at, { ...host, toClaim })
          : this.#begun(world, at, org, term, cursor?.version);
      }
      case "claim": {
        const term = host.known.held.get(org)?.term;
        const toClaim = host.toClaim.map((one) => (one.org === org ? { org, isRead: false } : one));
        return versions[0] === undefined || term === undefined
          ? withHost(world, at, { ...host, toClaim })
          : this.#begun(world, at, org, term, versions[0]);
      }
      case "save": {
        const work = host.working.get(org);
        if (work === undefined) {
          return world;
        }
        return versions[0] === undefined
          ? withHost(world, at, without(host, org))
          : withHost(world, at, {
              ...host,
              working: new Map(host.working).set(org, { ...work, version: versions[0] }),
            });
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
          ...host,
          phase: "idle",
          toGiveUp: host.toGiveUp.slice(1),
          known: product.withoutOrg(host.known, org),
        });
      case "take":
        return this.#decided(world, at, request.decisions ?? [], []);
      case "read cursor":
      case "claim": {
        const toClaim = host.toClaim.map((one) => (one.org === org ? { org, isRead: false } : one));
        return withHost(world, at, { ...host, phase: "idle", toClaim });
      }
      default:
        return withHost(world, at, { ...host, phase: "idle", due: world.time + MODEL_TIMING.retry });
    }
  }

  #decided(
    world: World,
    at: number,
    decisions: readonly Decision[],
    versions: readonly (Version | undefined)[],
  ): World {
    let host: ModelHost = { ...hostOf(world, at), phase: "idle", due: world.time + MODEL_TIMING.beat };
    const now = this.#moment(world.time, at);
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
      ...host,
      toClaim: host.toClaim.filter((one) => one.org !== org),
      working: new Map(host.working).set(org, { term, version: cursor }),
    });
  }

  #withPhase(world: World, at: number, phase: Phase): World {
    return withHost(world, at, { ...hostOf(world, at), phase });
  }

  /** Without late requests that nobody waits for and that can do nothing any more. */
  withoutDead(world: World): World {
    if (!this.#rules.compares) {
      return world;
    }
    const late = world.late.filter(
      ({ request, isAwaited }) =>
        isAwaited ||
        request.writes.some(({ id, expected }) => world.documents.get(id)?.version.seqNo === expected?.seqNo),
    );
    return late.length === world.late.length ? world : { ...world, late };
  }

  /** What is wrong in this state by itself. */
  wrong(world: World): string | undefined {
    for (const org of this.#orgs) {
      const workers = world.hosts.filter(
        (host, at) =>
          host.is !== "down" &&
          host.working.has(org) &&
          this.#rules.mayWork(host.known, org, this.#moment(world.time, at), MODEL_TIMING),
      );
      if (workers.length > 1) {
        return `${workers.map(({ me }) => me.id).join(" and ")} work for ${org} at the same time`;
      }
      const terms = world.hosts.flatMap(({ working }) => working.get(org)?.term ?? []);
      if (new Set(terms).size < terms.length) {
        return `two hosts collect ${org} in the same term`;
      }
    }
    return undefined;
  }

  /** Equal for states from which the same can happen. */
  key(world: World): string {
    const { documents } = world;
    const seqNo = (id: string) => documents.get(id)?.version.seqNo ?? 0;
    const isNow = (id: string, known: Version | undefined) => ((known?.seqNo ?? 0) === seqNo(id) ? 1 : 0);
    const beats = product.afterMembers(
      product.knowingNothing({ id: "", name: "" }),
      documents.get(MEMBERS_ID),
      this.#moment(0, 0),
    ).members;
    const request = ({ kind, org, sent, writes, decisions }: Request, at: number) => [
      kind,
      org,
      Math.min(8, this.#moment(world.time, at).steady - sent.steady),
      writes.map(({ id, value, expected }) => [id, isNow(id, expected), kind === "beat" ? "" : value]),
      decisions?.map((decision) => [decision.do, decision.org]),
    ];
    return JSON.stringify([
      world.time,
      Object.values(world.left),
      sorted([...beats.values()].map(({ id, asks }) => [id, asks])),
      this.#orgs.map((org) => [
        documents.get(leaseId(org))?.value,
        documents.get(cursorId(org))?.value,
        world.begun.get(org),
      ]),
      world.hosts.map((host, at) => {
        const now = this.#moment(world.time, at).steady;
        const age = (moment: Moment | undefined) => (moment === undefined ? -1 : Math.min(8, now - moment.steady));
        const { known } = host;
        if (host.is === "down") {
          return 0;
        }
        return [
          host.is,
          host.pausedAt === world.time,
          host.phase,
          Math.max(0, host.due - world.time),
          host.toClaim.map(({ org, cursor, isRead }) => [org, isRead, isNow(cursorId(org), cursor?.version)]),
          host.toGiveUp,
          sorted([...host.working].map(([org, { term, version: own }]) => [org, term, isNow(cursorId(org), own)])),
          isNow(MEMBERS_ID, known.membersVersion),
          sorted([...known.members.values()].map(({ id, beat, asks }) => [id, beat === beats.get(id)?.beat, asks])),
          sorted([...known.signs].map(([id, { beat, seen }]) => [id, beat === beats.get(id)?.beat, age(seen)])),
          [...known.leases].map(([org, seen]) => [
            seen.lease.term,
            seen.lease.holder?.id,
            seen.lease.offeredTo,
            isNow(leaseId(org), seen.version),
            age(seen.seen),
          ]),
          sorted([...known.held].map(([org, { term, hasRunOut, promisedTo }]) => [org, term, hasRunOut, promisedTo])),
          age(known.confirmed),
          age(known.looked),
        ];
      }),
      world.late.map(({ host, request: asked, answer, isAwaited }) => [
        host,
        request(asked, host),
        isAwaited,
        answer === undefined
          ? 0
          : "found" in answer
            ? [...answer.found].map(([id, one]) => isNow(id, one.version))
            : answer.versions.map((one) => one !== undefined),
      ]),
    ]);
  }
}

/** Visits every state that can be reached within the bounds, until one is wrong. */
export function explore(bounds: Bounds, rules: Rules = PRODUCT_RULES): Exploration {
  const model = new Model(rules, bounds);
  const start = model.start();
  const known = new Set([model.key(start)]);
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
      const wrong = typeof outcome === "string" ? outcome : model.wrong(outcome);
      if (wrong !== undefined || typeof outcome === "string") {
        return { states: known.size, takeOvers: model.takeOvers, violation: violation(wrong ?? "", visit, name) };
      }
      const next = model.withoutDead(outcome);
      const key = model.key(next);
      if (!known.has(key)) {
        known.add(key);
        open.push({ world: next, step: name, before: visit });
      }
    }
  }
  return { states: known.size, takeOvers: model.takeOvers, violation: undefined };
}

function sorted(parts: readonly unknown[]): string[] {
  return parts.map((part) => JSON.stringify(part)).toSorted();
}

function version(seqNo: number): Version {
  return { seqNo, primaryTerm: 1 };
}

function hostOf(world: World, at: number): ModelHost {
  const host = world.hosts[at];
  if (host === undefined) {
    throw new RangeError(`no host ${at}`);
  }
  return host;
}

function withHost(world: World, at: number, host: ModelHost): World {
  return { ...world, hosts: world.hosts.map((one, other) => (other === at ? host : one)) };
}

function without(host: ModelHost, org: string): ModelHost {
  const working = new Map(host.working);
  working.delete(org);
  return {
    ...host,
    working,
    toClaim: host.toClaim.filter((one) => one.org !== org),
    toGiveUp: host.toGiveUp.filter((one) => one.org !== org),
    known: product.withoutOrg(host.known, org),
  };
}

function spend(world: World, what: keyof World["left"]): World {
  return { ...world, left: { ...world.left, [what]: world.left[what] - 1 } };
}

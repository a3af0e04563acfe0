/** What hosts that share orgs, their store and the way between them can be like at one moment, for tests of every order of events. */
import type { Decision, Knowledge } from "./knowledge.ts";
import * as product from "./knowledge.ts";
import { type Host, leaseDocument, leaseId, NO_LEASE } from "./lease.ts";
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
export interface Request {
  readonly kind: "look" | "members" | "beat" | "take" | "give up" | "read cursor" | "claim" | "save";
  readonly sent: Moment;
  readonly writes: readonly DocumentWrite[];
  readonly org?: string;
  readonly decisions?: readonly Decision[];
}

export type Answer =
  | { readonly found: ReadonlyMap<string, VersionedDocument> }
  | { readonly versions: readonly (Version | undefined)[] };

export type Phase = "idle" | "beat" | "members" | "decide" | "waiting";

export interface ModelHost {
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
export interface Late {
  readonly host: number;
  readonly request: Request;
  readonly answer?: Answer;
  readonly isAwaited: boolean;
}

export interface World {
  readonly time: number;
  readonly documents: ReadonlyMap<string, VersionedDocument>;
  readonly hosts: readonly ModelHost[];
  readonly late: readonly Late[];
  readonly left: Pick<Bounds, "faults" | "pauses" | "crashes" | "saves">;
  /** The highest term in which a host has begun with an org. */
  readonly begun: ReadonlyMap<string, number>;
}
export const cursorId = (org: string) => `${org}|cursor`;

const orgsOf = (world: World) => [...world.begun.keys()];

/** The first host collects every org in term 1; the last one has not begun yet. */
export function startingWorld(bounds: Bounds): World {
  const orgs = ["x", "y", "z"].slice(0, bounds.orgs);
  const hosts = ["a", "b", "c", "d"].slice(0, bounds.hosts).map((id) => ({ id, name: id.toUpperCase() }));
  const [first] = hosts;
  const documents = new Map<string, VersionedDocument>();
  const members = hosts
    .slice(0, Math.max(1, hosts.length - 1))
    .map((host) => ({ ...host, beat: 1, asks: [], isLeaving: false }));
  documents.set(MEMBERS_ID, { value: membersDocument(members), version: version(1) });
  for (const org of orgs) {
    const lease = { ...NO_LEASE, term: 1, holder: first };
    documents.set(leaseId(org), { value: leaseDocument(org, lease), version: version(1) });
    documents.set(cursorId(org), { value: { term: 1 }, version: version(1) });
  }
  const started = hosts.map((me, at): ModelHost => {
    const now = moment(0, at);
    const blank = product.knowingNothing(me);
    const seen = product.afterLook(blank, orgs, documents, { sent: now, answered: now });
    const holds = at === 0 ? new Map(orgs.map((org) => [org, { term: 1, hasRunOut: false }])) : new Map();
    const isMember = at < members.length;
    return {
      me,
      is: "up",
      known: isMember ? { ...seen, confirmed: now, held: holds } : blank,
      phase: "idle",
      due: isMember ? MODEL_TIMING.beat : 1,
      toClaim: [],
      toGiveUp: [],
      working: at === 0 ? new Map(orgs.map((org) => [org, { term: 1, version: version(1) }])) : new Map(),
    };
  });
  const begun = new Map(orgs.map((org) => [org, 1]));
  return { time: 0, documents, hosts: started, late: [], left: bounds, begun };
}

/** Clocks of hosts have nothing to do with each other. */
export function moment(time: number, host: number): Moment {
  return { steady: time + 50 * host, wall: time + 100_000 * (host + 1) };
}

/** Without late requests that nobody waits for and that can do nothing any more. */
export function withoutDead(world: World): World {
  const late = world.late.filter(
    ({ request, isAwaited }) =>
      isAwaited ||
      request.writes.some(({ id, expected }) => world.documents.get(id)?.version.seqNo === expected?.seqNo),
  );
  return late.length === world.late.length ? world : { ...world, late };
}

/** What is wrong in this state by itself. */
export function wrongIn(world: World, mayWork: Rules["mayWork"]): string | undefined {
  for (const org of orgsOf(world)) {
    const workers = world.hosts.filter(
      (host, at) =>
        host.is !== "down" && host.working.has(org) && mayWork(host.known, org, moment(world.time, at), MODEL_TIMING),
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
export function worldKey(world: World): string {
  const { documents } = world;
  const seqNo = (id: string) => documents.get(id)?.version.seqNo ?? 0;
  const isNow = (id: string, known: Version | undefined) => ((known?.seqNo ?? 0) === seqNo(id) ? 1 : 0);
  const beats = product.afterMembers(
    product.knowingNothing({ id: "", name: "" }),
    documents.get(MEMBERS_ID),
    moment(0, 0),
  ).members;
  const request = ({ kind, org, sent, writes, decisions }: Request, at: number) => [
    kind,
    org,
    Math.min(8, moment(world.time, at).steady - sent.steady),
    writes.map(({ id, value, expected }) => [id, isNow(id, expected), kind === "beat" ? "" : value]),
    decisions?.map((decision) => [decision.do, decision.org]),
  ];
  return JSON.stringify([
    world.time,
    Object.values(world.left),
    sorted([...beats.values()].map(({ id, asks }) => [id, asks])),
    orgsOf(world).map((org) => [
      documents.get(leaseId(org))?.value,
      documents.get(cursorId(org))?.value,
      world.begun.get(org),
    ]),
    world.hosts.map((host, at) => {
      const now = moment(world.time, at).steady;
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

function sorted(parts: readonly unknown[]): string[] {
  return parts.map((part) => JSON.stringify(part)).toSorted();
}
export function version(seqNo: number): Version {
  return { seqNo, primaryTerm: 1 };
}

export function hostOf(world: World, at: number): ModelHost {
  const host = world.hosts[at];
  if (host === undefined) {
    throw new RangeError(`no host ${at}`);
  }
  return host;
}

export function withHost(world: World, at: number, changes: Partial<ModelHost>): World {
  return { ...world, hosts: world.hosts.map((host, other) => (other === at ? { ...host, ...changes } : host)) };
}

export function without(host: ModelHost, org: string): ModelHost {
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

export function spend(world: World, what: keyof World["left"]): World {
  return { ...world, left: { ...world.left, [what]: world.left[what] - 1 } };
}

/**
 * What one host knows of the others and of the leases, and what it does with that. All functions are pure; `lease_keeper.ts` reads,
 * writes and waits for them.
 *
 * - A host gives one sign of life for all orgs that it holds: it changes its number in the document of members.
 * - A lease is taken by compare-and-set with the next term: when nobody holds it, or when its holder has shown no sign of life for the
 *   lease's time, measured by the taker from when it saw the last one.
 * - A holder works for less than that after it sent its last confirmed sign of life.
 */
import { type Assignment, assign, ranked } from "./assignment.ts";
import { type Host, type Lease, leaseId, NO_LEASE, readLease, taken } from "./lease.ts";
import { MEMBERS_ID, type Member, type Members, MOST_ASKED, MOST_MEMBERS, readMembers } from "./members.ts";
import { type Moment, passedAtLeast, passedAtMost } from "./moment.ts";
import type { Version, VersionedDocument } from "./state_documents.ts";
import type { Timing } from "./timing.ts";

/** A sign of life, and when this host had first seen it. `beat` is `undefined` for one that is not among the members. */
interface Sign {
  readonly beat: number | undefined;
  readonly seen: Moment;
}

/** An org that this host holds. */
interface Held {
  readonly term: number;
  /** It was once not renewed in time: whatever comes, it is held no more in this term. */
  readonly hasRunOut: boolean;
  /** The id of the host that it is about to be given up for. */
  readonly promisedTo?: string;
}

interface SeenLease {
  /** As it was last, if its document is gone: whoever held it still does, and writes it again. */
  readonly lease: Lease;
  readonly version: Version | undefined;
  /** When this host had first seen it as it is. */
  readonly seen: Moment;
}

export interface Knowledge {
  readonly me: Host;
  /** This host takes nothing more. */
  readonly isLeaving: boolean;
  readonly members: Members;
  readonly membersVersion: Version | undefined;
  /** Of every member and every holder, by id. */
  readonly signs: ReadonlyMap<string, Sign>;
  readonly leases: ReadonlyMap<string, SeenLease>;
  /** When the last look was sent: until then, for certain, what it found was as it is. */
  readonly looked: Moment | undefined;
  readonly held: ReadonlyMap<string, Held>;
  /** When the last sign of life was sent that is confirmed. */
  readonly confirmed: Moment | undefined;
}

export type Decision =
  /** To be written; the org is held when it is. */
  | {
      readonly do: "take";
      readonly org: string;
      readonly lease: Lease;
      readonly expected: Version | undefined;
      /** Who held it and has shown no sign of life; `undefined` if nobody did. */
      readonly from: Host | undefined;
    }
  /** Finish what is under way, then give it up for the other. */
  | { readonly do: "hand over"; readonly org: string; readonly to: Host }
  /** It is held no more: stop at once. */
  | { readonly do: "stop"; readonly org: string; readonly why: Loss };

/** Why an org is held no more without having been given up. */
export type Loss = "not renewed" | "taken" | "gone";

/** Ranks behind the first that wait longer than the one before. */
const MOST_RANKS = 5;

export function knowingNothing(me: Host): Knowledge {
  const none = { members: new Map(), signs: new Map(), leases: new Map(), held: new Map() };
  return { me, isLeaving: false, ...none, membersVersion: undefined, looked: undefined, confirmed: undefined };
}

/** After this host was told to leave. */
export function leaving(known: Knowledge): Knowledge {
  return { ...known, isLeaving: true };
}

/** When something was asked, and when it was answered. */
export interface Exchange {
  readonly sent: Moment;
  readonly answered: Moment;
}

/** After reading: `found` holds what there is of the members and of the leases of `orgs`. */
export function afterLook(
  known: Knowledge,
  orgs: Iterable<string>,
  found: ReadonlyMap<string, VersionedDocument>,
  { sent, answered }: Exchange,
): Knowledge {
  const leases = new Map<string, SeenLease>();
  for (const org of orgs) {
    const document = found.get(leaseId(org));
    const before = known.leases.get(org);
    const isSame = before !== undefined && equal(before.version, document?.version);
    const lease = document === undefined ? (before?.lease ?? NO_LEASE) : readLease(document.value);
    leases.set(org, isSame ? before : { lease, version: document?.version, seen: answered });
  }
  return { ...afterMembers({ ...known, leases }, found.get(MEMBERS_ID), answered), looked: sent };
}

/** After reading the members alone. */
export function afterMembers(known: Knowledge, document: VersionedDocument | undefined, answered: Moment): Knowledge {
  const members = readMembers(document?.value);
  const holders = [...known.leases.values()].flatMap(({ lease }) => lease.holder?.id ?? []);
  const signs = new Map<string, Sign>();
  for (const id of new Set([...members.keys(), ...holders])) {
    const before = known.signs.get(id);
    const beat = members.get(id)?.beat;
    // Whoever is forgotten by another host has shown nothing new.
    const isNew = before === undefined || (beat !== undefined && beat !== before.beat);
    signs.set(id, isNew ? { beat, seen: answered } : before);
  }
  return { ...known, members, membersVersion: document?.version, signs };
}

/** The members with this host's next sign of life and what it asks for, without those that have long shown none. */
export function nextMembers(known: Knowledge, timing: Timing): readonly Member[] {
  const { me, members, isLeaving } = known;
  const others = [...members.values()].filter(({ id }) => id !== me.id && silence(known, id) < timing.forget);
  const newest = others.toSorted((one, other) => silence(known, one.id) - silence(known, other.id));
  const beat = (members.get(me.id)?.beat ?? 0) + 1;
  return [...newest.slice(0, MOST_MEMBERS - 1), { ...me, beat, asks: asked(known, timing), isLeaving }];
}

/**
 * After the answer to a sign of life. One that came too late is none: others may have counted it as missing. It prolongs nothing
 * that had run out before, since another host may have it by now.
 */
export function afterBeat(known: Knowledge, { sent, answered }: Exchange, timing: Timing): Knowledge {
  if (passedAtMost(sent, answered) > timing.answer) {
    return known;
  }
  const held = [...known.held].map(
    ([org, one]) => [org, { ...one, hasRunOut: !mayWork(known, org, answered, timing) }] as const,
  );
  return { ...known, held: new Map(held), confirmed: sent };
}

/** Whether this host may work for an org now. */
export function mayWork({ held, confirmed }: Knowledge, org: string, now: Moment, timing: Timing): boolean {
  const isHeld = held.get(org)?.hasRunOut === false;
  return isHeld && confirmed !== undefined && passedAtMost(confirmed, now) < timing.work;
}

export interface Circumstances {
  readonly now: Moment;
  readonly timing: Timing;
  /** The time as people read it. */
  readonly time: string;
  /** Whether the org can begin here as soon as it is held. */
  readonly isReady: (org: string) => boolean;
  /** A term that the org's cursors are known to have seen. */
  readonly leastTerm: (org: string) => number;
}

/** What is to be done after a look. */
export function decide(known: Knowledge, { now, timing, time, isReady, leastTerm }: Circumstances): Decision[] {
  const { me, isLeaving, leases, held, confirmed } = known;
  const lost = [...held].flatMap(([org, { term }]): Decision[] => {
    const { lease, version } = leases.get(org) ?? { lease: NO_LEASE };
    if (lease.term !== term || lease.holder?.id !== me.id) {
      return [{ do: "stop", org, why: "taken" }];
    }
    if (version === undefined) {
      // Taken anew, with its cursors: those may be gone too.
      return [{ do: "stop", org, why: "gone" }];
    }
    return mayWork(known, org, now, timing) ? [] : [{ do: "stop", org, why: "not renewed" }];
  });
  if (confirmed === undefined || passedAtMost(confirmed, now) >= timing.work) {
    return lost;
  }
  const alive = aliveHosts(known, timing);
  const { homes, share } = assignment(known, timing);
  const takes = [...leases].flatMap(([org, { lease, version }]): Decision[] => {
    const free = held.has(org) || isLeaving || !isReady(org) ? undefined : freeFor(known, org, timing);
    if (free === undefined || free < patience(known, org, homes, alive, timing)) {
      return [];
    }
    const next = taken(lease, me, time, timing.lease, leastTerm(org));
    return [{ do: "take", org, lease: next, expected: version, from: lease.holder }];
  });
  return [...lost, ...takes, ...handOvers(known, alive, share)];
}

/** After a lease was written as `take` said. */
export function afterTaking(known: Knowledge, org: string, lease: Lease, version: Version, now: Moment): Knowledge {
  return {
    ...known,
    leases: new Map(known.leases).set(org, { lease, version, seen: now }),
    held: new Map(known.held).set(org, { term: lease.term, hasRunOut: false }),
  };
}

/** After a lease that is no longer held was written as given up. */
export function afterGivingUp(known: Knowledge, org: string, lease: Lease, version: Version, now: Moment): Knowledge {
  return { ...known, leases: new Map(known.leases).set(org, { lease, version, seen: now }) };
}

/** After it was decided to hand an org over. */
export function afterPromise(known: Knowledge, org: string, to: Host): Knowledge {
  const held = known.held.get(org);
  return held === undefined ? known : { ...known, held: new Map(known.held).set(org, { ...held, promisedTo: to.id }) };
}

/** After an org was stopped, or given up. */
export function withoutOrg(known: Knowledge, org: string): Knowledge {
  const held = new Map(known.held);
  held.delete(org);
  return { ...known, held };
}

/** In how many milliseconds a lease runs out, unless its holder shows a sign of life; `undefined` if none may. */
export function nextExpiry(known: Knowledge, now: Moment, timing: Timing): number | undefined {
  const left = [...known.leases].flatMap(([org, seen]) => {
    const { holder } = seen.lease;
    const since = laterOf(seen.seen, known.signs.get(holder?.id ?? "")?.seen);
    return known.held.has(org) || holder === undefined ? [] : lasting(seen.lease, timing) - passedAtLeast(since, now);
  });
  const ahead = left.filter((wait) => wait > 0);
  return ahead.length === 0 ? undefined : Math.min(...ahead);
}

/** Milliseconds for which a host had certainly shown no new sign of life at the last look. */
function silence({ signs, looked }: Knowledge, id: string): number {
  const sign = signs.get(id);
  return sign === undefined || looked === undefined ? 0 : passedAtLeast(sign.seen, looked);
}

/** For how long another could have taken the org at the last look, in milliseconds; `undefined` if it had a holder. */
function freeFor({ me, leases, signs, looked }: Knowledge, org: string, timing: Timing): number | undefined {
  const seen = leases.get(org);
  if (seen === undefined || looked === undefined) {
    return undefined;
  }
  const { holder } = seen.lease;
  if (holder === undefined || holder.id === me.id) {
    return passedAtLeast(seen.seen, looked);
  }
  const over = passedAtLeast(laterOf(seen.seen, signs.get(holder.id)?.seen), looked) - lasting(seen.lease, timing);
  return over < 0 ? undefined : over;
}

/** Who waits for the longer of its own time and the holder's takes nothing from a host that may still work. */
function lasting({ lasts = 0 }: Lease, timing: Timing): number {
  return Math.max(lasts, timing.lease);
}

function laterOf(one: Moment, other: Moment | undefined): Moment {
  return other === undefined || other.steady < one.steady ? one : other;
}

/** How long this host leaves a free org to those that are to have it rather. */
function patience(
  known: Knowledge,
  org: string,
  homes: ReadonlyMap<string, string>,
  alive: readonly string[],
  timing: Timing,
): number {
  const { me, leases } = known;
  const { holder, offeredTo } = leases.get(org)?.lease ?? NO_LEASE;
  if (offeredTo === me.id || holder?.id === me.id) {
    return 0;
  }
  if (offeredTo !== undefined && alive.includes(offeredTo)) {
    return timing.lease;
  }
  const home = homes.get(org);
  if (home === me.id) {
    return 0;
  }
  const others = ranked(org, alive).filter((host) => host !== home);
  return (1 + Math.min(MOST_RANKS, 1 + others.indexOf(me.id))) * timing.beat;
}

/** The orgs that hosts with less than their share ask of this one, as many as it has too much. */
function handOvers({ me, members, held }: Knowledge, alive: readonly string[], share: number): Decision[] {
  const promised = [...held.values()].filter(({ promisedTo }) => promisedTo !== undefined).length;
  const asked = [...members.values()].flatMap(({ id, name, asks }) =>
    id === me.id || !alive.includes(id) ? [] : asks.map((org) => [org, { id, name }] as const),
  );
  const givable = [...new Map(asked)].filter(([org]) => held.has(org) && held.get(org)?.promisedTo === undefined);
  return givable.slice(0, Math.max(0, held.size - promised - share)).map(([org, to]) => ({ do: "hand over", org, to }));
}

/** The orgs that this host is to have and others hold. */
function asked(known: Knowledge, timing: Timing): readonly string[] {
  const { moves } = assignment(known, timing);
  const mine = [...moves].flatMap(([org, to]) => (to === known.me.id ? org : []));
  return mine.slice(0, MOST_ASKED);
}

function assignment(known: Knowledge, timing: Timing): Assignment {
  const holders = [...known.leases].flatMap(([org, { lease }]) => {
    // Whoever an org was given up for is about to have it.
    const holder = lease.holder?.id ?? lease.offeredTo;
    return holder === undefined ? [] : [[org, holder] as const];
  });
  return assign(aliveHosts(known, timing), [...known.leases.keys()], new Map(holders));
}

/** Those that orgs are spread over, in the same order on every host: they have lately shown a sign of life, and do not leave. */
function aliveHosts(known: Knowledge, timing: Timing): string[] {
  const { me, members, isLeaving } = known;
  const others = [...members.values()].filter((one) => one.id !== me.id && !one.isLeaving);
  const alive = others.flatMap(({ id }) => (silence(known, id) < timing.lease ? id : []));
  return (isLeaving ? alive : [...alive, me.id]).toSorted();
}

function equal(one: Version | undefined, other: Version | undefined): boolean {
  return one?.seqNo === other?.seqNo && one?.primaryTerm === other?.primaryTerm;
}

import { RETRY, RunnerError } from "../core/errors.ts";
import type { Knowledge, Loss } from "./knowledge.ts";
import { NO_LEASE } from "./lease.ts";
import { type Moment, passedAtMost } from "./moment.ts";
import type { Standing } from "./standing.ts";
import type { Timing } from "./timing.ts";
import type { Turn } from "./turn.ts";

/** What this host has to do with one org. */
export interface OwnOrg {
  readonly changed: (standing: Standing) => void;
  isWanted: boolean;
  waiting: ((turn: OwnTurn) => void) | undefined;
  turn: OwnTurn | undefined;
  told: string;
}

export interface OwnTurn extends Turn {
  readonly ended: AbortController;
  readonly lost: AbortController;
}

export interface StandingOptions {
  /** What keeps this host from the shared state. */
  readonly problem: RunnerError | undefined;
  readonly now: Moment;
  readonly timing: Timing;
}

/** Where an org stands by what this host knows; `turn` is the one that it has, if any. Pure. */
export function standingOf(
  known: Knowledge,
  org: string,
  turn: OwnTurn | undefined,
  { problem, now, timing }: StandingOptions,
): Standing {
  const { lease } = known.leases.get(org) ?? { lease: NO_LEASE };
  const about = { term: lease.term, since: lease.since, ...(problem === undefined ? {} : { problem }) };
  if (turn !== undefined && !turn.over.aborted) {
    const passed = known.confirmed === undefined ? 0 : passedAtMost(known.confirmed, now);
    const left = Math.max(0, timing.work - passed);
    return { ...about, is: "holding", term: turn.term, holder: known.me, left };
  }
  const { holder } = lease;
  return holder === undefined || holder.id === known.me.id
    ? { ...about, is: "waiting", holder: undefined }
    : { ...about, is: "standing by", holder };
}

const LOSSES: Readonly<Record<Loss, string>> = {
  taken: "Another host collects this org now.",
  "not renewed": "This host could not show in the shared state that it is there, and leaves the org to others.",
  gone: "The shared state was deleted; this host takes the org again and writes what it knows of it.",
};

/** Why a turn is over before it was given up. */
export function leaseLost(why: Loss): RunnerError {
  return new RunnerError("lease_lost", LOSSES[why], { next: RETRY });
}

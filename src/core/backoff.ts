import type { NextStep } from "./errors.ts";

/** How long to wait before the next attempt. All times in milliseconds. */
export interface Backoff {
  readonly first: number;
  readonly factor: number;
  readonly longest: number;
}

/** However long a far side asks to wait: after an hour it is asked again. */
export const LONGEST_WAIT_MS = 3_600_000;

/** For a far side that is down or busy: 1 s, 2 s, 4 s … at most a minute. */
export const REMOTE_BACKOFF: Backoff = { first: 1_000, factor: 2, longest: 60_000 };

/** For a refusal that only a person can mend: one minute, then ever slower, at most a quarter of an hour. */
export const REFUSAL_BACKOFF: Backoff = { first: 60_000, factor: 2, longest: 15 * 60_000 };

/**
 * The wait before attempt `attempt` + 1, where `attempt` counts from 1.
 * `random` (0 to 1) spreads the wait over its upper half, so that many streams do not return at one instant.
 */
export function waitBefore(attempt: number, backoff: Backoff, random: number): number {
  const full = Math.min(backoff.longest, backoff.first * backoff.factor ** Math.min(attempt - 1, 30));
  return Math.round(full / 2 + (full / 2) * random);
}

/** Gives the waits before one attempt after the other of a far side, or a disk, that is down or busy. */
export function remoteWaits(clock: { random(): number }): () => number {
  let attempts = 0;
  return () => {
    attempts += 1;
    return waitBefore(attempts, REMOTE_BACKOFF, clock.random());
  };
}

/** Milliseconds that a far side asks to wait, as a next step: cut to what it may ask for. */
export function waitFor(wait: number, now: number): NextStep {
  return { do: "waitUntil", at: now + Math.min(LONGEST_WAIT_MS, Math.max(0, wait)) };
}

import { LONGEST_WAIT_MS } from "./backoff.ts";

/**
 * The only way to time, waiting and chance. Tests pass their own clock, so they never wait for real.
 */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Milliseconds of a clock that nobody sets, from any beginning. A clock without it is never set itself. */
  elapsed?(): number;
  /** Resolves after `ms` milliseconds; rejects with the signal's reason as soon as the signal aborts. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /** A number from 0 (included) to 1 (not included), for jitter. */
  random(): number;
}

/** Milliseconds by which waits are measured, whatever the clock is set to meanwhile. */
export function elapsedBy(clock: Clock): number {
  return clock.elapsed?.() ?? clock.now();
}

/** Node keeps timers as 32-bit integers; a longer wait is made of several. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** The times that a date can be made of (ECMAScript, "Time Values"). */
const FURTHEST_TIME_MS = 8.64e15;

/** A time as text, such as `2026-07-17T09:22:41.123Z`; never throws: what is beyond all dates becomes the nearest one. */
export function isoTime(ms: number): string {
  const time = Math.min(FURTHEST_TIME_MS, Math.max(-FURTHEST_TIME_MS, ms));
  return new Date(Number.isNaN(time) ? 0 : time).toISOString();
}

/** Its day in UTC, such as `2026-07-17`. */
export function isoDay(ms: number): string {
  return isoTime(ms).slice(0, 10);
}

export const systemClock: Clock = {
  now: () => Date.now(),
  elapsed: () => performance.now(),
  random: () => Math.random(),
  async sleep(ms, signal) {
    // What is no number is no time that anybody meant: an hour is long enough not to be a loop, and short enough to end.
    for (let left = Number.isNaN(ms) ? LONGEST_WAIT_MS : ms; left > 0; left -= LONGEST_TIMER_MS) {
      await timer(Math.min(left, LONGEST_TIMER_MS), signal);
    }
    signal?.throwIfAborted();
  },
};

function timer(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(signal.reason);
      return;
    }
    const onAbort = () => {
      clearTimeout(handle);
      reject(signal?.reason);
    };
    const handle = setTimeout(() => {
      signal?.removeEventListener("abort", onAbort);
      resolve();
    }, ms);
    signal?.addEventListener("abort", onAbort, { once: true });
  });
}

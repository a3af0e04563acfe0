import { type Clock, elapsedBy } from "../core/clock.ts";

/**
 * A reading of this host's clocks, in milliseconds. Nobody sets the steady one, but it stands still while a machine sleeps; the
 * wall clock goes on, but may be set. Moments of different hosts are never compared.
 */
export interface Moment {
  readonly steady: number;
  readonly wall: number;
}

export function momentOf(clock: Clock): Moment {
  return { steady: elapsedBy(clock), wall: clock.now() };
}

/** What may have passed: for who must end in time. */
export function passedAtMost(from: Moment, to: Moment): number {
  return Math.max(to.steady - from.steady, to.wall - from.wall);
}

/** What has passed for certain: for who must wait long enough, which a wall clock that is set must not shorten. */
export function passedAtLeast(from: Moment, to: Moment): number {
  return to.steady - from.steady;
}

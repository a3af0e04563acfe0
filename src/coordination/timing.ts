/** How long things take, all in milliseconds and all of the lease's time. */
export interface Timing {
  /** After this without a sign of life of its holder, another host takes a lease. */
  readonly lease: number;
  /** Between two signs of life. */
  readonly beat: number;
  /** Until a failed one is tried again. */
  readonly retry: number;
  /** An answer of the state index that takes longer counts as none. */
  readonly answer: number;
  /** A holder works for so long after its last confirmed sign of life was sent. What is left of the lease is for clocks that run apart. */
  readonly work: number;
  /** Between taking what another host held and beginning: requests that it had under way have ended by then. */
  readonly settle: number;
  /** After this without a sign of life a host is forgotten. */
  readonly forget: number;
}

/** With a lease of 15 s: a sign of life every 5 s, 3 s for an answer, work for 10 s. Pure. */
export function timingOf(lease: number): Timing {
  return {
    lease,
    beat: lease / 3,
    retry: lease / 7.5,
    answer: lease / 5,
    work: (lease * 2) / 3,
    settle: lease / 3,
    forget: lease * 4,
  };
}

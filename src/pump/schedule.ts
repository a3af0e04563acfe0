import { LONGEST_WAIT_MS, REFUSAL_BACKOFF, REMOTE_BACKOFF, waitBefore } from "../core/backoff.ts";
import type { Clock } from "../core/clock.ts";
import { asRunnerError, type RunnerError } from "../core/errors.ts";
import type { Tell } from "../core/fact.ts";

export interface ScheduleOptions {
  /** One round; never called again before it has ended. */
  readonly round: () => Promise<void>;
  /** Milliseconds from the end of a round to the next. */
  readonly interval: number;
  readonly tell: Tell;
  readonly clock: Clock;
  readonly stop: AbortSignal;
}

/** Rounds of a single run that may fail for a remote reason in a row before it gives up. */
const FAILED_ROUNDS_OF_A_SINGLE_RUN = 8;

/** A single run that would have to wait longer ends, and says what it waits for. */
const PATIENCE_OF_A_SINGLE_RUN_MS = 5 * 60_000;

/** Rounds for ever. Failures wait by their kind; nothing but `stop` ends it, and then it resolves. */
export async function keepCollecting({ round, interval, tell, clock, stop }: ScheduleOptions): Promise<void> {
  for (let failures = 0; !stop.aborted; ) {
    let wait: number;
    try {
      await round();
      failures = 0;
      tell({ fact: "round_done" });
      wait = withJitter(interval, clock.random());
    } catch (caught) {
      if (stop.aborted) {
        return;
      }
      failures += 1;
      const error = asRunnerError(caught);
      wait = waitAfter(error, failures, interval, clock);
      tell({ fact: "round_failed", error, nextAttemptAt: clock.now() + wait });
    }
    await clock.sleep(wait, stop).catch(() => {});
  }
}

/**
 * Rounds until one has delivered everything. Gives the error that keeps it from that: at once if only a person can mend it or
 * the next attempt is further away than `patience` in milliseconds, after a few rounds otherwise; used-up API calls are only
 * waited for. `undefined` when all is done or `stop` ended it.
 */
export async function collectOnce({
  round,
  interval,
  tell,
  clock,
  stop,
  patience = PATIENCE_OF_A_SINGLE_RUN_MS,
}: ScheduleOptions & { readonly patience?: number | undefined }): Promise<RunnerError | undefined> {
  for (let failures = 1; !stop.aborted; failures += 1) {
    try {
      await round();
      tell({ fact: "round_done" });
      return undefined;
    } catch (caught) {
      if (stop.aborted) {
        return undefined;
      }
      const error = asRunnerError(caught);
      const wait = waitAfter(error, failures, interval, clock);
      const tooOften = failures >= FAILED_ROUNDS_OF_A_SINGLE_RUN && error.code !== "request_limit_exceeded";
      if (error.fault === "configuration" || tooOften || wait > patience) {
        tell({ fact: "round_failed", error, nextAttemptAt: Number.POSITIVE_INFINITY });
        return error;
      }
      tell({ fact: "round_failed", error, nextAttemptAt: clock.now() + wait });
      await clock.sleep(wait, stop).catch(() => {});
    }
  }
  return undefined;
}

/** Milliseconds until the next round after `failures` failed ones in a row. Pure but for the clock's reading. */
export function waitAfter(
  error: RunnerError,
  failures: number,
  interval: number,
  clock: Pick<Clock, "now" | "random">,
): number {
  switch (error.next.do) {
    case "waitUntil":
      return withJitter(Math.min(LONGEST_WAIT_MS, Math.max(1_000, error.next.at - clock.now())), clock.random());
    case "giveUp":
      return waitBefore(failures, REFUSAL_BACKOFF, clock.random());
    case "refresh":
    case "retry":
      return Math.min(interval, waitBefore(failures, REMOTE_BACKOFF, clock.random()));
  }
}

/** Up to a tenth later, so that the streams of many orgs spread out; a little in any case, since timers may be early. */
function withJitter(interval: number, random: number): number {
  return Math.round(interval * (1.02 + random * 0.08));
}

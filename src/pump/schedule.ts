import { LONGEST_WAIT_MS, REFUSAL_BACKOFF, REMOTE_BACKOFF, waitBefore } from "../core/backoff.ts";
import type { Clock } from "../core/clock.ts";
import { asRunnerError, type RunnerError } from "../core/errors.ts";
import type { Tell } from "../sources/fact.ts";
import type { RoundEnd, RoundScope } from "../sources/source.ts";
import type { DeliveryFact } from "./facts.ts";

export interface ScheduleOptions {
  /** One round; never called again before it has ended. */
  readonly round: (scope: RoundScope) => Promise<RoundEnd | undefined>;
  /** Milliseconds from the end of a round to the next. */
  readonly interval: number;
  readonly tell: Tell<DeliveryFact>;
  readonly clock: Clock;
  readonly stop: AbortSignal;
}

/** Rounds of a single run that may fail for a remote reason in a row before it gives up. */
const FAILED_ROUNDS_OF_A_SINGLE_RUN = 8;
/** A single run that would have to wait longer ends, and says what it waits for. */
const PATIENCE_OF_A_SINGLE_RUN_MS = 5 * 60_000;

/**
 * Rounds for ever. Failures wait by their kind; nothing but `stop` ends it, and then it resolves. What failed in a round that
 * went on is tried again between two rounds, as often as that is due; the next whole round never comes any sooner for it.
 */
export async function keepCollecting({ round, interval, tell, clock, stop }: ScheduleOptions): Promise<void> {
  let failures = 0;
  /** Until the next whole round. */
  let left = 0;
  while (!stop.aborted) {
    const scope = left <= 0 ? "and what comes" : "what failed";
    let wait: number;
    try {
      const end = await round(scope);
      failures = 0;
      tell({ fact: "round_done", open: end?.error });
      left = scope === "and what comes" ? withJitter(interval, clock.random()) : left;
      wait = end === undefined ? left : Math.min(left, withJitter(Math.max(end.retryIn, 1_000), clock.random()));
    } catch (caught) {
      if (stop.aborted) {
        return;
      }
      failures += 1;
      const error = asRunnerError(caught);
      wait = waitAfter(error, failures, interval, clock);
      left = wait;
      tell({ fact: "round_failed", error, nextAttemptAt: clock.now() + wait });
    }
    left -= wait;
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
    let error: RunnerError;
    let wait: number;
    let isLast: boolean;
    try {
      const end = await round("everything");
      if (end?.error === undefined) {
        tell({ fact: "round_done" });
        return undefined;
      }
      error = end.error;
      wait = withJitter(Math.max(end.retryIn, 1_000), clock.random());
      const isParked = end.retryIn > LONGEST_WAIT_MS;
      isLast = isParked || error.fault === "configuration";
    } catch (caught) {
      if (stop.aborted) {
        return undefined;
      }
      error = asRunnerError(caught);
      wait = waitAfter(error, failures, interval, clock);
      isLast = error.fault === "configuration";
    }
    const tooOften = failures >= FAILED_ROUNDS_OF_A_SINGLE_RUN && error.code !== "request_limit_exceeded";
    isLast ||= tooOften || wait > patience;
    tell({ fact: "round_failed", error, nextAttemptAt: isLast ? Number.POSITIVE_INFINITY : clock.now() + wait });
    if (isLast) {
      return error;
    }
    await clock.sleep(wait, stop).catch(() => {});
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
  const remote = Math.min(interval, waitBefore(failures, REMOTE_BACKOFF, clock.random()));
  switch (error.next.do) {
    case "waitUntil": {
      // Who asks to be asked again at once, again and again, is asked ever more rarely.
      const asked = withJitter(Math.max(1_000, error.next.at - clock.now()), clock.random());
      return Math.min(withJitter(LONGEST_WAIT_MS, clock.random()), Math.max(asked, remote));
    }
    case "giveUp":
      return waitBefore(failures, REFUSAL_BACKOFF, clock.random());
    case "refresh":
    case "retry":
      return remote;
  }
}

/** Up to a tenth later, so that the streams of many orgs spread out; a little in any case, since timers may be early. */
function withJitter(interval: number, random: number): number {
  return Math.round(interval * (1.02 + random * 0.08));
}

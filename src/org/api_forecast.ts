const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** Hours whose trend is taken to go on. */
const TREND_MS = 3 * HOUR_MS;

/** What Salesforce said of the last 24 hours at a moment, in milliseconds since the epoch. */
export interface UsageSample {
  readonly at: number;
  readonly used: number;
}

/**
 * Calls in 24 hours at the pace of `calls` in `observed` milliseconds. A shorter time than an hour counts as an hour: the
 * first minutes, in which everything old is collected, say nothing of a day.
 */
export function callsADay(calls: number, observed: number): number {
  return Math.round((calls * DAY_MS) / Math.min(DAY_MS, Math.max(HOUR_MS, observed)));
}

/**
 * What the org will have used in the last 24 hours when the UTC day ends: the newest sample and the trend of the last three
 * hours. Samples in the order of time. Less than an hour of them makes no trend. `undefined` without a sample.
 */
export function usedAtEndOfDay(samples: readonly UsageSample[], now: number): number | undefined {
  const newest = samples.at(-1);
  if (newest === undefined) {
    return undefined;
  }
  const oldest = samples.find(({ at }) => at >= newest.at - TREND_MS) ?? newest;
  const observed = newest.at - oldest.at;
  const trend = observed < HOUR_MS ? 0 : (newest.used - oldest.used) / observed;
  const endOfDay = now - (now % DAY_MS) + DAY_MS;
  return Math.max(0, Math.round(newest.used + trend * (endOfDay - newest.at)));
}

const HOUR_MS = 3_600_000;
const HOURS_A_DAY = 24;

/** The org's allocation as Salesforce last told it. */
export interface ApiUsage {
  /** Calls of everybody in the last 24 hours. */
  readonly used: number;
  readonly allocation: number;
}

/** `Sforce-Limit-Info: api-usage=10018/100000` (REST API Developer Guide, "Limit Info Header"). */
export function parseLimitInfo(header: string | undefined): ApiUsage | undefined {
  const match = /(?:^|[,;\s])api-usage=(\d+)\/(\d+)/.exec(header ?? "");
  return match === null ? undefined : { used: Number(match[1]), allocation: Number(match[2]) };
}

/**
 * Counts this integration's own calls to an org over the last 24 hours, in hours, and compares them with its share of the
 * org's allocation. It decides; waiting is the caller's.
 */
export class ApiBudget {
  readonly #sharePercent: number;
  readonly #callsByHour = new Map<number, number>();
  #usage: ApiUsage | undefined;

  constructor(sharePercent: number) {
    this.#sharePercent = sharePercent;
  }

  get usage(): ApiUsage | undefined {
    return this.#usage;
  }

  /** Our calls in the last 24 hours. */
  callsLastDay(now: number): number {
    this.#forgetBefore(hourOf(now) - HOURS_A_DAY);
    let calls = 0;
    for (const count of this.#callsByHour.values()) {
      calls += count;
    }
    return calls;
  }

  /** A call that Salesforce counts has been answered. */
  count(now: number, limitInfo: string | undefined): void {
    const hour = hourOf(now);
    this.#callsByHour.set(hour, (this.#callsByHour.get(hour) ?? 0) + 1);
    this.#usage = parseLimitInfo(limitInfo) ?? this.#usage;
  }

  /**
   * When the next call may be made, in milliseconds since the epoch; `now` if at once. Beyond the share that is when the
   * oldest counted hour leaves the last 24.
   */
  mayCallAt(now: number): number {
    if (this.#usage === undefined) {
      return now;
    }
    const share = Math.max(1, Math.floor((this.#usage.allocation * this.#sharePercent) / 100));
    let over = this.callsLastDay(now) - share + 1;
    for (const [hour, count] of [...this.#callsByHour].sort(([a], [b]) => a - b)) {
      if (over <= 0) {
        break;
      }
      over -= count;
      if (over <= 0) {
        return Math.max(now, (hour + HOURS_A_DAY + 1) * HOUR_MS);
      }
    }
    return now;
  }

  #forgetBefore(hour: number): void {
    for (const known of this.#callsByHour.keys()) {
      if (known < hour) {
        this.#callsByHour.delete(known);
      }
    }
  }
}

function hourOf(now: number): number {
  return Math.floor(now / HOUR_MS);
}

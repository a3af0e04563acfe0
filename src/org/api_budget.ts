import type { ApiCalls } from "../core/api_calls.ts";
import { LONGEST_WAIT_MS } from "../core/backoff.ts";
import { count } from "../core/header_values.ts";
import { type CallHours, createMemoryCallHours } from "../cursors/call_hours.ts";
import { callsADay, type UsageSample, usedAtEndOfDay } from "./api_forecast.ts";

const HOUR_MS = 3_600_000;
const HOURS_A_DAY = 24;
/** The part of the share beyond which only events are asked for. */
const SPARED_UNTIL = 0.9;

/** The org's allocation as Salesforce last told it. */
export interface ApiUsage {
  /** Calls of everybody in the last 24 hours. */
  readonly used: number;
  readonly allocation: number;
}

/** `Sforce-Limit-Info: api-usage=10018/100000` (REST API Developer Guide, "Limit Info Header"). */
export function parseLimitInfo(header: string | undefined): ApiUsage | undefined {
  const match = /(?:^|[,;\s])api-usage=(\d+)\/(\d+)/.exec(header ?? "");
  const used = count(match?.[1]);
  const allocation = count(match?.[2]);
  return used === undefined || allocation === undefined || allocation === 0 ? undefined : { used, allocation };
}

/** The share is used up. Times in milliseconds since the epoch. */
export interface ShareUsed {
  /** Our calls in the last 24 hours. */
  readonly calls: number;
  readonly share: number;
  readonly allocation: number;
  /** When calls have left the last 24 hours. */
  readonly freeAt: number;
  /** When a call is allowed again: at that time, but within an hour of the last one. */
  readonly askAt: number;
}

/**
 * Counts this integration's own calls to an org over the last 24 hours, in hours, and compares them with its share of the
 * org's allocation. It decides; waiting is the caller's.
 */
export class ApiBudget {
  readonly #sharePercent: number;
  readonly #hours: CallHours;
  /** The last answer of each hour. */
  readonly #usageByHour = new Map<number, UsageSample>();
  #firstCallAt: number | undefined;
  #usage: ApiUsage | undefined;
  /** When a call was last allowed. */
  #takenAt = 0;

  /** `hours` is where the calls are counted; by default in memory. */
  constructor(sharePercent: number, hours: CallHours = createMemoryCallHours()) {
    this.#sharePercent = sharePercent;
    this.#hours = hours;
  }

  get usage(): ApiUsage | undefined {
    return this.#usage;
  }

  /** Our calls in the last 24 hours. */
  callsLastDay(now: number): number {
    return sum(this.#callsByHour(now));
  }

  /** A call that Salesforce counts has been answered. */
  count(now: number, limitInfo: string | undefined): void {
    const hour = hourOf(now);
    this.#firstCallAt ??= now;
    this.#hours.add(hour);
    const usage = parseLimitInfo(limitInfo);
    if (usage !== undefined) {
      this.#usage = usage;
      this.#usageByHour.set(hour, { at: now, used: usage.used });
    }
  }

  /** Where org and integration stand and what that comes to; `undefined` until Salesforce has told the allocation. */
  report(now: number): ApiCalls | undefined {
    if (this.#usage === undefined) {
      return undefined;
    }
    const { used, allocation } = this.#usage;
    const hours = this.#callsByHour(now);
    const calls = sum(hours);
    // Of calls before this process only the hour is known.
    const countedSince = Math.min(this.#firstCallAt ?? now, ...[...hours.keys()].map((hour) => (hour + 1) * HOUR_MS));
    for (const hour of this.#usageByHour.keys()) {
      if (hour < hourOf(now) - HOURS_A_DAY) {
        this.#usageByHour.delete(hour);
      }
    }
    return {
      used,
      allocation,
      share: this.#share(allocation),
      calls,
      forecast: {
        calls: callsADay(calls, now - countedSince),
        used: usedAtEndOfDay([...this.#usageByHour.values()], now) ?? used,
      },
    };
  }

  /**
   * Asks for one call at `now`. Gives `undefined` if it may be made, otherwise what holds it back. What Salesforce said of the
   * allocation may be wrong or old, so that one call an hour is allowed even beyond the share, to hear it anew.
   */
  take(now: number): ShareUsed | undefined {
    const used = this.#shareUsed(now);
    if (used === undefined || used.askAt <= now) {
      this.#takenAt = now;
      return undefined;
    }
    return used;
  }

  /** Whether calls may be made that can also be left undone. */
  hasSpare(now: number): boolean {
    return this.#usage === undefined || this.callsLastDay(now) < SPARED_UNTIL * this.#share(this.#usage.allocation);
  }

  #shareUsed(now: number): ShareUsed | undefined {
    if (this.#usage === undefined) {
      return undefined;
    }
    const { allocation } = this.#usage;
    const share = this.#share(allocation);
    const hours = this.#callsByHour(now);
    const calls = sum(hours);
    if (calls < share) {
      return undefined;
    }
    const freeAt = (hourThatFrees(hours, calls - share + 1) + HOURS_A_DAY + 1) * HOUR_MS;
    return { calls, share, allocation, freeAt, askAt: Math.min(freeAt, this.#takenAt + LONGEST_WAIT_MS) };
  }

  #share(allocation: number): number {
    return Math.max(1, Math.floor((allocation * this.#sharePercent) / 100));
  }

  #callsByHour(now: number): ReadonlyMap<number, number> {
    return this.#hours.since(hourOf(now) - HOURS_A_DAY);
  }
}

/** The hour with whose end `over` of the calls are older than a day. */
function hourThatFrees(hours: ReadonlyMap<number, number>, over: number): number {
  let left = over;
  for (const [hour, calls] of [...hours].sort(([a], [b]) => a - b)) {
    left -= calls;
    if (left <= 0) {
      return hour;
    }
  }
  return Math.max(...hours.keys());
}

function sum(hours: ReadonlyMap<number, number>): number {
  return [...hours.values()].reduce((all, count) => all + count, 0);
}

function hourOf(now: number): number {
  return Math.floor(now / HOUR_MS);
}

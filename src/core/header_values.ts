/** What a far side writes into headers, read totally: a value that makes no sense is `undefined`, none ever throws. */
import { LONGEST_WAIT_MS } from "./backoff.ts";

const SECONDS = /^\d+(?:\.\d+)?$/;

/** `Sun, 06 Nov 1994 08:49:37 GMT`, or with the whole name of the day as in older servers' dates (RFC 9110, 5.6.7). */
const HTTP_DATE = /^[A-Z][a-z]{2,8}, [\w :-]{15,30} GMT$/;

/** Milliseconds since the epoch of a `Date` or another header with an HTTP date. */
export function httpDate(text: string | undefined): number | undefined {
  const trimmed = text?.trim() ?? "";
  const time = HTTP_DATE.test(trimmed) ? Date.parse(trimmed) : Number.NaN;
  return Number.isNaN(time) ? undefined : time;
}

/**
 * Milliseconds that `Retry-After` asks to wait, in seconds or as an HTTP date; at most an hour, and none for a moment that is
 * over. `now` in milliseconds since the epoch.
 */
export function retryAfterMs(text: string | undefined, now: number): number | undefined {
  const trimmed = text?.trim() ?? "";
  const wait = SECONDS.test(trimmed) ? Number(trimmed) * 1_000 : (httpDate(trimmed) ?? Number.NaN) - now;
  return Number.isNaN(wait) ? undefined : Math.min(LONGEST_WAIT_MS, Math.max(0, wait));
}

/** A number of things, written in decimal digits. */
export function count(text: string | undefined): number | undefined {
  const number = /^\d{1,16}$/.test(text ?? "") ? Number(text) : Number.NaN;
  return Number.isSafeInteger(number) ? number : undefined;
}

import { formatDuration } from "../../core/duration.ts";
import { type Finding, ok, warning } from "../../core/finding.ts";
import { httpDate } from "../../core/header_values.ts";

/** A `Date` header has whole seconds and is as old as the way of the answer. */
const TOLERANCE_MS = 5_000;

/**
 * Compares this machine's clock with the `Date` header of an answer. A clock that is off is only a warning: the runner logs in
 * with Salesforce's time then. Pure; `now` in milliseconds since the epoch.
 */
export function clockFinding(date: string | undefined, host: string, now: number): Finding {
  const theirs = httpDate(date);
  if (theirs === undefined) {
    return warning("clock", `${host} does not tell the time, so this machine's clock could not be compared.`);
  }
  const offset = theirs - now;
  if (Math.abs(offset) < TOLERANCE_MS) {
    return ok("clock", `Agrees with ${host}.`);
  }
  const relation = offset > 0 ? "behind" : "ahead of";
  return warning(
    "clock",
    `This machine's clock is ${formatDuration(Math.abs(offset))} ${relation} Salesforce's.`,
    "Set it by a time server (NTP). Until then the runner logs in with Salesforce's time.",
  );
}

import type { ApiCalls } from "../../core/api_calls.ts";
import { type Finding, ok, warning } from "../../core/finding.ts";
import { enabledKinds } from "../../policy/kind_settings.ts";
import type { Stream } from "../../policy/policy.ts";

const STEP = "API calls";

/** Calls that the streams of an org make in 24 hours. `found` is what the check of each kind has found, by its group. Pure. */
export function expectedCallsADay(streams: readonly Stream[], found: Readonly<Record<string, unknown>> = {}): number {
  return enabledKinds(streams)
    .flatMap(({ kind, streams: checked }) => checked.map(({ settings }) => kind.callsADay(settings, found[kind.group])))
    .reduce((sum, calls) => sum + calls, 0);
}

/** Whether what the integration needs fits into its share of the org's allocation, and whether anything is left. Pure. */
export function apiCallFinding(calls: ApiCalls | undefined, expected: number): Finding {
  const needs = `this policy makes about ${count(expected)} a day`;
  if (calls === undefined) {
    return warning(STEP, `Salesforce does not tell the org's allocation; ${needs}.`);
  }
  const { used, allocation, share } = calls;
  const state = `${count(used)} of the org's ${count(allocation)} calls were used in the last 24 hours; ${needs}, of its share of ${count(share)}.`;
  if (expected > share) {
    return warning(
      STEP,
      state,
      "Beyond its share the integration waits. Raise api.daily_request_share, poll less often, or collect fewer event types.",
    );
  }
  return used + expected > allocation
    ? warning(
        STEP,
        state,
        "Other programs use nearly all calls: events may come late. See Setup > Company Information.",
      )
    : ok(STEP, state);
}

function count(number: number): string {
  return number.toLocaleString("en");
}

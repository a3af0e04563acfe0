import type { ApiCalls } from "../../core/api_calls.ts";
import type { Stream } from "../../policy/policy.ts";
import type { FileInventory } from "./file_inventory.ts";
import { type Finding, ok, warning } from "./finding.ts";

const STEP = "API calls";
const DAY_MS = 86_400_000;
const HOURS_A_DAY = 24;

/**
 * Calls that the streams of an org make in 24 hours: a listing for each poll, a download for each hourly and daily file of the
 * event types that the org has (all of them where that is not known), and a query for each poll of an object, which is also described once. Pure.
 */
export function expectedCallsADay(streams: readonly Stream[], inventory: FileInventory | undefined): number {
  return streams.reduce((calls, stream) => calls + fileCalls(stream, inventory) + objectCalls(stream), 0);
}

function fileCalls({ eventLogFiles }: Stream, inventory: FileInventory | undefined): number {
  const { enabled, eventTypes, interval, pollInterval } = eventLogFiles;
  if (!enabled) {
    return 0;
  }
  const types = eventTypes.filter(
    (type) => inventory === undefined || inventory.groups.some(({ eventType }) => eventType === type),
  );
  const hourly = interval !== "daily" && inventory?.hasHourlyFiles !== false ? HOURS_A_DAY : 0;
  const daily = interval === "hourly" && hourly > 0 ? 0 : 1;
  return Math.ceil(DAY_MS / pollInterval) + types.length * (hourly + daily);
}

function objectCalls({ objects }: Stream): number {
  return objects.enabled ? objects.names.length * (1 + Math.ceil(DAY_MS / objects.pollInterval)) : 0;
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

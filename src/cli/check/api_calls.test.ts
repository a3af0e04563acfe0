import { describe, expect, test } from "vitest";
import { parsePolicy } from "../../policy/parse_policy.ts";
import type { Stream } from "../../policy/policy.ts";
import type { FileGroup, FileInventory } from "../../sources/event_log_files/inventory.ts";
import { knownDatasets } from "../known_datasets.ts";
import { apiCallFinding, expectedCallsADay } from "./api_calls.ts";

const HOUR = 3_600_000;

function streams(settings: object): readonly Stream[] {
  const block = { data_stream: { dataset: "aquila_salesforce.login" }, ...settings };
  const auth = { client_id: "3MVG9", username: "u", private_key: "k" };
  const inputs = [{ type: "aquila-salesforce", auth, streams: [block] }];
  const outputs = { default: { type: "console" } };
  return parsePolicy({ outputs, inputs }, { datasets: knownDatasets() }).inputs[0]?.streams ?? [];
}

function inventory(hasHourlyFiles: boolean, ...eventTypes: string[]): FileInventory {
  const groups = eventTypes.map((eventType): FileGroup => {
    return { eventType, interval: "daily", files: 1, oldest: 0, newest: 24 * HOUR };
  });
  return { groups, hasHourlyFiles };
}

const files = (settings: object) => ({
  event_log_files: { event_types: ["Login", "Logout"], poll_interval: "1h", ...settings },
});

describe("expectedCallsADay", () => {
  test.each([
    ["a poll an hour, 24 hourly files and one daily file of two types", files({}), undefined, 24 + 2 * 25],
    ["hourly files alone", files({ interval: "hourly" }), undefined, 24 + 2 * 24],
    ["daily files alone", files({ interval: "daily" }), undefined, 24 + 2],
    ["only the types that the org has", files({}), inventory(true, "Login"), 24 + 25],
    ["daily files where there are no hourly ones", files({ interval: "hourly" }), inventory(false, "Login"), 24 + 1],
    [
      "a query for each poll of an object, and its description",
      { event_log_files: { enabled: false }, objects: { enabled: true, names: ["LoginEvent"], poll_interval: "1m" } },
      undefined,
      1 + 24 * 60,
    ],
  ])("%s", (_, settings, known, calls) => {
    expect(expectedCallsADay(streams(settings), { event_log_files: known })).toBe(calls);
  });
});

describe("apiCallFinding", () => {
  const calls = { used: 1_000, allocation: 10_000, share: 2_000, calls: 5, forecast: { calls: 0, used: 0 } };

  test.each([
    ["within the share", calls, 500, "ok"],
    ["beyond the share", calls, 2_001, "warning"],
    ["others leave nothing", { ...calls, used: 9_900 }, 500, "warning"],
    ["an allocation that is not told", undefined, 500, "warning"],
  ])("%s", (_, state, expected, verdict) => {
    expect(apiCallFinding(state, expected).verdict).toBe(verdict);
  });
});

import { OBJECTS } from "../../../src/catalog/catalog.ts";
import { expectedCallsADay } from "../../../src/cli/check/api_calls.ts";
import { knownDatasets } from "../../../src/cli/known_datasets.ts";
import { parsePolicy } from "../../../src/policy/parse_policy.ts";
import type { Stream } from "../../../src/policy/policy.ts";
import type { FileInventory } from "../../../src/sources/event_log_files/inventory.ts";

/** Calls of a day by what is collected, as `check` reckons them. Markdown. */
export function apiCallTable(): string {
  const rows = [
    ["Daily files of every event type", calls(streams({ event_log_files: { interval: "daily" } }))],
    ["Hourly and daily files of every event type (the default)", defaultCalls()],
    [
      "The default, polled every hour instead of every 10 minutes",
      calls(streams({ event_log_files: { poll_interval: "1h" } })),
    ],
    [
      "An org without Event Monitoring: Login, Logout, ApexUnexpectedException, ApiTotalUsage",
      calls(streams({}), FREE),
    ],
    ["The default and every real-time event object", calls(streams({ objects: { enabled: true } }))],
  ] as const;
  const lines = rows.map(([what, count]) => `| ${what} | ${count.toLocaleString("en")} |`);
  return ["| Collected by all data streams | Calls a day at most |", "| --- | ---: |", ...lines].join("\n");
}

export function defaultCalls(): number {
  return calls(streams({}));
}

/** What an org without a paid add-on has. */
const FREE: FileInventory = {
  hasHourlyFiles: false,
  groups: ["Login", "Logout", "ApexUnexpectedException", "ApiTotalUsage"].map((eventType) => ({
    eventType,
    interval: "daily",
    files: 1,
    oldest: 0,
    newest: 0,
  })),
};

function calls(of: readonly Stream[], inventory?: FileInventory): number {
  const absent = OBJECTS.filter(({ mayBeAbsent }) => mayBeAbsent === true).map(({ name }) => name);
  return expectedCallsADay(of, { event_log_files: inventory, objects: inventory === FREE ? { absent } : undefined });
}

function streams(settings: Readonly<Record<string, object>>): readonly Stream[] {
  const datasets = knownDatasets();
  const blocks = Object.entries(datasets).map(([dataset, { names }]) => ({
    data_stream: { dataset },
    ...Object.fromEntries(Object.entries(settings).filter(([group]) => (names[group] ?? []).length > 0)),
  }));
  const auth = { client_id: "3MVG9", username: "elastic@acme.example", private_key: "key" };
  const inputs = [{ type: "aquila-salesforce", auth, streams: blocks }];
  const [input] = parsePolicy({ outputs: { default: { type: "console" } }, inputs }, { datasets }).inputs;
  return input?.streams ?? [];
}

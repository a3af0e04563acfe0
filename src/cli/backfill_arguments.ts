import type { BackfillOptions } from "./backfill.ts";
import { type CommandDeclaration, LOG_LEVEL, type OptionValues, POLICY, textOf, usage } from "./command_declaration.ts";

export const BACKFILL_COMMAND = {
  summary: "Collects a past range once, also while run collects the present.",
  options: {
    ...POLICY,
    from: {
      type: "string",
      value: "TIME",
      required: true,
      help: "Beginning, such as 2026-07-01 or 2026-07-01T12:00:00Z. Files are collected from the beginning of its UTC day on.",
    },
    to: { type: "string", value: "TIME", required: true, help: "End, not included." },
    "event-types": {
      type: "string",
      value: "NAMES",
      help: "Only these event types and objects of the policy, such as Login,LoginEvent.",
    },
    "data-dir": {
      type: "string",
      value: "DIR",
      default: "./data",
      help: "The data directory of run. The backfill keeps its own cursors in its folder backfill and shares the API budget.",
    },
    "log-level": LOG_LEVEL,
  },
  examples: [
    "aquila-salesforce backfill --policy policy.yml --from 2026-07-01 --to 2026-07-08",
    "aquila-salesforce backfill --policy policy.yml --from 2026-07-01 --to 2026-07-08 --event-types Login,Logout",
  ],
} as const satisfies CommandDeclaration;

/** Throws `usage` for what is no time, or no range. */
export function backfillOptions(values: OptionValues, policy: BackfillOptions["policy"]): BackfillOptions {
  const from = timeOf(values, "from");
  const to = timeOf(values, "to");
  if (from >= to) {
    throw usage("--from is not before --to.", "See aquila-salesforce backfill --help.");
  }
  const names = textOf(values, "event-types")
    ?.split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "");
  return {
    policy,
    range: { from, to },
    eventTypes: names,
    dataDirectory: String(values["data-dir"]),
  };
}

/** An ISO 8601 time; without an offset it is UTC, whatever the machine's time zone is. */
function timeOf(values: OptionValues, option: "from" | "to"): number {
  const text = textOf(values, option) ?? "";
  const parts = /^(\d{4}-\d{2}-\d{2})(?:T(\d{2}:\d{2}(?::\d{2}(?:\.\d{1,3})?)?)(Z|[+-]\d{2}:\d{2})?)?$/.exec(text);
  const time = parts === null ? Number.NaN : Date.parse(`${parts[1]}T${parts[2] ?? "00:00"}${parts[3] ?? "Z"}`);
  if (Number.isNaN(time)) {
    throw usage(`--${option} is no time: ${text}.`, "Write it as 2026-07-01 or 2026-07-01T12:00:00Z.");
  }
  return time;
}

import { z } from "zod";
import type { CamelKeys } from "../../core/camel_keys.ts";
import { duration, flag, setting, textList } from "../../core/setting_kinds.ts";
import type { KindSettings } from "../kind.ts";

const SECOND = 1_000;

export const FILE_SETTINGS = z.strictObject({
  enabled: setting(
    "flag",
    flag.prefault(true),
    "Collect event log files",
    "Event log files hold every event of the org; Salesforce makes them some hours later (hourly files) or the day after (daily files).",
    { shown: true },
  ),
  event_types: setting(
    "list",
    textList.prefault([]),
    "Event types",
    "The event types to collect. By default all that belong to the data stream, but for those that need a permission more or have very many events.",
  ),
  interval: setting(
    "choice",
    z.enum(["hourly+daily", "hourly", "daily"]).prefault("hourly+daily"),
    "Hourly or daily files",
    "hourly+daily collects hourly files as soon as they exist and adds from the daily file what they lacked. Orgs without hourly files are collected daily.",
    {
      shown: true,
      choices: {
        "hourly+daily": "Hourly, completed by the daily files",
        hourly: "Hourly files only",
        daily: "Daily files only",
      },
    },
  ),
  poll_interval: setting(
    "duration",
    duration(SECOND).prefault("10m"),
    "Poll interval for files",
    "How often to ask for new files, such as 10m or 1h.",
  ),
  initial_lookback: setting(
    "duration",
    duration(0).prefault("24h"),
    "Initial look-back for files",
    "How far back to collect at the first start, such as 24h or 30d.",
    { shown: true },
  ),
});

/** Durations in milliseconds. */
export type FileSettings = KindSettings & CamelKeys<Omit<z.output<typeof FILE_SETTINGS>, "event_types">>;

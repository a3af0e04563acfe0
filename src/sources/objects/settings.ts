import { z } from "zod";
import type { CamelKeys } from "../../core/camel_keys.ts";
import { duration, flag, setting, textList } from "../../core/setting_kinds.ts";
import type { KindSettings } from "../kind.ts";

const SECOND = 1_000;

export const OBJECT_SETTINGS = z.strictObject({
  enabled: setting(
    "flag",
    flag.prefault(false),
    "Collect real-time event objects",
    "Stored real-time events arrive within minutes. They need Salesforce Shield or the Event Monitoring add-on.",
    { shown: true },
  ),
  names: setting(
    "list",
    textList.prefault([]),
    "Event objects",
    "The event objects to collect. By default all that belong to the data stream, but for those that need a permission more or have very many events.",
  ),
  poll_interval: setting(
    "duration",
    duration(SECOND).prefault("1m"),
    "Poll interval for objects",
    "How often to ask for new events, such as 30s or 1m.",
  ),
  initial_lookback: setting(
    "duration",
    duration(0).prefault("1h"),
    "Initial look-back for objects",
    "How far back to collect at the first start, such as 1h.",
  ),
  settle_time: setting(
    "duration",
    duration(0).prefault("2m"),
    "Settle time of objects",
    "How long after an event's time it may still appear in Salesforce; younger events are asked for again.",
  ),
});

/** In a data stream that has nothing but objects, they are collected unless the policy says otherwise. */
export const OBJECTS_ALONE = OBJECT_SETTINGS.extend({
  enabled: setting(
    "flag",
    flag.prefault(true),
    "Collect the stored records",
    "Asks Salesforce for the records of each object; they arrive within minutes.",
    { shown: true },
  ),
  names: setting(
    "list",
    textList.prefault([]),
    "Objects",
    "The objects to collect. By default all that belong to the data stream.",
  ),
  poll_interval: setting(
    "duration",
    duration(SECOND).prefault("5m"),
    "Poll interval",
    "How often to ask for new records, such as 1m or 5m.",
  ),
  initial_lookback: setting(
    "duration",
    duration(0).prefault("24h"),
    "Initial look-back",
    "How far back to collect at the first start, such as 24h or 180d.",
  ),
});

/** Durations in milliseconds. */
export type ObjectSettings = KindSettings & CamelKeys<z.output<typeof OBJECT_SETTINGS>>;

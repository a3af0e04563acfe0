import { z } from "zod";
import type { CamelKeys } from "../../core/camel_keys.ts";
import { flag, setting, textList } from "../../core/setting_kinds.ts";
import type { KindSettings } from "../kind.ts";

export const LIVE_SETTINGS = z.strictObject({
  enabled: setting(
    "flag",
    flag.prefault(false),
    "Collect live events",
    "Salesforce's Pub/Sub API pushes events within seconds. They need Salesforce Shield or the Event Monitoring add-on, the permission 'View Real-Time Event Monitoring Data', and streaming of each event switched on in Setup > Event Manager.",
    { shown: true },
  ),
  topics: setting(
    "list",
    textList.prefault([]),
    "Topics of live events",
    "The topics to subscribe to. By default all that belong to the data stream, but for those that need a permission more or have very many events.",
  ),
});

export type LiveSettings = KindSettings & CamelKeys<Omit<z.output<typeof LIVE_SETTINGS>, "topics">>;

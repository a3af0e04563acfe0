import { EVENT_TYPES, OTHER_TYPES } from "../../catalog/catalog.ts";
import type { SourceKind } from "../kind.ts";
import { callsADay, logFileFindings } from "./check.ts";
import { FILE_FACTS } from "./facts.ts";
import { type FileInventory, readFileInventory } from "./inventory.ts";
import { position } from "./position.ts";
import { failedFiles, retryFileChanges } from "./progress.ts";
import { FILE_SETTINGS, type FileSettings } from "./settings.ts";
import { EventLogFiles } from "./source.ts";
import { standsFor } from "./wanted_types.ts";

/** Files of one stream that are read at once. */
const DOWNLOADS = 4;

export const EVENT_LOG_FILES: SourceKind<FileSettings> = {
  group: "event_log_files",
  title: "event log files",
  settings: { beside: FILE_SETTINGS, alone: FILE_SETTINGS },
  list: "event_types",
  types: [...EVENT_TYPES, OTHER_TYPES],
  standsFor,
  facts: FILE_FACTS,
  sources: ({ names, interval, initialLookback, pollInterval }, { context, range, clock }) => [
    {
      interval: pollInterval,
      open: (parts) =>
        new EventLogFiles({
          ...{ ...parts, stream: context, eventTypes: names, interval, initialLookback, range, clock },
          downloads: DOWNLOADS,
        }),
    },
  ],
  nameOf: () => "EventLogFile",
  position,
  failed: failedFiles,
  retry: (entries, _, id) => retryFileChanges(entries, id),
  check: async (streams, { client, signal }) => {
    const found = await readFileInventory(client, signal);
    return { findings: logFileFindings(streams, found), found };
  },
  callsADay: (settings, found) => callsADay(settings, found as FileInventory | undefined),
};

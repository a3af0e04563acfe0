import { findLogFileType } from "../../catalog/catalog.ts";
import { isoDay, isoTime } from "../../core/clock.ts";
import { type Finding, ok, warning } from "../../core/finding.ts";
import type { CheckedStream } from "../kind.ts";
import { NO_HOURLY_FILES } from "./facts.ts";
import { type FileGroup, type FileInventory, hasPaidFiles } from "./inventory.ts";
import type { FileSettings } from "./settings.ts";
import { wants } from "./wanted_types.ts";

const STEP = "event log files";
const DAY_MS = 86_400_000;
const HOURS_A_DAY = 24;

type CheckedFiles = CheckedStream<FileSettings>;

/** What the streams of an org will find among its event log files, and what stays empty and why. Pure. */
export function logFileFindings(streams: readonly CheckedFiles[], inventory: FileInventory): readonly Finding[] {
  if (inventory.groups.length === 0) {
    return [
      warning(
        STEP,
        "The user may read event log files, but the org holds none yet.",
        "Salesforce makes the first ones the day after the first events. Without Event Monitoring it keeps them for one day.",
      ),
    ];
  }
  const hourly = hourlyFinding(streams, inventory);
  return [...streams.flatMap((stream) => streamFindings(stream, inventory)), ...(hourly === undefined ? [] : [hourly])];
}

function hourlyFinding(
  streams: readonly CheckedFiles[],
  { groups, hasHourlyFiles }: FileInventory,
): Finding | undefined {
  if (streams.every(({ settings }) => settings.interval === "daily")) {
    return undefined;
  }
  if (!hasHourlyFiles) {
    return warning("hourly files", NO_HOURLY_FILES);
  }
  const newest = Math.max(
    ...groups.filter(({ interval }) => interval === "hourly").map((group) => group.newest),
    Number.NEGATIVE_INFINITY,
  );
  return newest === Number.NEGATIVE_INFINITY
    ? warning("hourly files", "The org could make hourly files, but there are none; daily ones are collected.")
    : ok("hourly files", `The newest covers the hour from ${isoTime(newest).slice(0, 16)}Z.`);
}

function streamFindings({ dataset, settings }: CheckedFiles, inventory: FileInventory): Finding[] {
  const groups = Map.groupBy(inventory.groups, ({ eventType }) => eventType);
  const present = typesThere(settings.names, inventory);
  const absent = settings.names.filter((listed) => !present.some((type) => wants([listed], type)));
  const unlicensed = hasPaidFiles(inventory) ? [] : absent.filter((type) => findLogFileType(type)?.free !== true);
  const quiet = absent.filter((type) => !unlicensed.includes(type));
  return [
    ...(present.length === 0
      ? []
      : [ok(STEP, `${dataset}: ${present.map((type) => `${type} (${since(groups.get(type) ?? [])})`).join(", ")}.`)]),
    ...(quiet.length === 0
      ? []
      : [
          ok(STEP, `${dataset}: no file of ${quiet.join(", ")}, as nothing of the kind happened while files are kept.`),
        ]),
    ...(unlicensed.length === 0
      ? []
      : [
          warning(
            STEP,
            `${dataset}: ${unlicensed.join(", ")} will stay empty: the org has no file of any event type that needs Event Monitoring.`,
            "They come with Salesforce Shield or the Event Monitoring add-on; without it, take them out of event_log_files.event_types.",
          ),
        ]),
  ];
}

/** The event types of an org that are listed by name or pattern, in the order of the list. */
function typesThere(listed: readonly string[], { groups }: FileInventory): readonly string[] {
  const types = new Set(groups.map(({ eventType }) => eventType).sort());
  return [...new Set(listed.flatMap((one) => [...types].filter((type) => wants([one], type))))];
}

function since(groups: readonly FileGroup[]): string {
  return [...groups]
    .sort((a, b) => (a.interval < b.interval ? -1 : 1))
    .map(({ interval, oldest }) => `${interval} since ${isoDay(oldest)}`)
    .join(", ");
}

/**
 * API calls in 24 hours: a listing for each poll, a download for each hourly and daily file of the event types that the org has,
 * one for each name of the list where that is not known. Pure.
 */
export function callsADay(
  { names, interval, pollInterval }: FileSettings,
  inventory: FileInventory | undefined,
): number {
  const types = inventory === undefined ? names : typesThere(names, inventory);
  const hourly = interval !== "daily" && inventory?.hasHourlyFiles !== false ? HOURS_A_DAY : 0;
  const daily = interval === "hourly" && hourly > 0 ? 0 : 1;
  return Math.ceil(DAY_MS / pollInterval) + types.length * (hourly + daily);
}

import { findLogFileType } from "../../catalog/catalog.ts";
import { asRunnerError } from "../../core/errors.ts";
import type { OrgClient } from "../../org/org_client.ts";
import { queryPages, type SObjectRecord } from "../../org/query_pages.ts";
import { unknownColumn } from "../../org/response_meaning.ts";

/** The files of one event type and interval that an org holds. Times in milliseconds since the epoch. */
export interface FileGroup {
  readonly eventType: string;
  readonly interval: "hourly" | "daily";
  readonly files: number;
  /** Earliest and latest LogDate. */
  readonly oldest: number;
  readonly newest: number;
}

/** Every event log file of an org, counted. */
export interface FileInventory {
  readonly groups: readonly FileGroup[];
  /** False where EventLogFile has no column Interval. */
  readonly hasHourlyFiles: boolean;
}

const ASKED = "counts of event log files";
/** Newest files that are looked at where they can't be counted. */
const LISTED = 2_000;

/**
 * Counts the event log files of an org. Where it has no hourly files, or does not count, it is asked once more in another way.
 * Rejects with the errors of response_meaning.ts. EventType and Interval may be grouped (Object Reference, EventLogFile).
 */
export async function readFileInventory(client: OrgClient, signal: AbortSignal): Promise<FileInventory> {
  try {
    return { groups: await readGroups(client, true, signal), hasHourlyFiles: true };
  } catch (error) {
    if (unknownColumn(asRunnerError(error)) !== "Interval") {
      throw error;
    }
    return { groups: await readGroups(client, false, signal), hasHourlyFiles: false };
  }
}

async function readGroups(client: OrgClient, withInterval: boolean, signal: AbortSignal): Promise<FileGroup[]> {
  const columns = withInterval ? "EventType, Interval" : "EventType";
  const where = withInterval ? " WHERE Interval IN ('Hourly','Daily')" : "";
  const counts = "COUNT(Id) files, MIN(LogDate) oldest, MAX(LogDate) newest";
  try {
    const soql = `SELECT ${columns}, ${counts} FROM EventLogFile${where} GROUP BY ${columns}`;
    return (await recordsOf(client, soql, signal)).map(groupOf);
  } catch (error) {
    if (asRunnerError(error).code !== "query_refused") {
      throw error;
    }
    const soql = `SELECT ${columns}, LogDate FROM EventLogFile${where} ORDER BY LogDate DESC LIMIT ${LISTED}`;
    return grouped(await recordsOf(client, soql, signal));
  }
}

async function recordsOf(client: OrgClient, soql: string, signal: AbortSignal): Promise<SObjectRecord[]> {
  const found: SObjectRecord[] = [];
  for await (const records of queryPages(client, soql, ASKED, signal)) {
    found.push(...records);
  }
  return found;
}

/** Single files as groups. Pure. */
function grouped(files: readonly SObjectRecord[]): FileGroup[] {
  const groups = Map.groupBy(files, ({ EventType, Interval }) => `${EventType} ${Interval}`);
  return [...groups.values()].map((members) => {
    const dates = members.map(({ LogDate }) => String(LogDate)).sort();
    return groupOf({ ...members[0], files: members.length, oldest: dates[0], newest: dates.at(-1) });
  });
}

function groupOf(record: SObjectRecord): FileGroup {
  const { EventType: eventType, Interval: interval, files, oldest, newest } = record;
  return {
    eventType: String(eventType),
    interval: interval === "Hourly" ? "hourly" : "daily",
    files: Number(files),
    oldest: Date.parse(String(oldest)),
    newest: Date.parse(String(newest)),
  };
}

/** Whether what is there comes only with Salesforce Shield or the Event Monitoring add-on: a type that is not free, or hourly files. Pure. */
export function hasPaidFiles(inventory: FileInventory): boolean {
  return inventory.groups.some(
    ({ eventType, interval }) => interval === "hourly" || findLogFileType(eventType)?.free === false,
  );
}

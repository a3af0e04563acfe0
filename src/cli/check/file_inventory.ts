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

/**
 * Counts the event log files of an org, by one query or, where there are no hourly files, two. Rejects with the errors of
 * response_meaning.ts. EventType, Interval and LogDate may be grouped and aggregated (Object Reference, EventLogFile).
 */
export async function readFileInventory(client: OrgClient, signal: AbortSignal): Promise<FileInventory> {
  const counts = "COUNT(Id) files, MIN(LogDate) oldest, MAX(LogDate) newest";
  try {
    const soql = `SELECT EventType, Interval, ${counts} FROM EventLogFile WHERE Interval IN ('Hourly','Daily') GROUP BY EventType, Interval`;
    return { groups: await groupsOf(client, soql, signal), hasHourlyFiles: true };
  } catch (error) {
    if (unknownColumn(asRunnerError(error)) !== "Interval") {
      throw error;
    }
    const soql = `SELECT EventType, ${counts} FROM EventLogFile GROUP BY EventType`;
    return { groups: await groupsOf(client, soql, signal), hasHourlyFiles: false };
  }
}

async function groupsOf(client: OrgClient, soql: string, signal: AbortSignal): Promise<FileGroup[]> {
  const groups: FileGroup[] = [];
  for await (const records of queryPages(client, soql, ASKED, signal)) {
    groups.push(...records.map(groupOf));
  }
  return groups;
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

/** Whether the org has files that only come with Salesforce Shield or the Event Monitoring add-on. Pure. */
export function hasPaidFiles(inventory: FileInventory): boolean {
  return inventory.groups.some(({ eventType }) => findLogFileType(eventType)?.free === false);
}

import { basename, extname } from "node:path";
import { firstRecords } from "./csv_records.ts";
import { DAY_MS, parseLogTimestamp } from "./datetime.ts";
import type { LogFileSpec } from "./log_file_spec.ts";

export interface SkippedFile {
  readonly path: string;
  readonly reason: string;
}

/**
 * The daily event log files that CSV files on disk stand for: the type from EVENT_TYPE and the day from TIMESTAMP of the first row. Other
 * files are named with the reason why they are left out.
 */
export function folderFiles(paths: readonly string[]): { files: LogFileSpec[]; skipped: SkippedFile[] } {
  const files: LogFileSpec[] = [];
  const skipped: SkippedFile[] = [];
  for (const path of paths) {
    const found = fileOf(path);
    if (typeof found === "string") {
      skipped.push({ path, reason: found });
    } else {
      files.push(found);
    }
  }
  return { files, skipped };
}

function fileOf(path: string): LogFileSpec | string {
  if (extname(path).toLowerCase() !== ".csv") {
    return `${basename(path)} is not a .csv file`;
  }
  const [header, row] = firstRecords(path);
  if (header === undefined || row === undefined) {
    return `${basename(path)} has no row`;
  }
  const eventType = row[header.indexOf("EVENT_TYPE")];
  const timestamp = parseLogTimestamp(row[header.indexOf("TIMESTAMP")] ?? "");
  if (eventType === undefined || eventType === "" || timestamp === undefined) {
    return `${basename(path)} has no EVENT_TYPE and TIMESTAMP in its first row`;
  }
  const logDate = new Date(timestamp - (timestamp % DAY_MS)).toISOString();
  return { eventType, logDate, interval: "Daily", path, header };
}

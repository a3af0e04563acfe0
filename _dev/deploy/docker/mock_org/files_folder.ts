import { closeSync, openSync, readSync } from "node:fs";
import { basename, extname } from "node:path";
import { DAY_MS, parseLogTimestamp } from "./datetime.ts";
import type { LogFileSpec } from "./log_file_spec.ts";

export interface SkippedFile {
  readonly path: string;
  readonly reason: string;
}

/** How much of a file is read to find its header and first row; stack traces in a row may be long. */
const HEAD_BYTES = 256 * 1024;

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

/** The header and the first row of a CSV file, as far as it has them. */
export function firstRecords(path: string): string[][] {
  const head = Buffer.alloc(HEAD_BYTES);
  const file = openSync(path, "r");
  try {
    const length = readSync(file, head, 0, HEAD_BYTES, 0);
    return recordsOf(head.toString("utf8", 0, length).replace(/^\uFEFF/, ""), 2);
  } finally {
    closeSync(file);
  }
}

/** Up to `count` records of a CSV text, the last one also without a line end. */
export function recordsOf(text: string, count: number): string[][] {
  const records: string[][] = [];
  const cell = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r?\n|$)/gy;
  let record: string[] = [];
  while (records.length < count && cell.lastIndex < text.length) {
    const match = cell.exec(text);
    if (match === null) {
      break;
    }
    record.push(match[1]?.replaceAll('""', '"') ?? match[2] ?? "");
    if (match[3] !== ",") {
      records.push(record);
      record = [];
    }
  }
  return records;
}

import { closeSync, openSync, readSync } from "node:fs";

/** How much of a file is read to find its header and first row; stack traces in a row may be long. */
const HEAD_BYTES = 256 * 1024;

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
function recordsOf(text: string, count: number): string[][] {
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

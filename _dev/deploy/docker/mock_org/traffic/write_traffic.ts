import { createWriteStream, mkdirSync } from "node:fs";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { recordId } from "../salesforce_id.ts";
import { plannedFiles, type TrafficSpec } from "./plan.ts";
import { Traffic } from "./traffic.ts";

/** Writes the daily files of a traffic into a folder, one CSV file each, for serving them from disk. Answers what it wrote. */
export async function writeTraffic(
  directory: string,
  spec: TrafficSpec,
  now: number,
): Promise<{ files: number; rows: number; bytes: number }> {
  mkdirSync(directory, { recursive: true });
  const incidents = (spec.incidents ?? []).map(({ kind, at }) => ({ kind, at: Date.parse(at) }));
  const traffic = new Traffic(spec.seed ?? "aquila", recordId("00D", 1), incidents);
  const written = { files: 0, rows: 0, bytes: 0 };
  for (const planned of plannedFiles({ ...spec, intervals: ["Daily"] }, now, false)) {
    const { body, rows } = traffic.file(planned);
    const day = new Date(planned.logDate).toISOString().slice(0, 10);
    await pipeline(body.open(), createWriteStream(join(directory, `${planned.eventType}-${day}.csv`)));
    written.files++;
    written.rows += rows;
    written.bytes += body.length;
  }
  return written;
}

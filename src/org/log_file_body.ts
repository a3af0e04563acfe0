import { RETRY, RunnerError } from "../core/errors.ts";
import type { OrgClient } from "./org_client.ts";

/** An event log file as a listing gives it (Object Reference, EventLogFile). Times in milliseconds since the epoch. */
export interface EventLogFile {
  /** `0AT…`, 18 characters. */
  readonly id: string;
  readonly eventType: string;
  readonly interval: "hourly" | "daily";
  /** 0 for daily files; 1, 2, … for the files of an hour. */
  readonly sequence: number;
  /** Start of the day or hour that the file covers. */
  readonly logDate: number;
  readonly created: number;
  /** Bytes of the uncompressed CSV. */
  readonly length: number;
  /** Where its body is, from `/services/` on. */
  readonly path: string;
}

/**
 * The body of an event log file, chunk by chunk. It ends with `file_truncated` if fewer bytes have come than the file has,
 * even when the answer itself ended cleanly.
 */
export async function* logFileBody(
  client: OrgClient,
  file: EventLogFile,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const download = await client.openDownload(file.path, `event log file ${file.id}`, signal);
  let received = 0;
  for await (const chunk of download.chunks) {
    received += chunk.length;
    yield chunk;
  }
  if (received < file.length) {
    throw new RunnerError(
      "file_truncated",
      `Event log file ${file.id} (${file.eventType}) ended after ${received} of ${file.length} bytes.`,
      { next: RETRY },
    );
  }
}

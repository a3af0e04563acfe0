import { RETRY, RunnerError } from "../../core/errors.ts";
import { MEGABYTE } from "../../core/http.ts";
import type { OrgClient } from "../../org/org_client.ts";

/** An event log file as a listing gives it (Object Reference, EventLogFile). Times in milliseconds since the epoch. */
export interface FileFacts {
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
}

export interface EventLogFile extends FileFacts {
  /** Where its body is, from `/services/` on. */
  readonly path: string;
}

/**
 * Bytes by which a file may have grown since it was listed: twice its length, and some. What is longer is no event log file, and
 * would never end.
 */
export function longestBody(length: number): number {
  return 2 * length + 16 * MEGABYTE;
}

/**
 * The body of an event log file, chunk by chunk. It ends with `file_truncated` if fewer bytes have come than the file has,
 * even when the answer itself ended cleanly, and with `answer_unreadable` as soon as far more have come.
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
    if (received > longestBody(file.length)) {
      throw new RunnerError(
        "answer_unreadable",
        `Event log file ${file.id} (${file.eventType}) goes on after ${received} bytes, though Salesforce lists it with ${file.length}.`,
        { next: RETRY, cure: "Check whether something between here and Salesforce changes its answers." },
      );
    }
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

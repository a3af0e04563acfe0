import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { join } from "node:path";
import { remoteWaits } from "../core/backoff.ts";
import { type Clock, systemClock } from "../core/clock.ts";
import { messageOf, RETRY, RunnerError } from "../core/errors.ts";
import type { SourceEvent } from "../core/event.ts";
import type { EventBytes } from "../core/event_bytes.ts";
import { Memory, type MemoryShare } from "../core/memory.ts";
import { makeFolder } from "../core/private_file.ts";
import { LINE_FEED, linesLength, writeLines } from "./lines.ts";
import { withOrderlyEnd } from "./orderly_end.ts";
import type { Receipt, Sink, SinkHealth } from "./sink.ts";

const { O_APPEND, O_CREAT, O_NOFOLLOW, O_NONBLOCK, O_RDWR } = constants;

/**
 * How far back a file is searched for events that a killed process wrote but could not acknowledge. At most a few batches
 * are under way per stream, so this covers hundreds of streams.
 */
const TAIL_BYTES = 64 * 1024 * 1024;

/** Bytes of it that are read at once. */
const PIECE_BYTES = 1024 * 1024;

const EVENT_ID = /"event":\{"id":"([^"]+)"/;

/**
 * One file per data stream, `<type>-<dataset>-<namespace>.ndjson`, one document a line, appended.
 *
 * After a crash the torn last line is cut off and what the last lines hold is not written again, so that each event stands
 * in the file once.
 */
export function createNdjsonSink(
  directory: string,
  health: SinkHealth = () => {},
  clock: Clock = systemClock,
  memory: MemoryShare = new Memory().share(),
): Sink {
  const files = new Map<string, Promise<DataStreamFile>>();

  const fileOf = (index: string) => {
    const known = files.get(index);
    if (known !== undefined) {
      return known;
    }
    const opening = openFile(directory, index);
    files.set(index, opening);
    opening.catch(() => files.delete(index));
    return opening;
  };

  return withOrderlyEnd({
    async deliver(events, signal) {
      let created = 0;
      for (const [index, group] of byIndex(events)) {
        const nextWait = remoteWaits(clock);
        for (;;) {
          const lines = await memory.body(linesLength(group), signal);
          try {
            created += await (await fileOf(index)).append(group, lines.bytes);
            health(undefined);
            break;
          } catch (error) {
            health(unwritable(directory, error));
          } finally {
            lines.giveBack();
          }
          await clock.sleep(nextWait(), signal);
        }
      }
      return { created, existing: events.length - created, refused: [] } satisfies Receipt;
    },
    async close() {
      for (const opening of files.values()) {
        await (await opening).close();
      }
    },
  });
}

interface DataStreamFile {
  /** Writes what is not there yet, put together in `lines`, and says how many that were. One write at a time. */
  append(events: readonly SourceEvent[], lines: EventBytes): Promise<number>;
  close(): Promise<void>;
}

async function openFile(directory: string, index: string): Promise<DataStreamFile> {
  makeFolder(directory);
  const handle = await openOwn(join(directory, `${index}.ndjson`));
  const found = await readTail(handle).catch(async (error) => {
    await handle.close();
    throw error;
  });
  let size = found.size;
  let last: Promise<unknown> = Promise.resolve();

  async function write(events: readonly SourceEvent[], lines: EventBytes): Promise<number> {
    const fresh = found.ids.size === 0 ? events : events.filter(({ id }) => !found.ids.has(id));
    writeLines(fresh, lines);
    try {
      await handle.appendFile(lines.bytes);
    } catch (error) {
      await handle.truncate(size);
      throw error;
    }
    size += lines.length;
    return fresh.length;
  }

  return {
    append(events, lines) {
      const done = last.then(() => write(events, lines));
      last = done.catch(() => undefined);
      return done;
    },
    async close() {
      await last;
      await handle.close();
    },
  };
}

/** Opens a file for reading and appending; makes it if need be, for its owner alone. Follows no link, and takes nothing but a file. */
async function openOwn(path: string): Promise<FileHandle> {
  const handle = await open(path, O_RDWR | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK, 0o600).catch((error) => {
    throw error.code === "ELOOP" ? new Error(`${path} is a symbolic link, which is not followed`) : error;
  });
  if (!(await handle.stat()).isFile()) {
    await handle.close();
    throw new Error(`${path} is no regular file`);
  }
  return handle;
}

/** The ids in the last lines of a file, after a line that was not finished has been cut off. */
async function readTail(handle: FileHandle): Promise<{ ids: ReadonlySet<string>; size: number }> {
  const start = Math.max(0, (await handle.stat()).size - TAIL_BYTES);
  const ids = new Set<string>();
  let kept = start;
  let rest = Buffer.alloc(0);
  for await (const piece of handle.createReadStream({ start, autoClose: false, highWaterMark: PIECE_BYTES })) {
    const read = Buffer.concat([rest, piece]);
    const complete = read.lastIndexOf(LINE_FEED) + 1;
    for (const line of read.toString("utf8", 0, complete).split("\n")) {
      const id = EVENT_ID.exec(line)?.[1];
      if (id !== undefined) {
        ids.add(id);
      }
    }
    kept += complete;
    rest = read.subarray(complete);
  }
  await handle.truncate(kept);
  return { ids, size: kept };
}

function byIndex(events: readonly SourceEvent[]): Map<string, SourceEvent[]> {
  const groups = new Map<string, SourceEvent[]>();
  for (const event of events) {
    const group = groups.get(event.index);
    if (group === undefined) {
      groups.set(event.index, [event]);
    } else {
      group.push(event);
    }
  }
  return groups;
}

function unwritable(directory: string, error: unknown): RunnerError {
  return new RunnerError("output_unwritable", `The output folder ${directory} can't be written: ${messageOf(error)}.`, {
    next: RETRY,
    cure: "Check the folder's owner and mode and the disk's free space.",
    cause: error,
  });
}

import { type FileHandle, mkdir, open } from "node:fs/promises";
import { join } from "node:path";
import { REMOTE_BACKOFF, waitBefore } from "../core/backoff.ts";
import { type Clock, systemClock } from "../core/clock.ts";
import { RETRY, RunnerError } from "../core/errors.ts";
import type { SourceEvent } from "../core/event.ts";
import { EventBytes } from "../core/event_bytes.ts";
import { Memory, type MemoryShare } from "../core/memory.ts";
import type { Receipt, Sink, SinkHealth } from "./sink.ts";

/**
 * How far back a file is searched for events that a killed process wrote but could not acknowledge. At most a few batches
 * are under way per stream, so this covers hundreds of streams.
 */
const TAIL_BYTES = 64 * 1024 * 1024;

const EVENT_ID = /"event":\{"id":"([^"]+)"/;
const LINE_FEED = 0x0a;

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

  return {
    async deliver(events, signal) {
      let created = 0;
      for (const [index, group] of byIndex(events)) {
        for (let attempt = 1; ; attempt += 1) {
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
          await clock.sleep(waitBefore(attempt, REMOTE_BACKOFF, clock.random()), signal);
        }
      }
      return { created, existing: events.length - created, refused: [] } satisfies Receipt;
    },
    async close() {
      for (const opening of files.values()) {
        await (await opening).close();
      }
    },
  };
}

interface DataStreamFile {
  /** Writes what is not there yet, put together in `lines`, and says how many that were. One write at a time. */
  append(events: readonly SourceEvent[], lines: EventBytes): Promise<number>;
  close(): Promise<void>;
}

async function openFile(directory: string, index: string): Promise<DataStreamFile> {
  await mkdir(directory, { recursive: true });
  const handle = await open(join(directory, `${index}.ndjson`), "a+", 0o600);
  const found = await readTail(handle);
  let size = found.size;
  let last: Promise<unknown> = Promise.resolve();

  async function write(events: readonly SourceEvent[], lines: EventBytes): Promise<number> {
    const fresh = found.ids.size === 0 ? events : events.filter(({ id }) => !found.ids.has(id));
    for (const event of fresh) {
      lines.document(event);
      lines.text("\n");
    }
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

/** Bytes that the lines of some events take at most. */
function linesLength(events: readonly SourceEvent[]): number {
  return events.reduce((sum, event) => sum + EventBytes.lengthOf(event) + 1, 0);
}

/** The ids in the last lines of a file, after a line that was not finished has been cut off. */
async function readTail(handle: FileHandle): Promise<{ ids: ReadonlySet<string>; size: number }> {
  const { size } = await handle.stat();
  const start = Math.max(0, size - TAIL_BYTES);
  const tail = Buffer.alloc(size - start);
  await handle.read(tail, 0, tail.length, start);
  const complete = tail.lastIndexOf(LINE_FEED) + 1;
  const kept = start + complete;
  if (kept < size) {
    await handle.truncate(kept);
  }
  const ids = new Set<string>();
  for (const line of tail.subarray(0, complete).toString("utf8").split("\n")) {
    const id = EVENT_ID.exec(line)?.[1];
    if (id !== undefined) {
      ids.add(id);
    }
  }
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
  const reason = error instanceof Error ? error.message : String(error);
  return new RunnerError("output_unwritable", `The output folder ${directory} can't be written: ${reason}.`, {
    next: RETRY,
    cure: "Check the folder's owner and mode and the disk's free space.",
    cause: error,
  });
}

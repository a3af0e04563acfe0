import { existsSync } from "node:fs";
import { GIVE_UP, RunnerError } from "../core/errors.ts";
import { visible } from "../core/visible.ts";
import type { CursorStore } from "../cursors/cursor_store.ts";
import { openSqliteCursors } from "../cursors/sqlite_cursors.ts";
import { closest } from "../policy/suggestion.ts";
import { underWayId } from "../pump/under_way.ts";
import { failedFiles, retryChanges } from "../sources/file_progress.ts";
import { usage } from "./command_declaration.ts";
import { describePosition, type Position, positionLines } from "./cursors_position.ts";
import { parseSourceId } from "./source_id.ts";

export interface CursorsOptions {
  readonly dataDirectory: string;
  /** A stream whose cursors are to be forgotten. */
  readonly reset: string | undefined;
  /** Id of an event log file that is to be tried at once. */
  readonly retry: string | undefined;
  readonly json: boolean;
}

export interface CursorsSurroundings {
  readonly print: (line: string) => void;
}

/**
 * `cursors`: shows where each source of a data directory stands, forgets where one stream does, or has a file tried again. Gives
 * the exit code. Throws `data_directory_locked` while a runner uses the directory, `usage` for a stream that has no cursors and
 * for a file that has not failed.
 */
export async function showCursors(options: CursorsOptions, { print }: CursorsSurroundings): Promise<number> {
  const { dataDirectory, reset, retry, json } = options;
  if (!existsSync(dataDirectory)) {
    throw new RunnerError("data_directory_unusable", `There is no data directory ${dataDirectory}.`, {
      next: GIVE_UP,
      cure: "Name the one of run with --data-dir.",
    });
  }
  const cursors = openSqliteCursors(dataDirectory);
  try {
    if (retry !== undefined) {
      print(await tryAgain(retry, cursors));
    } else if (reset === undefined) {
      const lines = linesOf(await positions(cursors), json);
      lines.map(visible).forEach(print);
    } else {
      print(visible(await forget(reset, cursors)));
    }
    return 0;
  } finally {
    cursors.close();
  }
}

async function positions(cursors: CursorStore): Promise<Position[]> {
  const found: Position[] = [];
  for (const id of await cursors.sources()) {
    const source = parseSourceId(id);
    if (source !== undefined) {
      found.push(describePosition(source, await cursors.load(id)));
    }
  }
  return found;
}

function linesOf(found: readonly Position[], json: boolean): string[] {
  if (json) {
    return found.map((position) => JSON.stringify(position));
  }
  return found.length === 0
    ? ["Nothing has been collected with this data directory yet."]
    : found.flatMap(positionLines);
}

async function tryAgain(file: string, cursors: CursorStore): Promise<string> {
  const failed: string[] = [];
  for (const id of await cursors.sources()) {
    const entries = parseSourceId(id)?.object === undefined ? await cursors.load(id) : new Map();
    const changes = retryChanges(entries, file);
    if (changes.length > 0) {
      await cursors.save(id, changes);
      return `Event log file ${file} is tried again as soon as the runner starts.`;
    }
    failed.push(...failedFiles(entries).map((each) => each.id));
  }
  throw usage(
    `Event log file ${file} has not failed.`,
    failed.length === 0 ? "No file has." : `These have: ${failed.join(", ")}.`,
  );
}

async function forget(stream: string, cursors: CursorStore): Promise<string> {
  const all = (await cursors.sources()).flatMap((id) => {
    const source = parseSourceId(id);
    return source === undefined ? [] : [{ id, stream: source.stream }];
  });
  const ids = all.filter((source) => source.stream === stream).map(({ id }) => id);
  if (ids.length === 0) {
    const streams = [...new Set(all.map((source) => source.stream))];
    const meant = closest(stream, streams);
    throw usage(
      `There are no cursors of a stream ${stream}.`,
      meant === undefined ? `There are: ${streams.join(", ") || "none"}.` : `Did you mean ${meant}?`,
    );
  }
  for (const id of ids) {
    await cursors.clear(id);
    await cursors.clear(underWayId(id));
  }
  return `Forgot how far ${ids.join(" and ")} had come. The next run begins again with the stream's initial_lookback; events that are still in the index that is written to are not stored twice.`;
}

import { existsSync } from "node:fs";
import { GIVE_UP, RunnerError } from "../core/errors.ts";
import { silentLog } from "../core/log.ts";
import { closest } from "../core/suggestion.ts";
import { visible } from "../core/visible.ts";
import type { CursorStore } from "../cursors/cursor_store.ts";
import type { KeptEvents } from "../cursors/kept_events.ts";
import { openSqliteCursors } from "../cursors/sqlite_cursors.ts";
import { openKeptEvents } from "../cursors/sqlite_kept_events.ts";
import type { Environment } from "../policy/variables.ts";
import { underWayId } from "../pump/under_way.ts";
import type { FailedPart } from "../sources/part_failure.ts";
import { usage } from "./command_declaration.ts";
import { describePosition, type ShownPosition } from "./cursors_position.ts";
import { copyCursorsTo, cursorsOfAll, openSharedOrgs } from "./cursors_shared.ts";
import { hangingText } from "./hanging_text.ts";
import { policySource } from "./policy_source.ts";
import { parseSourceId } from "./source_id.ts";

export interface CursorsOptions {
  readonly dataDirectory: string;
  /** A policy whose inputs share their state, instead of the data directory. */
  readonly policy?: string | undefined;
  /** Moves or copies cursors between the data directory and the shared state. */
  readonly copyTo?: "local" | "elasticsearch" | undefined;
  /** A stream whose cursors are to be forgotten. */
  readonly reset: string | undefined;
  /** Id of a part of a source (a file, a window) that is to be tried at once. */
  readonly retry: string | undefined;
  /** Shows the kept events themselves. */
  readonly kept?: boolean | undefined;
  /** A stream whose kept events are given up. */
  readonly discardKept?: string | undefined;
  readonly json: boolean;
}

export interface CursorsSurroundings {
  readonly print: (line: string) => void;
  /** For the variables of a policy. */
  readonly environment?: Environment;
  /** Of the terminal, if it is one. */
  readonly columns?: number | undefined;
}

/** Bytes of kept events that are read at once. */
const BATCH_BYTES = 1024 * 1024;

/**
 * `cursors`: shows where each source of a data directory stands and what is kept of it, forgets where one stream does, or has a
 * file or a window tried again. Gives the exit code. Throws `data_directory_locked` while a runner uses the directory, `usage` for a stream
 * that has no cursors and for what has not failed.
 */
export async function showCursors(options: CursorsOptions, surroundings: CursorsSurroundings): Promise<number> {
  const { dataDirectory, policy, reset, retry, discardKept } = options;
  const say = saying(surroundings, options.json);
  if (policy !== undefined) {
    return await showSharedCursors({ ...options, policy }, surroundings);
  }
  if (!existsSync(dataDirectory)) {
    throw new RunnerError("data_directory_unusable", `There is no data directory ${dataDirectory}.`, {
      next: GIVE_UP,
      cure: "Name the one of run with --data-dir.",
    });
  }
  const cursors = openSqliteCursors(dataDirectory);
  let kept: KeptEvents | undefined;
  try {
    kept = openKeptEvents(dataDirectory);
    if (retry !== undefined) {
      say(await tryAgain(retry, cursors));
    } else if (reset !== undefined) {
      say(await forget(reset, cursors));
    } else if (discardKept !== undefined) {
      say(discard(discardKept, kept));
    } else if (options.kept) {
      printKept(kept, surroundings.print);
    } else {
      linesOf(await positions(cursors, kept), options.json).forEach(say);
    }
    return 0;
  } finally {
    kept?.close();
    cursors.close();
  }
}

/** The same for the state that the inputs of a policy share. */
async function showSharedCursors(
  { policy, dataDirectory, copyTo, reset, retry, json }: CursorsOptions & { readonly policy: string },
  surroundings: CursorsSurroundings,
): Promise<number> {
  const { environment = {} } = surroundings;
  const say = saying(surroundings, json);
  const source = policySource(policy, { environment, log: silentLog, stop: NEVER });
  const { inputs } = await source.read().finally(() => source.close());
  const { orgs, close } = await openSharedOrgs(inputs);
  try {
    const cursors = cursorsOfAll(orgs);
    if (copyTo !== undefined) {
      const local = openSqliteCursors(dataDirectory);
      try {
        (await copyCursorsTo(copyTo, orgs, local)).forEach(say);
      } finally {
        local.close();
      }
    } else if (retry !== undefined) {
      say(await tryAgain(retry, cursors));
    } else if (reset !== undefined) {
      say(await forget(reset, cursors));
    } else {
      for (const { input, cursors: own, lease } of orgs) {
        const { holder, term, since } = await lease();
        const found = await positions(own);
        const where = linesOf(found, json, { host: holder?.name ?? null, term, since: since ?? null });
        const who = holder === undefined ? "nobody" : holder.name;
        const title = `${input.organization.name}: collected by ${who}, term ${term}${since === undefined ? "" : `, since ${since}`}`;
        [...(json ? [] : [title]), ...where].forEach(say);
      }
    }
    return 0;
  } finally {
    await close();
  }
}

/** Prints lines for programs as they are, those for people broken so that they fit into the terminal. */
function saying({ print, columns }: CursorsSurroundings, json: boolean): (line: string) => void {
  return (line) => {
    const indent = line.search(/\S/) + 2;
    const text = visible(line);
    print(json ? text : text.slice(0, indent) + hangingText(text.slice(indent), indent, columns));
  };
}

const NEVER = new AbortController().signal;

async function positions(cursors: CursorStore, kept?: KeptEvents): Promise<ShownPosition[]> {
  const found: ShownPosition[] = [];
  for (const id of new Set([...(await cursors.sources()), ...(kept?.sources() ?? [])])) {
    const source = parseSourceId(id);
    if (source !== undefined) {
      found.push(describePosition(source, await cursors.load(id), kept?.of(id)));
    }
  }
  return found;
}

/** One by one, as they may be many. */
function printKept(kept: KeptEvents, print: (line: string) => void): void {
  for (const source of kept.sources()) {
    let batch = kept.read(source, 0, BATCH_BYTES);
    for (; batch.length > 0; batch = kept.read(source, batch.at(-1)?.serial ?? 0, BATCH_BYTES)) {
      for (const { event, reason } of batch) {
        print(JSON.stringify({ source, data_stream: event.index, reason, document: JSON.parse(event.json) }));
      }
    }
  }
}

function discard(stream: string, kept: KeptEvents): string {
  const ids = streamSourceIds(stream, kept.sources(), "There are no kept events of a stream");
  let count = 0;
  for (const id of ids) {
    count += kept.of(id)?.events ?? 0;
    kept.clear(id);
  }
  return `Gave up ${count} kept events of ${stream}.`;
}

/** `lease` is whose turn it is, where hosts share the state. */
function linesOf(found: readonly ShownPosition[], json: boolean, lease?: object): string[] {
  if (json) {
    return found.map((position) => JSON.stringify({ ...position.json, ...(lease === undefined ? {} : { lease }) }));
  }
  return found.length === 0 ? ["Nothing has been collected with this state yet."] : found.flatMap(({ lines }) => lines);
}

async function tryAgain(part: string, cursors: CursorStore): Promise<string> {
  const failed: FailedPart[] = [];
  let found = false;
  for (const id of await cursors.sources()) {
    const source = parseSourceId(id);
    if (source !== undefined) {
      const entries = await cursors.load(id);
      const changes = source.kind.retry(entries, source.part, part);
      await cursors.save(id, changes);
      found ||= changes.length > 0;
      failed.push(...source.kind.failed(entries, source.part));
    }
  }
  if (!found) {
    throw usage(
      `Nothing that is called ${part} has failed.`,
      failed.length === 0 ? "Nothing has." : `These have: ${failed.map(({ id }) => id).join(", ")}.`,
    );
  }
  return `${part} is tried again as soon as the runner starts.`;
}

async function forget(stream: string, cursors: CursorStore): Promise<string> {
  const ids = streamSourceIds(stream, await cursors.sources(), "There are no cursors of a stream");
  for (const id of ids) {
    await cursors.clear(id);
    await cursors.clear(underWayId(id));
  }
  return `Forgot how far ${ids.join(" and ")} had come. The next run begins again with the stream's initial_lookback; events that are still in the index that is written to are not stored twice.`;
}

/** The stream's sources among these; throws `usage` without any, beginning with `none`. */
function streamSourceIds(stream: string, sources: readonly string[], none: string): readonly string[] {
  const all = sources.flatMap((id) => {
    const source = parseSourceId(id);
    return source === undefined ? [] : [{ id, stream: source.stream }];
  });
  const ids = all.filter((source) => source.stream === stream).map(({ id }) => id);
  if (ids.length === 0) {
    const streams = [...new Set(all.map((source) => source.stream))];
    const meant = closest(stream, streams);
    throw usage(
      `${none} ${stream}.`,
      meant === undefined ? `There are: ${streams.join(", ") || "none"}.` : `Did you mean ${meant}?`,
    );
  }
  return ids;
}

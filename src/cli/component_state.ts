/**
 * Where a component of Elastic Agent keeps what outlives its process. The agent deletes the folder that it gives a component
 * to work in when the last input of an output leaves the policy, gives a new one when an output is renamed, and a system's
 * package leaves it in the folder of the former version. So each input has a folder of its own beside the agent's versions,
 * whatever output it delivers to.
 */
import { createHash } from "node:crypto";
import { accessSync, constants, existsSync, globSync, renameSync, rmSync, statSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { asRunnerError, RETRY, RunnerError } from "../core/errors.ts";
import type { StreamId } from "../core/event.ts";
import type { Log } from "../core/log.ts";
import { makeFolder } from "../core/private_file.ts";
import type { CursorEntries } from "../cursors/cursor.ts";
import type { CursorStore } from "../cursors/cursor_store.ts";
import { createDiskLedger } from "../cursors/row_ledger_disk.ts";
import { CURSORS_FILE, openSqliteCursors } from "../cursors/sqlite_cursors.ts";
import { openKeptEvents } from "../cursors/sqlite_kept_events.ts";
import { COMPONENT_NAME } from "./component_files.ts";
import type { InputState } from "./wire_input.ts";

/** Where components of the runner have worked, below the agent's `data`; with its version, or without it in containers. */
const RUN_FOLDERS = [`run/${COMPONENT_NAME}-*`, `elastic-agent-*/run/${COMPONENT_NAME}-*`];

/** What a state is found by. */
interface StateOwner {
  readonly id: string;
  readonly streams: ReadonlyArray<{ readonly id: StreamId }>;
}

/**
 * The folder below the agent's `data` that no version of the agent knows of; `undefined` if the folder to work in is none that
 * an agent gives. Pure.
 */
function lastingFolder(workFolder: string): string | undefined {
  const run = dirname(resolve(workFolder));
  const version = dirname(run);
  const data = basename(version).startsWith("elastic-agent-") ? dirname(version) : version;
  return basename(run) === "run" && basename(data) === "data" ? join(data, COMPONENT_NAME) : undefined;
}

/** The states of a component's inputs. */
export class ComponentState {
  /** The folder with a folder for each input. */
  readonly folder: string;
  readonly #workFolder: string;
  readonly #log: Log;
  readonly #open = new Map<string, CursorStore>();
  #adopting: Promise<void> = Promise.resolve();

  /** `workFolder` is what the agent gives as `path.data`; where nothing can be kept beside its versions, state stays in it. */
  constructor(workFolder: string, log: Log) {
    this.#workFolder = resolve(workFolder);
    this.#log = log;
    const lasting = lastingFolder(workFolder);
    const problem = lasting === undefined ? undefined : problemWith(lasting);
    if (problem !== undefined) {
      log.warn(
        `Cursors can't be kept in ${lasting} (${problem}). They are kept in ${workFolder}, which the agent deletes when the last input of its output leaves the policy. Let the agent's user write to that folder.`,
      );
    }
    this.folder = lasting === undefined || problem !== undefined ? this.#workFolder : lasting;
  }

  /**
   * Opens the state of an input, exclusively. Rejects with `state_unusable`, to be tried again, also while the process before
   * still delivers to another output.
   */
  async open({ id, streams }: StateOwner): Promise<InputState> {
    const folder = join(this.folder, folderName(id));
    const cursors = await this.#opened(folder, streams);
    try {
      const kept = openKeptEvents(folder);
      this.#open.set(id, cursors);
      return {
        cursors,
        ledger: createDiskLedger(folder),
        kept,
        close: () => {
          this.#open.delete(id);
          kept.close();
          cursors.close();
        },
      };
    } catch (error) {
      cursors.close();
      throw unopened(asRunnerError(error), folder);
    }
  }

  async #opened(folder: string, streams: StateOwner["streams"]): Promise<CursorStore> {
    try {
      if (!existsSync(folder)) {
        // One after the other: several inputs may find what is theirs in the same folder.
        const adopted = this.#adopting.then(() => this.#adopt(folder, streams));
        this.#adopting = adopted.catch(() => {});
        await adopted;
      }
      return openSqliteCursors(folder);
    } catch (error) {
      throw unopened(asRunnerError(error), folder);
    }
  }

  /** The cursors of an input that is collecting. */
  cursors(inputId: string): CursorStore | undefined {
    return this.#open.get(inputId);
  }

  /** Takes over what an earlier version of the runner kept in the folder that the agent gave it, the newest first. */
  async #adopt(to: string, streams: StateOwner["streams"]): Promise<void> {
    for (const from of this.#formerFolders(basename(to))) {
      const entries = await this.#formerEntries(from, streams);
      if (entries.size > 0) {
        await writeState(to, entries);
        this.#log.info(`Took over the cursors from ${from}; they lie in ${to} now.`);
        return;
      }
    }
  }

  /** By source; none if what lies there can't be read, which is no reason not to collect. */
  async #formerEntries(folder: string, streams: StateOwner["streams"]): Promise<ReadonlyMap<string, CursorEntries>> {
    let cursors: CursorStore | undefined;
    try {
      cursors = openSqliteCursors(folder);
      const entries = new Map<string, CursorEntries>();
      for (const source of await cursors.sources()) {
        if (streams.some(({ id }) => source.startsWith(`${id}/`))) {
          entries.set(source, await cursors.load(source));
        }
      }
      return entries;
    } catch (error) {
      const problem = asRunnerError(error);
      if (problem.code === "data_directory_locked") {
        throw problem;
      }
      this.#log.warn(`The cursors in ${folder} can't be taken over: ${problem.text}`);
      return new Map();
    } finally {
      cursors?.close();
    }
  }

  #formerFolders(name: string): string[] {
    const lasting = lastingFolder(this.#workFolder);
    const runs = lasting === undefined ? [] : globSync(RUN_FOLDERS, { cwd: dirname(lasting) });
    return [this.#workFolder, ...runs.map((path) => resolve(dirname(lasting ?? ""), path))]
      .flatMap((folder) => [folder, join(folder, name)])
      .filter((folder, at, all) => all.indexOf(folder) === at && existsSync(join(folder, CURSORS_FILE)))
      .toSorted((one, other) => lastWritten(other) - lastWritten(one));
  }
}

/**
 * All or nothing: the new folder has its name only when everything is in it. What the ledger knew is had again by reading
 * the files.
 */
async function writeState(folder: string, entries: ReadonlyMap<string, CursorEntries>): Promise<void> {
  const fresh = `${folder}.new`;
  rmSync(fresh, { recursive: true, force: true });
  const cursors = openSqliteCursors(fresh);
  try {
    for (const [source, values] of entries) {
      const changes = [...values].map(([key, value]) => ({ key, value }));
      await cursors.save(source, changes);
    }
  } finally {
    cursors.close();
  }
  renameSync(fresh, folder);
}

/** In the words of someone who has no command line of the runner before them. */
function unopened({ code, message, cause }: RunnerError, folder: string): RunnerError {
  return code === "data_directory_locked"
    ? new RunnerError("state_unusable", `Another process of the runner still uses the cursors in ${folder}.`, {
        next: RETRY,
        cure: "After a change of the output this passes within seconds; if it stays, two agents collect the same input.",
      })
    : new RunnerError("state_unusable", message, {
        next: RETRY,
        cure: "It must be a folder that the agent's user can write to, on a disk with room.",
        cause,
      });
}

/** What keeps a folder from being written to, as its code; it is made if there is none. */
function problemWith(folder: string): string | undefined {
  try {
    makeFolder(folder);
    accessSync(folder, constants.W_OK | constants.X_OK);
    return undefined;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? String(error);
  }
}

/** Milliseconds since the epoch. */
function lastWritten(folder: string): number {
  const times = [CURSORS_FILE, `${CURSORS_FILE}-wal`].map(
    (name) => statSync(join(folder, name), { throwIfNoEntry: false })?.mtimeMs ?? 0,
  );
  return Math.max(...times);
}

/** Ids that Fleet makes are names of folders as they are. */
function folderName(inputId: string): string {
  return /^[\w-]{1,100}$/.test(inputId) ? inputId : createHash("sha256").update(inputId).digest("hex").slice(0, 32);
}

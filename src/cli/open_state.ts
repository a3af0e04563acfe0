import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import type { AgentFacts } from "../core/agent_facts.ts";
import type { CursorStore } from "../cursors/cursor_store.ts";
import { type NameCache, openNameCache } from "../cursors/name_cache.ts";
import { createDiskLedger } from "../cursors/row_ledger_disk.ts";
import { type CallCounts, openCallCounts } from "../cursors/sqlite_call_hours.ts";
import { openSqliteCursors } from "../cursors/sqlite_cursors.ts";
import { openKeptEvents } from "../cursors/sqlite_kept_events.ts";
import { VERSION } from "./version.ts";
import { type Surroundings, sharedState } from "./wire.ts";

/** The name of the runner's own entries among the cursors. */
const RUNNER = "runner";

/** What outlives a process, in its data directory. */
export interface State {
  readonly cursors: CursorStore;
  /** The same for every input. */
  readonly stateOf: Surroundings["stateOf"];
  readonly calls: CallCounts;
  readonly names: NameCache;
  close(): void;
}

/**
 * Opens a data directory, exclusively. `sharedDirectory`, by default the same, is where API calls are counted, and names and events
 * without a place kept, together with other processes. Throws `data_directory_unusable` or `data_directory_locked`.
 */
export function openState(dataDirectory: string, sharedDirectory = dataDirectory): State {
  const cursors = openSqliteCursors(dataDirectory);
  try {
    const kept = openKeptEvents(sharedDirectory);
    const calls = openCallCounts(sharedDirectory);
    const names = openNameCache(sharedDirectory, Date.now());
    return {
      cursors,
      stateOf: sharedState({ cursors, kept, ledger: createDiskLedger(dataDirectory) }),
      calls,
      names,
      close() {
        calls.close();
        names.close();
        kept.close();
        cursors.close();
      },
    };
  } catch (error) {
    cursors.close();
    throw error;
  }
}

/** The runner as events name it: the same one for the life of its data directory, as an Elastic Agent keeps its id. */
export async function runnerFacts(cursors: CursorStore): Promise<AgentFacts> {
  const known = (await cursors.load(RUNNER)).get("agent.id");
  const id = typeof known === "string" ? known : randomUUID();
  if (id !== known) {
    await cursors.save(RUNNER, [{ key: "agent.id", value: id }]);
  }
  return { id, name: hostname(), type: "aquila-salesforce", version: VERSION };
}

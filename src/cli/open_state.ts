import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import { join } from "node:path";
import type { AgentFacts } from "../core/agent_facts.ts";
import type { CursorStore } from "../cursors/cursor_store.ts";
import type { RowLedger } from "../cursors/row_ledger.ts";
import { createDiskLedger } from "../cursors/row_ledger_disk.ts";
import { type CallCounts, openCallCounts } from "../cursors/sqlite_call_hours.ts";
import { openSqliteCursors } from "../cursors/sqlite_cursors.ts";
import { VERSION } from "./version.ts";

/** The name of the runner's own entries among the cursors. */
const RUNNER = "runner";

/** What outlives a process, in its data directory. */
export interface State {
  readonly cursors: CursorStore;
  readonly ledger: RowLedger;
  readonly calls: CallCounts;
  /** The folder of what must not be lost, but may not be sent. */
  readonly setAside: string;
  close(): void;
}

/**
 * Opens a data directory, exclusively. `callsDirectory`, by default the same, is where API calls are counted together with
 * other processes. Throws `data_directory_unusable` or `data_directory_locked`.
 */
export function openState(dataDirectory: string, callsDirectory = dataDirectory): State {
  const cursors = openSqliteCursors(dataDirectory);
  const calls = openCallCounts(callsDirectory);
  return {
    cursors,
    ledger: createDiskLedger(dataDirectory),
    calls,
    setAside: join(dataDirectory, "set_aside"),
    close() {
      calls.close();
      cursors.close();
    },
  };
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

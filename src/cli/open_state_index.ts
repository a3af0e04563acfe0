import { hostname } from "node:os";
import type { StateIndex } from "../coordination/state_index.ts";
import type { CursorStore } from "../cursors/cursor_store.ts";
import { createSharedCursors, type SharedCursorsOptions } from "../cursors/shared_cursors.ts";
import type { SharedState } from "../policy/policy.ts";
import { elasticsearchOptions } from "./open_output.ts";

/** A state that hosts share, until it is closed. */
export interface OpenStateIndex extends StateIndex {
  /** The cursors of an org. What is saved of all orgs at once goes together. */
  cursors(
    options: Pick<SharedCursorsOptions, "org" | "term" | "clock" | "knownSources" | "known"> &
      Partial<Pick<SharedCursorsOptions, "owner">>,
  ): CursorStore;
}

/** The index of a shared state, with its own key. Nothing is sent before the first call. Rejects as `elasticsearchOptions` does. */
export async function openStateIndex(
  { cluster, index }: Pick<SharedState, "cluster" | "index">,
  longestAnswer?: number,
): Promise<OpenStateIndex> {
  const options = await elasticsearchOptions(cluster);
  // Imported here for the memory that its client takes, which a local state does without.
  const { createStateIndex } = await import("../coordination/state_index.ts");
  const { gatheredWrites } = await import("../coordination/gathered_writes.ts");
  const documents = createStateIndex(index, options, longestAnswer);
  const { write } = gatheredWrites(documents);
  const { read } = documents;
  const find = async (org: string) => (await documents.find("org", [org])).map(({ id }) => id);
  return {
    ...documents,
    cursors: (own) => createSharedCursors({ documents: { read, write }, find, owner: hostname(), ...own }),
  };
}

import type { StateIndex } from "../coordination/state_index.ts";
import type { SharedState } from "../policy/policy.ts";
import { elasticsearchOptions } from "./open_output.ts";

/** The index of a shared state, with its own key. Nothing is sent before the first call. Rejects as `elasticsearchOptions` does. */
export async function openStateIndex(
  { cluster, index }: Pick<SharedState, "cluster" | "index">,
  longestAnswer?: number,
): Promise<StateIndex> {
  const options = await elasticsearchOptions(cluster);
  // Imported here for the memory that its client takes, which a local state does without.
  const { createStateIndex } = await import("../coordination/state_index.ts");
  return createStateIndex(index, options, longestAnswer);
}

import type { Log } from "../core/log.ts";
import type { CursorStore } from "../cursors/cursor_store.ts";
import { moveCursors, sourcesOf } from "../cursors/move_cursors.ts";
import type { Input } from "../policy/policy.ts";

/** At the first turn with a shared state: what this host had alone goes there, unless another host's is there already. */
export async function moveIntoShared(
  { streams }: Input,
  local: CursorStore,
  shared: CursorStore,
  log: Log,
): Promise<void> {
  const { moved, known } = await moveCursors(local, shared, await sourcesOf(streams, local));
  if (moved.length > 0) {
    log.info(`Moved the cursors of this host into the shared state: ${moved.join(", ")}.`);
  }
  if (known.length > 0) {
    log.warn(`Gave up the cursors that this host had alone, because the shared state has them: ${known.join(", ")}.`);
  }
}

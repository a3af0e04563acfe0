import type { CursorEntries } from "./cursor.ts";
import type { CursorStore } from "./cursor_store.ts";

export interface MovedCursors {
  readonly moved: readonly string[];
  /** There already, and left as they are. */
  readonly known: readonly string[];
}

type Store = Pick<CursorStore, "load" | "save" | "sources" | "clear">;

/**
 * Moves the cursors of these sources, which are sorted, to another store. What is there already is newer: it stays, and the ones
 * here are given up. Cut off anywhere, it may be done again. Errors are those of the stores.
 */
export async function moveCursors(from: Store, to: Store, sources: readonly string[]): Promise<MovedCursors> {
  const moved: string[] = [];
  const known: string[] = [];
  // Backwards, so that what a source has under way, whose name is the source's and more, is never behind it.
  for (const source of sources.toReversed()) {
    const isThere = (await to.load(source)).size > 0;
    if (!isThere) {
      await to.save(source, changesOf(await from.load(source)));
    }
    (isThere ? known : moved).unshift(source);
    await from.clear(source);
  }
  return { moved, known };
}

/** The sources in a store that are of these streams, what they have under way included. */
export async function sourcesOf(
  streams: readonly { readonly id: string }[],
  store: Pick<CursorStore, "sources">,
): Promise<readonly string[]> {
  return (await store.sources()).filter((source) => streams.some(({ id }) => source.startsWith(`${id}/`)));
}

/** Copies the cursors of these sources over whatever the other store has of them. */
export async function copyCursors(from: Store, to: Store, sources: readonly string[]): Promise<void> {
  for (const source of sources) {
    const entries = await from.load(source);
    const gone = [...(await to.load(source)).keys()].filter((key) => !entries.has(key));
    await to.save(source, [...gone.map((key) => ({ key, value: undefined })), ...changesOf(entries)]);
  }
}

function changesOf(entries: CursorEntries) {
  return [...entries].map(([key, value]) => ({ key, value }));
}

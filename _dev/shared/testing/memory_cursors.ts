import { type CursorValue, changeEntries } from "../../../src/cursors/cursor.ts";
import type { CursorStore } from "../../../src/cursors/cursor_store.ts";

/** Cursors that end with the process. */
export function createMemoryCursors(): CursorStore {
  const bySource = new Map<string, Map<string, string>>();
  return {
    async load(source) {
      const entries = bySource.get(source) ?? new Map<string, string>();
      return new Map([...entries].map(([key, text]) => [key, JSON.parse(text) as CursorValue]));
    },
    async save(source, changes) {
      const texts = changes.map(({ key, value }) => ({
        key,
        value: value === undefined ? undefined : JSON.stringify(value),
      }));
      const entries = bySource.get(source) ?? new Map<string, string>();
      changeEntries(entries, texts);
      if (entries.size === 0) {
        bySource.delete(source);
      } else {
        bySource.set(source, entries);
      }
    },
    async sources() {
      return [...bySource.keys()].sort();
    },
    async clear(source) {
      bySource.delete(source);
    },
    close() {},
  };
}

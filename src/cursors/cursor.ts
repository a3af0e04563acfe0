/**
 * How far a source has come, as keyed entries: `watermark`, `file:0AT…` and so on. A source reads its entries once at the
 * start of a round and gives changes with every batch; it alone knows what they mean.
 */
export type CursorValue =
  | string
  | number
  | boolean
  | null
  | readonly CursorValue[]
  | { readonly [key: string]: CursorValue };

export type CursorEntries = ReadonlyMap<string, CursorValue>;

/** A new value for a key, or `undefined` to forget it. */
export interface EntryChange<T> {
  readonly key: string;
  readonly value: T | undefined;
}

export type CursorChange = EntryChange<CursorValue>;

/** Makes changes in the order in which they are given. */
export function changeEntries<T>(entries: Map<string, T>, changes: readonly EntryChange<T>[]): void {
  for (const { key, value } of changes) {
    if (value === undefined) {
      entries.delete(key);
    } else {
      entries.set(key, value);
    }
  }
}

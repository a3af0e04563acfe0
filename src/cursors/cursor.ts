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
export interface CursorChange {
  readonly key: string;
  readonly value: CursorValue | undefined;
}

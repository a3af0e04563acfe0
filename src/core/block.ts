/** Blocks as YAML and JSON have them, and what is wrong in one. */
export type Key = string | number;
export type Mapping = Record<string, unknown>;

/** A problem with the keys that lead to it, before its path is written out. */
export interface Finding {
  readonly at: readonly Key[];
  readonly text: string;
}

export function isMapping(value: unknown): value is Mapping {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Whose cursor entries are: a policy's input may log in to another org than the one that its entries are about. All functions are pure. */
import type { CursorChange, CursorEntries } from "../cursors/cursor.ts";

const ORGANIZATION = "organization";

/** Whether the entries are of this organization; those of another one tell nothing. */
export function isOfThisOrg(entries: CursorEntries, organizationId: string): boolean {
  return entries.get(ORGANIZATION) === organizationId;
}

/** The changes that put this organization's name in the place of all entries that another one left. */
export function entriesAnew(entries: CursorEntries, organizationId: string): readonly CursorChange[] {
  return [...[...entries.keys()].map(forgotten), { key: ORGANIZATION, value: organizationId }];
}

export function forgotten(key: string): CursorChange {
  return { key, value: undefined };
}

import type { CursorEntries } from "../../cursors/cursor.ts";
import type { KindPosition } from "../kind.ts";
import { isOpen, readListingCursor } from "./progress.ts";

/** How far the files of the last days are. Pure. */
export function position(entries: CursorEntries, organization: string): KindPosition {
  const times = { now: Number.POSITIVE_INFINITY, first: 0 };
  const { files, createdAfter } = readListingCursor(entries, organization, times);
  const begun = [...files.values()].filter(isOpen);
  const [done, open] = [files.size - begun.length, begun.length];
  const rowsOfOpen = begun.reduce((sum, { rows }) => sum + rows, 0);
  return {
    until: createdAfter,
    untilOf: "files made",
    details: { files: { done, open, rowsOfOpen } },
    lines: [`${done} files done, ${open} begun${open === 0 ? "" : ` (${rowsOfOpen} rows delivered)`}`],
  };
}

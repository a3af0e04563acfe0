import type { CursorEntries } from "../../cursors/cursor.ts";
import type { KindPosition } from "../kind.ts";
import { readLiveCursor } from "./progress.ts";

/** How far a topic has been heard. Pure. */
export function position(entries: CursorEntries, organization: string): KindPosition {
  const { cursor } = readLiveCursor(entries, organization, Number.POSITIVE_INFINITY);
  return {
    until: cursor.heardAt,
    details: {},
    lines: cursor.replayId === undefined ? ["begins with the oldest event that Salesforce keeps"] : [],
  };
}

import { isoTime } from "../../core/clock.ts";
import type { CursorEntries } from "../../cursors/cursor.ts";
import type { KindPosition } from "../kind.ts";
import { readObjectCursor } from "./progress.ts";

/** How far an object is, and the window that is being read, newest first. Pure. */
export function position(entries: CursorEntries, organization: string): KindPosition {
  const { after, open } = readObjectCursor(entries, organization, 0);
  if (open === undefined) {
    return { until: after, details: {}, lines: [] };
  }
  const [from, to, reached] = [after, open.to, open.reached].map(isoTime);
  return {
    until: after,
    details: { window: { to, reached } },
    lines: [`reading ${from} to ${to}, newest first, down to ${reached}`],
  };
}

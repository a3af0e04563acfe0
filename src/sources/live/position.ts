import { isoTime } from "../../core/clock.ts";
import type { CursorEntries } from "../../cursors/cursor.ts";
import type { KindPosition } from "../kind.ts";
import { readGap, timesOfGap } from "./gap.ts";
import { readLiveCursor } from "./progress.ts";

/** How far a topic has been heard, and what of the past is still to be read from the stored object. Pure. */
export function position(entries: CursorEntries, organization: string): KindPosition {
  const { cursor } = readLiveCursor(entries, organization, Number.POSITIVE_INFINITY);
  const { gap } = readGap(entries, Number.POSITIVE_INFINITY);
  return {
    until: gap === undefined ? cursor.heardAt : gap.from - 1,
    details: gap === undefined ? {} : { gap: { from: isoTime(gap.from), to: isoTime(gap.to) } },
    lines: [
      ...(cursor.replayId === undefined ? ["begins with the oldest event that Salesforce keeps"] : []),
      ...(gap === undefined ? [] : [`reading the stored events of ${timesOfGap(gap)}`]),
    ],
  };
}

import type { SourceEvent } from "../core/event.ts";
import { EventBytes } from "../core/event_bytes.ts";

export const LINE_FEED = 0x0a;

/** Bytes that the lines of some events take. */
export function linesLength(events: readonly SourceEvent[]): number {
  return events.reduce((sum, event) => sum + EventBytes.lengthOf(event) + 1, 0);
}

/** One document a line (NDJSON). */
export function writeLines(events: readonly SourceEvent[], to: EventBytes): void {
  for (const event of events) {
    to.document(event);
    to.byte(LINE_FEED);
  }
}

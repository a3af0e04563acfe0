import type { SourceEvent } from "../core/event.ts";
import { EventBytes } from "../core/event_bytes.ts";
import { LINE_FEED } from "./lines.ts";

const ACTION = '{"create":{"_index":"","_id":""}}\n\n'.length;

/** Bytes that the body of a bulk request takes at most. */
export function bulkBodyLength(events: readonly SourceEvent[]): number {
  return events.reduce(
    (sum, event) => sum + ACTION + event.index.length + EventBytes.identityLengthOf(event) + EventBytes.lengthOf(event),
    0,
  );
}

/**
 * Writes the body of a bulk request: for each event a `create` action with its identity as `_id`, then the document.
 * https://www.elastic.co/docs/api/doc/elasticsearch/operation/operation-bulk
 */
export function writeBulkBody(events: readonly SourceEvent[], body: EventBytes): void {
  body.clear();
  for (const event of events) {
    body.text(`{"create":{"_index":"${event.index}","_id":"`);
    body.identity(event);
    body.text('"}}\n');
    body.document(event);
    body.byte(LINE_FEED);
  }
}

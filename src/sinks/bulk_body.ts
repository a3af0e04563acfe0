import type { SourceEvent } from "../core/event.ts";
import type { EventBytes } from "../core/event_bytes.ts";

/**
 * Writes the body of a bulk request: for each event a `create` action with its identity as `_id`, then the document.
 * https://www.elastic.co/docs/api/doc/elasticsearch/operation/operation-bulk
 */
export function writeBulkBody(events: readonly SourceEvent[], body: EventBytes): void {
  body.clear();
  for (const event of events) {
    body.text(`{"create":{"_index":"${event.index}","_id":"${event.id}"}}\n`);
    body.document(event);
    body.text("\n");
  }
}

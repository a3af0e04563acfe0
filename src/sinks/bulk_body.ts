import type { SourceEvent } from "../core/event.ts";

/**
 * The body of a bulk request: for each event a `create` action with its identity as `_id`, then the document.
 * https://www.elastic.co/docs/api/doc/elasticsearch/operation/operation-bulk
 */
export function bulkBody(events: readonly SourceEvent[]): string {
  let body = "";
  for (const { index, id, json } of events) {
    body += `{"create":{"_index":"${index}","_id":"${id}"}}\n${json}\n`;
  }
  return body;
}

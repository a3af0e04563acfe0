import type { SourceEvent } from "../core/event.ts";
import { EventBytes } from "../core/event_bytes.ts";

const COMMA = ",".charCodeAt(0);

/** Who sends, as it stands in each document. */
export interface Sender {
  /** The product's version. */
  readonly version: string;
}

/**
 * A document as Beats put it into a queue: `@metadata` before its own members, with the `_id` that whoever writes it into
 * Elasticsearch has to use, and with `create` as its operation. `data_stream.*` in the document say where it belongs.
 * Source: elastic/beats, libbeat/outputs/codec/json.
 */
export function writeQueueDocument(event: SourceEvent, sender: Sender, to: EventBytes): void {
  to.text(BEGIN + sender.version + BEFORE_ID);
  to.identity(event);
  to.text(END);
  // The document's own opening brace becomes the comma behind what was put before it.
  const brace = to.length;
  to.document(event);
  to.bytes[brace] = COMMA;
}

/** Bytes that it takes. */
export function queueDocumentLength(event: SourceEvent, { version }: Sender): number {
  return FIXED + version.length + EventBytes.identityLengthOf(event) + EventBytes.lengthOf(event);
}

const [BEGIN, BEFORE_ID, END] = [
  '{"@metadata":{"beat":"aquila-salesforce","type":"_doc","version":"',
  '","_id":"',
  '","op_type":"create"}',
];
const FIXED = BEGIN.length + BEFORE_ID.length + END.length;

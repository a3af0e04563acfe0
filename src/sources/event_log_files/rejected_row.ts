import { dataStreamName, type SourceEvent } from "../../core/event.ts";
import { COLLECTOR_DATASET, compileEnvelope, type StreamContext } from "../envelope.ts";
import { recordIdentity } from "../event_identity.ts";
import type { EventLogFile } from "./body.ts";
import { fileCollection } from "./facts.ts";

/** A row's text is kept up to this many characters. */
const LONGEST_TEXT = 32_000;

export interface RejectedRow {
  readonly stream: StreamContext;
  readonly file: EventLogFile;
  /** 1 for the first row behind the header. */
  readonly row: number;
  readonly reason: string;
  readonly text: string;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** The collector's event of a row that can't be an event of its own stream. The same row gives the same identity. */
export function rejectedRowEvent({ stream, file, row, reason, text, now }: RejectedRow): SourceEvent {
  const dataStream = { ...stream.dataStream, dataset: COLLECTOR_DATASET };
  const id = recordIdentity(stream.organization.id, "rejected_row", `${file.id}/${file.length}/${file.created}/${row}`);
  const write = compileEnvelope(
    { ...stream, dataStream, preserveOriginalEvent: false },
    {
      code: "row_rejected",
      provider: "EventLogFile",
      collection: fileCollection(file),
    },
  );
  const collector = {
    dataset: stream.dataStream.dataset,
    event_type: file.eventType,
    reason,
    text: text.slice(0, LONGEST_TEXT),
  };
  const fields = `"collector":${JSON.stringify(collector)}`;
  return {
    index: dataStreamName(dataStream),
    id,
    json: write({ id, timestamp: new Date(now).toISOString(), fields, row }),
  };
}

import type { SourceEvent } from "../../core/event.ts";
import type { StreamContext } from "../envelope.ts";
import { recordIdentity } from "../event_identity.ts";
import { rejectedEvent } from "../rejected_event.ts";
import type { EventLogFile } from "./body.ts";
import { fileCollection } from "./facts.ts";

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
export function rejectedRowEvent({ file, row, ...rejected }: RejectedRow): SourceEvent {
  const key = `${file.id}/${file.length}/${file.created}/${row}`;
  return rejectedEvent({
    ...rejected,
    id: recordIdentity(rejected.stream.organization.id, "rejected_row", key),
    provider: "EventLogFile",
    eventType: file.eventType,
    collection: { ...fileCollection(file), row },
  });
}

import { agentMembers } from "../../core/agent_facts.ts";
import type { SourceEvent } from "../../core/event.ts";
import type { StreamContext } from "../envelope.ts";
import { recordIdentity } from "../event_identity.ts";
import { reportDocument } from "../report_document.ts";
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
  const { organization, dataStream, instanceUrl, tags } = stream;
  return reportDocument({
    id: recordIdentity(organization.id, "rejected_row", `${file.id}/${file.length}/${file.created}/${row}`),
    time: now,
    event: { code: "row_rejected", provider: "EventLogFile" },
    dataStream,
    organization,
    instanceUrl,
    collector: { dataset: dataStream.dataset, event_type: file.eventType, reason, text: text.slice(0, LONGEST_TEXT) },
    collection: { ...fileCollection(file), row },
    program: agentMembers(stream.agent),
    tags,
  });
}

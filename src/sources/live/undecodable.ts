import type { PublishedObject } from "../../catalog/column.ts";
import { agentMembers } from "../../core/agent_facts.ts";
import type { SourceEvent } from "../../core/event.ts";
import type { StreamContext } from "../envelope.ts";
import { recordIdentity } from "../event_identity.ts";
import { reportDocument } from "../report_document.ts";

/** Characters of base64 that are kept. */
const LONGEST_TEXT = 32_000;

export interface UndecodableEvent {
  readonly stream: StreamContext;
  readonly type: PublishedObject;
  /** EventUuid. */
  readonly id: string;
  readonly schemaId: string;
  readonly payload: Uint8Array;
  readonly reason: string;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** The collector's event of what a topic has brought and nobody can read, with its bytes. A second delivery gives the same identity. */
export function undecodableEvent(undecodable: UndecodableEvent): SourceEvent {
  const { stream, type, id, schemaId, payload, reason, now } = undecodable;
  const { organization, dataStream, instanceUrl, tags } = stream;
  const text = Buffer.from(payload).toString("base64");
  return reportDocument({
    id: recordIdentity(organization.id, "undecodable_event", id === "" ? text : id),
    time: now,
    event: { code: "row_rejected", provider: "PlatformEvent" },
    dataStream,
    organization,
    instanceUrl,
    collector: {
      dataset: dataStream.dataset,
      event_type: type.topic.name,
      reason: `The event ${id} can't be read by its schema ${schemaId}: ${reason}`.slice(0, 1_000),
      text: text.slice(0, LONGEST_TEXT),
    },
    collection: { interval: "live" },
    program: agentMembers(stream.agent),
    tags,
  });
}

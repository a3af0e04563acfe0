import type { PublishedObject } from "../../catalog/column.ts";
import type { SourceEvent } from "../../core/event.ts";
import type { StreamContext } from "../envelope.ts";
import { recordIdentity } from "../event_identity.ts";
import { rejectedEvent } from "../rejected_event.ts";

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
  const text = Buffer.from(payload).toString("base64");
  return rejectedEvent({
    id: recordIdentity(stream.organization.id, "undecodable_event", id === "" ? text : id),
    stream,
    provider: "PlatformEvent",
    eventType: type.topic.name,
    reason: `The event ${id} can't be read by its schema ${schemaId}: ${reason}`.slice(0, 1_000),
    text,
    collection: { interval: "live" },
    now,
  });
}

import { withoutSecrets } from "../catalog/cell_value.ts";
import { agentMembers } from "../core/agent_facts.ts";
import type { SourceEvent } from "../core/event.ts";
import type { StreamContext } from "./envelope.ts";
import { reportDocument } from "./report_document.ts";

/** What came is kept up to this many characters. */
const LONGEST_TEXT = 32_000;

export interface RejectedEvent {
  /** The same for the same thing that came. */
  readonly id: string;
  readonly stream: StreamContext;
  /** Which kind of source gave it. */
  readonly provider: string;
  readonly eventType: string;
  readonly reason: string;
  readonly text: string;
  /** `salesforce.collection`. */
  readonly collection: Readonly<Record<string, unknown>>;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** The collector's event of what came and can't be an event of its own stream. */
export function rejectedEvent(rejected: RejectedEvent): SourceEvent {
  const { id, stream, provider, eventType, reason, text, collection, now } = rejected;
  const { organization, dataStream, instanceUrl, tags } = stream;
  return reportDocument({
    id,
    time: now,
    event: { code: "row_rejected", provider },
    dataStream,
    organization,
    instanceUrl,
    collector: {
      dataset: dataStream.dataset,
      event_type: eventType,
      reason,
      text: withoutSecrets(text.slice(0, LONGEST_TEXT)),
    },
    collection,
    program: agentMembers(stream.agent),
    tags,
  });
}

import { type AgentFacts, agentMembers } from "../core/agent_facts.ts";
import type { DataStream } from "../core/event.ts";

/** What all events of a stream have in common. */
export interface StreamContext {
  readonly organization: { readonly id: string; readonly name: string };
  readonly instanceUrl: string;
  readonly dataStream: DataStream;
  readonly tags: readonly string[];
  readonly preserveOriginalEvent: boolean;
  readonly agent: AgentFacts;
}

/** What the events of one file or object have in common beyond their stream. */
export interface OriginContext {
  /** Event type or object name. */
  readonly code: string;
  readonly provider: "EventLogFile" | "Object";
  /** `salesforce.collection` without `row`. */
  readonly collection: Readonly<Record<string, unknown>>;
}

/** What differs from event to event. `fields` are the JSON members that the catalogue wrote, or "". */
export interface EventParts {
  readonly id: string;
  readonly timestamp: string;
  readonly fields: string;
  /** 1 for the first row of a file. */
  readonly row?: number;
  /** The row or record as it came; used only where the stream preserves it. */
  readonly original?: () => string;
}

export type WriteDocument = (parts: EventParts) => string;

/**
 * Compiles everything that is the same for all events of one origin into text, so that a document is a few pieces put
 * together. `event.id` always comes first in `event`: the NDJSON sink finds it there.
 */
export function compileEnvelope(stream: StreamContext, origin: OriginContext): WriteDocument {
  const { dataStream } = stream;
  const behindId = `,${members({
    code: origin.code,
    provider: origin.provider,
    dataset: dataStream.dataset,
    module: dataStream.dataset.split(".")[0],
  })}`;
  const beforeFields = `},${members({
    data_stream: dataStream,
    organization: stream.organization,
  })},"salesforce":{${members({ instance_url: stream.instanceUrl })}`;
  const collection = members(origin.collection);
  const tail = `}},${members({
    input: { type: "aquila-salesforce" },
    ...agentMembers(stream.agent),
    tags: stream.tags,
  })}}`;

  return ({ id, timestamp, fields, row, original }) => {
    const kept = stream.preserveOriginalEvent && original !== undefined;
    const originalText = kept ? `,"original":${JSON.stringify(original())}` : "";
    const rowText = row === undefined ? "" : `,"row":${row}`;
    return (
      `{"@timestamp":"${timestamp}","event":{"id":"${id}"${behindId}${originalText}${beforeFields}` +
      `${fields === "" ? "" : `,${fields}`},"collection":{${collection}${rowText}${tail}`
    );
  };
}

/** The members of a JSON object without its braces. */
function members(value: Readonly<Record<string, unknown>>): string {
  return JSON.stringify(value).slice(1, -1);
}

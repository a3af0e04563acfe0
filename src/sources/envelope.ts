import { withoutSecrets } from "../catalog/cell_value.ts";
import { type AgentFacts, agentMembers } from "../core/agent_facts.ts";
import type { DataStream } from "../core/event.ts";
import type { EventBytes } from "../core/event_bytes.ts";

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
  /** Which kind of source gave it. */
  readonly provider: string;
  /** `salesforce.collection` without `row`. */
  readonly collection: Readonly<Record<string, unknown>>;
}

/** What differs from event to event. */
export interface EventParts {
  readonly id: string;
  /** Milliseconds since the epoch. */
  readonly time: number;
  /** 1 for the first row of a file. */
  readonly row?: number;
  /** Whether the row has no readable time of its own, so that `time` is only near it. */
  readonly estimatedTime?: boolean;
  /** The row or record as JSON by the names of its columns, where the stream preserves it. */
  readonly original?: string | undefined;
}

const ROW = Buffer.from(',"row":');
/** Of `collection`, of `salesforce` and of the document; see SourceEvent. */
const END = Buffer.from("}}}");

/**
 * The text of a document around its fields. Everything that is the same for all events of one origin is made once, as bytes.
 * `event.id` always comes first in `event`: the NDJSON sink finds it there.
 */
export class Envelope {
  readonly preservesOriginal: boolean;
  readonly #beforeTimestamp = Buffer.from('{"@timestamp":"');
  readonly #beforeId = Buffer.from('","event":{"id":"');
  readonly #behindId: Buffer;
  readonly #beforeFields: Buffer;
  readonly #collection: Buffer;

  constructor(stream: StreamContext, origin: OriginContext) {
    const { dataStream } = stream;
    this.preservesOriginal = stream.preserveOriginalEvent;
    const event = members({
      code: origin.code,
      provider: origin.provider,
      dataset: dataStream.dataset,
      module: dataStream.dataset.split(".")[0],
    });
    this.#behindId = Buffer.from(`",${event}`);
    const context = members({ data_stream: dataStream, organization: stream.organization });
    const salesforce = members({ instance_url: stream.instanceUrl });
    const rest = members({ input: { type: "aquila-salesforce" }, ...agentMembers(stream.agent), tags: stream.tags });
    this.#beforeFields = Buffer.from(`},${context},${rest},"salesforce":{${salesforce},`);
    this.#collection = Buffer.from(`"collection":{${members(origin.collection)}`);
  }

  /** Writes a document up to its fields, which follow as members, each with a comma behind it. Returns where its identity is. */
  open(document: EventBytes, { id, time, original }: Omit<EventParts, "row" | "estimatedTime">): number {
    document.copy(this.#beforeTimestamp);
    document.time(time);
    document.copy(this.#beforeId);
    const idAt = document.length;
    document.text(id);
    document.copy(this.#behindId);
    if (original !== undefined) {
      document.text(`,"original":${JSON.stringify(withoutSecrets(original))}`);
    }
    document.copy(this.#beforeFields);
    return idAt;
  }

  /** Writes the document from behind its fields to its end. */
  close(document: EventBytes, { row, estimatedTime }: Pick<EventParts, "row" | "estimatedTime">): void {
    document.copy(this.#collection);
    if (estimatedTime === true) {
      document.text(',"estimated_time":true');
    }
    if (row !== undefined) {
      document.copy(ROW);
      document.wholeNumber(row);
    }
    document.copy(END);
  }
}

/** The members of a JSON object without its braces. */
function members(value: Readonly<Record<string, unknown>>): string {
  return JSON.stringify(value).slice(1, -1);
}

import { withoutSecrets } from "../catalog/cell_value.ts";
import { type AgentFacts, agentMembers } from "../core/agent_facts.ts";
import type { DataStream } from "../core/event.ts";
import type { EventBytes } from "../core/event_bytes.ts";
import { type Piece, piece } from "../core/words.ts";

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

const BEFORE_TIME = piece('{"@timestamp":"');
const BEFORE_ID = piece('","event":{"id":"');
const ROW = piece(',"row":');
/** Of `collection`, of `salesforce` and of the document; see SourceEvent. */
const END = piece("}}}");

/**
 * The text of a document around its fields. Everything that is the same for all events of one origin is made once, as bytes.
 * `event.id` always comes first in `event`: the NDJSON sink finds it there.
 */
export class Envelope {
  readonly preservesOriginal: boolean;
  readonly #behindId: Piece;
  readonly #beforeFields: Piece;
  readonly #collection: Piece;

  constructor(stream: StreamContext, origin: OriginContext) {
    const { dataStream } = stream;
    this.preservesOriginal = stream.preserveOriginalEvent;
    const event = members({
      code: origin.code,
      provider: origin.provider,
      dataset: dataStream.dataset,
      module: dataStream.dataset.split(".")[0],
    });
    this.#behindId = piece(`",${event}`);
    const context = members({ data_stream: dataStream, organization: stream.organization });
    const salesforce = members({ instance_url: stream.instanceUrl });
    const rest = members({ input: { type: "aquila-salesforce" }, ...agentMembers(stream.agent), tags: stream.tags });
    this.#beforeFields = piece(`},${context},${rest},"salesforce":{${salesforce},`);
    this.#collection = piece(`"collection":{${members(origin.collection)}`);
  }

  /** Writes a document up to its fields, which follow as members, each with a comma behind it. Returns where its identity is. */
  open(document: EventBytes, { id, time, original }: Omit<EventParts, "row" | "estimatedTime">): number {
    document.piece(BEFORE_TIME);
    document.time(time);
    document.piece(BEFORE_ID);
    const idAt = document.length;
    document.text(id);
    document.piece(this.#behindId);
    if (original !== undefined) {
      document.text(`,"original":${JSON.stringify(withoutSecrets(original))}`);
    }
    document.piece(this.#beforeFields);
    return idAt;
  }

  /** Writes the document from behind its fields to its end. */
  close(document: EventBytes, { row, estimatedTime }: Pick<EventParts, "row" | "estimatedTime">): void {
    document.piece(this.#collection);
    if (estimatedTime === true) {
      document.text(',"estimated_time":true');
    }
    if (row !== undefined) {
      document.piece(ROW);
      document.wholeNumber(row);
    }
    document.piece(END);
  }
}

/** The members of a JSON object without its braces. */
function members(value: Readonly<Record<string, unknown>>): string {
  return JSON.stringify(value).slice(1, -1);
}

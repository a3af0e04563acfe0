import { columnsOfEvent, RECORD_COLUMNS } from "../../catalog/catalog.ts";
import type { PublishedObject } from "../../catalog/column.ts";
import type { AsAnswered } from "../../catalog/record_writer.ts";
import { isoTime } from "../../core/clock.ts";
import { messageOf, RunnerError } from "../../core/errors.ts";
import type { SourceEvent } from "../../core/event.ts";
import { EventBytes } from "../../core/event_bytes.ts";
import type { PubSub } from "../../org/pub_sub.ts";
import type { FetchResponse } from "../../org/pub_sub_protocol.ts";
import type { StreamContext } from "../envelope.ts";
import type { Tell } from "../fact.ts";
import { ObjectEvents } from "../object_events.ts";
import type { SourceFact } from "../source_facts.ts";
import type { EventSchema } from "./avro.ts";
import { Schemas } from "./schemas.ts";
import { undecodableEvent } from "./undecodable.ts";

export interface LiveEventsOptions {
  readonly type: PublishedObject;
  readonly stream: StreamContext;
  readonly primary: boolean;
  readonly pubSub: PubSub;
  readonly tell: Tell<SourceFact>;
}

/** What some answers have brought, in its order. */
export interface LiveBatch {
  readonly events: readonly SourceEvent[];
  /** When the newest happened, in milliseconds since the epoch; undefined if none says so. */
  readonly newest: number | undefined;
}

/** What is made of a schema. */
interface Reader {
  readonly schema: EventSchema;
  readonly writer: ObjectEvents;
}

/** Turns what a topic brings into events: each by its own schema, and with the identity and the fields of its stored record. */
export class LiveEvents {
  readonly #options: LiveEventsOptions;
  readonly #schemas: Schemas<Reader>;
  readonly #told = new Set<string>();

  constructor(options: LiveEventsOptions) {
    this.#options = options;
    this.#schemas = new Schemas(options.pubSub, (schema) => this.#reader(schema));
  }

  /**
   * The events, and, of what can't be read, the collector's events of it, which hold it whole. `now` in milliseconds since the
   * epoch. Rejects with a RunnerError where a schema can't be had.
   */
  async read(responses: readonly FetchResponse[], now: number, signal: AbortSignal): Promise<LiveBatch> {
    const { type, stream } = this.#options;
    const documents = new EventBytes();
    const events: SourceEvent[] = [];
    let newest: number | undefined;
    let [readerId, reader]: [string | undefined, Reader | Unreadable] = [undefined, new Unreadable("")];
    for (const { event } of responses.flatMap((response) => response.events)) {
      const { id = "", schemaId = "", payload = new Uint8Array() } = event ?? {};
      if (schemaId !== readerId) {
        [readerId, reader] = [schemaId, await this.#readerOf(schemaId, signal)];
      }
      const read = decoded(reader, payload);
      if (read instanceof Unreadable) {
        events.push(undecodableEvent({ stream, type, id, schemaId, payload, reason: read.reason, now }));
        continue;
      }
      const { record, writer } = read;
      const own = writer.time(record);
      const identity = writer.identity(record, id === "" ? undefined : `EventUuid ${id}`);
      events.push(writer.write(record, identity, own ?? now, own === undefined, documents));
      newest = own !== undefined && own > (newest ?? own - 1) ? own : newest;
    }
    return { events, newest };
  }

  async #readerOf(schemaId: string, signal: AbortSignal): Promise<Reader | Unreadable> {
    try {
      return await this.#schemas.of(schemaId, signal);
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof RunnerError) {
        throw error;
      }
      return unreadable(error);
    }
  }

  #reader(schema: EventSchema): Reader {
    const { type, stream, primary } = this.#options;
    const known = columnsOfEvent(type);
    const columns = schema.fields.filter((name) => isOfEvent(name, type));
    this.#tellUnknown(columns.filter((name) => name !== type.timeColumn && !Object.hasOwn(known, name)));
    const origin = { provider: "PlatformEvent", collection: { primary, interval: "live" } };
    const times = new Set(columns.filter((name) => name === type.timeColumn || known[name]?.kind === "timestamp"));
    const asAnswered = asTheQueryAnswers(times);
    return { schema, writer: new ObjectEvents({ type, columns, stream, origin, asAnswered }) };
  }

  #tellUnknown(columns: readonly string[]): void {
    const news = columns.filter((name) => !this.#told.has(name));
    for (const name of news) {
      this.#told.add(name);
    }
    if (news.length > 0) {
      this.#options.tell({ fact: "unknown_columns", eventType: this.#options.type.topic.name, columns: news });
    }
  }
}

/** Why an event can't be read. */
class Unreadable {
  readonly reason: string;

  constructor(reason: string) {
    this.reason = reason;
  }
}

function unreadable(error: unknown): Unreadable {
  return new Unreadable(messageOf(error));
}

function decoded(reader: Reader | Unreadable, payload: Uint8Array) {
  if (reader instanceof Unreadable) {
    return reader;
  }
  const { schema, writer } = reader;
  try {
    return { record: schema.decode(payload), writer };
  } catch (error) {
    return unreadable(error);
  }
}

/** Times are milliseconds here, and text there; bytes are base64 there. */
function asTheQueryAnswers(times: ReadonlySet<string>): AsAnswered {
  // Where events come in great number, many are of one millisecond.
  let [time, text] = [Number.NaN, ""];
  return (name, value) => {
    if (typeof value === "number") {
      if (!times.has(name)) {
        return value;
      }
      if (value !== time) {
        [time, text] = [value, isoTime(value)];
      }
      return text;
    }
    return typeof value === "object" && Buffer.isBuffer(value) ? value.toString("base64") : value;
  };
}

/** Whether a field says something of the event, and not of its message. */
function isOfEvent(name: string, { timeColumn }: PublishedObject): boolean {
  return name === timeColumn || !RECORD_COLUMNS.has(name);
}

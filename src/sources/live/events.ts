import { RECORD_COLUMNS } from "../../catalog/catalog.ts";
import type { PublishedObject } from "../../catalog/column.ts";
import type { SalesforceRecord } from "../../catalog/record_writer.ts";
import { isoTime } from "../../core/clock.ts";
import { RunnerError } from "../../core/errors.ts";
import type { SourceEvent } from "../../core/event.ts";
import type { PubSub } from "../../org/pub_sub.ts";
import type { FetchResponse } from "../../org/pub_sub_protocol.ts";
import type { StreamContext } from "../envelope.ts";
import type { Tell } from "../fact.ts";
import { ObjectEvents } from "../object_events.ts";
import type { SourceFact } from "../source_facts.ts";
import type { BusRecord, EventSchema } from "./avro.ts";
import { Schemas } from "./schemas.ts";
import { undecodableEvent } from "./undecodable.ts";

export interface LiveEventsOptions {
  readonly type: PublishedObject;
  readonly stream: StreamContext;
  readonly primary: boolean;
  readonly pubSub: PubSub;
  readonly tell: Tell<SourceFact>;
}

/** An event of the bus, as the events of `sources/source.ts` are. */
export interface LiveEvent {
  readonly event: SourceEvent;
  /** When it happened, in milliseconds since the epoch; undefined if it does not say so. */
  readonly time: number | undefined;
}

/** What is made of a schema. */
interface Reader {
  readonly schema: EventSchema;
  /** Those of the event, without those of its message. */
  readonly columns: readonly string[];
  readonly events: ObjectEvents;
}

type ConsumerEvent = FetchResponse["events"][number];

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
   * The event, or, of what can't be read, the collector's event of it, which holds it whole. `now` in milliseconds since the epoch.
   * Rejects with a RunnerError where its schema can't be had.
   */
  async read({ event }: ConsumerEvent, now: number, signal: AbortSignal): Promise<LiveEvent> {
    const { type, stream } = this.#options;
    const { id = "", schemaId = "", payload = new Uint8Array() } = event ?? {};
    let reader: Reader;
    let record: SalesforceRecord;
    try {
      reader = await this.#schemas.of(schemaId, signal);
      record = recordOf(reader.schema.decode(payload), reader.columns, type);
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof RunnerError) {
        throw error;
      }
      const reason = error instanceof Error ? error.message : String(error);
      return { event: undecodableEvent({ stream, type, id, schemaId, payload, reason, now }), time: undefined };
    }
    const own = reader.events.timestamp(record);
    const identity = reader.events.identity(record, id === "" ? undefined : `EventUuid ${id}`);
    return {
      event: reader.events.event(record, identity, own ?? isoTime(now), own === undefined),
      time: own === undefined ? undefined : Date.parse(own),
    };
  }

  #reader(schema: EventSchema): Reader {
    const { type, stream, primary } = this.#options;
    const columns = schema.fields.filter((name) => isOfEvent(name, type));
    this.#tellUnknown(columns.filter((name) => name !== type.timeColumn && !Object.hasOwn(type.columns, name)));
    const origin = { provider: "PlatformEvent", collection: { primary, interval: "live" } };
    return { schema, columns, events: new ObjectEvents({ type, columns, stream, origin }) };
  }

  #tellUnknown(columns: readonly string[]): void {
    const { more = [] } = this.#options.type.topic;
    const news = columns.filter((name) => !this.#told.has(name) && !more.includes(name));
    for (const name of news) {
      this.#told.add(name);
    }
    if (news.length > 0) {
      this.#options.tell({ fact: "unknown_columns", eventType: this.#options.type.topic.name, columns: news });
    }
  }
}

/** An event of the bus as the record that the query API answers. Pure. */
function recordOf(event: BusRecord, columns: readonly string[], type: PublishedObject): SalesforceRecord {
  // A field may have any name, also one that every object has.
  const record: Record<string, unknown> = Object.create(null);
  for (const name of columns) {
    record[name] = asAnswered(name, event[name], type);
  }
  return record;
}

/** Times are milliseconds here, and text there; bytes are base64 there. */
function asAnswered(name: string, value: unknown, { timeColumn, columns }: PublishedObject): unknown {
  if (typeof value === "number" && (name === timeColumn || columns[name]?.kind === "timestamp")) {
    return isoTime(value);
  }
  return Buffer.isBuffer(value) ? value.toString("base64") : value;
}

/** Whether a field says something of the event, and not of its message. */
function isOfEvent(name: string, { timeColumn }: PublishedObject): boolean {
  return name === timeColumn || !RECORD_COLUMNS.has(name);
}

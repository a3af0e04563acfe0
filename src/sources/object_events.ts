import { selectFields } from "../catalog/catalog.ts";
import type { ObjectType } from "../catalog/column.ts";
import {
  type AsAnswered,
  compileRecordWriter,
  type RecordWriter,
  type SalesforceRecord,
} from "../catalog/record_writer.ts";
import { dataStreamName, type SourceEvent } from "../core/event.ts";
import type { EventBytes } from "../core/event_bytes.ts";
import { Envelope, type OriginContext, type StreamContext } from "./envelope.ts";
import { compileRecordIdentity } from "./event_identity.ts";

export interface ObjectEventsOptions {
  readonly type: ObjectType;
  /** Those that the records are asked for, or that they have. */
  readonly columns: readonly string[];
  /** Where the records don't come from the query API. */
  readonly asAnswered?: AsAnswered;
  readonly stream: StreamContext;
  /** Which kind of source gives the records, and `salesforce.collection` of their events. */
  readonly origin: Pick<OriginContext, "provider" | "collection">;
}

/**
 * Records of an object as events, whichever way they come: a record has the same identity and the same fields from the stored
 * object and from the event bus.
 */
export class ObjectEvents {
  readonly #identityOf: (recordId: string) => string;
  readonly #index: string;
  readonly #catalogue: readonly string[];
  readonly #writer: RecordWriter;
  readonly #envelope: Envelope;
  readonly #asAnswered: AsAnswered;

  constructor({ type, columns, stream, origin, asAnswered = (_, value) => value }: ObjectEventsOptions) {
    this.#identityOf = compileRecordIdentity(stream.organization.id, type.name);
    this.#index = dataStreamName(stream.dataStream);
    this.#catalogue = selectFields(type.name);
    this.#asAnswered = asAnswered;
    this.#writer = compileRecordWriter(type.name, columns, asAnswered);
    this.#envelope = new Envelope(stream, { code: type.name, ...origin });
  }

  /** Time of the event in milliseconds since the epoch; undefined if the record has none. */
  time(record: SalesforceRecord): number | undefined {
    return this.#writer.time(record);
  }

  /** By what names the event in Salesforce, or else by `otherwise`, or else by all that the catalogue knows of the record. */
  identity(record: SalesforceRecord, otherwise?: string): string {
    return this.#identityOf(this.#writer.identity(record) ?? otherwise ?? this.#catalogueText(record));
  }

  /** Writes its document. `time` as it has it, or near it if `isEstimated`. */
  write(record: SalesforceRecord, id: string, time: number, isEstimated: boolean, to: EventBytes): SourceEvent {
    const start = to.length;
    const original = this.#envelope.preservesOriginal ? this.#writer.original(record) : undefined;
    const idAt = this.#envelope.open(to, { id, time, original });
    this.#writer.fields(record, to);
    this.#envelope.close(to, { estimatedTime: isEstimated });
    return to.event(this.#index, start, idAt, this.#writer.namedIds(record));
  }

  /** What the catalogue knows of a record: the same whatever else the record is asked for. */
  #catalogueText(record: SalesforceRecord): string {
    return JSON.stringify(this.#catalogue.map((column) => this.#asAnswered(column, record[column]) ?? null));
  }
}

import { selectFields } from "../../catalog/catalog.ts";
import type { ObjectType } from "../../catalog/column.ts";
import { compileRecordWriter, type RecordWriter } from "../../catalog/record_writer.ts";
import { dataStreamName, type SourceEvent } from "../../core/event.ts";
import type { SObjectRecord } from "../../org/query_pages.ts";
import { compileEnvelope, type StreamContext, type WriteDocument } from "../envelope.ts";
import { recordIdentity } from "../event_identity.ts";
import type { Delivered, DeliveredRecord } from "./progress.ts";
import type { ReadingOrder, Window } from "./window.ts";

/** A page of records as events. */
export interface ObjectPage {
  /** Those that were not known as delivered. */
  readonly events: readonly SourceEvent[];
  /** The identities and times of the same. */
  readonly delivered: readonly DeliveredRecord[];
  /** Every record up to this time has been on this page or before; undefined if the records were not in order. */
  readonly edge: number | undefined;
}

export interface ObjectRecordsOptions {
  readonly type: ObjectType;
  /** Those that the records are asked for. */
  readonly columns: readonly string[];
  readonly stream: StreamContext;
  readonly primary: boolean;
  readonly delivered: ReadonlyMap<string, Delivered>;
}

/** Turns the records of an object into events, but for those that are known as delivered. */
export class ObjectRecords {
  readonly #organizationId: string;
  readonly #objectName: string;
  readonly #index: string;
  readonly #catalogue: readonly string[];
  readonly #writer: RecordWriter;
  readonly #document: WriteDocument;
  #known: Set<string> = new Set();

  constructor({ type, columns, stream, primary, delivered }: ObjectRecordsOptions) {
    this.#organizationId = stream.organization.id;
    this.#objectName = type.name;
    this.#index = dataStreamName(stream.dataStream);
    this.#catalogue = selectFields(type.name);
    this.#writer = compileRecordWriter(type.name, columns);
    this.#document = compileEnvelope(stream, { code: type.name, provider: "Object", collection: { primary } });
    this.know(delivered);
  }

  /** From here on only these identities are known, so that memory does not grow with the round. */
  know(delivered: ReadonlyMap<string, Delivered>): void {
    this.#known = new Set([...delivered.values()].flatMap(({ ids }) => ids));
  }

  /** The next page of a query for what is left of a window. */
  read(page: readonly SObjectRecord[], rest: Window, order: ReadingOrder): ObjectPage {
    const events: SourceEvent[] = [];
    const delivered: DeliveredRecord[] = [];
    let edge: number | undefined = order === "newest first" ? rest.to : rest.after;
    let last = edge;
    for (const record of page) {
      const own = this.#writer.timestamp(record);
      const timestamp = own ?? new Date(last).toISOString();
      const time = Date.parse(timestamp);
      if (order === "newest first" ? time > last : time < last) {
        edge = undefined;
      }
      last = time;
      const id = this.#identity(record);
      if (!this.#known.has(id)) {
        this.#known.add(id);
        const json = this.#json(record, id, timestamp, own === undefined);
        events.push({ index: this.#index, id, json, ids: this.#writer.namedIds(record) });
        delivered.push({ id, time });
      }
    }
    return { events, delivered, edge: edge === undefined ? undefined : last };
  }

  #identity(record: SObjectRecord): string {
    const own = this.#writer.identity(record) ?? this.#catalogueText(record);
    return recordIdentity(this.#organizationId, this.#objectName, own);
  }

  /** What the catalogue knows of a record: the same whatever else the record is asked for. */
  #catalogueText(record: SObjectRecord): string {
    return JSON.stringify(this.#catalogue.map((column) => record[column] ?? null));
  }

  #json(record: SObjectRecord, id: string, timestamp: string, estimatedTime: boolean): string {
    return this.#document({
      id,
      timestamp,
      estimatedTime,
      fields: this.#writer.fields(record),
      original: () => textOf(record),
    });
  }
}

/** A record as Salesforce sent it, without the member that tells only its type and address. */
function textOf(record: SObjectRecord): string {
  const { attributes: _, ...columns } = record;
  return JSON.stringify(columns);
}

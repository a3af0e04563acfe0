import type { ObjectType } from "../../catalog/column.ts";
import type { SourceEvent } from "../../core/event.ts";
import { EventBytes } from "../../core/event_bytes.ts";
import type { SObjectRecord } from "../../org/query_pages.ts";
import type { StreamContext } from "../envelope.ts";
import { ObjectEvents } from "../object_events.ts";
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
  readonly #events: ObjectEvents;
  #known: Set<string> = new Set();

  constructor({ type, columns, stream, primary, delivered }: ObjectRecordsOptions) {
    const origin = { provider: "Object", collection: { primary } };
    this.#events = new ObjectEvents({ type, columns, stream, origin });
    this.know(delivered);
  }

  /** From here on only these identities are known, so that memory does not grow with the round. */
  know(delivered: ReadonlyMap<string, Delivered>): void {
    this.#known = new Set([...delivered.values()].flatMap(({ ids }) => ids));
  }

  /** The next page of a query for what is left of a window. */
  read(page: readonly SObjectRecord[], rest: Window, order: ReadingOrder): ObjectPage {
    const events: SourceEvent[] = [];
    const documents = new EventBytes();
    const delivered: DeliveredRecord[] = [];
    let edge: number | undefined = order === "newest first" ? rest.to : rest.after;
    let last = edge;
    for (const record of page) {
      const own = this.#events.time(record);
      const time = own ?? last;
      if (order === "newest first" ? time > last : time < last) {
        edge = undefined;
      }
      last = time;
      const id = this.#events.identity(record);
      if (!this.#known.has(id)) {
        this.#known.add(id);
        events.push(this.#events.write(record, id, time, own === undefined, documents));
        delivered.push({ id, time });
      }
    }
    return { events, delivered, edge: edge === undefined ? undefined : last };
  }
}

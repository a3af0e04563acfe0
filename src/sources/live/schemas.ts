import type { PubSub } from "../../org/pub_sub.ts";
import { type EventSchema, readEventSchema } from "./avro.ts";

/** Schemas that are kept of one topic: there is a new one when Salesforce changes the event, or an administrator a field. */
const MOST_SCHEMAS = 16;
/** Characters of an id; Salesforce's have 22. */
const LONGEST_ID = 256;

/** The schemas of a topic's events, each asked for once. `T` is what is made of one. */
export class Schemas<T> {
  readonly #pubSub: PubSub;
  readonly #make: (schema: EventSchema) => T;
  /** By id, the least lately used first. */
  readonly #known = new Map<string, Promise<T>>();

  constructor(pubSub: PubSub, make: (schema: EventSchema) => T) {
    this.#pubSub = pubSub;
    this.#make = make;
  }

  /**
   * Rejects with a RunnerError of the Pub/Sub API, after which it may be asked for again, or with another error if what it answers
   * is no schema of an event.
   */
  async of(id: string, signal: AbortSignal): Promise<T> {
    if (id === "" || id.length > LONGEST_ID) {
      throw new TypeError("The event names no schema.");
    }
    const known = this.#known.get(id) ?? this.#read(id, signal);
    this.#known.delete(id);
    this.#known.set(id, known);
    const [oldest] = this.#known.keys();
    if (this.#known.size > MOST_SCHEMAS && oldest !== undefined) {
      this.#known.delete(oldest);
    }
    return await known;
  }

  async #read(id: string, signal: AbortSignal): Promise<T> {
    let json: string;
    try {
      json = await this.#pubSub.schema(id, signal);
    } catch (error) {
      this.#known.delete(id);
      throw error;
    }
    return this.#make(await readEventSchema(json));
  }
}

import { createBudget, type GiveBack } from "./budget.ts";
import { EventBytes } from "./event_bytes.ts";

const MEBIBYTE = 1024 * 1024;

/** What a batch's events count as while they are written and wait for their delivery; a batch ends below it. */
export const BATCH_MEMORY = MEBIBYTE;
/** Bytes of batches, of which the orgs of one output have two thirds at most. */
const BATCHES = 64 * MEBIBYTE;
/** Bytes of requests under way, with their compressed copies. */
const BODIES = 24 * MEBIBYTE;
/** Answers of Salesforce that are read at once; each takes about half a mebibyte for connection, decompression and rows. */
const READINGS = 24;
/** Buffers that are kept to be used again, while anything goes on. */
const KEPT_BUFFERS = 12;

/** Memory to write events into; `giveBack` is called once they are no longer needed, and does nothing a second time. */
export interface HeldBytes {
  readonly bytes: EventBytes;
  readonly giveBack: GiveBack;
}

/**
 * A party's access to the memory. Everything is asked for before it is filled, and is had as soon as others have given back
 * enough: whoever waits holds nothing that another one needs to come to an end. For that, a place to read is asked for first,
 * then the permission for a long row, then a batch, which is handed over before the next one is asked for; a body is asked for
 * by deliveries alone. All reject with the signal's reason.
 */
export interface MemoryShare {
  /** A place to read an answer of Salesforce. */
  reading(signal: AbortSignal): Promise<GiveBack>;
  /** The permission to read a row that is longer than a batch, held until it is delivered: there is one in the process. */
  longRow(signal: AbortSignal): Promise<GiveBack>;
  /** Memory for a batch. */
  batch(signal: AbortSignal): Promise<HeldBytes>;
  /** Room for a batch whose events have this many bytes and lie elsewhere. */
  events(bytes: number, signal: AbortSignal): Promise<GiveBack>;
  /** Memory for a request of this many bytes, and its compressed copy. */
  body(bytes: number, signal: AbortSignal): Promise<HeldBytes>;
}

/**
 * What of Salesforce's answers, of events and of requests is in memory at once in the whole process, however many orgs and
 * outputs there are.
 */
export class Memory {
  readonly #readings = createBudget(READINGS);
  readonly #longRows = createBudget(1);
  readonly #batches = createBudget(BATCHES);
  readonly #bodies = createBudget(BODIES);
  readonly #free: EventBytes[] = [];

  /** The access of somebody who belongs to these, such as an org and an output; see Budget for what they share. */
  share(...parties: readonly string[]): MemoryShare {
    const buffered = async (giving: Promise<GiveBack>) => this.#buffered(await giving);
    return {
      reading: (signal) => this.#readings.take(1, signal, parties),
      longRow: (signal) => this.#longRows.take(1, signal),
      batch: (signal) => buffered(this.#batches.take(BATCH_MEMORY, signal, parties)),
      events: (bytes, signal) => this.#batches.take(Math.max(bytes, 1), signal, parties),
      body: (bytes, signal) => buffered(this.#bodies.take(Math.max(bytes, 1), signal, parties)),
    };
  }

  /** Bytes that are given out now, and places and permissions. */
  get taken(): number {
    return [this.#readings, this.#longRows, this.#batches, this.#bodies].reduce((sum, { taken }) => sum + taken, 0);
  }

  /** Bytes of buffers that wait to be used again. */
  get kept(): number {
    return this.#free.reduce((sum, { size }) => sum + size, 0);
  }

  #buffered(giveBack: GiveBack): HeldBytes {
    const bytes = this.#free.pop() ?? new EventBytes();
    let held = true;
    return {
      bytes,
      giveBack: () => {
        if (held) {
          held = false;
          bytes.clear();
          if (bytes.size <= BATCH_MEMORY && this.#free.length < KEPT_BUFFERS) {
            this.#free.push(bytes);
          }
          giveBack();
          if (this.taken === 0) {
            this.#free.length = 0;
          }
        }
      },
    };
  }
}

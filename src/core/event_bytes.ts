import type { SourceEvent } from "./event.ts";

/** UTF-8 needs at most three bytes for a unit of a JavaScript string. */
const BYTES_A_UNIT = 3;
const FIRST_SIZE = 16 * 1024;
/** See `part`. */
const FEW_BYTES = 64;

/**
 * Text that grows at its end, as UTF-8 in one piece of memory outside of the JavaScript heap: documents that wait for their
 * delivery cost the garbage collector nothing.
 */
export class EventBytes {
  #buffer: Buffer;
  #length = 0;

  constructor() {
    this.#buffer = Buffer.allocUnsafeSlow(FIRST_SIZE);
  }

  get length(): number {
    return this.#length;
  }

  /** What has been put in so far. It is overwritten after `clear`. */
  get bytes(): Buffer {
    return this.#buffer.subarray(0, this.#length);
  }

  clear(): void {
    this.#length = 0;
  }

  /** Takes away what was added since the text had that length. */
  rewind(length: number): void {
    this.#length = length;
  }

  text(text: string): void {
    this.#makeRoom(text.length * BYTES_A_UNIT);
    this.#length += this.#buffer.write(text, this.#length);
  }

  byte(code: number): void {
    this.#makeRoom(1);
    this.#buffer[this.#length] = code;
    this.#length += 1;
  }

  /** Adds UTF-8 text. */
  copy(bytes: Uint8Array): void {
    this.#makeRoom(bytes.length);
    this.#buffer.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  /**
   * Adds a part of some UTF-8 text with something before and behind it. For a few bytes a loop is quicker than calls that copy
   * memory, and a row has dozens of such parts.
   */
  part(before: Uint8Array, bytes: Uint8Array, start: number, end: number, behind: Uint8Array): void {
    this.#makeRoom(before.length + end - start + behind.length);
    const buffer = this.#buffer;
    let length = this.#length;
    for (let at = 0; at < before.length; at += 1) {
      buffer[length++] = before[at] as number;
    }
    if (end - start > FEW_BYTES) {
      buffer.set(bytes.subarray(start, end), length);
      length += end - start;
    } else {
      for (let at = start; at < end; at += 1) {
        buffer[length++] = bytes[at] as number;
      }
    }
    for (let at = 0; at < behind.length; at += 1) {
      buffer[length++] = behind[at] as number;
    }
    this.#length = length;
  }

  /** The document that was added since the text had the length `start`. The event reads it from here: it is good until `clear`. */
  event(index: string, id: string, start: number): SourceEvent {
    return new StoredEvent(index, id, this, start, this.#length);
  }

  /** Adds the document of an event. */
  document(event: SourceEvent): void {
    if (event instanceof StoredEvent) {
      const { store, start, end } = event;
      this.copy(store.#buffer.subarray(start, end));
    } else {
      this.text(event.json);
    }
  }

  slice(start: number, end: number): string {
    return this.#buffer.toString("utf8", start, end);
  }

  #makeRoom(bytes: number): void {
    const needed = this.#length + bytes;
    if (needed > this.#buffer.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(needed, this.#buffer.length * 2));
      this.#buffer.copy(larger, 0, 0, this.#length);
      this.#buffer = larger;
    }
  }
}

/** An event whose document lies in an EventBytes. */
class StoredEvent implements SourceEvent {
  readonly index: string;
  readonly id: string;
  readonly store: EventBytes;
  readonly start: number;
  readonly end: number;

  constructor(index: string, id: string, store: EventBytes, start: number, end: number) {
    this.index = index;
    this.id = id;
    this.store = store;
    this.start = start;
    this.end = end;
  }

  get json(): string {
    return this.store.slice(this.start, this.end);
  }
}

/** Memory for batches that is used again: what is given back is given out next. */
export class EventBytesPool {
  readonly #free: EventBytes[] = [];

  take(): EventBytes {
    return this.#free.pop() ?? new EventBytes();
  }

  giveBack(bytes: EventBytes): void {
    bytes.clear();
    this.#free.push(bytes);
  }
}

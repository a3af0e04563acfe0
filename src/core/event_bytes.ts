import { isoTime } from "./clock.ts";
import { IDENTITY_LENGTH, type NamedIds, type SourceEvent } from "./event.ts";
import { copyWords, type Piece, piece, WORD_SLACK, wordsOf } from "./words.ts";

/** UTF-8 needs at most three bytes for a unit of a JavaScript string. */
const BYTES_A_UNIT = 3;
/** Of the largest safe integer. */
const MOST_DIGITS = 16;
const ZERO = "0".charCodeAt(0);
const DAY_MS = 86_400_000;
const TIME_OF_DAY = piece("00:00:00.000Z");
const FIRST_SIZE = 16 * 1024;
/** Longer parts are quicker copied by a call. */
const FEW_BYTES = 192;

/**
 * Text that grows at its end, as UTF-8 in one piece of memory outside of the JavaScript heap: documents that wait for their
 * delivery cost the garbage collector nothing.
 */
export class EventBytes {
  #buffer: Buffer;
  #words: DataView;
  #length = 0;
  #midnight = Number.NaN;
  #date = TIME_OF_DAY;

  constructor() {
    this.#buffer = Buffer.allocUnsafeSlow(FIRST_SIZE);
    this.#words = wordsOf(this.#buffer);
  }

  get length(): number {
    return this.#length;
  }

  /** Bytes of memory that it holds, which never become fewer. */
  get size(): number {
    return this.#buffer.length;
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
    if (text === "") {
      return;
    }
    this.#makeRoom(text.length * BYTES_A_UNIT);
    this.#length += this.#buffer.write(text, this.#length);
  }

  byte(code: number): void {
    this.#makeRoom(1);
    this.#buffer[this.#length] = code;
    this.#length += 1;
  }

  /** Adds a whole number from 0 to 2^53 - 1 in decimal, without making text of it, which V8 would keep for a while. */
  wholeNumber(value: number): void {
    this.#makeRoom(MOST_DIGITS);
    let end = this.#length + 1;
    for (let rest = value; rest >= 10; rest = Math.floor(rest / 10)) {
      end += 1;
    }
    this.#digits(value, this.#length, end);
    this.#length = end;
  }

  /** Adds a time in milliseconds since the epoch, as `isoTime` has it. Neighbours are mostly of one day, whose text is kept. */
  time(ms: number): void {
    const midnight = Math.floor(ms / DAY_MS) * DAY_MS;
    if (midnight !== this.#midnight) {
      const text = isoTime(ms);
      this.#midnight = midnight;
      this.#date = piece(text.slice(0, text.indexOf("T") + 1));
      this.text(text);
      return;
    }
    this.piece(this.#date);
    this.piece(TIME_OF_DAY);
    const seconds = Math.floor((ms - midnight) / 1_000);
    const minutes = Math.floor(seconds / 60);
    const end = this.#length - "Z".length;
    this.#digits(ms - midnight - seconds * 1_000, end - 3, end);
    this.#digits(seconds % 60, end - 6, end - 4);
    this.#digits(minutes % 60, end - 9, end - 7);
    this.#digits(Math.floor(minutes / 60), end - 12, end - 10);
  }

  /** Adds UTF-8 text. */
  copy(bytes: Uint8Array): void {
    this.#makeRoom(bytes.length);
    this.#buffer.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  piece({ words, length }: Piece): void {
    this.#makeRoom(length + WORD_SLACK);
    this.#length = this.#copied(words, 0, length, this.#length);
  }

  /** Adds a part of some words with a piece before and behind it: the way of the dozens of small parts of a row. */
  part(before: Piece, words: DataView, start: number, end: number, behind: Piece): void {
    const length = end - start;
    this.#makeRoom(before.length + length + behind.length + WORD_SLACK);
    const to = copyWords(before.words, 0, before.length, this.#words, this.#length);
    this.#length = copyWords(behind.words, 0, behind.length, this.#words, this.#copied(words, start, end, to));
  }

  #copied(words: DataView, start: number, end: number, to: number): number {
    if (end - start <= FEW_BYTES) {
      return copyWords(words, start, end, this.#words, to);
    }
    this.#buffer.set(new Uint8Array(words.buffer, words.byteOffset + start, end - start), to);
    return to + end - start;
  }

  /**
   * The document that was added since the text had the length `start`, with its identity at `idAt`. The event reads both from
   * here: it is good until `clear`.
   */
  event(index: string, start: number, idAt: number, ids?: NamedIds): SourceEvent {
    return new StoredEvent(index, this, start, idAt, this.#length, ids);
  }

  /** The event with another end of its document, which takes the place of the last two bytes. */
  static ending(event: SourceEvent, end: Buffer): SourceEvent {
    if (event instanceof StoredEvent) {
      event.ending = end;
      return event;
    }
    return { ...event, json: event.json.slice(0, -REPLACED) + end.toString() };
  }

  /** Bytes of the document of an event. */
  static lengthOf(event: SourceEvent): number {
    if (!(event instanceof StoredEvent)) {
      return Buffer.byteLength(event.json);
    }
    const { start, end, ending } = event;
    return end - start + (ending === AS_IT_IS ? 0 : ending.length - REPLACED);
  }

  static lengthOfAll(events: readonly SourceEvent[]): number {
    return events.reduce((sum, event) => sum + EventBytes.lengthOf(event), 0);
  }

  /** The first bytes of the document of an event, so many at most, as text. */
  static beginningOf(event: SourceEvent, bytes: number): string {
    return event instanceof StoredEvent
      ? event.store.#buffer.toString("latin1", event.start, Math.min(event.start + bytes, event.end))
      : event.json.slice(0, bytes);
  }

  /** Bytes of the identity of an event. */
  static identityLengthOf(event: SourceEvent): number {
    return event instanceof StoredEvent ? IDENTITY_LENGTH : event.id.length;
  }

  /** Adds the identity of an event. */
  identity(event: SourceEvent): void {
    if (event instanceof StoredEvent) {
      const { store, idAt } = event;
      this.#copyPart(store, idAt, idAt + IDENTITY_LENGTH);
    } else {
      this.text(event.id);
    }
  }

  /** Adds the document of an event. */
  document(event: SourceEvent): void {
    if (event instanceof StoredEvent) {
      const { store, start, end, ending } = event;
      if (ending === AS_IT_IS) {
        this.#copyPart(store, start, end);
      } else {
        this.#copyPart(store, start, end - REPLACED);
        this.copy(ending);
      }
    } else {
      this.text(event.json);
    }
  }

  #copyPart(from: EventBytes, start: number, end: number): void {
    this.#makeRoom(end - start);
    this.#length += from.#buffer.copy(this.#buffer, this.#length, start, end);
  }

  slice(start: number, end: number): string {
    return this.#buffer.toString("utf8", start, end);
  }

  /** The last decimal digits of a whole number, as many as there is place for. */
  #digits(value: number, start: number, end: number): void {
    let rest = value;
    for (let at = end - 1; at >= start; at -= 1) {
      this.#buffer[at] = ZERO + (rest % 10);
      rest = Math.floor(rest / 10);
    }
  }

  #makeRoom(bytes: number): void {
    const needed = this.#length + bytes;
    if (needed > this.#buffer.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(needed, this.#buffer.length * 2));
      this.#buffer.copy(larger, 0, 0, this.#length);
      this.#buffer = larger;
      this.#words = wordsOf(larger);
    }
  }
}

/** Bytes that another ending takes the place of. */
const REPLACED = 2;
const AS_IT_IS = Buffer.alloc(0);

/** An event whose document lies in an EventBytes, its identity too. */
class StoredEvent implements SourceEvent {
  readonly index: string;
  readonly store: EventBytes;
  readonly start: number;
  readonly idAt: number;
  readonly end: number;
  readonly ids: NamedIds | undefined;
  ending: Buffer = AS_IT_IS;

  constructor(index: string, store: EventBytes, start: number, idAt: number, end: number, ids: NamedIds | undefined) {
    this.index = index;
    this.store = store;
    this.start = start;
    this.idAt = idAt;
    this.end = end;
    this.ids = ids;
  }

  get id(): string {
    return this.store.slice(this.idAt, this.idAt + IDENTITY_LENGTH);
  }

  get json(): string {
    return this.ending === AS_IT_IS
      ? this.store.slice(this.start, this.end)
      : this.store.slice(this.start, this.end - REPLACED) + this.ending.toString();
  }
}

import { hash } from "node:crypto";
import { EventBytes } from "../core/event_bytes.ts";
import type { RowCells } from "../core/row_cells.ts";
import { piece } from "../core/words.ts";

/** Characters of an identity: 20 of base64url are 120 bits, which Elasticsearch stores as 15 bytes like its own ids. */
const LENGTH = 20;

/** Between name and value, and behind each cell; neither stands in a CSV column's name. */
const IS = "\u001f";
const NEXT = "\u001e";
const NEXT_PIECE = piece(NEXT);

/** The identity of a row by its cells. */
export type RowIdentity = (cells: RowCells) => string;

/**
 * A hash of org, event type and every cell that is not empty, by column name. The same row has the same identity in an hourly
 * and in the daily file, whatever the order of the columns; a column that is new and empty changes nothing.
 *
 * SHA-256, because parts of a row are chosen by whoever is being logged: nobody must be able to make a row that is taken for
 * another one.
 */
export function compileRowIdentity(organizationId: string, eventType: string, header: readonly string[]): RowIdentity {
  const columns = header
    .map((name, at) => ({ name: `${name}${IS}`, at }))
    .sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : a.at - b.at))
    .map(({ name, at }) => ({ name: piece(name), at }));
  const text = new EventBytes();
  text.text(`${organizationId}${NEXT}${eventType}${NEXT}`);
  const prefix = text.length;
  return (cells) => {
    text.rewind(prefix);
    for (const { name, at } of columns) {
      const start = cells.starts[at] as number;
      const end = cells.ends[at] as number;
      if (start !== end) {
        text.part(name, cells.words, start, end, NEXT_PIECE);
      }
    }
    return identityOf(text.bytes);
  };
}

/** The identity of a record that has an id of its own. */
export function recordIdentity(organizationId: string, objectName: string, recordId: string): string {
  return identityOf(`${organizationId}${NEXT}${objectName}${NEXT}${recordId}${NEXT}`);
}

function identityOf(text: string | Buffer): string {
  return hash("sha256", text, "base64url").slice(0, LENGTH);
}

/** Rows that one generation of the window holds. */
const GENERATION = 1 << 17;
/** Slots of its table at the start, a power of two; at most half of them are ever used. */
const FIRST_SLOTS = 1 << 10;

/**
 * Tells equal rows of one file apart: the second one is another event, not a repetition of the first.
 *
 * Equal rows are equal in their time stamp of milliseconds too, so they stand near each other; they are looked for among the
 * last 131,072 rows at least, and memory stays at 4 MiB however long the file is.
 */
export class Occurrences {
  #current = new Generation();
  #previous: Generation | undefined;

  /** The identity itself for the first of equal rows, one derived from it for the second, and so on. */
  distinguish(identity: string): string {
    const key = keyOf(identity);
    const before = this.#current.count(key) || (this.#previous?.count(key) ?? 0);
    if (this.#current.isFull) {
      const recycled = this.#previous;
      this.#previous = this.#current;
      this.#current = recycled ?? new Generation();
      this.#current.clear();
    }
    this.#current.set(key, before + 1);
    return before === 0 ? identity : identityOf(`${identity}${NEXT}${before + 1}`);
  }
}

/** 53 bits of the identity, never 0. */
function keyOf(identity: string): number {
  let high = 0;
  let low = 0;
  for (let at = 0; at < 4; at += 1) {
    high = (high << 6) | sextet(identity.charCodeAt(at));
  }
  for (let at = 4; at < 9; at += 1) {
    low = (low << 6) | sextet(identity.charCodeAt(at));
  }
  return high * 2 ** 29 + (low & (2 ** 29 - 1)) + 1;
}

/** The six bits of a base64url character. */
function sextet(code: number): number {
  if (code >= 97) {
    return code - 71;
  }
  if (code >= 65) {
    return code === 95 ? 63 : code - 65;
  }
  return code >= 48 ? code + 4 : 62;
}

class Generation {
  /** Open addressing; 0 is a free slot. Grows with the rows, so that a small file costs little. */
  #keys = new Float64Array(FIRST_SLOTS);
  /** How often each key came, where that is more than once. */
  readonly #repeated = new Map<number, number>();
  #used = 0;

  get isFull(): boolean {
    return this.#used >= GENERATION;
  }

  count(key: number): number {
    return this.#keys[this.#slot(key)] === key ? (this.#repeated.get(key) ?? 1) : 0;
  }

  set(key: number, count: number): void {
    const slot = this.#slot(key);
    if (this.#keys[slot] !== key) {
      this.#keys[slot] = key;
      this.#used += 1;
      if (this.#used * 2 > this.#keys.length) {
        this.#grow();
      }
    }
    if (count > 1) {
      this.#repeated.set(key, count);
    }
  }

  clear(): void {
    this.#keys.fill(0);
    this.#repeated.clear();
    this.#used = 0;
  }

  #grow(): void {
    const keys = this.#keys;
    this.#keys = new Float64Array(keys.length * 4);
    for (const key of keys) {
      if (key !== 0) {
        this.#keys[this.#slot(key)] = key;
      }
    }
  }

  #slot(key: number): number {
    const slots = this.#keys.length;
    let slot = key % slots;
    while (this.#keys[slot] !== 0 && this.#keys[slot] !== key) {
      slot = (slot + 1) % slots;
    }
    return slot;
  }
}

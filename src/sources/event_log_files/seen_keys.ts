import type { Scratch } from "../../cursors/row_ledger.ts";
import { lastNotAbove } from "../../cursors/row_ledger_sorted.ts";

/** Keys that are held in memory before they are written out: 2 MiB with their table. */
const HELD = 1 << 17;
/** Slots of the table at the start, a power of two; at most half of them are ever used. */
const FIRST_SLOTS = 1 << 10;
/** Keys that one read brings, 4 KiB. */
const PAGE_KEYS = 512;
const KEY_BYTES = 8;

/** Bits of the filter for a key, and how many of them a key sets: one key in 400 is looked for in vain. */
const BITS_A_KEY = 16;
const PROBES = 3;
/** The filter is never larger, 8 MiB: with more than four million keys more are looked for in vain. */
const MOST_FILTER_BITS = 2 ** 26;

/** Keys that were written out together, ascending. */
interface Run {
  readonly start: number;
  readonly firstKeys: Float64Array;
}

/**
 * A set of keys (whole numbers from 1 to 2^53) that may grow to millions and takes the same memory however many they are: the
 * latest 131,072 are held in a table, earlier ones are written out in sorted runs. A filter (Bloom's) knows of nearly every
 * key that is not in them without a look.
 */
export class SeenKeys {
  readonly #expected: number;
  readonly #openScratch: () => Scratch;
  /** Open addressing; 0 is a free slot. Grows with the keys, so that a small file costs little. */
  #slots = new Float64Array(FIRST_SLOTS);
  #held = 0;
  #filter = new Uint32Array(0);
  #scratch: Scratch | undefined;
  readonly #runs: Run[] = [];
  readonly #page = new Float64Array(PAGE_KEYS);

  /** `expected` is about how many keys will come. `openScratch` is called when the first ones are written out. */
  constructor(expected: number, openScratch: () => Scratch) {
    this.#expected = expected;
    this.#openScratch = openScratch;
  }

  has(key: number): boolean {
    return this.#slots[this.#slot(key)] === key || (this.#mayBeWritten(key) && this.#isWritten(key));
  }

  /** Adds a key; false if it was there. */
  add(key: number): boolean {
    const slot = this.#slot(key);
    if (this.#slots[slot] === key || (this.#mayBeWritten(key) && this.#isWritten(key))) {
      return false;
    }
    this.#slots[slot] = key;
    this.#held += 1;
    if (this.#held === HELD) {
      this.#writeOut();
    } else if (this.#held * 2 > this.#slots.length) {
      this.#grow();
    }
    return true;
  }

  close(): void {
    this.#scratch?.close();
    this.#scratch = undefined;
  }

  #writeOut(): void {
    this.#scratch ??= this.#openScratch();
    if (this.#filter.length === 0) {
      const bits = Math.min(MOST_FILTER_BITS, Math.max(HELD, this.#expected) * BITS_A_KEY);
      this.#filter = new Uint32Array(2 ** Math.ceil(Math.log2(bits)) / 32);
    }
    const keys = new Float64Array(HELD);
    let count = 0;
    for (let slot = 0; slot < this.#slots.length; slot += 1) {
      if (this.#slots[slot] !== 0) {
        keys[count] = this.#slots[slot] as number;
        count += 1;
      }
    }
    keys.sort();
    const start = this.#runs.length * HELD * KEY_BYTES;
    this.#scratch.write(keys, start);
    this.#runs.push({
      start,
      firstKeys: Float64Array.from({ length: HELD / PAGE_KEYS }, (_, page) => keys[page * PAGE_KEYS] ?? 0),
    });
    for (let at = 0; at < HELD; at += 1) {
      this.#mark(keys[at] as number);
    }
    this.#slots.fill(0);
    this.#held = 0;
  }

  #mark(key: number): void {
    const mask = this.#filter.length * 32 - 1;
    let bit = key % 2 ** 32;
    const step = Math.floor(key / 2 ** 21) | 1;
    for (let probe = 0; probe < PROBES; probe += 1) {
      const at = (bit & mask) >>> 0;
      this.#filter[at >>> 5] = (this.#filter[at >>> 5] ?? 0) | (1 << (at & 31));
      bit = (bit + step) | 0;
    }
  }

  #mayBeWritten(key: number): boolean {
    if (this.#filter.length === 0) {
      return false;
    }
    const mask = this.#filter.length * 32 - 1;
    let bit = key % 2 ** 32;
    const step = Math.floor(key / 2 ** 21) | 1;
    for (let probe = 0; probe < PROBES; probe += 1) {
      const at = (bit & mask) >>> 0;
      if (((this.#filter[at >>> 5] ?? 0) & (1 << (at & 31))) === 0) {
        return false;
      }
      bit = (bit + step) | 0;
    }
    return true;
  }

  #isWritten(key: number): boolean {
    return this.#runs.some(({ start, firstKeys }) => {
      const page = Math.max(0, lastNotAbove(firstKeys, 0, firstKeys.length, key));
      this.#scratch?.read(this.#page, start + page * PAGE_KEYS * KEY_BYTES);
      return this.#page[lastNotAbove(this.#page, 0, PAGE_KEYS, key)] === key;
    });
  }

  #grow(): void {
    const keys = this.#slots;
    this.#slots = new Float64Array(keys.length * 4);
    for (let at = 0; at < keys.length; at += 1) {
      const key = keys[at] as number;
      if (key !== 0) {
        this.#slots[this.#slot(key)] = key;
      }
    }
  }

  #slot(key: number): number {
    const slots = this.#slots.length;
    let slot = key % slots;
    while (this.#slots[slot] !== 0 && this.#slots[slot] !== key) {
      slot = (slot + 1) % slots;
    }
    return slot;
  }
}

import { fstatSync, readSync } from "node:fs";
import { KEY_BYTES } from "./row_ledger_key.ts";

/** Keys of one page: what a look-up reads from the disk at once, 4 KiB. */
const PAGE_KEYS = 512;
const PAGE_BYTES = PAGE_KEYS * KEY_BYTES;
/** Pages kept in memory: 2 MiB, which hold a day of 262,144 rows whole; what is not used costs nothing. */
const CACHED_PAGES = 512;

/**
 * Looks keys up in an open file of ascending keys. Memory is that of the cached pages and of one key for each page, 16 bytes for
 * 1,000 rows; a look-up outside the cached pages costs one read of 4 KiB.
 */
export class SortedKeys {
  readonly count: number;
  readonly #descriptor: number;
  /** First key of each page. */
  readonly #firstKeys: Float64Array;
  /** Slot n holds a page whose number ends in n. */
  readonly #pages = new Float64Array(CACHED_PAGES * PAGE_KEYS);
  readonly #pageInSlot = new Int32Array(CACHED_PAGES).fill(-1);

  /** A rest of less than a key at the end of the file is ignored. Throws the operating system's error. */
  constructor(descriptor: number) {
    this.#descriptor = descriptor;
    this.count = Math.floor(fstatSync(descriptor).size / KEY_BYTES);
    this.#firstKeys = firstKeys(descriptor, Math.ceil(this.count / PAGE_KEYS));
  }

  has(key: number): boolean {
    const page = lastNotAbove(this.#firstKeys, 0, this.#firstKeys.length, key);
    if (page < 0) {
      return false;
    }
    const start = this.#load(page);
    const keys = Math.min(PAGE_KEYS, this.count - page * PAGE_KEYS);
    return this.#pages[lastNotAbove(this.#pages, start, start + keys, key)] === key;
  }

  /** Where the page begins in the cached ones. */
  #load(page: number): number {
    const slot = page % CACHED_PAGES;
    if (this.#pageInSlot[slot] !== page) {
      this.#pageInSlot[slot] = -1;
      const start = page * PAGE_BYTES;
      const length = Math.min(PAGE_BYTES, this.count * KEY_BYTES - start);
      const read = readSync(this.#descriptor, this.#pages, slot * PAGE_BYTES, length, start);
      if (read < length) {
        throw new Error(`the sorted keys end after ${start + read} of ${this.count * KEY_BYTES} bytes`);
      }
      this.#pageInSlot[slot] = page;
    }
    return slot * PAGE_KEYS;
  }
}

function firstKeys(descriptor: number, pages: number): Float64Array {
  const keys = new Float64Array(pages);
  for (let page = 0; page < pages; page += 1) {
    readSync(descriptor, keys, page * KEY_BYTES, KEY_BYTES, page * PAGE_BYTES);
  }
  return keys;
}

/** The place of the last of the ascending keys from `start` to `end` that is not above `key`; one before `start` if all are. */
export function lastNotAbove(keys: Float64Array, start: number, end: number, key: number): number {
  let low = start;
  let high = end;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((keys[middle] ?? 0) <= key) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low - 1;
}

import type { RowCells } from "../core/row_cells.ts";

/** Longer cells are seldom equal to the one before. */
const LONGEST = 256;

/**
 * What a column's last cell meant. Neighbouring rows often hold the same text in a column, and comparing its bytes is quicker
 * than finding out again.
 */
export class RememberedCell<T> {
  readonly #ask: (text: string, plain: boolean) => T;
  readonly #bytes = new Uint8Array(LONGEST);
  #length = -1;
  #plain = false;
  #answer: T | undefined;

  constructor(ask: (text: string, plain: boolean) => T) {
    this.#ask = ask;
  }

  of(cells: RowCells, at: number): T {
    const start = cells.starts[at] as number;
    const end = cells.ends[at] as number;
    const plain = cells.plain[at] as boolean;
    if (plain === this.#plain && this.#holds(cells.bytes, start, end)) {
      return this.#answer as T;
    }
    const answer = this.#ask(cells.text(at), plain);
    this.#keep(cells.bytes, start, end);
    this.#plain = plain;
    this.#answer = answer;
    return answer;
  }

  #holds(bytes: Uint8Array, start: number, end: number): boolean {
    if (end - start !== this.#length) {
      return false;
    }
    const last = this.#bytes;
    for (let at = start; at < end; at += 1) {
      if (bytes[at] !== last[at - start]) {
        return false;
      }
    }
    return true;
  }

  #keep(bytes: Uint8Array, start: number, end: number): void {
    const length = end - start;
    this.#length = length <= LONGEST ? length : -1;
    for (let offset = 0; offset < this.#length; offset += 1) {
      this.#bytes[offset] = bytes[start + offset] as number;
    }
  }
}

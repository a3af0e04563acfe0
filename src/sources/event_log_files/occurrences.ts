import type { Scratch } from "../../cursors/row_ledger.ts";
import { sextet } from "../../cursors/row_ledger_key.ts";
import { nthIdentity } from "../event_identity.ts";
import { SeenKeys } from "./seen_keys.ts";

/** Identities of which it is remembered how often they came, so that a long run of equal rows is numbered at once. */
const MOST_REMEMBERED = 4_096;

/** Of event log files with few columns; it decides how much room is made for telling rows apart. */
const BYTES_A_ROW = 250;

/**
 * Tells equal rows of one file apart: the second one is another event, not a repetition of the first, wherever in the file it
 * stands. An hourly and the daily file give equal rows the same identities, because the n-th of them has the same number.
 */
export class Occurrences {
  readonly #seen: SeenKeys;
  readonly #counts = new Map<string, number>();

  /** `rows` is about how many the file has. `scratch` is opened if they are many. */
  constructor(rows: number, scratch: () => Scratch) {
    this.#seen = new SeenKeys(rows, scratch);
  }

  static ofFile(file: { readonly length: number }, scratch: () => Scratch): Occurrences {
    return new Occurrences(file.length / BYTES_A_ROW, scratch);
  }

  /** The identity itself for the first of equal rows, one derived from it for the second, and so on. */
  distinguish(identity: string): string {
    if (this.#seen.add(keyOf(identity))) {
      return identity;
    }
    const number = this.#next(identity);
    this.#remember(identity, number);
    const nth = nthIdentity(identity, number);
    this.#seen.add(keyOf(nth));
    return nth;
  }

  close(): void {
    this.#seen.close();
  }

  /** The first number that is free: all below it are taken, so that it is found by halving. */
  #next(identity: string): number {
    const isTaken = (number: number) => this.#seen.has(keyOf(nthIdentity(identity, number)));
    let taken = this.#counts.get(identity) ?? 1;
    let free = taken + 1;
    for (let step = 1; isTaken(free); step *= 2) {
      taken = free;
      free += step;
    }
    while (free - taken > 1) {
      const middle = Math.floor((taken + free) / 2);
      if (isTaken(middle)) {
        taken = middle;
      } else {
        free = middle;
      }
    }
    return free;
  }

  #remember(identity: string, number: number): void {
    if (this.#counts.size >= MOST_REMEMBERED) {
      this.#counts.clear();
    }
    this.#counts.set(identity, number);
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

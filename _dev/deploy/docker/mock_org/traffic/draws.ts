/** A repeatable sequence of draws: the same seed always gives the same values. Not for secrets. */
export class Draws {
  #state: number;

  constructor(seed: string) {
    this.#state = hash(seed);
  }

  /** From 0 (included) to 1 (not included). */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  chance(share: number): boolean {
    return this.next() < share;
  }

  /** A whole number, both ends included. */
  between(low: number, high: number): number {
    return low + Math.floor(this.next() * (high - low + 1));
  }

  /** A whole number whose small values are common and whose large ones are rare, as durations and sizes are. */
  skewed(low: number, high: number): number {
    return low + Math.floor(this.next() ** 4 * (high - low + 1));
  }

  pick<T>(choices: readonly T[]): T {
    const choice = choices[this.between(0, choices.length - 1)];
    if (choice === undefined) {
      throw new Error("nothing to pick from");
    }
    return choice;
  }

  /** One of the choices, the first ones more often. */
  pickEarly<T>(choices: readonly T[]): T {
    return choices[this.skewed(0, choices.length - 1)] ?? this.pick(choices);
  }

  text(length: number, alphabet = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"): string {
    let text = "";
    while (text.length < length) {
      text += alphabet.charAt(this.between(0, alphabet.length - 1));
    }
    return text;
  }
}

/** FNV-1a over UTF-16 units, 32 bits. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) {
    value = Math.imul(value ^ text.charCodeAt(at), 0x01000193);
  }
  return value;
}

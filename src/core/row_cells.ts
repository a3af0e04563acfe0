import { WORD_SLACK, wordsOf } from "./words.ts";

/** Bytes that JSON text does not take as they are: the quote, the backslash and the control characters. */
export function needsEscape(code: number): boolean {
  return code < 0x20 || code === 0x22 || code === 0x5c;
}

/** UTF-8 needs at most three bytes for a unit of a JavaScript string. */
const BYTES_A_UNIT = 3;
/** Bytes that are kept for the next texts; longer ones have their own. */
const OWN_BYTES = 16 * 1024;

const NEEDS_ESCAPE = /[\u0000-\u001f"\\]/;

/**
 * The cells of one row as ranges of UTF-8 bytes, so that most of them get into a document without ever being a string.
 *
 * Whoever reads a file fills the same object again for each row: what is needed for longer is taken as text.
 */
export class RowCells implements Iterable<string> {
  #bytes: Buffer = Buffer.alloc(0);
  #words = wordsOf(this.#bytes);
  /** What texts are written into. */
  #own: Buffer | undefined;
  length = 0;
  readonly starts: number[] = [];
  readonly ends: number[] = [];
  /** Whether the cell's bytes can be put between the quotes of a JSON string as they are. */
  readonly plain: boolean[] = [];

  static of(texts: readonly string[]): RowCells {
    const cells = new RowCells();
    cells.fill(texts);
    return cells;
  }

  /** Takes these in the place of the cells that it has. */
  fill(texts: readonly string[]): void {
    const text = texts.join("");
    const most = text.length * BYTES_A_UNIT + WORD_SLACK;
    if (most <= OWN_BYTES) {
      this.#own ??= Buffer.allocUnsafeSlow(OWN_BYTES);
    }
    const bytes = most <= OWN_BYTES && this.#own !== undefined ? this.#own : Buffer.allocUnsafeSlow(most);
    this.bytes = bytes;
    this.length = 0;
    // Most records have neither other letters nor anything to escape, so that all of their cells are known at once.
    const isAscii = bytes.write(text) === text.length;
    const isPlain = !NEEDS_ESCAPE.test(text);
    let start = 0;
    for (const cell of texts) {
      const end = start + (isAscii || cell === "" ? cell.length : bytes.write(cell, start));
      this.add(start, end, isPlain || !NEEDS_ESCAPE.test(cell));
      start = end;
    }
  }

  /**
   * Well-formed UTF-8. Cell `at` is `bytes[starts[at]]` up to but without `bytes[ends[at]]`; at least WORD_SLACK bytes are
   * behind each.
   */
  get bytes(): Buffer {
    return this.#bytes;
  }

  set bytes(bytes: Buffer) {
    if (bytes !== this.#bytes) {
      this.#bytes = bytes;
      this.#words = wordsOf(bytes);
    }
  }

  /** The same memory, for copying. */
  get words(): DataView {
    return this.#words;
  }

  add(start: number, end: number, plain: boolean): void {
    const at = this.length;
    this.starts[at] = start;
    this.ends[at] = end;
    this.plain[at] = plain;
    this.length = at + 1;
  }

  isBlank(at: number): boolean {
    return this.starts[at] === this.ends[at];
  }

  text(at: number): string {
    return this.bytes.toString("utf8", this.starts[at], this.ends[at]);
  }

  *[Symbol.iterator](): Generator<string> {
    for (let at = 0; at < this.length; at += 1) {
      yield this.text(at);
    }
  }
}

/**
 * Text is copied eight bytes at a time where its parts are short: a loop over bytes takes several times as long, and so does a
 * call that copies memory. V8 makes no BigInt of what is only moved. What is copied beyond the end of a part is overwritten by the
 * next one; the memory on both sides must have room for it.
 */

/** Bytes behind the end of a part that are read and written with it. */
export const WORD_SLACK = 7;

/** UTF-8 text that is copied again and again. */
export interface Piece {
  /** The text, with WORD_SLACK bytes behind it. */
  readonly words: DataView;
  /** Bytes of the text. */
  readonly length: number;
}

export function piece(text: string): Piece {
  const length = Buffer.byteLength(text);
  const bytes = Buffer.alloc(length + WORD_SLACK);
  bytes.write(text);
  return { words: wordsOf(bytes), length };
}

export function wordsOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Copies from `start` up to `end` and gives the position behind the copy. */
export function copyWords(from: DataView, start: number, end: number, to: DataView, at: number): number {
  const behind = at + end - start;
  for (let read = start, write = at; write < behind; read += 8, write += 8) {
    to.setBigInt64(write, from.getBigInt64(read, true), true);
  }
  return behind;
}

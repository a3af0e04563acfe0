import { closeSync, constants, fstatSync, ftruncateSync, openSync, readSync, writeSync } from "node:fs";
import { crc32 } from "node:zlib";
import { HIGH, KEY_BYTES, keyOf, LOW } from "./row_ledger_key.ts";

/** Words of eight bytes before the keys of a frame. */
const HEADER_WORDS = 2;
const HEADER_BYTES = HEADER_WORDS * KEY_BYTES;
/** Far more than a batch has; a damaged header may say anything. */
const MOST_KEYS = 1 << 20;
/** The sign of a number: words with it are no keys, so that whoever reads keys passes over the headers. */
const NO_KEY = 0x8000_0000;

/** How far a file of frames is good: up to this row, which ends at this byte. */
export interface End {
  readonly rows: number;
  readonly bytes: number;
}

/**
 * A file of frames: each has the keys of some rows, the number of the last one, and a checksum. What a crash, a power cut or a
 * bad disk has left ends at the last frame before it that is whole.
 */
export function appendFrame(
  path: string,
  after: number,
  to: number,
  identities: readonly string[],
  known?: End,
): End | undefined {
  return withFile(path, constants.O_RDWR | constants.O_CREAT, (file) => {
    const size = fstatSync(file).size;
    const end = known?.rows === after && known.bytes === size ? known : endOfRows(file, after);
    if (end.rows !== after) {
      return undefined;
    }
    ftruncateSync(file, end.bytes);
    const frame = frameOf(to, identities);
    return { rows: to, bytes: end.bytes + writeWhole(file, frame, end.bytes) };
  });
}

/** How many of the first `rows` rows the frames hold; the operating system's error if there is no file. */
export function readEnd(path: string, rows: number): End {
  return withFile(path, constants.O_RDONLY, (file) => endOfRows(file, rows));
}

/** Writes all of the bytes, however many the system takes at once, and gives their number. */
export function writeWhole(
  descriptor: number,
  { buffer, byteOffset, byteLength }: ArrayBufferView,
  position: number,
): number {
  const bytes = new Uint8Array(buffer, byteOffset, byteLength);
  for (let written = 0; written < byteLength; ) {
    written += writeSync(descriptor, bytes, written, byteLength - written, position + written);
  }
  return byteLength;
}

function withFile<T>(path: string, flags: number, action: (descriptor: number) => T): T {
  const descriptor = openSync(path, flags, 0o600);
  try {
    return action(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function endOfRows(file: number, rows: number): End {
  let end: End = { rows: 0, bytes: 0 };
  const header = new Uint32Array(HEADER_WORDS * 2);
  for (;;) {
    const read = readSync(file, header, 0, HEADER_BYTES, end.bytes);
    const keys = ((header[HIGH] ?? 0) ^ NO_KEY) >>> 0;
    const to = header[2 + LOW] ?? 0;
    if (read < HEADER_BYTES || keys > MOST_KEYS || to <= end.rows || to > rows) {
      return end;
    }
    const frame = new Uint32Array((HEADER_WORDS + keys) * 2);
    const checksum = header[LOW] ?? 0;
    if (readSync(file, frame, 0, frame.byteLength, end.bytes) < frame.byteLength || checksumOf(frame) !== checksum) {
      return end;
    }
    end = { rows: to, bytes: end.bytes + frame.byteLength };
  }
}

function frameOf(to: number, identities: readonly string[]): Uint32Array {
  const words = new Float64Array(HEADER_WORDS + identities.length);
  identities.forEach((identity, at) => {
    words[HEADER_WORDS + at] = keyOf(identity);
  });
  const frame = new Uint32Array(words.buffer);
  frame[HIGH] = NO_KEY | identities.length;
  frame[2 + HIGH] = NO_KEY;
  frame[2 + LOW] = to;
  frame[LOW] = checksumOf(frame);
  return frame;
}

/** Of all but the checksum's own place. */
function checksumOf(frame: Uint32Array): number {
  frame[LOW] = 0;
  return crc32(new Uint8Array(frame.buffer));
}

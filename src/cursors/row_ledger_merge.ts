import { type FileHandle, open } from "node:fs/promises";
import { writeWhole } from "./row_ledger_frames.ts";
import { KEY_BYTES, smallestKey, UPPER_HALVES } from "./row_ledger_key.ts";

/** Keys sorted at once: 1 MiB, about 10 ms of one core, so that the process stays responsive. */
const SORTED_AT_ONCE = 1 << 17;
/** How full of them a range is meant to be; keys are hashes, so the real number lies within one per cent of it. */
const AIMED_AT = 0.9;
/** Keys read at once. */
const BLOCK_KEYS = 1 << 16;

export interface MergeOptions {
  /** Files of keys in any order, with repetitions, each up to a byte; negative numbers between them are none. */
  readonly from: ReadonlyArray<{ readonly path: string; readonly bytes: number }>;
  /** The descriptor of an empty file, which stays open. */
  readonly to: number;
  /** Keys sorted at once, for tests. */
  readonly sortedAtOnce?: number;
}

/**
 * Writes the keys of all files to one file, ascending and each once. Memory does not depend on their number: the files are
 * read once for each range of keys that fits in memory. That is quadratic, but with so small a constant (10 million keys: 85
 * passes over 80 MB in the page cache) that it beats a merge of sorted runs up to about 100 million, and it needs no disk but
 * for the result.
 *
 * Keys of 0 are left out: a power cut can leave zeros behind. Rejects with the operating system's error.
 */
export async function mergeKeys({ from, to, sortedAtOnce = SORTED_AT_ONCE }: MergeOptions): Promise<void> {
  const sources: Source[] = [];
  try {
    let count = 0;
    for (const { path, bytes } of from) {
      sources.push({ handle: await open(path, "r"), bytes });
      count += Math.floor(bytes / KEY_BYTES);
    }
    const range = new Float64Array(sortedAtOnce);
    const block = new Float64Array(BLOCK_KEYS);
    let step = Math.ceil((UPPER_HALVES / count) * sortedAtOnce * AIMED_AT);
    let written = 0;
    for (let lowest = 0; lowest < UPPER_HALVES; ) {
      const end = Math.min(UPPER_HALVES, lowest + step);
      const keys = await keysBetween(sources, smallestKey(lowest), smallestKey(end), range, block);
      if (keys === undefined) {
        if (step === 1) {
          throw new Error(`more than ${sortedAtOnce} keys have the upper half ${lowest}, so they are no hashes`);
        }
        step = Math.ceil(step / 2);
        continue;
      }
      written += writeWhole(to, keys, written);
      lowest = end;
    }
  } finally {
    await Promise.all(sources.map(({ handle }) => handle.close()));
  }
}

interface Source {
  readonly handle: FileHandle;
  readonly bytes: number;
}

/** The keys from `least` up to but not including `limit`, ascending and each once; undefined if `range` can't hold them. */
async function keysBetween(
  sources: readonly Source[],
  least: number,
  limit: number,
  range: Float64Array,
  block: Float64Array,
): Promise<Float64Array | undefined> {
  let held = 0;
  for (const { handle, bytes } of sources) {
    for (let position = 0; ; ) {
      const length = Math.min(block.byteLength, bytes - position);
      const { bytesRead } = await handle.read(block, 0, length, position);
      const keys = Math.floor(bytesRead / KEY_BYTES);
      if (keys === 0) {
        break;
      }
      position += keys * KEY_BYTES;
      for (let at = 0; at < keys; at += 1) {
        const key = block[at] ?? 0;
        if (key >= least && key < limit && key !== 0) {
          if (held === range.length) {
            return undefined;
          }
          range[held] = key;
          held += 1;
        }
      }
    }
  }
  const keys = range.subarray(0, held).sort();
  let kept = 0;
  for (const key of keys) {
    if (keys[kept - 1] !== key) {
      keys[kept] = key;
      kept += 1;
    }
  }
  return keys.subarray(0, kept);
}

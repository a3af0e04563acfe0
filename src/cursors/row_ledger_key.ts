/** Bytes that a row takes on disk. */
export const KEY_BYTES = 8;

/** One more than the greatest value of a key's upper half. */
export const UPPER_HALVES = 2 ** 30;

const float = new Float64Array(1);
/** Where the halves of a number lie on this machine, in words of four bytes. */
export const [LOW, HIGH] = lowAndHigh();
const words = new Uint32Array(float.buffer);

/**
 * The first 62 bits of an identity, as the number whose IEEE 754 form has these bits. All such numbers lie from 0 up to but
 * not including 2, ordered as their bits are, so that they are compared, and sorted by typed arrays, without BigInt.
 *
 * Two rows of a day have the same key with a probability of 1 in 4.6 × 10^18; in a day of 10 million rows that are looked up
 * among 10 million, one row in 46,000 such days is taken for another. Nobody can bring it about: it would take 2^31 rows
 * whose request ids and times, which Salesforce sets, are known beforehand.
 */
export function keyOf(identity: string): number {
  let upper = 0;
  let lower = 0;
  for (let at = 0; at < 5; at += 1) {
    upper = (upper << 6) | sextet(identity.charCodeAt(at));
  }
  for (let at = 5; at < 11; at += 1) {
    lower = (lower << 6) | sextet(identity.charCodeAt(at));
  }
  words[HIGH] = upper;
  words[LOW] = lower;
  return float[0] ?? 0;
}

/** The smallest key with this upper half; beyond all keys for `UPPER_HALVES`. */
export function smallestKey(upperHalf: number): number {
  words[HIGH] = upperHalf;
  words[LOW] = 0;
  return float[0] ?? 0;
}

/** The six bits of a base64url character. */
export function sextet(code: number): number {
  if (code >= 97) {
    return code - 71;
  }
  if (code >= 65) {
    return code === 95 ? 63 : code - 65;
  }
  return code >= 48 ? code + 4 : 62;
}

function lowAndHigh(): readonly [number, number] {
  const littleEndian = new Uint8Array(new Float64Array([1]).buffer)[7] !== 0;
  return littleEndian ? [0, 1] : [1, 0];
}

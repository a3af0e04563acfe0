import type { Column } from "./column.ts";

/**
 * Whether the bytes of a plain cell, that is not blank, are its value in JSON as they are. It may say no to such a cell, which is
 * then only written more slowly, but never yes to one that `memberWriter` would change.
 */
export type IsVerbatim = (bytes: Uint8Array, start: number, end: number) => boolean;

export interface Verbatim {
  /** Absent where every plain cell is. */
  readonly test?: IsVerbatim;
  /** Whether the value stands in quotes. */
  readonly quoted: boolean;
}

/** The cells of a column that need no converting; undefined for a column where nearly all need it. */
export function verbatim(column: Column): Verbatim | undefined {
  if (column.codes !== undefined || column.forms !== undefined || column.several === true) {
    return undefined;
  }
  switch (column.kind) {
    case "keyword":
    case "long_keyword":
    case "text":
      return { quoted: true };
    case "encoded":
      return { test: (bytes, start, end) => lacks(bytes, start, end, PERCENT), quoted: true };
    case "url":
      // Who looks for secrets begins at one of these.
      return { test: (bytes, start, end) => lacks(bytes, start, end, AT, EQUALS), quoted: true };
    case "long":
    case "bytes":
    case "milliseconds":
    case "nanoseconds":
      return { test: isWholeNumber, quoted: false };
    case "id":
      return { test: isLongId, quoted: true };
    case "ip":
      return { test: isIpv4, quoted: true };
    default:
      return undefined;
  }
}

const DOT = 0x2e;
const PERCENT = 0x25;
const EQUALS = 0x3d;
const AT = 0x40;
const ZERO = 0x30;

function lacks(bytes: Uint8Array, start: number, end: number, one: number, other = one): boolean {
  for (let at = start; at < end; at += 1) {
    const code = bytes[at];
    if (code === one || code === other) {
      return false;
    }
  }
  return true;
}

/** At most 15 digits, without leading zeros. */
function isWholeNumber(bytes: Uint8Array, start: number, end: number): boolean {
  if (end - start > 15 || (bytes[start] === ZERO && end - start > 1)) {
    return false;
  }
  for (let at = start; at < end; at += 1) {
    if (!isDigit(bytes[at] as number)) {
      return false;
    }
  }
  return true;
}

/** A record id of 18 characters that does not begin as the one of no record does. */
function isLongId(bytes: Uint8Array, start: number, end: number): boolean {
  if (end - start !== 18 || (bytes[start] === ZERO && bytes[start + 1] === ZERO && bytes[start + 2] === ZERO)) {
    return false;
  }
  for (let at = start; at < end; at += 1) {
    const code = bytes[at] as number;
    const lower = code | 0x20;
    if (!isDigit(code) && (lower < 0x61 || lower > 0x7a)) {
      return false;
    }
  }
  return true;
}

/** Four numbers up to 255, without leading zeros. */
function isIpv4(bytes: Uint8Array, start: number, end: number): boolean {
  let parts = 1;
  let value = -1;
  for (let at = start; at < end; at += 1) {
    const code = bytes[at] as number;
    if (code === DOT) {
      if (value < 0) {
        return false;
      }
      parts += 1;
      value = -1;
    } else if (!isDigit(code) || value === 0) {
      return false;
    } else {
      value = (value < 0 ? 0 : value * 10) + code - ZERO;
      if (value > 255) {
        return false;
      }
    }
  }
  return parts === 4 && value >= 0;
}

function isDigit(code: number): boolean {
  return code >= ZERO && code <= ZERO + 9;
}

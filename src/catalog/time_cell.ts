import type { RowCells } from "../core/row_cells.ts";
import { eventTime } from "./event_time.ts";
import { RememberedCell } from "./remembered_cell.ts";

const DATE_LENGTH = "2026-07-17".length;
const ISO_LENGTH = "2026-07-17T09:22:41.123Z".length;

/**
 * The time in the cells of one column, in milliseconds since the epoch, of whatever form `eventTime` takes. Neighbouring rows are
 * mostly of one day: then only the time of day is read.
 */
export class TimeCell {
  readonly #converted = new RememberedCell((text) => {
    const time = eventTime(text);
    return time === undefined ? undefined : Date.parse(time);
  });
  /** A day as it stood in a cell, and its beginning; at first bytes that no text has. */
  readonly #date = new Uint8Array(DATE_LENGTH).fill(0xff);
  #midnight = 0;

  /** Undefined if the cell holds no time. */
  of(cells: RowCells, at: number): number | undefined {
    const { bytes } = cells;
    const start = cells.starts[at] as number;
    const inDay = (cells.ends[at] as number) - start === ISO_LENGTH ? timeOfDay(bytes, start + DATE_LENGTH) : -1;
    if (inDay >= 0 && this.#isOfDay(bytes, start)) {
      return this.#midnight + inDay;
    }
    const time = this.#converted.of(cells, at);
    if (inDay >= 0 && time !== undefined) {
      this.#midnight = time - inDay;
      this.#date.set(bytes.subarray(start, start + DATE_LENGTH));
    }
    return time;
  }

  #isOfDay(bytes: Uint8Array, start: number): boolean {
    for (let at = 0; at < DATE_LENGTH; at += 1) {
      if (bytes[start + at] !== this.#date[at]) {
        return false;
      }
    }
    return true;
  }
}

/** Milliseconds of `T09:22:41.123Z`, or -1. */
function timeOfDay(bytes: Uint8Array, at: number): number {
  const hours = twoDigits(bytes, at + 1);
  const minutes = twoDigits(bytes, at + 4);
  const seconds = twoDigits(bytes, at + 7);
  const hundredths = twoDigits(bytes, at + 10);
  const last = digit(bytes, at + 12);
  const isTime =
    bytes[at] === 0x54 &&
    bytes[at + 3] === 0x3a &&
    bytes[at + 6] === 0x3a &&
    bytes[at + 9] === 0x2e &&
    bytes[at + 13] === 0x5a &&
    hours <= 23 &&
    minutes <= 59 &&
    seconds <= 59 &&
    hundredths <= 99 &&
    last <= 9;
  return isTime ? ((hours * 60 + minutes) * 60 + seconds) * 1_000 + hundredths * 10 + last : -1;
}

/** More than 99 if there are none. */
function twoDigits(bytes: Uint8Array, at: number): number {
  const tens = digit(bytes, at);
  const ones = digit(bytes, at + 1);
  return tens <= 9 && ones <= 9 ? tens * 10 + ones : 100;
}

/** More than 9 if it is none. */
function digit(bytes: Uint8Array, at: number): number {
  return ((bytes[at] as number) - 0x30) >>> 0;
}

import { isAscii } from "node:buffer";
import { StringDecoder } from "node:string_decoder";

/**
 * Where rows go. `cells` is used again for the next row: take what you need before returning. `plain` says that no cell holds
 * a quote, backslash or control character, so that cells can be put into JSON text as they are. `text` is the row as it
 * stands in the file, without its line end, made only when asked for.
 */
export type OnRow = (cells: readonly string[], plain: boolean, text: () => string) => void;

/** A row that is not CSV; reading goes on behind the next line end. */
export type OnBrokenRow = (reason: string, text: string) => void;

/** A row that has grown beyond this is taken as broken (an opened quote that nobody closes), so that memory stays bounded. */
export const LONGEST_ROW = 16 * 1024 * 1024;

const QUOTE = 0x22;
const COMMA = 0x2c;
const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const BYTE_ORDER_MARK = "\ufeff";
const NOT_PLAIN = /[\\\u0000-\u0009\u000b-\u001f]/;
const DOUBLED_QUOTE = /""/g;

/** How a try to read one row ended. */
type Ending = "row" | "blank" | "more" | "broken";

/**
 * RFC 4180 as Salesforce writes it, from byte chunks whose borders may lie anywhere, also inside a character: every cell
 * quoted or not, doubled quotes, line breaks in cells, LF or CR LF, an optional byte order mark, a last line without end.
 * Blank lines are passed over. Bytes that are no UTF-8 become U+FFFD and are counted.
 *
 * The number of cells is not looked at: what a ragged row means is the caller's matter.
 */
export class CsvRows {
  /** U+FFFD in the text so far: bytes that were no UTF-8 (or were replaced before they came here). */
  replacedCharacters = 0;

  readonly #onRow: OnRow;
  readonly #onBrokenRow: OnBrokenRow;
  readonly #decoder = new StringDecoder("utf8");
  readonly #cells: string[] = [];
  #decoderHoldsBytes = false;
  #atStart = true;
  #skippingLine = false;
  /** The row that is not complete yet. */
  #rest = "";
  /** A long incomplete row is not looked at again before it has reached this length. */
  #worthTrying = 0;
  #position = 0;
  #plain = true;
  #reason = "";

  constructor(onRow: OnRow, onBrokenRow: OnBrokenRow) {
    this.#onRow = onRow;
    this.#onBrokenRow = onBrokenRow;
  }

  push(chunk: Uint8Array): void {
    this.#take(this.#decode(chunk), false);
  }

  /** The file is complete: a last line without line end is a row too. Not called when the download was cut. */
  end(): void {
    const last = this.#decoder.end();
    this.#countReplaced(last);
    this.#take(last, true);
  }

  #decode(chunk: Uint8Array): string {
    const buffer = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    if (!this.#decoderHoldsBytes && isAscii(buffer)) {
      return buffer.toString("latin1");
    }
    const text = this.#decoder.write(buffer);
    this.#decoderHoldsBytes = (buffer.at(-1) ?? 0) >= 0x80;
    this.#countReplaced(text);
    return text;
  }

  #countReplaced(text: string): void {
    for (let at = text.indexOf("\ufffd"); at !== -1; at = text.indexOf("\ufffd", at + 1)) {
      this.replacedCharacters += 1;
    }
  }

  #take(more: string, last: boolean): void {
    let text = this.#rest + more;
    if (this.#atStart && text !== "") {
      this.#atStart = false;
      text = text.startsWith(BYTE_ORDER_MARK) ? text.slice(1) : text;
    }
    this.#rest = text;
    if (!last && text.length < this.#worthTrying) {
      return;
    }
    const plain = !NOT_PLAIN.test(text);
    let start = 0;
    for (;;) {
      if (this.#skippingLine) {
        const end = text.indexOf("\n", start);
        if (end === -1) {
          start = text.length;
          break;
        }
        start = end + 1;
        this.#skippingLine = false;
      }
      if (start >= text.length) {
        break;
      }
      this.#plain = plain;
      const ending = this.#readRow(text, start, last);
      if (ending === "more") {
        if (!last && text.length - start <= LONGEST_ROW) {
          break;
        }
        this.#reason = last ? "a quote is opened and never closed" : "the row does not end within 16 MiB";
        this.#breakOff(text, start);
        start = this.#position;
      } else if (ending === "broken") {
        this.#breakOff(text, start);
        start = this.#position;
      } else {
        const from = start;
        start = this.#position;
        if (ending === "row") {
          this.#onRow(this.#cells, this.#plain, () => withoutLineEnd(text.slice(from, this.#position)));
        }
      }
    }
    this.#rest = start === 0 ? text : text.slice(start);
    const length = this.#rest.length;
    this.#worthTrying = length > 1024 * 1024 ? Math.min(length * 1.5, LONGEST_ROW + 1) : 0;
  }

  /** Reports a broken row and passes over the rest of its first line. */
  #breakOff(text: string, start: number): void {
    const end = text.indexOf("\n", start);
    this.#onBrokenRow(this.#reason, withoutLineEnd(text.slice(start, end === -1 ? text.length : end)));
    this.#skippingLine = end === -1;
    this.#position = end === -1 ? text.length : end + 1;
  }

  /** Reads one row from `start` into the cells; `#position` is then behind its line end. */
  #readRow(text: string, start: number, last: boolean): Ending {
    const cells = this.#cells;
    const { length } = text;
    let count = 0;
    let at = start;
    for (;;) {
      if (at < length && text.charCodeAt(at) === QUOTE) {
        let close = text.indexOf('"', at + 1);
        let doubled = false;
        while (close !== -1 && text.charCodeAt(close + 1) === QUOTE) {
          doubled = true;
          close = text.indexOf('"', close + 2);
        }
        if (close === -1 || (close + 1 === length && !last)) {
          return "more";
        }
        const cell = text.slice(at + 1, close);
        if (doubled) {
          this.#plain = false;
          cells[count] = cell.replace(DOUBLED_QUOTE, '"');
        } else {
          cells[count] = cell;
        }
        at = close + 1;
      } else {
        const end = endOfBareCell(text, at);
        if (end === -1) {
          if (!last) {
            return "more";
          }
          cells[count] = text.slice(at);
          at = length;
        } else {
          cells[count] = text.slice(at, end);
          at = end;
        }
        if (cells[count]?.includes('"')) {
          this.#reason = "a quote stands inside an unquoted cell";
          return "broken";
        }
      }
      count += 1;
      const next = at < length ? text.charCodeAt(at) : -1;
      if (next === COMMA) {
        at += 1;
      } else if (next === LINE_FEED || next === -1) {
        return this.#rowRead(text, start, at, count, at + 1);
      } else if (next === CARRIAGE_RETURN) {
        if (at + 1 === length && !last) {
          return "more";
        }
        if (at + 1 < length && text.charCodeAt(at + 1) !== LINE_FEED) {
          this.#reason = "a carriage return stands outside of quotes";
          return "broken";
        }
        return this.#rowRead(text, start, at, count, at + 2);
      } else {
        this.#reason = "text follows a closing quote";
        return "broken";
      }
    }
  }

  #rowRead(text: string, start: number, end: number, count: number, behind: number): Ending {
    this.#position = Math.min(behind, text.length);
    if (end === start) {
      return "blank";
    }
    this.#cells.length = count;
    if (this.#plain) {
      const firstLineFeed = text.indexOf("\n", start);
      this.#plain = firstLineFeed === -1 || firstLineFeed >= end;
    } else {
      this.#plain = this.#cells.every((cell) => !needsEscape(cell));
    }
    return "row";
  }
}

function needsEscape(cell: string): boolean {
  return /["\\\u0000-\u001f]/.test(cell);
}

/** The position of the comma or line end that ends an unquoted cell, or -1 if it is not there yet. */
function endOfBareCell(text: string, from: number): number {
  for (let at = from; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === COMMA || code === LINE_FEED || code === CARRIAGE_RETURN) {
      return at;
    }
  }
  return -1;
}

function withoutLineEnd(text: string): string {
  return text.endsWith("\r\n") ? text.slice(0, -2) : text.endsWith("\n") ? text.slice(0, -1) : text;
}

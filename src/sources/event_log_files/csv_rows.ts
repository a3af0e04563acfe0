import { isAscii } from "node:buffer";
import { StringDecoder } from "node:string_decoder";
import { needsEscape, RowCells } from "../../core/row_cells.ts";
import { WORD_SLACK } from "../../core/words.ts";

/**
 * Where rows go. `cells` is filled again for the next row: take what you need before returning. `text` gives the row as it
 * stands in the file, without its line end, and is good until then too.
 */
export type OnRow = (cells: RowCells, text: () => string) => void;

/** A row that is not CSV; reading goes on behind the next line end. */
export type OnBrokenRow = (reason: string, text: string) => void;

/** A row that has grown beyond these bytes is taken as broken (an opened quote that nobody closes), so that memory stays bounded. */
const LONGEST_ROW = 16 * 1024 * 1024;

const QUOTE = 0x22;
const COMMA = 0x2c;
const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const BYTE_ORDER_MARK = Buffer.from("\ufeff");

/** Memory for a chunk and the incomplete row before it; grows with a long row and shrinks behind it. */
const USUAL_SIZE = 256 * 1024;

/** By byte: 1 for what has to be looked at outside of quotes, because it means something to CSV or to JSON. */
const STOPS = Uint8Array.from({ length: 256 }, (_, code) => Number(needsEscape(code) || code === COMMA));

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
  readonly #cells = new RowCells();
  readonly #text = () => this.#line(this.#rowStart, this.#position);
  #decoderHoldsBytes = false;
  #atStart = true;
  #skippingLine = false;
  /** What has not been read yet lies between `#start` and `#end`: the beginning of a row that is not complete. */
  #buffer = Buffer.allocUnsafeSlow(USUAL_SIZE);
  #start = 0;
  #end = 0;
  /** A long incomplete row is not looked at again before it has this length. */
  #worthTrying = 0;
  #rowStart = 0;
  #position = 0;
  /** Whether a cell of the row has doubled quotes. */
  #doubled = false;
  /** Cells of a row without the doubling of their quotes. */
  #unescaped = Buffer.alloc(0);
  #reason = "";

  constructor(onRow: OnRow, onBrokenRow: OnBrokenRow) {
    this.#onRow = onRow;
    this.#onBrokenRow = onBrokenRow;
  }

  /** Bytes of a row that has begun and not ended. */
  get pending(): number {
    return this.#end - this.#start;
  }

  push(chunk: Uint8Array): void {
    this.#append(this.#wellFormed(chunk));
    this.#take(false);
  }

  /** The file is complete: a last line without line end is a row too. Not called when the download was cut. */
  end(): void {
    const last = this.#decoder.end();
    this.#countReplaced(last);
    this.#append(Buffer.from(last));
    this.#take(true);
  }

  /** The chunk as UTF-8, without a character that its end cuts and with the one that its beginning completes. */
  #wellFormed(chunk: Uint8Array): Uint8Array {
    const buffer = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    if (!this.#decoderHoldsBytes && isAscii(buffer)) {
      return buffer;
    }
    const text = this.#decoder.write(buffer);
    this.#decoderHoldsBytes = (buffer.at(-1) ?? 0) >= 0x80;
    this.#countReplaced(text);
    return Buffer.from(text);
  }

  #countReplaced(text: string): void {
    for (let at = text.indexOf("\ufffd"); at !== -1; at = text.indexOf("\ufffd", at + 1)) {
      this.replacedCharacters += 1;
    }
  }

  #append(more: Uint8Array): void {
    const kept = this.#end - this.#start;
    const needed = kept + more.length + WORD_SLACK;
    const size = this.#buffer.length;
    if (needed > size || (size > USUAL_SIZE && needed <= USUAL_SIZE)) {
      const other = Buffer.allocUnsafeSlow(needed > size ? needed * 2 : USUAL_SIZE);
      this.#buffer.copy(other, 0, this.#start, this.#end);
      this.#buffer = other;
    } else {
      this.#buffer.copyWithin(0, this.#start, this.#end);
    }
    this.#buffer.set(more, kept);
    this.#start = 0;
    this.#end = kept + more.length;
  }

  #take(last: boolean): void {
    const end = this.#end;
    if (this.#atStart && end > 0) {
      this.#atStart = false;
      if (end >= BYTE_ORDER_MARK.length && BYTE_ORDER_MARK.equals(this.#buffer.subarray(0, BYTE_ORDER_MARK.length))) {
        this.#start = BYTE_ORDER_MARK.length;
      }
    }
    if (!last && end < this.#worthTrying) {
      return;
    }
    while (this.#start < end) {
      if (this.#skippingLine) {
        const lineEnd = this.#lineFeedFrom(this.#start);
        this.#skippingLine = lineEnd === -1;
        this.#start = lineEnd === -1 ? end : lineEnd + 1;
        continue;
      }
      const ending = this.#readRow(last);
      if (ending === "row") {
        this.#rowStart = this.#start;
        this.#start = this.#position;
        this.#onRow(this.#doubled ? this.#withoutDoubling() : this.#cells, this.#text);
      } else if (ending === "blank") {
        this.#start = this.#position;
      } else if (ending === "broken") {
        this.#breakOff();
      } else if (!last && end - this.#start <= LONGEST_ROW) {
        break;
      } else {
        this.#reason = last ? "a quote is opened and never closed" : "the row does not end within 16 MiB";
        this.#breakOff();
      }
    }
    const length = end - this.#start;
    this.#worthTrying = length > 1024 * 1024 ? Math.min(length * 1.5, LONGEST_ROW + 1) : 0;
  }

  /** Reports a broken row and passes over the rest of its first line. */
  #breakOff(): void {
    const lineEnd = this.#lineFeedFrom(this.#start);
    const text = this.#line(this.#start, lineEnd === -1 ? this.#end : lineEnd);
    this.#skippingLine = lineEnd === -1;
    this.#start = lineEnd === -1 ? this.#end : lineEnd + 1;
    this.#onBrokenRow(this.#reason, text);
  }

  /** Reads one row into the cells; `#position` is then behind its line end. */
  #readRow(last: boolean): Ending {
    const bytes = this.#buffer;
    const end = this.#end;
    const start = this.#start;
    const cells = this.#cells;
    cells.bytes = bytes;
    cells.length = 0;
    const { words } = cells;
    this.#doubled = false;
    let at = start;
    for (;;) {
      let plain = true;
      if (at < end && bytes[at] === QUOTE) {
        at += 1;
        const from = at;
        for (;;) {
          at = stopFrom(words, at, end);
          if (at < end && bytes[at] !== QUOTE) {
            plain = false;
            at += 1;
          } else if (at + 1 < end && bytes[at + 1] === QUOTE) {
            plain = false;
            this.#doubled = true;
            at += 2;
          } else {
            break;
          }
        }
        if (at >= end || (at + 1 === end && !last)) {
          return "more";
        }
        cells.add(from, at, plain);
        at += 1;
      } else {
        const from = at;
        for (; at < end; at += 1) {
          const code = bytes[at] as number;
          if (STOPS[code] === 1) {
            if (code === COMMA || code === LINE_FEED || code === CARRIAGE_RETURN) {
              break;
            }
            if (code === QUOTE) {
              this.#reason = "a quote stands inside an unquoted cell";
              return "broken";
            }
            plain = false;
          }
        }
        if (at === end && !last) {
          return "more";
        }
        cells.add(from, at, plain);
      }
      const next = at < end ? bytes[at] : LINE_FEED;
      if (next === COMMA) {
        at += 1;
        continue;
      }
      let behind = at + 1;
      if (next === CARRIAGE_RETURN) {
        if (behind === end && !last) {
          return "more";
        }
        if (behind < end && bytes[behind] !== LINE_FEED) {
          this.#reason = "a carriage return stands outside of quotes";
          return "broken";
        }
        behind += 1;
      } else if (next !== LINE_FEED) {
        this.#reason = "text follows a closing quote";
        return "broken";
      }
      this.#position = Math.min(behind, end);
      return at === start ? "blank" : "row";
    }
  }

  /** The cells of the row that has been read, copied, with one quote for two. */
  #withoutDoubling(): RowCells {
    const cells = this.#cells;
    const from = this.#buffer;
    const needed = this.#position - this.#rowStart + WORD_SLACK;
    if (this.#unescaped.length < needed || (this.#unescaped.length > USUAL_SIZE && needed <= USUAL_SIZE)) {
      this.#unescaped = Buffer.allocUnsafeSlow(needed > USUAL_SIZE ? needed : Math.min(needed * 2, USUAL_SIZE));
    }
    const to = this.#unescaped;
    let length = 0;
    for (let cell = 0; cell < cells.length; cell += 1) {
      const end = cells.ends[cell] as number;
      let at = cells.starts[cell] as number;
      cells.starts[cell] = length;
      while (at < end) {
        const code = from[at] as number;
        to[length] = code;
        length += 1;
        at += code === QUOTE ? 2 : 1;
      }
      cells.ends[cell] = length;
    }
    cells.bytes = to;
    return cells;
  }

  #lineFeedFrom(start: number): number {
    const found = this.#buffer.indexOf(LINE_FEED, start);
    return found < this.#end ? found : -1;
  }

  /** A part of the text, without a line end that it ends with. */
  #line(start: number, end: number): string {
    const text = this.#buffer.toString("utf8", start, end);
    return text.endsWith("\r\n") ? text.slice(0, -2) : text.endsWith("\n") ? text.slice(0, -1) : text;
  }
}

/**
 * The position of the next byte that has to be looked at inside of quotes, or `end`: a quote, or what `needsEscape`. Four bytes at
 * a time: a byte below 0x80 is smaller than n where taking n off sets its highest bit, and is equal to another one where what
 * differs is smaller than 1. Only behind a byte that is found can one be found by mistake.
 */
function stopFrom(words: DataView, from: number, end: number): number {
  for (let at = from; at < end; at += 4) {
    const word = words.getInt32(at, true);
    const quotes = word ^ 0x22222222;
    const backslashes = word ^ 0x5c5c5c5c;
    const found =
      (((word - 0x20202020) & ~word) |
        ((quotes - 0x01010101) & ~quotes) |
        ((backslashes - 0x01010101) & ~backslashes)) &
      0x80808080;
    if (found !== 0) {
      return Math.min(at + ((31 - Math.clz32(found & -found)) >> 3), end);
    }
  }
  return end;
}

/** The columns that a header row names; a header in lower case names the same ones. */
export function columnNames(cells: RowCells): string[] {
  return [...cells].map((name) => name.trim().toUpperCase());
}

import { Readable } from "node:stream";
import type { Body } from "../answer.ts";
import { DAY_MS, HOUR_MS } from "../datetime.ts";
import { csvLine } from "../log_file.ts";
import type { Patch, TemplateBank } from "./template_bank.ts";

/** Some rows of one hour: those numbered from `first`, counted within the hour and event type. */
export interface RowSpan {
  readonly bank: TemplateBank;
  /** Start of the hour in milliseconds since the epoch. */
  readonly hour: number;
  readonly first: number;
  readonly count: number;
  /** Two letters that keep the request ids of different families apart. */
  readonly tag: string;
}

const CHUNK_BYTES = 256 * 1024;
const BASE_62 = Buffer.from("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");

/** A CSV body of which only one chunk at a time is in memory, however long it is. */
export function generatedBody(header: readonly string[], spans: readonly RowSpan[]): Body {
  const headerLine = Buffer.from(csvLine(header));
  const length = spans.reduce((total, span) => total + spanLength(span), headerLine.length);
  return { length, open: () => Readable.from(chunks(headerLine, spans), { objectMode: false }) };
}

/** Bytes of a span, from the sums that its bank keeps. */
function spanLength({ bank, hour, first, count }: RowSpan): number {
  const start = templateIndex(bank, hour, first);
  const lengthUpTo = (rows: number) => {
    const cycles = Math.floor(rows / bank.templates.length);
    return cycles * (bank.lengths.at(-1) ?? 0) + (bank.lengths[rows % bank.templates.length] ?? 0);
  };
  return lengthUpTo(start + count) - lengthUpTo(start);
}

/** The n-th row of an hour starts somewhere else in the bank each hour, always at the first row of a request. */
function templateIndex(bank: TemplateBank, hour: number, row: number): number {
  const requests = bank.templates.length / bank.rowsPerRequest;
  const offset = ((hour / HOUR_MS) * 389) % requests;
  return (offset * bank.rowsPerRequest + row) % bank.templates.length;
}

function* chunks(headerLine: Buffer, spans: readonly RowSpan[]): Generator<Buffer> {
  let chunk = Buffer.allocUnsafe(CHUNK_BYTES);
  headerLine.copy(chunk);
  let used = headerLine.length;
  for (const span of spans) {
    const { bank, hour, first, count } = span;
    const fill = filler(span);
    let index = templateIndex(bank, hour, first);
    for (let row = first; row < first + count; row++) {
      const template = bank.templates[index];
      if (template === undefined) {
        throw new Error("a bank without templates has no rows");
      }
      if (used + template.bytes.length > CHUNK_BYTES) {
        yield chunk.subarray(0, used);
        chunk = Buffer.allocUnsafe(CHUNK_BYTES);
        used = 0;
      }
      chunk.set(template.bytes, used);
      fill(chunk, used, template.patches, Math.floor(row / bank.rowsPerRequest));
      used += template.bytes.length;
      index = index + 1 === bank.templates.length ? 0 : index + 1;
    }
  }
  if (used > 0) {
    yield chunk.subarray(0, used);
  }
}

/** The low-discrepancy sequence that spreads any number of requests evenly over the hour, the n-th always at the same time. */
const GOLDEN = 0.618_033_988_749_895;

/** Writes what differs from request to request. Everything that is the same for the hour is made once. */
function filler({
  hour,
  tag,
}: RowSpan): (chunk: Buffer, row: number, patches: readonly Patch[], request: number) => void {
  const iso = new Date(hour).toISOString();
  const isoHour = Buffer.from(iso.slice(0, 14));
  const compactHour = Buffer.from(iso.slice(0, 13).replace(/[-T]/g, ""));
  const day = Buffer.alloc(4);
  base62(day, 0, 4, Math.floor(hour / DAY_MS));
  const requestId = Buffer.from(`4${tag}${" ".repeat(5)}H5Tip${" ".repeat(8)}-`);
  base62(requestId, 3, 5, hour / HOUR_MS);
  return (chunk, row, patches, request) => {
    const inHour = Math.floor(((request * GOLDEN) % 1) * HOUR_MS);
    for (const { kind, at } of patches) {
      const to = row + at;
      switch (kind) {
        case "timestamp":
          compactHour.copy(chunk, to);
          minutes(chunk, to + 10, inHour, false);
          break;
        case "isoZulu":
        case "isoOffset":
          isoHour.copy(chunk, to);
          minutes(chunk, to + 14, inHour, true);
          chunk.write(kind === "isoZulu" ? "Z" : "+0000", to + 23, "latin1");
          break;
        case "requestId":
          requestId.copy(chunk, to);
          base62(chunk, to + 13, 8, request);
          break;
        case "day":
          day.copy(chunk, to);
          break;
      }
    }
  };
}

/** Writes `mm:ss.SSS`, or `mmss.SSS` without the colon. */
function minutes(chunk: Buffer, at: number, inHour: number, colon: boolean): void {
  digits(chunk, at, 2, Math.floor(inHour / 60_000));
  let to = at + 2;
  if (colon) {
    chunk[to++] = 0x3a;
  }
  digits(chunk, to, 2, Math.floor(inHour / 1_000) % 60);
  chunk[to + 2] = 0x2e;
  digits(chunk, to + 3, 3, inHour % 1_000);
}

function digits(chunk: Buffer, at: number, width: number, value: number): void {
  let left = value;
  for (let place = width - 1; place >= 0; place--) {
    chunk[at + place] = 0x30 + (left % 10);
    left = Math.floor(left / 10);
  }
}

function base62(chunk: Buffer, at: number, width: number, value: number): void {
  let left = value;
  for (let place = width - 1; place >= 0; place--) {
    chunk[at + place] = BASE_62[left % 62] ?? 0x30;
    left = Math.floor(left / 62);
  }
}

import type { CellsWriter } from "../../catalog/cells_writer.ts";
import { compileRowWriter } from "../../catalog/row_writer.ts";
import type { GiveBack } from "../../core/budget.ts";
import { RETRY, RunnerError } from "../../core/errors.ts";
import { dataStreamName, type SourceEvent } from "../../core/event.ts";
import type { EventBytes } from "../../core/event_bytes.ts";
import type { HeldBytes, MemoryShare } from "../../core/memory.ts";
import type { RowCells } from "../../core/row_cells.ts";
import type { RecordedRows, Scratch } from "../../cursors/row_ledger.ts";
import { Envelope, type StreamContext } from "../envelope.ts";
import { compileRowIdentity, type RowIdentity } from "../event_identity.ts";
import type { Tell } from "../fact.ts";
import type { SourceFact } from "../source_facts.ts";
import type { EventLogFile } from "./body.ts";
import { CsvRows, columnNames } from "./csv_rows.ts";
import { type FileFact, fileCollection } from "./facts.ts";
import { Occurrences } from "./occurrences.ts";
import { rejectedRowEvent } from "./rejected_row.ts";

/**
 * A batch ends behind the bytes that bring it to so many events, or so many bytes of events: a bulk request of a useful size.
 * What these bytes bring beyond that still has room below BATCH_MEMORY.
 */
const BATCH_EVENTS = 500;
const BATCH_BYTES = 768 * 1024;
/** Bytes of the file that are read before it is looked whether the batch has to end. */
const PIECE_BYTES = 4 * 1024;
/** A row that has this many bytes without an end is long. */
const LONG_ROW = 512 * 1024;
/** Rows after which a batch ends though hardly one of them is sent, so that the file's cursor moves on. */
const BATCH_ROWS = 20_000;

const HOUR_MS = 3_600_000;

/** Bytes of an id without the three characters that make it insensitive to case. */
const ID_BYTES = 15;

export interface LogFileRowsOptions {
  readonly file: EventLogFile;
  /** The uncompressed CSV; an error in it is thrown on after the rows before it have been given. */
  readonly body: AsyncIterable<Uint8Array>;
  /** Rows at the beginning that have been acknowledged before. They are read, since they tell equal rows apart, not sent. */
  readonly skipRows: number;
  /** Rows that other files have brought. They are read like the others and left out. */
  readonly brought?: Pick<RecordedRows, "has"> | undefined;
  readonly stream: StreamContext;
  readonly primary: boolean;
  readonly memory: MemoryShare;
  readonly signal: AbortSignal;
  /** Room for telling the rows of a long file apart. */
  readonly scratch: () => Scratch;
  /** Milliseconds since the epoch, for events of the collector. */
  readonly now: () => number;
  readonly tell: Tell<FileFact | SourceFact>;
}

export interface FileRows {
  readonly events: readonly SourceEvent[];
  /** Called when the events are no longer needed: their memory is used again. */
  readonly release: () => void;
  /** Data rows of the file that have been dealt with, rejected ones included, up to and with this batch. */
  readonly rows: number;
  /** Of these, how many were rejected since the beginning of the read. */
  readonly rejected: number;
  /** Of these, how many other files had brought, since the beginning of the read. */
  readonly repeated: number;
  /** Beginnings of the hours, in milliseconds since the epoch, of rows that others could have brought and had not. */
  readonly lackedHours: readonly number[];
  /** Time of the newest event since the beginning of the read, in milliseconds since the epoch. */
  readonly newestEvent: number | undefined;
}

/**
 * The rows of an event log file as events, in batches. A row that is not CSV or has another number of cells than the header
 * becomes an event of the collector with its number, reason and text; the rows behind it go on.
 *
 * Throws `file_malformed` if there is no header row of an event log file.
 */
export async function* logFileRows(options: LogFileRowsOptions): AsyncGenerator<FileRows> {
  const reader = new LogFileReader(options);
  try {
    await reader.beginBatch();
    for await (const chunk of options.body) {
      for (let at = 0; at < chunk.length; at += PIECE_BYTES) {
        reader.push(chunk.subarray(at, at + PIECE_BYTES));
        if (reader.isFull) {
          yield* reader.endBatch();
          await reader.beginBatch();
        }
      }
    }
    reader.end();
    yield* reader.endBatch();
  } catch (error) {
    yield* reader.endBatch();
    throw error;
  } finally {
    reader.close();
  }
}

/** What the header row decides. */
interface Compiled {
  readonly header: readonly string[];
  /** Place of the column with the row's own org; -1 if there is none. */
  readonly organizationAt: number;
  readonly writer: CellsWriter;
  readonly identity: RowIdentity;
  readonly envelope: Envelope;
}

class LogFileReader {
  readonly #options: LogFileRowsOptions;
  readonly #index: string;
  readonly #organizationId: Buffer;
  readonly #occurrences: Occurrences;
  readonly #csv: CsvRows;
  #compiled: Compiled | undefined;
  #rows = 0;
  #rejected = 0;
  #foreign = 0;
  #repeated = 0;
  #rowsOfFullBatches: number;
  readonly #lackedHours = new Set<number>();
  #newestEvent: number | undefined;
  #events: SourceEvent[] = [];
  /** What the batch is written into; undefined between two batches. */
  #held: HeldBytes | undefined;
  #longRow: GiveBack | undefined;

  constructor(options: LogFileRowsOptions) {
    this.#options = options;
    this.#rowsOfFullBatches = options.skipRows;
    const { file, scratch } = options;
    this.#occurrences = Occurrences.ofFile(file, scratch);
    this.#index = dataStreamName(options.stream.dataStream);
    this.#organizationId = Buffer.from(options.stream.organization.id);
    this.#csv = new CsvRows(
      (cells, text) => this.#row(cells, text),
      (reason, text) => this.#brokenRow(reason, text),
    );
  }

  push(chunk: Uint8Array): void {
    this.#csv.push(chunk);
  }

  end(): void {
    this.#csv.end();
    const { file, tell } = this.#options;
    if (this.#csv.replacedCharacters > 0) {
      tell({ fact: "replaced_characters", file, count: this.#csv.replacedCharacters });
    }
    if (this.#foreign > 0) {
      tell({ fact: "foreign_rows", file, count: this.#foreign });
    }
  }

  /** Waits until there is memory for the next batch, and for a long row that has begun. Meanwhile nothing is held. */
  async beginBatch(): Promise<void> {
    const { memory, signal } = this.#options;
    if (this.#longRowBegins) {
      this.#held?.giveBack();
      this.#held = undefined;
      this.#longRow = await memory.longRow(signal);
    }
    this.#held ??= await memory.batch(signal);
  }

  get isFull(): boolean {
    return (
      this.#events.length >= BATCH_EVENTS ||
      this.#bytes.length >= BATCH_BYTES ||
      this.#rows - this.#rowsOfFullBatches >= BATCH_ROWS ||
      this.#longRowBegins
    );
  }

  get #longRowBegins(): boolean {
    return this.#csv.pending > LONG_ROW && this.#longRow === undefined;
  }

  /** Hands the batch over, and its memory with it. */
  *endBatch(): Generator<FileRows> {
    const held = this.#held;
    if (held === undefined || this.#rows <= this.#options.skipRows) {
      return;
    }
    const longRow = this.#longRow;
    const events = this.#events;
    this.#held = undefined;
    this.#longRow = undefined;
    this.#events = [];
    this.#rowsOfFullBatches = this.#rows;
    yield {
      events,
      release: () => {
        held.giveBack();
        longRow?.();
      },
      rows: this.#rows,
      rejected: this.#rejected,
      repeated: this.#repeated,
      lackedHours: [...this.#lackedHours],
      newestEvent: this.#newestEvent,
    };
  }

  /** Gives back what is left, after an error or an early end. */
  close(): void {
    this.#held?.giveBack();
    this.#longRow?.();
    this.#occurrences.close();
  }

  get #bytes(): EventBytes {
    if (this.#held === undefined) {
      throw new Error("no batch has begun");
    }
    return this.#held.bytes;
  }

  #row(cells: RowCells, text: () => string): void {
    const compiled = this.#compiled;
    if (compiled === undefined) {
      this.#compiled = this.#compile(columnNames(cells));
      return;
    }
    if (cells.length !== compiled.header.length) {
      this.#reject(`the row has ${cells.length} cells, the header ${compiled.header.length}`, text());
      return;
    }
    this.#rows += 1;
    const id = this.#occurrences.distinguish(compiled.identity(cells));
    if (this.#rows <= this.#options.skipRows) {
      return;
    }
    const { brought, file } = this.#options;
    const own = compiled.writer.time(cells);
    const time = own ?? file.logDate;
    if (this.#newestEvent === undefined || time > this.#newestEvent) {
      this.#newestEvent = time;
    }
    if (brought?.has(id) === true) {
      this.#repeated += 1;
      return;
    }
    if (brought !== undefined) {
      this.#lackedHours.add(Math.floor(time / HOUR_MS) * HOUR_MS);
    }
    const bytes = this.#bytes;
    const start = bytes.length;
    if (this.#isForeign(cells, compiled.organizationAt)) {
      this.#foreign += 1;
      compiled.writer.keep("ORGANIZATION_ID", cells.text(compiled.organizationAt));
    }
    const { envelope, header, writer } = compiled;
    const original = envelope.preservesOriginal ? rowAsJson(header, cells) : undefined;
    const idAt = envelope.open(bytes, { id, time, original });
    writer.fields(cells, bytes);
    envelope.close(bytes, { row: this.#rows, estimatedTime: own === undefined });
    this.#events.push(bytes.event(this.#index, start, idAt, writer.namedIds(cells)));
  }

  /** Whether the row names another org than the one that was asked. Its id has 15 characters in files, or 18. */
  #isForeign(cells: RowCells, at: number): boolean {
    if (at < 0 || cells.isBlank(at)) {
      return false;
    }
    const start = cells.starts[at] as number;
    const length = (cells.ends[at] as number) - start;
    const own = this.#organizationId;
    if (length !== ID_BYTES && length !== own.length) {
      return true;
    }
    let same = 0;
    while (same < ID_BYTES && cells.bytes[start + same] === own[same]) {
      same += 1;
    }
    return same < ID_BYTES;
  }

  #brokenRow(reason: string, text: string): void {
    if (this.#compiled === undefined) {
      throw this.#malformed(reason);
    }
    this.#reject(reason, text);
  }

  #reject(reason: string, text: string): void {
    this.#rows += 1;
    if (this.#rows <= this.#options.skipRows) {
      return;
    }
    const { file, stream, now, tell } = this.#options;
    this.#rejected += 1;
    tell({ fact: "row_rejected", file, row: this.#rows, reason });
    const { index, id, json } = rejectedRowEvent({ stream, file, row: this.#rows, reason, text, now: now() });
    const start = this.#bytes.length;
    this.#bytes.text(json);
    this.#events.push(this.#bytes.event(index, start, start + json.indexOf(id)));
  }

  #compile(header: readonly string[]): Compiled {
    const { file, stream, primary, tell } = this.#options;
    if (!header.includes("EVENT_TYPE")) {
      throw this.#malformed("it does not begin with a header row that names EVENT_TYPE");
    }
    const writer = compileRowWriter(file.eventType, header);
    if (writer.unknownColumns.length > 0) {
      tell({ fact: "unknown_columns", eventType: file.eventType, columns: writer.unknownColumns });
    }
    return {
      header,
      organizationAt: header.indexOf("ORGANIZATION_ID"),
      writer,
      identity: compileRowIdentity(stream.organization.id, file.eventType, header),
      envelope: new Envelope(stream, {
        code: file.eventType,
        provider: "EventLogFile",
        collection: { primary, ...fileCollection(file) },
      }),
    };
  }

  #malformed(reason: string): RunnerError {
    const { file } = this.#options;
    return new RunnerError(
      "file_malformed",
      `Event log file ${file.id} (${file.eventType}) can't be read: ${reason}.`,
      {
        next: RETRY,
        cure: "It is tried again later; other files go on.",
      },
    );
  }
}

/** The cells that are not blank by their columns' names; a name that comes again has the list of its cells. */
function rowAsJson(header: readonly string[], cells: RowCells): string {
  const byName = new Map<string, string | string[]>();
  for (const [at, name] of header.entries()) {
    if (cells.isBlank(at)) {
      continue;
    }
    const before = byName.get(name);
    const text = cells.text(at);
    byName.set(name, before === undefined ? text : [before, text].flat());
  }
  return `{${[...byName].map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`).join(",")}}`;
}

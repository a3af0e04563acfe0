import type { EventBytes } from "../core/event_bytes.ts";
import type { RowCells } from "../core/row_cells.ts";
import { type Piece, piece } from "../core/words.ts";
import type { Column, Columns } from "./column.ts";
import { databaseTime } from "./database_time.ts";
import { FieldTree, type PartWriter } from "./field_tree.ts";
import { member, memberWriter } from "./member_writer.ts";
import { compileNamedIds, type ReadNamedIds } from "./named_ids.ts";
import { RememberedCell } from "./remembered_cell.ts";
import { TimeCell } from "./time_cell.ts";
import { UnmappedValues } from "./unmapped.ts";
import { verbatim } from "./verbatim.ts";

/** What the cells of a row or of a record are, by their places. */
export interface CellsLayout {
  /** Name of the object below `salesforce` that is written. */
  readonly home: string;
  readonly columns: Columns;
  /** Names of the columns, place by place. */
  readonly header: readonly string[];
  /** Columns with the time of the event, the preferred one first. */
  readonly timeColumns: readonly string[];
  /** Columns whose value travels outside the home. */
  readonly envelope: readonly string[];
  /** Takes the quotes off that log files have inside some values. */
  readonly unquote: (cell: string) => string;
}

/** Compiled once per header. Cells are given in the header's number and order. */
export interface CellsWriter {
  /** Milliseconds since the epoch, from the first of the time columns that has a time, else undefined. */
  time(cells: RowCells): number | undefined;
  /**
   * Adds JSON members for inside `"salesforce":{…}`, with a comma behind: `"login":{"user_id":"…",…},`, or nothing. Nested
   * objects, never dotted keys. A blank cell makes no field. A cell that does not fit its column's kind goes to `unmapped`
   * under the column's name.
   */
  fields(cells: RowCells, to: EventBytes): void;
  /** Has a value of the row at hand among the `unmapped` that `fields` writes next. */
  keep(name: string, value: string): void;
  readonly namedIds: ReadNamedIds;
  /** Columns of the header that the catalogue does not know: their cells go to `unmapped`. */
  readonly unknownColumns: readonly string[];
  /** Columns that the catalogue has and the header lacks. */
  readonly missingColumns: readonly string[];
}

/** A column of the header, and where its cell is. */
interface Placed {
  readonly name: string;
  /** 2 for the second column of that name. */
  readonly occurrence: number;
  readonly column: Column;
  readonly at: number;
}

type Keep = (name: string, cell: string, occurrence?: number) => void;

export function compileCellsWriter({
  home,
  columns,
  header,
  timeColumns,
  envelope,
  unquote,
}: CellsLayout): CellsWriter {
  const byName = columnsByName(columns);
  const placed: Placed[] = [];
  const unknown: { readonly name: string; readonly occurrence: number; readonly at: number }[] = [];
  const seen = new Map<string, number>();
  for (const [at, title] of header.entries()) {
    const name = title.trim() === "" ? `column_${at + 1}` : title;
    const occurrence = (seen.get(name) ?? 0) + 1;
    seen.set(name, occurrence);
    const column = byName.get(name);
    if (column !== undefined) {
      placed.push({ name, occurrence, column, at });
    } else if (occurrence > 1 || !envelope.includes(name)) {
      unknown.push({ name, occurrence, at });
    }
  }

  // Of the row at hand; one row is written at a time.
  const unmapped = new UnmappedValues();
  const keep: Keep = (name, cell, occurrence) => unmapped.keep(name, cell, occurrence);

  const tree = new FieldTree(home);
  for (const sharers of Map.groupBy(placed, ({ column }) => column.field).values()) {
    const [first] = sharers;
    if (first !== undefined) {
      tree.add(first.column.field, fieldWriter(sharers, header, unquote, keep));
    }
  }
  const times = timeColumns
    .map((name) => header.indexOf(name))
    .filter((at) => at >= 0)
    .map((at) => ({ at, time: new TimeCell() }));
  tree.add("unmapped", (cells, to) => {
    for (const { name, occurrence, at } of unknown) {
      if (!cells.isBlank(at)) {
        keep(name, unquote(cells.text(at)), occurrence);
      }
    }
    for (const { at, time } of times) {
      if (cells.isBlank(at)) {
        continue;
      }
      if (time.of(cells, at) !== undefined) {
        break;
      }
      keep(header[at] ?? "", cells.text(at));
    }
    const members = unmapped.take();
    to.text(members);
    return members !== "";
  });

  return {
    time(cells) {
      for (const { at, time } of times) {
        const found = time.of(cells, at);
        if (found !== undefined) {
          return found;
        }
      }
      return undefined;
    },
    fields: tree.compile(),
    keep,
    namedIds: compileNamedIds(placed),
    unknownColumns: unknown.map(({ name, occurrence }) => (occurrence === 1 ? name : `${name} (${occurrence})`)),
    missingColumns: Object.keys(columns).filter(
      (name) => !namesOf(name, columns[name]).some((known) => header.includes(known)),
    ),
  };
}

function columnsByName(columns: Columns): ReadonlyMap<string, Column> {
  const byName = new Map<string, Column>();
  for (const [name, column] of Object.entries(columns)) {
    for (const known of namesOf(name, column)) {
      byName.set(known, column);
    }
  }
  return byName;
}

function namesOf(name: string, column: Column | undefined): readonly string[] {
  return [name, ...(column?.aliases ?? [])];
}

/**
 * Writes one field from the columns that may fill it: the first that says something wins. What a second column of the same name
 * says otherwise is kept.
 */
function fieldWriter(
  columns: readonly Placed[],
  header: readonly string[],
  unquote: CellsLayout["unquote"],
  keep: Keep,
): PartWriter {
  const ordered = columns.toSorted((a, b) => Number(a.column.fallback ?? false) - Number(b.column.fallback ?? false));
  const writers = ordered.map((placed) =>
    placed.column.kind === "database_time"
      ? databaseTimeWriter(placed, header, keep)
      : columnWriter(placed, unquote, keep),
  );
  const [only] = writers;
  if (only !== undefined && writers.length === 1) {
    return only;
  }
  const repeated = ordered.filter(({ occurrence }) => occurrence > 1);
  return (cells, to) => {
    let winner = 0;
    while (writers[winner]?.(cells, to) === false) {
      winner += 1;
    }
    const won = ordered[winner];
    if (won === undefined) {
      return false;
    }
    for (const { name, occurrence, at } of repeated) {
      if (at !== won.at && !cells.isBlank(at) && cells.text(at) !== cells.text(won.at)) {
        keep(name, cells.text(at), occurrence);
      }
    }
    return true;
  };
}

/** What a cell became; it is made a piece when a second row has the same. */
class Converted {
  readonly members: string | undefined;
  #piece: Piece | undefined;
  #isRepeated = false;

  constructor(members: string | undefined) {
    this.members = members;
  }

  write(to: EventBytes): boolean {
    if (this.members === undefined || this.members === "") {
      return false;
    }
    if (this.#isRepeated) {
      this.#piece ??= piece(`${this.members},`);
      to.piece(this.#piece);
    } else {
      this.#isRepeated = true;
      to.text(`${this.members},`);
    }
    return true;
  }
}

/** Copies the cells that need no converting, and has the others converted as text. */
function columnWriter(
  { name, occurrence, column, at }: Placed,
  unquote: CellsLayout["unquote"],
  keep: Keep,
): PartWriter {
  const write = memberWriter(column);
  const converted = new RememberedCell((cell, plain) => new Converted(write(plain ? cell : unquote(cell), plain)));
  const convert: PartWriter = (cells, to) => {
    const found = converted.of(cells, at);
    if (found.members === undefined) {
      keep(name, cells.text(at), occurrence);
    }
    return found.write(to);
  };
  const asItIs = verbatim(column);
  if (asItIs === undefined) {
    return (cells, to) => !cells.isBlank(at) && convert(cells, to);
  }
  const { test, quoted } = asItIs;
  const before = piece(member(column.field) + (quoted ? '"' : ""));
  const behind = piece(quoted ? '",' : ",");
  return (cells, to) => {
    const start = cells.starts[at] as number;
    const end = cells.ends[at] as number;
    if (start === end) {
      return false;
    }
    if (cells.plain[at] !== true || (test !== undefined && !test(cells.bytes, start, end))) {
      return convert(cells, to);
    }
    to.part(before, cells.words, start, end, behind);
    return true;
  };
}

/** Columns with the length of the request, in milliseconds; an event type may leave one of them blank. */
const REQUEST_TIMES = ["RUN_TIME", "EXEC_TIME"];

/** The one kind whose value depends on other cells of the row. */
function databaseTimeWriter({ name, column, at }: Placed, header: readonly string[], keep: Keep): PartWriter {
  const key = member(column.field);
  const lengths = REQUEST_TIMES.map((length) => header.indexOf(length)).filter((index) => index >= 0);
  return (cells, to) => {
    if (cells.isBlank(at)) {
      return false;
    }
    let longest = 0;
    for (const index of lengths) {
      longest = Math.max(longest, Number(cells.text(index)) || 0);
    }
    const nanoseconds = databaseTime(cells.text(at), longest);
    if (nanoseconds === undefined) {
      keep(name, cells.text(at));
      return false;
    }
    if (nanoseconds === "") {
      return false;
    }
    to.text(`${key}${nanoseconds},`);
    return true;
  };
}

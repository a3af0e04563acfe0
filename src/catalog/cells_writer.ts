import type { Column, Columns } from "./column.ts";
import { databaseTime } from "./database_time.ts";
import { eventTime } from "./event_time.ts";
import { FieldTree, type PartWriter } from "./field_tree.ts";
import { memberWriter } from "./member_writer.ts";
import { unmappedMember } from "./unmapped.ts";

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

/** See RowWriter. */
export interface CellsWriter {
  timestamp(cells: readonly string[]): string | undefined;
  fields(cells: readonly string[], plain: boolean): string;
  readonly unknownColumns: readonly string[];
  readonly missingColumns: readonly string[];
}

/** A column of the header, and where its cell is. */
interface Placed {
  readonly name: string;
  readonly column: Column;
  readonly at: number;
}

type Keep = (name: string, cell: string) => void;

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
  const unknown: { readonly name: string; readonly at: number }[] = [];
  for (const [at, title] of header.entries()) {
    const name = title.trim() === "" ? `column_${at + 1}` : title;
    const column = byName.get(name);
    if (column !== undefined) {
      placed.push({ name, column, at });
    } else if (!envelope.includes(name)) {
      unknown.push({ name, at });
    }
  }

  // Cells of the row at hand that fit nowhere; one row is written at a time.
  let unmapped = "";
  const keep: Keep = (name, cell) => {
    const member = unmappedMember(name, cell);
    unmapped = unmapped === "" ? member : `${unmapped},${member}`;
  };

  const tree = new FieldTree(home);
  for (const sharers of Map.groupBy(placed, ({ column }) => column.field).values()) {
    const [first] = sharers;
    if (first !== undefined) {
      tree.add(first.column.field, fieldWriter(sharers, header, unquote, keep));
    }
  }
  const timeOf = rememberingLast(eventTime);
  const times = timeColumns.map((name) => header.indexOf(name)).filter((at) => at >= 0);
  tree.add("unmapped", (cells) => {
    for (const { name, at } of unknown) {
      const cell = cells[at];
      if (cell !== undefined && cell !== "") {
        keep(name, cell);
      }
    }
    for (const at of times) {
      const cell = cells[at];
      if (cell === undefined || cell === "") {
        continue;
      }
      if (timeOf(cell) !== undefined) {
        break;
      }
      keep(header[at] ?? "", cell);
    }
    if (unmapped === "") {
      return "";
    }
    const text = `"unmapped":{${unmapped}}`;
    unmapped = "";
    return text;
  });

  return {
    timestamp(cells) {
      for (const at of times) {
        const time = timeOf(cells[at] ?? "");
        if (time !== undefined) {
          return time;
        }
      }
      return undefined;
    },
    fields: tree.compile(),
    unknownColumns: unknown.map(({ name }) => name),
    missingColumns: Object.keys(columns).filter(
      (name) => !namesOf(name, columns[name]).some((known) => header.includes(known)),
    ),
  };
}

/** Keeps the last answer: a row's time is asked for more than once, and neighbours often share it. */
function rememberingLast(ask: (text: string) => string | undefined): (text: string) => string | undefined {
  let lastText = "";
  let lastAnswer = ask(lastText);
  return (text) => {
    if (text !== lastText) {
      lastAnswer = ask(text);
      lastText = text;
    }
    return lastAnswer;
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

/** Writes one field from the columns that may fill it: the first that says something wins. */
function fieldWriter(
  columns: readonly Placed[],
  header: readonly string[],
  unquote: CellsLayout["unquote"],
  keep: Keep,
): PartWriter {
  const ordered = columns.toSorted((a, b) => Number(a.column.fallback ?? false) - Number(b.column.fallback ?? false));
  const writers = ordered.map((placed): PartWriter => {
    const { name, column, at } = placed;
    if (column.kind === "database_time") {
      return databaseTimeWriter(placed, header, keep);
    }
    const write = memberWriter(column);
    return (cells, plain) => {
      const cell = cells[at];
      if (cell === undefined || cell === "") {
        return "";
      }
      const text = write(plain ? cell : unquote(cell), plain);
      if (text === undefined) {
        keep(name, cell);
        return "";
      }
      return text;
    };
  });
  const [only] = writers;
  if (only !== undefined && writers.length === 1) {
    return only;
  }
  return (cells, plain) => {
    for (const write of writers) {
      const text = write(cells, plain);
      if (text !== "") {
        return text;
      }
    }
    return "";
  };
}

/** Columns with the length of the request, in milliseconds; an event type may leave one of them blank. */
const REQUEST_TIMES = ["RUN_TIME", "EXEC_TIME"];

/** The one kind whose value depends on other cells of the row. */
function databaseTimeWriter({ name, column, at }: Placed, header: readonly string[], keep: Keep): PartWriter {
  const key = `"${column.field}":`;
  const lengths = REQUEST_TIMES.map((length) => header.indexOf(length)).filter((index) => index >= 0);
  return (cells) => {
    const cell = cells[at];
    if (cell === undefined || cell === "") {
      return "";
    }
    let longest = 0;
    for (const index of lengths) {
      longest = Math.max(longest, Number(cells[index]) || 0);
    }
    const nanoseconds = databaseTime(cell, longest);
    if (nanoseconds === undefined) {
      keep(name, cell);
      return "";
    }
    return nanoseconds === "" ? "" : key + nanoseconds;
  };
}

import type { EventBytes } from "../core/event_bytes.ts";
import type { RowCells } from "../core/row_cells.ts";
import { findLogFileType, logFileType } from "./catalog.ts";
import { withoutInnerQuotes } from "./cell_value.ts";
import { compileCellsWriter } from "./cells_writer.ts";
import { ENVELOPE_COLUMNS } from "./column.ts";
import type { ReadNamedIds } from "./named_ids.ts";

/** Compiled once per header row. Cells are given in the header's number and order. */
export interface RowWriter {
  /** ISO time with milliseconds, from TIMESTAMP_DERIVED, else TIMESTAMP, else undefined. */
  timestamp(cells: RowCells): string | undefined;
  /**
   * Adds JSON members for inside `"salesforce":{…}`, with a comma behind: `"login":{"user_id":"…",…},`, or nothing. Nested
   * objects, never dotted keys. A blank cell makes no field. A cell that does not fit its column's kind goes to `unmapped`
   * under the column's name.
   */
  fields(cells: RowCells, to: EventBytes): void;
  /** Has a value of the row at hand among the `unmapped` that `fields` writes next. */
  keep(name: string, value: string): void;
  readonly namedIds: ReadNamedIds;
  /**
   * Columns of the header that the catalogue does not know, of an event type that it does: their cells go to `unmapped`. Of other
   * types all further cells do, and nothing is told.
   */
  readonly unknownColumns: readonly string[];
  /** Columns that are documented for the event type and that the header lacks; older files and API versions have fewer. */
  readonly missingColumns: readonly string[];
}

/** Compiled writers by event type and header: the files of a type have few different headers, and there may be hundreds of files. */
const compiled = new Map<string, RowWriter>();
const MOST_COMPILED = 200;

/**
 * The writer for files of that event type with that header row. Columns are found by their names, never by position; a column that
 * only other types of the home are known to have goes to the field that it has there.
 */
export function compileRowWriter(eventType: string, header: readonly string[]): RowWriter {
  const key = JSON.stringify([eventType, header]);
  let writer = compiled.get(key);
  if (writer === undefined) {
    writer = compile(eventType, header);
    if (compiled.size === MOST_COMPILED) {
      compiled.clear();
    }
    compiled.set(key, writer);
  }
  return writer;
}

function compile(eventType: string, header: readonly string[]): RowWriter {
  const type = logFileType(eventType);
  const writer = compileCellsWriter({
    home: type.home.name,
    columns: { ...type.home.columns, ...type.variants },
    header,
    timeColumns: ["TIMESTAMP_DERIVED", "TIMESTAMP"],
    envelope: Object.keys(ENVELOPE_COLUMNS),
    unquote: withoutInnerQuotes,
  });
  const documented = new Set(type.columns);
  return {
    ...writer,
    unknownColumns: findLogFileType(eventType) === undefined ? [] : writer.unknownColumns,
    missingColumns: writer.missingColumns.filter((name) => documented.has(name)),
  };
}

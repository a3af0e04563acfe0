import { findLogFileType, logFileType } from "./catalog.ts";
import { withoutInnerQuotes } from "./cell_value.ts";
import { type CellsWriter, compileCellsWriter } from "./cells_writer.ts";
import { ENVELOPE_COLUMNS } from "./column.ts";

/** Compiled writers by event type and header: the files of a type have few different headers, and there may be hundreds of files. */
const compiled = new Map<string, CellsWriter>();
const MOST_COMPILED = 200;

/**
 * The writer for files of that event type with that header row. Columns are found by their names, never by position; a column that
 * only other types of the home are known to have goes to the field that it has there. Of a type that the catalogue does not know no
 * column is told as unknown; missing are those that are documented for the type, of which older files and API versions have fewer.
 */
export function compileRowWriter(eventType: string, header: readonly string[]): CellsWriter {
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

function compile(eventType: string, header: readonly string[]): CellsWriter {
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

import type { NamedIds } from "../core/event.ts";
import { EventBytes } from "../core/event_bytes.ts";
import { RowCells } from "../core/row_cells.ts";
import { findObjectType, selectFields } from "./catalog.ts";
import { type CellsWriter, compileCellsWriter } from "./cells_writer.ts";

/** A record as the query API answers it, parsed. */
export type SalesforceRecord = Readonly<Record<string, unknown>>;

/** Compiled once per object. */
export interface RecordWriter {
  /** ISO time of the event with milliseconds; undefined if the record has none. */
  timestamp(record: SalesforceRecord): string | undefined;
  /**
   * JSON members for inside `"salesforce":{…}`, as RowWriter.fields but without the comma. What is null makes no field; a value that does not fit its
   * kind, and a field that was not asked for, goes to `unmapped`.
   */
  fields(record: SalesforceRecord): string;
  /** The ids of the record whose names it does not have itself. */
  namedIds(record: SalesforceRecord): NamedIds | undefined;
  /** What names the event uniquely within the org and object: its EventIdentifier or Id; undefined if the record has none. */
  identity(record: SalesforceRecord): string | undefined;
}

/** The member of every record of an answer that says its type and address. */
const ATTRIBUTES = "attributes";

/**
 * Of records that were `asked` for these columns; by default for all of the catalogue. Throws a TypeError for an object that the
 * catalogue does not have.
 */
export function compileRecordWriter(objectName: string, asked = selectFields(objectName)): RecordWriter {
  const type = findObjectType(objectName);
  if (type === undefined) {
    throw new TypeError(`No object ${objectName} in the catalogue.`);
  }
  const compile = (header: readonly string[]) =>
    compileCellsWriter({
      home: type.home.name,
      columns: type.columns,
      header,
      timeColumns: [type.timeColumn],
      envelope: [type.timeColumn, ATTRIBUTES],
      unquote: (cell) => cell,
    });
  const writer = compile(asked);
  const known = new Set([...asked, ATTRIBUTES]);
  const text = new EventBytes();
  /** The members without the comma behind them. */
  const fieldsText = (of: CellsWriter, cells: RowCells) => {
    text.clear();
    of.fields(cells, text);
    return text.slice(0, Math.max(0, text.length - 1));
  };
  let last: { readonly record: SalesforceRecord; readonly cells: RowCells } | undefined;
  /** Of one record several things are asked in turn. */
  const askedCells = (record: SalesforceRecord) => {
    last = last?.record === record ? last : { record, cells: cellsOf(record, asked) };
    return last.cells;
  };
  return {
    timestamp: (record) => writer.timestamp(askedCells(record)),
    fields(record) {
      const names = Object.keys(record);
      if (names.every((name) => known.has(name))) {
        return fieldsText(writer, askedCells(record));
      }
      return fieldsText(compile(names), cellsOf(record, names));
    },
    namedIds: (record) => writer.namedIds(askedCells(record)),
    identity: (record) => cellOf(record[type.identityColumn]) || undefined,
  };
}

function cellsOf(record: SalesforceRecord, names: readonly string[]): RowCells {
  return RowCells.of(names.map((name) => cellOf(record[name])));
}

function cellOf(value: unknown): string {
  if (value === null || value === undefined) {
    return "";
  }
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

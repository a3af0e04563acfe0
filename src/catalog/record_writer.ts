import type { NamedIds } from "../core/event.ts";
import type { EventBytes } from "../core/event_bytes.ts";
import { RowCells } from "../core/row_cells.ts";
import { columnsOfEvent, findObjectType, RECORD_COLUMNS, selectFields } from "./catalog.ts";
import { compileCellsWriter } from "./cells_writer.ts";

/** A record as the query API answers it, parsed, or as `AsAnswered` makes it one. */
export type SalesforceRecord = Readonly<Record<string, unknown>>;

/** What the query API answers in the place of this value of a column; text and null are the same there. */
export type AsAnswered = (column: string, value: unknown) => unknown;

/** Compiled once per object. */
export interface RecordWriter {
  /** Time of the event in milliseconds since the epoch; undefined if the record has none. */
  time(record: SalesforceRecord): number | undefined;
  /**
   * Adds JSON members for inside `"salesforce":{…}`, as CellsWriter.fields. What is null makes no field; a value that does not fit its
   * kind, and a field that was not asked for, goes to `unmapped`.
   */
  fields(record: SalesforceRecord, to: EventBytes): void;
  /** The ids of the record whose names it does not have itself. */
  namedIds(record: SalesforceRecord): NamedIds | undefined;
  /** What names the event uniquely within the org and object: its EventIdentifier or Id; undefined if the record has none. */
  identity(record: SalesforceRecord): string | undefined;
  /** The record as JSON by the names of its columns, without what says nothing of the event. */
  original(record: SalesforceRecord): string;
}

/** The member of every record of an answer that says its type and address. */
const ATTRIBUTES = "attributes";

/**
 * Of records that were `asked` for these columns; by default for all of the catalogue. Throws a TypeError for an object that the
 * catalogue does not have.
 */
export function compileRecordWriter(
  objectName: string,
  asked = selectFields(objectName),
  asAnswered: AsAnswered = (_, value) => value,
): RecordWriter {
  const type = findObjectType(objectName);
  if (type === undefined) {
    throw new TypeError(`No object ${objectName} in the catalogue.`);
  }
  const compile = (header: readonly string[]) =>
    compileCellsWriter({
      home: type.home.name,
      columns: columnsOfEvent(type),
      header,
      timeColumns: [type.timeColumn],
      envelope: [type.timeColumn],
      unquote: (cell) => cell,
    });
  const writer = compile(asked);
  const wanted = new Set(asked);
  const isUnasked = (name: string) => !wanted.has(name) && name !== ATTRIBUTES && !RECORD_COLUMNS.has(name);
  const textsOf = (record: SalesforceRecord, names: readonly string[]) =>
    names.map((name) => {
      const value = record[name];
      return typeof value === "string" ? value : value === null ? "" : cellOf(asAnswered(name, value));
    });
  const cells = new RowCells();
  let last: SalesforceRecord | undefined;
  /** Of one record several things are asked in turn. */
  const askedCells = (record: SalesforceRecord) => {
    if (record !== last) {
      cells.fill(textsOf(record, asked));
      last = record;
    }
    return cells;
  };
  return {
    time: (record) => writer.time(askedCells(record)),
    fields(record, to) {
      const unasked = Object.keys(record).filter(isUnasked);
      if (unasked.length === 0) {
        writer.fields(askedCells(record), to);
      } else {
        const names = [...asked, ...unasked];
        compile(names).fields(RowCells.of(textsOf(record, names)), to);
      }
    },
    namedIds: (record) => writer.namedIds(askedCells(record)),
    identity: (record) => cellOf(record[type.identityColumn]) || undefined,
    original: (record) =>
      JSON.stringify(
        Object.fromEntries(
          Object.entries(record).flatMap(([name, value]) =>
            wanted.has(name) || isUnasked(name) ? [[name, asAnswered(name, value)]] : [],
          ),
        ),
      ),
  };
}

function cellOf(value: unknown): string {
  if (typeof value === "string") {
    return value;
  }
  if (value === null || value === undefined) {
    return "";
  }
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

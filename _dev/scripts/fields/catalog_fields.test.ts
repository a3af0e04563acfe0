import { isIP } from "node:net";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { EVENT_TYPES, OBJECTS } from "../../../src/catalog/catalog.ts";
import { compileRecordWriter } from "../../../src/catalog/record_writer.ts";
import { compileRowWriter } from "../../../src/catalog/row_writer.ts";
import { EventBytes } from "../../../src/core/event_bytes.ts";
import { RowCells } from "../../../src/core/row_cells.ts";
import type { PackageField } from "./package_field.ts";
import { streamFields } from "./stream_fields.ts";

/** Cells of every kind, right and wrong. */
const CELL = fc.oneof(
  fc.constantFrom(
    "",
    " ",
    "0",
    "1",
    "-1",
    "12.5",
    "81604961",
    "9007199254740993",
    "true",
    "i",
    "S",
    "10",
    "200 404 500",
    "0053000000Ank29",
    "0053000000Ank29AAB",
    "000000000000000AAA",
    "203.0.113.7",
    "2001:db8::1",
    "Salesforce.com IP",
    "203.0.113.7, 10.0.0.1",
    "rv%3A50.0",
    "%",
    '"quoted"',
    '"a";"b"',
    "Account, Contact",
    "20260717092241.123",
    "2026-07-17T09:22:41.123Z",
    "LOGIN_NO_ERROR",
    "line\nbreak\u2028\u0000",
    "back\\slash",
    "\ud800",
  ),
  fc.string({ unit: "binary", maxLength: 40 }),
  fc.integer().map(String),
);

/** Whether Elasticsearch takes the value for a field of that type. */
const FITS: Readonly<Record<string, (value: unknown) => boolean>> = {
  boolean: (value) => typeof value === "boolean",
  date: (value) => typeof value === "string" && !Number.isNaN(Date.parse(value)),
  double: (value) => typeof value === "number" && Number.isFinite(value),
  // What is beyond it the pipeline takes out of the ECS field.
  float: (value) => typeof value === "number" && Number.isFinite(value),
  ip: (value) => typeof value === "string" && isIP(value) !== 0,
  keyword: (value) => typeof value === "string",
  long: (value) => Number.isSafeInteger(value),
  match_only_text: (value) => typeof value === "string",
  wildcard: (value) => typeof value === "string",
};

/** One line for each value that no field is declared for, or that its field does not take. */
function misfits(document: unknown, fields: readonly PackageField[]): readonly string[] {
  const byName = new Map(fields.map((field) => [field.name, field]));
  const walk = (value: unknown, path: string): readonly string[] => {
    const declared = byName.get(path);
    const field = declared?.path === undefined ? declared : byName.get(declared.path);
    if (field?.type === "flattened" || field?.type === "object") {
      return [];
    }
    if (field === undefined && typeof value === "object" && value !== null && !Array.isArray(value)) {
      return Object.entries(value).flatMap(([name, member]) => walk(member, `${path}.${name}`));
    }
    const values = Array.isArray(value) ? value : [value];
    return values.filter((one) => !FITS[field?.type ?? ""]?.(one)).map((one) => `${path}: ${JSON.stringify(one)}`);
  };
  return walk(document, "salesforce");
}

/** What the writer adds, without the comma behind it. */
function fieldsText<T>(writer: { fields(of: T, to: EventBytes): void }, of: T): string {
  const text = new EventBytes();
  writer.fields(of, text);
  return text.bytes.toString().replace(/,$/, "");
}

describe.each(EVENT_TYPES.map((type) => [type.name, type] as const))("rows of %s", (name, type) => {
  const header = [...new Set([...type.columns, ...Object.keys(type.home.columns), "NEW_COLUMN"])];
  const writer = compileRowWriter(name, header);
  const fields = streamFields(type.stream);

  it("are JSON with declared fields of the declared types, whatever their cells hold", () => {
    fc.assert(
      fc.property(fc.array(CELL, { minLength: header.length, maxLength: header.length }), (cells) => {
        const text = fieldsText(writer, RowCells.of(cells));
        expect(misfits(JSON.parse(`{${text}}`), fields)).toEqual([]);
        const time = writer.time(RowCells.of(cells));
        expect(time === undefined || new Date(time).getTime() === time).toBe(true);
      }),
    );
  });

  it("are the same whether cells are copied or converted", () => {
    const plain = CELL.filter((cell) => JSON.stringify(cell) === `"${cell}"`);
    fc.assert(
      fc.property(fc.array(plain, { minLength: header.length, maxLength: header.length }), (cells) => {
        const unknown = RowCells.of(cells);
        unknown.plain.fill(false);
        expect(fieldsText(writer, RowCells.of(cells))).toBe(fieldsText(writer, unknown));
      }),
    );
  });
});

describe.each(OBJECTS.map((type) => [type.name, type] as const))("records of %s", (name, type) => {
  const names = [...Object.keys(type.columns), type.timeColumn];
  const writer = compileRecordWriter(name);
  const fields = streamFields(type.stream);
  const value = fc.oneof(CELL, fc.constant(null), fc.boolean(), fc.double({ noNaN: true }), fc.integer());

  it("are JSON with declared fields of the declared types, whatever they hold", () => {
    fc.assert(
      fc.property(fc.array(value, { minLength: names.length, maxLength: names.length }), (values) => {
        const record = Object.fromEntries(names.map((column, at) => [column, values[at]]));
        expect(misfits(JSON.parse(`{${fieldsText(writer, record)}}`), fields)).toEqual([]);
      }),
    );
  });
});

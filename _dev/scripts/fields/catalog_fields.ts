import { columnsOfEvent, HOMES, LOG_FILE_FORMS, OBJECTS } from "../../../src/catalog/catalog.ts";
import type { Column, ColumnKind, FieldUnit, Home } from "../../../src/catalog/column.ts";
import { addressField, fieldsOf, movedTo, portField } from "../../../src/catalog/member_writer.ts";
import type { FieldType, PackageField } from "./package_field.ts";

/** Lucene takes terms of up to 32,766 bytes, and a character has at most four. */
const LONGEST_KEYWORD = 8_191;

interface Mapping {
  readonly type: FieldType;
  readonly index?: false;
  readonly unit?: FieldUnit;
  readonly ignore_above?: number;
}

const MAPPINGS: Readonly<Record<ColumnKind, Mapping>> = {
  keyword: { type: "keyword" },
  long_keyword: { type: "keyword", ignore_above: LONGEST_KEYWORD },
  text: { type: "match_only_text" },
  encoded: { type: "keyword", ignore_above: LONGEST_KEYWORD },
  // Measures are summed and compared, hardly ever looked up: their doc values do for that, without an index beside them.
  long: { type: "long", index: false },
  double: { type: "double", index: false },
  degrees: { type: "double", index: false },
  milliseconds: { type: "long", index: false, unit: "ms" },
  nanoseconds: { type: "long", index: false, unit: "nanos" },
  database_time: { type: "long", index: false, unit: "nanos" },
  bytes: { type: "long", index: false, unit: "byte" },
  boolean: { type: "boolean" },
  // related.ip has them all, and an index.
  ip: { type: "ip", index: false },
  url: { type: "keyword", ignore_above: LONGEST_KEYWORD },
  version: { type: "keyword" },
  id: { type: "keyword" },
  set: { type: "keyword" },
  evidence: { type: "flattened" },
  timestamp: { type: "date" },
};

/** The fields of one home, full paths, in the order of their names. */
export function homeFields(home: Home): readonly PackageField[] {
  const fields = new Map<string, PackageField>();
  const declare = (field: PackageField): void => {
    const known = fields.get(field.name);
    if (known === undefined) {
      fields.set(field.name, field);
    } else if (known.type !== field.type || known.unit !== field.unit || known.path !== field.path) {
      throw new TypeError(`${field.name} is declared as ${known.type} and as ${field.type}.`);
    }
  };
  for (const column of columnsOf(home)) {
    for (const field of columnFields(home, column)) {
      declare(field);
    }
  }
  declare({
    name: `salesforce.${home.name}.unmapped`,
    type: "flattened",
    description: "Columns that this version does not know and values that do not fit their field, by column name.",
  });
  declare({
    name: `salesforce.${home.name}.unmapped_whole`,
    type: "object",
    enabled: false,
    description: "Values of unmapped that are longer than what is indexed of them, whole, by column name.",
  });
  for (const [name, path] of Object.entries(home.fieldAliases)) {
    declare(aliasOf(`salesforce.${home.name}.${name}`, path));
  }
  return [...fields.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

function aliasOf(name: string, path: string): PackageField {
  return { name, type: "alias", path, description: `Stands for ${path}.` };
}

export function homesOf(stream: string): readonly Home[] {
  return HOMES.filter((home) => home.stream === stream);
}

/** Columns of the home's log files in all their forms, then those of its objects. */
export function columnsOf(home: Home): readonly Column[] {
  const variants = LOG_FILE_FORMS.filter((type) => type.home === home).flatMap((type) =>
    Object.values(type.variants ?? {}),
  );
  const objects = OBJECTS.filter((type) => type.home === home).flatMap((type) => Object.values(columnsOfEvent(type)));
  return [...Object.values(home.columns), ...variants, ...objects];
}

function columnFields(home: Home, column: Column): readonly PackageField[] {
  const prefix = `salesforce.${home.name}.`;
  const mapping = MAPPINGS[column.kind];
  const { description } = column;
  if (column.decoded !== undefined) {
    const { code, name } = column.decoded;
    return [
      { name: prefix + name, ...mapping, description },
      { name: prefix + code, ...mapping, description: `${withoutStop(description)}, as Salesforce codes it.` },
    ];
  }
  const unit = column.unit ?? mapping.unit;
  if (column.ecs !== undefined) {
    return fieldsOf(column).map((field) => aliasOf(prefix + field, movedTo(column, field)));
  }
  const own: PackageField = {
    name: prefix + column.field,
    ...mapping,
    ...(unit === undefined ? {} : { unit }),
    description,
  };
  if (mapping.type !== "ip") {
    return [own];
  }
  return [
    own,
    {
      name: prefix + addressField(column.field),
      type: "keyword",
      description: "The text, where it is more than addresses or none, such as Salesforce.com IP.",
    },
    {
      name: prefix + portField(column.field),
      type: "long",
      index: false,
      description: "Port of the address, where one is named.",
    },
  ];
}

function withoutStop(sentence: string): string {
  return sentence.replace(/\.$/, "");
}

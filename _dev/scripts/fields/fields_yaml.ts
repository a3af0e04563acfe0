import { stringify } from "yaml";
import type { PackageField } from "./package_field.ts";

/** Fields below one path. */
export interface FieldGroup {
  readonly name: string;
  readonly description: string;
  /** With their full paths. */
  readonly fields: readonly PackageField[];
}

const MAKER = "# Made by _dev/scripts/build_fields.ts. Change what it is made from, then run: npm run generate\n";

/** A file of fields as the package specification has it. */
export function fieldsYaml(entries: readonly (PackageField | FieldGroup)[]): string {
  const written = entries.map((entry) =>
    "fields" in entry
      ? {
          name: entry.name,
          type: "group",
          description: entry.description,
          fields: entry.fields.map((field) => ({ ...field, name: field.name.slice(entry.name.length + 1) })),
        }
      : entry,
  );
  return MAKER + stringify(written.map(inOrder), { lineWidth: 0 });
}

/** Name and type first, as in every package. */
function inOrder(field: {
  readonly name: string;
  readonly type: string;
  readonly fields?: readonly PackageField[];
}): object {
  const { name, type, fields, ...rest } = field;
  return fields === undefined ? { name, type, ...rest } : { name, type, ...rest, fields: fields.map(inOrder) };
}

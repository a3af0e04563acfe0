import type { FieldDefinition } from "../install_assets/field_definitions.ts";
import { readPackage } from "../install_assets/package_source.ts";

/** Type of each declared field of each data stream, by the stream's folder and the field's full path. */
export type DeclaredFields = ReadonlyMap<string, ReadonlyMap<string, string>>;

export function declaredFields(packageRoot: string): DeclaredFields {
  return new Map(
    readPackage(packageRoot).dataStreams.map(({ folder, fields }) => [folder, new Map(typesOf(fields, ""))] as const),
  );
}

function typesOf(fields: readonly FieldDefinition[], prefix: string): [string, string][] {
  return fields.flatMap((field) => {
    const path = prefix + field.name;
    const children = field.fields ?? [];
    const own: [string, string][] = children.length === 0 ? [[path, field.type ?? "keyword"]] : [];
    const variants = (field.multi_fields ?? []).map(
      ({ name, type = "keyword" }) => [`${path}.${name}`, type] as [string, string],
    );
    return [...own, ...variants, ...typesOf(children, `${path}.`)];
  });
}

/** The type of a field in the first of the streams that declares it. */
export function typeIn(declared: DeclaredFields, streams: readonly string[], field: string): string | undefined {
  return streams.map((stream) => declared.get(stream)?.get(field)).find((type) => type !== undefined);
}

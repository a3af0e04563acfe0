import { HOMES } from "../../../src/catalog/catalog.ts";
import { baseFields, COLLECTION_FIELDS } from "./base_fields.ts";
import { homeFields, homesOf } from "./catalog_fields.ts";
import { ECS_FIELDS, ecsFields } from "./ecs_fields.ts";
import { type FieldGroup, fieldsYaml } from "./fields_yaml.ts";
import type { PackageField } from "./package_field.ts";

/** The data streams whose fields are made from the catalogue. */
export const STREAMS = [...new Set(HOMES.map((home) => home.stream))];

/** The text of each file below data_stream/<stream>/fields, by its name. */
export function fieldFiles(stream: (typeof STREAMS)[number]): ReadonlyMap<string, string> {
  return new Map([
    ["base-fields.yml", fieldsYaml([...baseFields(stream), ...COLLECTION_FIELDS])],
    ["ecs.yml", fieldsYaml(ecsFields(ECS_FIELDS[stream] ?? []))],
    ["fields.yml", fieldsYaml(homesOf(stream).map(homeGroup))],
  ]);
}

/** Every field of the data stream, in the order of their names. */
export function streamFields(stream: (typeof STREAMS)[number]): readonly PackageField[] {
  return [
    ...baseFields(stream),
    ...COLLECTION_FIELDS,
    ...ecsFields(ECS_FIELDS[stream] ?? []),
    ...homesOf(stream).flatMap(homeFields),
  ].toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

function homeGroup(home: (typeof HOMES)[number]): FieldGroup {
  return { name: `salesforce.${home.name}`, description: home.description, fields: homeFields(home) };
}

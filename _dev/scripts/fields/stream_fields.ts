import { HOMES } from "../../../src/catalog/catalog.ts";
import { baseFields, COLLECTION_FIELDS, NAME_FIELDS, ROW_FIELD, SESSION_FIELDS } from "./base_fields.ts";
import { homeFields, homesOf } from "./catalog_fields.ts";
import { COLLECTOR_FIELDS } from "./collector_fields.ts";
import { ECS_FIELDS, ecsFields } from "./ecs_fields.ts";
import { type FieldGroup, fieldsYaml } from "./fields_yaml.ts";
import type { PackageField } from "./package_field.ts";

const COLLECTOR = "collector";

/** The data streams whose events come from Salesforce: those of the catalogue. */
const CATALOG_STREAMS = [...new Set(HOMES.map((home) => home.stream))];

/** All data streams. */
export const STREAMS = [...CATALOG_STREAMS, COLLECTOR] as const;

export type Stream = (typeof STREAMS)[number];

/** The text of each file below data_stream/<stream>/fields, by its name. */
export function fieldFiles(stream: Stream): ReadonlyMap<string, string> {
  return new Map([
    ["base-fields.yml", fieldsYaml(commonFields(stream))],
    ["ecs.yml", fieldsYaml(ecsFields(ECS_FIELDS[stream] ?? []))],
    ["fields.yml", fieldsYaml(ownGroups(stream))],
  ]);
}

/** Every field of the data stream, in the order of their names. */
export function streamFields(stream: Stream): readonly PackageField[] {
  return [
    ...commonFields(stream),
    ...ecsFields(ECS_FIELDS[stream] ?? []),
    ...ownGroups(stream).flatMap((group) => group.fields),
  ].toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

function commonFields(stream: Stream): readonly PackageField[] {
  return [
    ...baseFields(stream),
    ...COLLECTION_FIELDS,
    ...(stream === COLLECTOR ? [ROW_FIELD] : [...SESSION_FIELDS, ...NAME_FIELDS]),
  ];
}

function ownGroups(stream: Stream): readonly FieldGroup[] {
  if (stream === COLLECTOR) {
    return [
      {
        name: "salesforce.collector",
        description: "What the collection reports of itself.",
        fields: COLLECTOR_FIELDS,
      },
    ];
  }
  return homesOf(stream).map((home) => ({
    name: `salesforce.${home.name}`,
    description: home.description,
    fields: homeFields(home),
  }));
}

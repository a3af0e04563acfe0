/** Mappings as Fleet generates them from the fields of a data stream. Pure. */
import type { FieldDefinition } from "./field_definitions.ts";

export type Mapping = Readonly<Record<string, unknown>>;

export interface Mappings {
  readonly properties: Readonly<Record<string, Mapping>>;
  readonly dynamic_templates: readonly Readonly<Record<string, DynamicTemplate>>[];
}

export interface DynamicTemplate {
  readonly path_match?: string;
  readonly match?: string | readonly string[];
  readonly match_mapping_type?: string;
  readonly mapping: Mapping;
}

/** Fleet's, where a keyword gives no `ignore_above` of its own. Longer values are stored and not indexed. */
const DEFAULT_IGNORE_ABOVE = 1024;
const DEFAULT_SCALING_FACTOR = 1000;

/** The JSON type whose values a dynamic template catches, by the type that they are to have. */
const MATCH_MAPPING_TYPES: Readonly<Record<string, string>> = {
  keyword: "string",
  text: "string",
  match_only_text: "string",
  wildcard: "string",
  ip: "string",
  date: "date",
  long: "long",
  integer: "long",
  short: "long",
  byte: "long",
  unsigned_long: "long",
  double: "double",
  float: "double",
  half_float: "double",
  boolean: "boolean",
  flattened: "object",
  scaled_float: "*",
  histogram: "*",
  aggregate_metric_double: "*",
};

/** The mappings of a tree made by `fieldTree`. Throws an Error for an object whose `object_type` Fleet doesn't know. */
export function mappingsOf(tree: readonly FieldDefinition[]): Mappings {
  const dynamic: Record<string, DynamicTemplate>[] = [];
  const properties = propertiesOf(tree, "", dynamic);
  return { properties, dynamic_templates: dynamic };
}

function propertiesOf(
  fields: readonly FieldDefinition[],
  prefix: string,
  dynamic: Record<string, DynamicTemplate>[],
): Record<string, Mapping> {
  const properties: Record<string, Mapping> = {};
  for (const field of fields) {
    const path = prefix + field.name;
    const mapping = isDynamic(field) ? dynamicParent(field, path, dynamic) : staticMapping(field, path, dynamic);
    if (mapping !== undefined) {
      properties[field.name] = withUnit(mapping, field);
    }
  }
  return properties;
}

function isDynamic(field: FieldDefinition): boolean {
  return field.type === "object" && field.object_type !== undefined;
}

/** Adds the dynamic templates of an object with `object_type`; returns the static mapping of the object itself. */
function dynamicParent(
  field: FieldDefinition,
  path: string,
  dynamic: Record<string, DynamicTemplate>[],
): Mapping | undefined {
  const wildcard = path.includes("*");
  addDynamicTemplate(field, path, wildcard ? path : `${path}.*`, dynamic);
  return wildcard ? undefined : { type: "object", dynamic: true };
}

function addDynamicTemplate(
  field: FieldDefinition,
  name: string,
  pathMatch: string,
  dynamic: Record<string, DynamicTemplate>[],
): void {
  const type = field.object_type ?? "keyword";
  if (type === "group") {
    for (const child of field.fields ?? []) {
      const below = { ...child, type: "object", object_type: child.object_type ?? child.type ?? "keyword" };
      addDynamicTemplate(below, `${name}.${child.name}`, `${pathMatch}.${child.name}`, dynamic);
    }
    return;
  }
  const matchMappingType = field.object_type_mapping_type ?? MATCH_MAPPING_TYPES[type];
  if (matchMappingType === undefined) {
    throw new Error(`${name}: objects of object_type ${type} have no mapping`);
  }
  for (const prefix of wildcardPrefixes(pathMatch)) {
    const known = dynamic.some((template) => prefix in template);
    if (!known) {
      const mapping = { type: "object", dynamic: true };
      dynamic.push({ [prefix]: { path_match: prefix, match_mapping_type: "object", mapping } });
    }
  }
  const { type: _, object_type: __, ...properties } = field;
  const mapping = leafMapping({ ...properties, type }, "dynamic");
  dynamic.push({ [name]: { path_match: pathMatch, match_mapping_type: matchMappingType, mapping } });
}

/** `a.*.b` has the prefix `a.*`, which must be an object for `b` to be reached. */
function wildcardPrefixes(pathMatch: string): string[] {
  const parts = pathMatch.split(".");
  return parts.map((_, index) => parts.slice(0, index).join(".")).filter((prefix) => prefix.includes("*"));
}

function staticMapping(
  field: FieldDefinition,
  path: string,
  dynamic: Record<string, DynamicTemplate>[],
): Mapping | undefined {
  const type = field.type ?? (field.fields === undefined ? "keyword" : "group");
  const children = () => propertiesOf(field.fields ?? [], `${path}.`, dynamic);
  switch (type) {
    case "group": {
      const hasDynamicChild = field.fields?.some((child) => child.name.includes("*")) ?? false;
      const properties = children();
      if (hasDynamicChild) {
        return { type: "object", dynamic: true, ...(isEmpty(properties) ? {} : { properties }) };
      }
      return isEmpty(properties) ? undefined : { properties };
    }
    case "nested":
    case "group-nested": {
      const properties = children();
      return {
        type: "nested",
        ...given(field, ["include_in_parent", "include_in_root", "dynamic", "enabled"]),
        ...(isEmpty(properties) ? {} : { properties }),
      };
    }
    case "object": {
      const properties = children();
      return { type, ...given(field, ["enabled", "dynamic"]), ...(isEmpty(properties) ? {} : { properties }) };
    }
    case "alias":
      return { type, ...given(field, ["path"]) };
    default: {
      const mapping = leafMapping({ ...field, type }, "static");
      return path === "@timestamp" ? { ...mapping, ignore_malformed: false } : mapping;
    }
  }
}

/** The mapping of a field that holds values. A keyword in a dynamic template gets no default `ignore_above`. */
function leafMapping(field: FieldDefinition & { readonly type: string }, place: "static" | "dynamic"): Mapping {
  const { type } = field;
  const always = given(field, ["index", "doc_values", "copy_to", "store"]);
  switch (type) {
    case "keyword":
      return { ...always, type, ...keywordLimit(field, place), ...given(field, ["normalizer"]), ...multiFields(field) };
    case "wildcard":
      return {
        ...always,
        type,
        ignore_above: field.ignore_above ?? DEFAULT_IGNORE_ABOVE,
        ...given(field, ["null_value"]),
        ...multiFields(field),
      };
    case "text":
    case "match_only_text":
      return { ...always, type, ...given(field, ["analyzer", "search_analyzer"]), ...multiFields(field) };
    case "constant_keyword":
      return { ...always, type, ...given(field, ["value"]) };
    case "integer":
      return { ...always, type: "long" };
    case "scaled_float":
      return { ...always, type, scaling_factor: field.scaling_factor ?? DEFAULT_SCALING_FACTOR };
    case "date":
      return { ...always, type, ...(field.date_format === undefined ? {} : { format: field.date_format }) };
    case "array":
      return { ...always, type: field.object_type ?? "keyword" };
    case "flattened":
      return { ...always, type, ...given(field, ["ignore_above"]) };
    default:
      return { ...always, type };
  }
}

function keywordLimit(field: FieldDefinition, place: "static" | "dynamic"): Mapping {
  const unindexed = field.dimension === true || field.index === false || field.doc_values === false;
  const limit = field.ignore_above ?? (place === "static" ? DEFAULT_IGNORE_ABOVE : undefined);
  return unindexed || limit === undefined ? {} : { ignore_above: limit };
}

function multiFields(field: FieldDefinition): Mapping {
  const fields = Object.fromEntries(
    (field.multi_fields ?? []).map((sub) => [sub.name, leafMapping({ ...sub, type: sub.type ?? "keyword" }, "static")]),
  );
  return isEmpty(fields) ? {} : { fields };
}

function withUnit(mapping: Mapping, field: FieldDefinition): Mapping {
  return field.unit === undefined ? mapping : { ...mapping, meta: { unit: field.unit } };
}

function given(field: FieldDefinition, names: readonly (keyof FieldDefinition)[]): Record<string, unknown> {
  return Object.fromEntries(names.filter((name) => field[name] !== undefined).map((name) => [name, field[name]]));
}

function isEmpty(object: object): boolean {
  return Object.keys(object).length === 0;
}

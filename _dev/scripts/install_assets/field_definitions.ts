import { z } from "zod";

/** One entry of a `fields/*.yml`, as the package specification allows it. Texts for people are read over. */
export interface FieldDefinition {
  readonly name: string;
  readonly type?: string | undefined;
  readonly fields?: readonly FieldDefinition[] | undefined;
  readonly multi_fields?: readonly FieldDefinition[] | undefined;
  readonly object_type?: string | undefined;
  readonly object_type_mapping_type?: string | undefined;
  readonly path?: string | undefined;
  readonly value?: string | undefined;
  readonly unit?: string | undefined;
  readonly date_format?: string | undefined;
  readonly ignore_above?: number | undefined;
  readonly scaling_factor?: number | undefined;
  readonly normalizer?: string | undefined;
  readonly null_value?: unknown;
  readonly analyzer?: string | undefined;
  readonly search_analyzer?: string | undefined;
  readonly dimension?: boolean | undefined;
  readonly index?: boolean | undefined;
  readonly doc_values?: boolean | undefined;
  readonly copy_to?: string | undefined;
  readonly store?: boolean | undefined;
  readonly enabled?: boolean | undefined;
  readonly dynamic?: boolean | string | undefined;
  readonly include_in_parent?: boolean | undefined;
  readonly include_in_root?: boolean | undefined;
}

const optionalBoolean = z.boolean().optional();
const optionalString = z.string().optional();

/** Reads one file of fields. Throws a ZodError that names the entry. */
export const fieldDefinition: z.ZodType<FieldDefinition> = z.object({
  name: z.string().min(1),
  type: optionalString,
  get fields() {
    return z.array(fieldDefinition).optional();
  },
  get multi_fields() {
    return z.array(fieldDefinition).optional();
  },
  object_type: optionalString,
  object_type_mapping_type: optionalString,
  path: optionalString,
  value: optionalString,
  unit: optionalString,
  date_format: optionalString,
  ignore_above: z.int().optional(),
  scaling_factor: z.number().optional(),
  normalizer: optionalString,
  null_value: z.unknown().optional(),
  analyzer: optionalString,
  search_analyzer: optionalString,
  dimension: optionalBoolean,
  index: optionalBoolean,
  doc_values: optionalBoolean,
  copy_to: optionalString,
  store: optionalBoolean,
  enabled: optionalBoolean,
  dynamic: z.union([z.boolean(), z.string()]).optional(),
  include_in_parent: optionalBoolean,
  include_in_root: optionalBoolean,
});

/**
 * The tree that Fleet makes of the definitions of one data stream: dotted names become groups, siblings of one name are
 * merged where their types allow it (otherwise the first wins), aliases of nothing are dropped. Names of the result have no
 * dots; a `*` stands for what follows below its parent.
 */
export function fieldTree(definitions: readonly FieldDefinition[]): FieldDefinition[] {
  const tree = mergeSiblings(definitions.map(nestDottedName));
  const paths = new Set(leafPaths(tree));
  return dropUnusable(tree, paths);
}

/** Every node of a tree with groups and multi-fields, by which Fleet chooses the limit of fields. */
export function countFields(tree: readonly FieldDefinition[]): number {
  return tree.reduce(
    (sum, field) => sum + 1 + countFields(field.fields ?? []) + countFields(field.multi_fields ?? []),
    0,
  );
}

/** Full paths of the fields of a tree that hold values. An object without declared fields counts as one. */
export function leafPaths(tree: readonly FieldDefinition[], prefix = ""): string[] {
  return tree.flatMap((field) => {
    const path = prefix + field.name;
    const children = field.fields ?? [];
    return children.length === 0 ? [path] : leafPaths(children, `${path}.`);
  });
}

function nestDottedName(field: FieldDefinition): FieldDefinition {
  const [first = field.name, ...rest] = field.name.split(".");
  const inner = withWildcardAsObject({
    ...field,
    name: rest.length === 0 ? first : rest.join("."),
    ...(field.fields === undefined ? {} : { fields: field.fields.map(nestDottedName) }),
  });
  return rest.length === 0 ? inner : { name: first, type: "group", fields: [nestDottedName(inner)] };
}

/** `a.*` of type keyword is an object whose values are keywords. */
function withWildcardAsObject(field: FieldDefinition): FieldDefinition {
  return field.name.includes("*") && field.object_type === undefined && field.type !== "object"
    ? { ...field, type: "object", object_type: field.type ?? "keyword" }
    : field;
}

function mergeSiblings(fields: readonly FieldDefinition[]): FieldDefinition[] {
  const byName = new Map<string, FieldDefinition>();
  for (const field of fields) {
    const earlier = byName.get(field.name);
    byName.set(field.name, earlier === undefined ? field : merge(earlier, field));
  }
  return [...byName.values()].map((field) =>
    field.fields === undefined ? field : { ...field, fields: mergeSiblings(field.fields) },
  );
}

function merge(a: FieldDefinition, b: FieldDefinition): FieldDefinition {
  const type = mergedType(a, b);
  return type === undefined ? a : { ...b, ...a, type, fields: [...(a.fields ?? []), ...(b.fields ?? [])] };
}

/** The type of two siblings of one name, or undefined if they clash. */
function mergedType(a: FieldDefinition, b: FieldDefinition): string | undefined {
  const kinds = [kindOf(a), kindOf(b)];
  if (kinds.some((kind) => kind === "leaf")) {
    return undefined;
  }
  if (kinds.some((kind) => kind === "nested" || kind === "group-nested")) {
    return "group-nested";
  }
  return kinds.every((kind) => kind === "object") ? undefined : "group";
}

function kindOf({
  type,
  fields,
  object_type,
}: FieldDefinition): "group" | "object" | "nested" | "group-nested" | "leaf" {
  switch (type) {
    case "group":
    case "group-nested":
      return type;
    case "nested":
      return "nested";
    case "object":
      return object_type === undefined ? "object" : "leaf";
    default:
      return fields === undefined ? "leaf" : "group";
  }
}

function dropUnusable(tree: readonly FieldDefinition[], paths: ReadonlySet<string>): FieldDefinition[] {
  return tree
    .filter((field) => field.type !== "alias" || paths.has(field.path ?? ""))
    .filter((field) => field.type !== "array" || field.object_type !== undefined)
    .map((field) => (field.fields === undefined ? field : { ...field, fields: dropUnusable(field.fields, paths) }));
}

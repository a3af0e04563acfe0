/** Declared fields, and the sample events that have to keep to them. */

import { isMapping, type Mapping } from "../../../src/core/block.ts";
import { mappings, type PackageRule, type PackageView, repeated } from "./package_view.ts";

const TYPES = new Set(
  (
    "aggregate_metric_double alias array binary boolean byte constant_keyword date date_nanos date_range double double_range " +
    "flattened float float_range geo_point geo_shape group half_float histogram integer integer_range ip ip_range keyword long " +
    "long_range match_only_text nested object scaled_float short text unsigned_long version wildcard"
  ).split(" "),
);
const UNITS = new Set(["byte", "percent", "d", "h", "m", "s", "ms", "micros", "nanos"]);
const NUMBERS = new Set([
  "byte",
  "double",
  "float",
  "half_float",
  "integer",
  "long",
  "scaled_float",
  "short",
  "unsigned_long",
]);
const MOST_FIELDS = 2_048;

/** What makes a data stream; the package specification asks for each of them. */
const REQUIRED: Readonly<Record<string, string>> = {
  "@timestamp": "date",
  "data_stream.type": "constant_keyword",
  "data_stream.dataset": "constant_keyword",
  "data_stream.namespace": "constant_keyword",
};

export interface DeclaredField {
  /** Whole, with the groups before it. */
  readonly name: string;
  readonly definition: Mapping;
  readonly path: string;
}

export const fieldProblems: PackageRule = (view) =>
  view.streams.flatMap((stream) => {
    const fields = fieldsOf(view, stream);
    return [
      ...streamProblems(stream, fields),
      ...fields.flatMap((field) =>
        definitionProblems(field, fields).map((text) => `${field.path}: ${field.name} ${text}`),
      ),
      ...sampleProblems(view, stream, fields),
    ];
  });

/** Every field of a data stream, groups among them. */
export function fieldsOf(view: PackageView, stream: string): DeclaredField[] {
  const paths = view.paths(new RegExp(`^data_stream/${stream}/fields/[^/]+\\.yml$`));
  return paths.flatMap((path) => flattened(view.value(path), path, ""));
}

function flattened(definitions: unknown, path: string, prefix: string): DeclaredField[] {
  return mappings(definitions).flatMap((definition) => {
    const name = `${prefix}${String(definition.name)}`;
    return [{ name, definition, path }, ...flattened(definition.fields, path, `${name}.`)];
  });
}

function streamProblems(stream: string, fields: readonly DeclaredField[]): string[] {
  const at = `data_stream/${stream}/fields`;
  const types = new Map(fields.map(({ name, definition }) => [name, definition.type]));
  const leaves = fields.filter(({ definition }) => definition.type !== "group");
  return [
    ...Object.entries(REQUIRED)
      .filter(([name, type]) => types.get(name) !== type)
      .map(([name, type]) => `${at}: there must be a field ${name} of type ${type}`),
    ...repeated(leaves.map(({ name }) => name)).map((name) => `${at}: ${name} is declared twice`),
    ...(leaves.length > MOST_FIELDS ? [`${at}: there are more than ${MOST_FIELDS} fields`] : []),
  ];
}

function definitionProblems({ name, definition }: DeclaredField, fields: readonly DeclaredField[]): string[] {
  const {
    type = "keyword",
    unit,
    object_type: objectType,
    enabled,
    external,
    path,
    description,
    fields: inner,
  } = definition;
  return [
    ...(external === undefined ? [] : ["is taken from elsewhere (external), which a built package may not do"]),
    ...(TYPES.has(String(type)) ? [] : [`has the unknown type ${String(type)}`]),
    ...(type === "object" && objectType === undefined && enabled !== false ? ["is an object without object_type"] : []),
    ...((type === "group") === Array.isArray(inner) || type === "nested" ? [] : ["must be a group if it has fields"]),
    ...(type === "alias" && !fields.some((other) => other.name === path)
      ? [`stands for ${String(path)}, which is not declared`]
      : []),
    ...(unit !== undefined && !UNITS.has(String(unit)) ? [`has the unknown unit ${String(unit)}`] : []),
    ...(unit !== undefined && !NUMBERS.has(String(type)) ? ["has a unit, but is no number"] : []),
    ...(type !== "group" && (typeof description !== "string" || description.trim() === "")
      ? ["has no description"]
      : []),
    ...(String(description).includes("|") ? ["has a | in its description, which breaks the table of the README"] : []),
    ...(/^[\w@.*-]+$/.test(name) ? [] : ["is no name for a field"]),
  ];
}

/** A field that is not declared gets its type from the first event that has it, in every cluster another one. */
function sampleProblems(view: PackageView, stream: string, fields: readonly DeclaredField[]): string[] {
  const path = `data_stream/${stream}/sample_event.json`;
  const sample = view.value(path);
  if (sample === undefined) {
    return [];
  }
  const types = new Map(fields.map(({ name, definition }) => [name, definition.type ?? "keyword"]));
  return undeclared(sample, "", types).map((name) => `${path}: ${name} is not declared`);
}

function undeclared(node: unknown, name: string, types: ReadonlyMap<string, unknown>): string[] {
  const type = types.get(name);
  if (type !== undefined && type !== "group" && type !== "nested") {
    return [];
  }
  if (Array.isArray(node)) {
    return node.flatMap((item) => undeclared(item, name, types));
  }
  if (!isMapping(node)) {
    return [name];
  }
  return Object.entries(node).flatMap(([key, value]) => undeclared(value, name === "" ? key : `${name}.${key}`, types));
}

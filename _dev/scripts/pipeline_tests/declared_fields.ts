/** Whether documents hold only what the fields of their data stream declare. Pure. */
import type { FieldDefinition } from "../install_assets/field_definitions.ts";
import type { Json, PipelineTestConfig } from "./test_case.ts";

const NUMBERS = new Set([
  "long",
  "integer",
  "short",
  "byte",
  "unsigned_long",
  "double",
  "float",
  "half_float",
  "scaled_float",
]);
const STRINGS = new Set(["keyword", "constant_keyword", "wildcard", "text", "match_only_text", "ip", "version"]);
/** Types that take whatever lies below them. */
const OPAQUE = new Set(["flattened", "geo_point", "geo_shape", "object"]);

type Allowances = Pick<PipelineTestConfig, "numeric_keyword_fields" | "string_number_fields">;

/** One line for each field of a document that is undeclared or whose value has another type, each field once. */
export function undeclared(tree: readonly FieldDefinition[], document: Json, allowances: Allowances): string[] {
  return [...new Set(problems(tree, document, "", allowances))];
}

function problems(fields: readonly FieldDefinition[], object: Json, prefix: string, allowances: Allowances): string[] {
  return Object.entries(object).flatMap(([name, value]) => {
    const path = prefix + name;
    const field = fields.find((one) => one.name === name) ?? fields.find((one) => one.name === "*");
    if (field === undefined) {
      return [`${path} is not declared`];
    }
    const values = Array.isArray(value) ? value : [value];
    return values.flatMap((one) => valueProblems(field, one, path, allowances));
  });
}

function valueProblems(field: FieldDefinition, value: unknown, path: string, allowances: Allowances): string[] {
  if (value === null) {
    return [];
  }
  const type = typeOf(field);
  const children = field.fields ?? [];
  if (typeof value === "object") {
    if (children.length > 0) {
      return problems(children, value as Json, `${path}.`, allowances);
    }
    return OPAQUE.has(field.type ?? "") ? [] : [`${path} is an object, declared as ${type}`];
  }
  if (children.length > 0) {
    return [`${path} is ${JSON.stringify(value)}, declared as a group of fields`];
  }
  return fits(type, value, path, allowances) ? [] : [`${path} is ${JSON.stringify(value)}, declared as ${type}`];
}

/** The type of the values: for an object of unknown names the type that these have. */
function typeOf({ type = "keyword", object_type }: FieldDefinition): string {
  return type === "object" || type === "array" ? (object_type ?? type) : type;
}

function fits(type: string, value: unknown, path: string, allowances: Allowances): boolean {
  if (NUMBERS.has(type)) {
    const numberInString = typeof value === "string" && value !== "" && Number.isFinite(Number(value));
    return typeof value === "number" || (numberInString && allowances.string_number_fields.includes(path));
  }
  if (STRINGS.has(type)) {
    return typeof value === "string" || (typeof value === "number" && allowances.numeric_keyword_fields.includes(path));
  }
  return type !== "boolean" || typeof value === "boolean";
}

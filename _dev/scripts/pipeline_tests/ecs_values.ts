/** Whether the ECS fields of documents hold what ECS allows them to. Pure. */
import { EcsFlat } from "@elastic/ecs";
import { flatten } from "./comparison.ts";
import type { Json } from "./test_case.ts";

interface Allowed {
  readonly name: string;
  readonly expected_event_types?: readonly string[];
}

interface EcsField {
  readonly type: string;
  /** `array`: always a list, whatever the number of its values. */
  readonly normalize?: readonly string[];
  readonly allowed_values?: readonly Allowed[];
  readonly expected_values?: readonly string[];
}

const FIELDS: ReadonlyMap<string, EcsField> = new Map(Object.entries(EcsFlat));
const TYPES_OF = new Map(
  FIELDS.get("event.category")?.allowed_values?.map((one) => [one.name, one.expected_event_types ?? []]),
);

/** One line for each value that is not allowed, is a list where there may be one value, or is no list where there has to be one. */
export function ecsProblems(document: Json): string[] {
  const values = flatten(document);
  const found = [...values].flatMap(([name, value]) => {
    const field = FIELDS.get(name);
    return field === undefined ? [] : fieldProblems(name, field, value);
  });
  const categories = listOf(values.get("event.category"));
  const types = new Set(categories.flatMap((category) => TYPES_OF.get(category) ?? []));
  const strangers = categories.length === 0 ? [] : listOf(values.get("event.type")).filter((type) => !types.has(type));
  return [
    ...found,
    ...strangers.map((type) => `event.type ${type} is none of event.category ${categories.join(", ")}`),
  ];
}

function fieldProblems(name: string, field: EcsField, value: unknown): string[] {
  const isList = field.normalize?.includes("array") === true;
  const allowed = field.allowed_values?.map((one) => one.name) ?? field.expected_values;
  return [
    ...(Array.isArray(value) === isList || field.type === "geo_point"
      ? []
      : [`${name} is ${isList ? "no" : "a"} list`]),
    ...listOf(value)
      .filter((one) => allowed?.includes(one) === false)
      .map((one) => `${name} may not be ${one}`),
  ];
}

function listOf(value: unknown): string[] {
  return value === undefined ? [] : [value].flat().map(String);
}

/** What a pipeline made of its events against what was expected. Pure. */
import { isDeepStrictEqual } from "node:util";
import { isMapping } from "../../../src/core/block.ts";
import type { Json } from "./test_case.ts";

export interface ComparisonRules {
  /** Field -> regular expression that its value must match; the value itself is not compared. */
  readonly dynamicFields: Readonly<Record<string, string>>;
  /** Fields that this node can't make (`source.geo` without a geoip processor): neither side's are compared. */
  readonly ignoredFields: readonly string[];
}

/** One line for each difference: document's number, field, both values. */
export function differences(
  expected: readonly (Json | null)[],
  actual: readonly (Json | null)[],
  rules: ComparisonRules,
): string[] {
  const counts =
    expected.length === actual.length ? [] : [`${expected.length} documents expected, ${actual.length} made`];
  return [
    ...counts,
    ...expected.flatMap((document, index) =>
      documentDifferences(document, actual[index], rules, `document ${index + 1}`),
    ),
  ];
}

function documentDifferences(
  expected: Json | null,
  actual: Json | null | undefined,
  rules: ComparisonRules,
  where: string,
): string[] {
  if (actual === undefined) {
    return [];
  }
  if (expected === null || actual === null) {
    return expected === actual ? [] : [`${where}: ${expected === null ? "dropped" : "kept"} was expected`];
  }
  const [left, right] = [flatten(expected), flatten(actual)];
  const ignored = (field: string) => rules.ignoredFields.some((name) => field === name || field.startsWith(`${name}.`));
  const fields = [...new Set([...left.keys(), ...right.keys()])].filter((field) => !ignored(field)).sort();
  return fields.flatMap((field) => {
    const [wanted, made] = [left.get(field), right.get(field)];
    const pattern = rules.dynamicFields[field];
    if (pattern !== undefined) {
      const matches = new RegExp(pattern).test(String(made));
      return matches ? [] : [`${where}: ${field} is ${show(made)}, which does not match ${pattern}`];
    }
    return isDeepStrictEqual(wanted, made) ? [] : [`${where}: ${field} is ${show(made)}, expected ${show(wanted)}`];
  });
}

/** Values by dotted path. Arrays are values; an empty object is one, too. */
export function flatten(document: Json, prefix = ""): Map<string, unknown> {
  const flat = new Map<string, unknown>();
  for (const [name, value] of Object.entries(document)) {
    const path = prefix + name;
    if (isMapping(value) && Object.keys(value).length > 0) {
      for (const [below, inner] of flatten(value, `${path}.`)) {
        flat.set(below, inner);
      }
    } else {
      flat.set(path, value);
    }
  }
  return flat;
}

/** The text of an expected file as elastic-package writes it: sorted keys, four spaces, no line break at the end. */
export function expectedText(documents: readonly (Json | null)[]): string {
  return JSON.stringify({ expected: documents.map((document) => sortKeys(document)) }, undefined, 4);
}

/** Takes fields that this node can't make from an earlier expected document of the same event. */
export function keepUnmakeable(
  made: Json | null,
  earlier: Json | null | undefined,
  fields: readonly string[],
): Json | null {
  if (made === null || earlier === null || earlier === undefined) {
    return made;
  }
  const kept = structuredClone(made);
  for (const field of fields) {
    const parts = field.split(".");
    const value = parts.reduce<unknown>((below, part) => (isMapping(below) ? below[part] : undefined), earlier);
    if (value !== undefined) {
      const last = parts.pop() ?? field;
      const parent = parts.reduce<unknown>((below, part) => (isMapping(below) ? below[part] : undefined), kept);
      if (isMapping(parent)) {
        parent[last] = value;
      }
    }
  }
  return kept;
}

function sortKeys(value: unknown): unknown {
  if (Array.isArray(value)) {
    return value.map(sortKeys);
  }
  return isMapping(value)
    ? Object.fromEntries(
        Object.keys(value)
          .sort()
          .map((key) => [key, sortKeys(value[key])]),
      )
    : value;
}

function show(value: unknown): string {
  return value === undefined ? "absent" : JSON.stringify(value);
}

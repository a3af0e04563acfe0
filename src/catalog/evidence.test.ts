import { describe, expect, it, test } from "vitest";
import { evidenceValue } from "./evidence.ts";

const feature = (name: unknown, rest: object = {}) => ({ featureName: name, ...rest });

test.each<[string, object, object]>([
  [
    "values with their shares",
    [
      feature("rowCount", { featureValue: "1937568", featureContribution: "95.00 %" }),
      feature("autonomousSystem", { featureValue: "Bigleaf Networks, Inc.", featureContribution: "1.62 %" }),
    ],
    {
      rowCount: { value: "1937568", contribution: "95" },
      autonomousSystem: { value: "Bigleaf Networks, Inc.", contribution: "1.62" },
    },
  ],
  [
    "what changed in a session",
    [feature("platform", { featureContribution: "0.23 %", previousValue: "Win32", currentValue: "MacIntel" })],
    { platform: { contribution: "0.23", previous_value: "Win32", current_value: "MacIntel" } },
  ],
  [
    "numbers, blanks and members of a later release",
    [feature("a", { featureValue: 12, featureContribution: 3.5, featureBaseline: "4", other: null }), feature("b")],
    { a: { value: "12", contribution: "3.5", featureBaseline: "4" }, b: {} },
  ],
  [
    "a share that is no number",
    [feature("a", { featureContribution: "most of it" })],
    { a: { contribution: "most of it" } },
  ],
  ["a share that is blank", [feature("a", { featureContribution: " %" })], { a: { contribution: " %" } }],
])("tells %s by the names of the features", (_, given, expected) => {
  expect(JSON.parse(evidenceValue(JSON.stringify(given)) ?? "null")).toEqual(expected);
});

it("keeps a name apart from what every object has", () => {
  const text = '[{"featureName":"__proto__","__proto__":"x","constructor":"y"}]';
  expect(evidenceValue(text)).toBe('{"__proto__":{"__proto__":"x","constructor":"y"}}');
});

test.each(["", "  ", "[]", " [ ] "])("says nothing for %j", (text) => {
  expect(evidenceValue(text)).toBe("");
});

describe("leaves to the caller", () => {
  test.each<[string, string]>([
    ["no JSON", "[{"],
    ["no list", '{"featureName":"a"}'],
    ["a feature that is no object", '["a"]'],
    ["a feature without a name", '[{"featureValue":"1"}]'],
    ["a name that is no text", '[{"featureName":1}]'],
    ["a blank name", '[{"featureName":" "}]'],
    ["a name that no index takes", '[{"featureName":"a\\u0000b"}]'],
    ["a name of endless length", JSON.stringify([feature("a".repeat(256))])],
    ["a name that comes twice", JSON.stringify([feature("a", { featureValue: "1" }), feature("a")])],
    ["a value that is no plain one", '[{"featureName":"a","featureValue":{"b":1}}]'],
    ["nesting without an end", "[".repeat(9_000)],
    ["more than Salesforce gives", JSON.stringify([feature("a", { featureValue: "x".repeat(10_000) })])],
  ])("%s", (_, text) => {
    expect(evidenceValue(text)).toBeUndefined();
  });
});

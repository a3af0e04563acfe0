import { describe, expect, test } from "vitest";
import { countFields, type FieldDefinition, fieldTree, leafPaths } from "./field_definitions.ts";
import { mappingsOf } from "./mappings.ts";

const properties = (...fields: FieldDefinition[]) => mappingsOf(fieldTree(fields)).properties;

describe("a field becomes", () => {
  test.each<[FieldDefinition, unknown]>([
    [{ name: "f" }, { type: "keyword", ignore_above: 1024 }],
    [
      { name: "f", type: "keyword", ignore_above: 8191 },
      { type: "keyword", ignore_above: 8191 },
    ],
    [
      { name: "f", type: "keyword", index: false },
      { type: "keyword", index: false },
    ],
    [
      { name: "f", type: "keyword", doc_values: false },
      { type: "keyword", doc_values: false },
    ],
    [{ name: "f", type: "keyword", dimension: true }, { type: "keyword" }],
    [
      { name: "f", type: "keyword", multi_fields: [{ name: "text", type: "match_only_text" }] },
      { type: "keyword", ignore_above: 1024, fields: { text: { type: "match_only_text" } } },
    ],
    [
      { name: "f", type: "wildcard" },
      { type: "wildcard", ignore_above: 1024 },
    ],
    [
      { name: "f", type: "constant_keyword", value: "login" },
      { type: "constant_keyword", value: "login" },
    ],
    [{ name: "f", type: "integer" }, { type: "long" }],
    [
      { name: "f", type: "scaled_float" },
      { type: "scaled_float", scaling_factor: 1000 },
    ],
    [
      { name: "f", type: "long", unit: "ms" },
      { type: "long", meta: { unit: "ms" } },
    ],
    [
      { name: "f", type: "date", date_format: "epoch_second" },
      { type: "date", format: "epoch_second" },
    ],
    [
      { name: "@timestamp", type: "date" },
      { type: "date", ignore_malformed: false },
    ],
    [{ name: "f", type: "flattened" }, { type: "flattened" }],
    [{ name: "f", type: "array", object_type: "keyword" }, { type: "keyword" }],
    [{ name: "f", type: "array" }, undefined],
    [
      { name: "f", type: "object", enabled: false },
      { type: "object", enabled: false },
    ],
    [{ name: "f", type: "group", fields: [] }, undefined],
    [{ name: "f", type: "geo_point" }, { type: "geo_point" }],
    [
      { name: "f", type: "nested", include_in_parent: true, fields: [{ name: "a", type: "ip" }] },
      { type: "nested", include_in_parent: true, properties: { a: { type: "ip" } } },
    ],
  ])("%j -> %j", (field, mapping) => {
    expect(properties(field)[field.name]).toEqual(mapping);
  });
});

describe("the tree", () => {
  test("dotted names share their groups", () => {
    const tree = properties({ name: "user.id" }, { name: "user", type: "group", fields: [{ name: "geo.city" }] });
    const keyword = { type: "keyword", ignore_above: 1024 };
    expect(tree).toEqual({ user: { properties: { id: keyword, geo: { properties: { city: keyword } } } } });
  });

  test("an object beside its fields becomes their group", () => {
    expect(properties({ name: "a", type: "object" }, { name: "a.b", type: "long" })).toEqual({
      a: { properties: { b: { type: "long" } } },
    });
  });

  test("nested beside its fields stays nested", () => {
    expect(properties({ name: "a", type: "nested" }, { name: "a.b", type: "long" })).toEqual({
      a: { type: "nested", properties: { b: { type: "long" } } },
    });
  });

  test("of two fields that clash the first wins", () => {
    expect(properties({ name: "a", type: "long" }, { name: "a", type: "keyword" })).toEqual({ a: { type: "long" } });
  });

  test("an alias needs a field that it stands for", () => {
    const target = { name: "user.name" };
    const alias = (path: string) => ({ name: "who", type: "alias", path });
    expect(properties(target, alias("user.name"))).toHaveProperty("who", { type: "alias", path: "user.name" });
    expect(properties(target, alias("user.mail"))).not.toHaveProperty("who");
  });

  test("counts groups and multi-fields, lists only what holds values", () => {
    const tree = fieldTree([{ name: "user.name", multi_fields: [{ name: "text", type: "text" }] }, { name: "x" }]);
    expect(countFields(tree)).toBe(4);
    expect(leafPaths(tree)).toEqual(["user.name", "x"]);
  });
});

describe("an object of unknown names", () => {
  test("without a star keeps itself as an object", () => {
    expect(mappingsOf(fieldTree([{ name: "labels", type: "object", object_type: "keyword" }]))).toEqual({
      properties: { labels: { type: "object", dynamic: true } },
      dynamic_templates: [
        { labels: { path_match: "labels.*", match_mapping_type: "string", mapping: { type: "keyword" } } },
      ],
    });
  });

  test("a star in the middle makes what lies before it objects", () => {
    expect(mappingsOf(fieldTree([{ name: "limits.*.used", type: "long" }])).dynamic_templates).toEqual([
      {
        "limits.*": {
          path_match: "limits.*",
          match_mapping_type: "object",
          mapping: { type: "object", dynamic: true },
        },
      },
      { "limits.*.used": { path_match: "limits.*.used", match_mapping_type: "long", mapping: { type: "long" } } },
    ]);
  });

  test("the values' JSON type can be given", () => {
    const field = { name: "n.*", type: "object", object_type: "double", object_type_mapping_type: "*" };
    expect(mappingsOf(fieldTree([field])).dynamic_templates).toEqual([
      { "n.*": { path_match: "n.*", match_mapping_type: "*", mapping: { type: "double" } } },
    ]);
  });

  test("a type that has no dynamic mapping is refused with its path", () => {
    const tree = fieldTree([{ name: "a.b", type: "object", object_type: "geo_shape" }]);
    expect(() => mappingsOf(tree)).toThrow("a.b: objects of object_type geo_shape");
  });
});

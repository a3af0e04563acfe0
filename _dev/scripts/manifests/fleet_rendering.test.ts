import { describe, expect, test } from "vitest";
import { templateRenderer } from "./fleet_rendering.ts";

function rendered(template: string, value: unknown, type = "text"): unknown {
  return templateRenderer(template)({ v: { type, value } });
}

describe("a rendered template", () => {
  test.each([
    ["a: {{v}}", 7, { a: 7 }],
    ["a: {{v}}", false, { a: false }],
    ["a: {{v}}", undefined, { a: null }],
    ["{{#if v}}\na: 1\n{{/if}}\nb: 2", "", { b: 2 }],
    ["a: {{escape_string v}}", 'it\'s # "odd"', { a: 'it\'s # "odd"' }],
    ["a:\n  b: {{escape_string v}}\n  c: 1", "one\ntwo\n", { a: { b: "one\ntwo\n", c: 1 } }],
    ["a: '{{escape_multiline_string v}}'", "one\nit's two", { a: "one\nit's two" }],
    ["a: {{to_json v}}", ["x", "y: 'z'"], { a: ["x", "y: 'z'"] }],
    ["a: {{to_json v}}", "[1]", { a: [1] }],
    ["a: {{url_encode v}}", "x y&z", { a: "x%20y%26z" }],
    ["{{#contains 'x' v}}\na: 1\n{{/contains}}\nb: 2", ["x"], { a: 1, b: 2 }],
    ["{{#contains 'x' v}}\na: 1\n{{/contains}}\nb: 2", ["y"], { b: 2 }],
    ["a: {{escape_string v}}", { isSecretRef: true, id: "s1" }, { a: "$co.elastic.secret{s1}" }],
  ])("%j with %j", (template, value, expected) => {
    expect(rendered(template, value)).toEqual(expected);
  });

  test.each([
    ["a: {{v}}", "- x: 1\n- y", { a: [{ x: 1 }, "y"] }],
    ["a: {{v}}", "", { a: null }],
    ["a:\n  - b: {{v}}", "c: {d: 1}", { a: [{ b: { c: { d: 1 } } }] }],
  ])("%j with the YAML %j", (template, value, expected) => {
    expect(rendered(template, value, "yaml")).toEqual(expected);
  });

  test.each([
    ["{{#if v}}", "x"],
    ["a: {{lost_helper v 1}}", "x"],
    ["a: {{v}}", "b: c: d"],
    ["a: {{v}", "x"],
  ])("%j with %j is an error", (template, value) => {
    expect(() => rendered(template, value)).toThrow();
  });
});

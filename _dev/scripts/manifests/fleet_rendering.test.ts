import { describe, expect, test } from "vitest";
import { FLEET_COMPILERS, type FleetCompiler, templateRenderer } from "./fleet_rendering.ts";

function rendered(compiler: FleetCompiler, template: string, value: unknown, type = "text"): unknown {
  return templateRenderer(template, compiler)({ v: { type, value } });
}

describe.each(FLEET_COMPILERS)("a template rendered by Fleet's %s", (compiler) => {
  test.each([
    ["a: {{v}}", 7, { a: 7 }],
    ["a: {{v}}", false, { a: false }],
    ["a: {{v}}", undefined, { a: null }],
    ["{{#if v}}\na: 1\n{{/if}}\nb: 2", "", { b: 2 }],
    ["a: {{escape_string v}}", 'it\'s # "odd"', { a: 'it\'s # "odd"' }],
    ["a:\n  b: {{escape_string v}}\n  c: 1", "one\ntwo\n", { a: { b: "one\ntwo\n", c: 1 } }],
    ["a: {{to_json v}}", ["x", "y: 'z'"], { a: ["x", "y: 'z'"] }],
    ["a: {{to_json v}}", "[1]", { a: [1] }],
    ["a: {{url_encode v}}", "x y&z", { a: "x%20y%26z" }],
    ["{{#contains 'x' v}}\na: 1\n{{/contains}}\nb: 2", ["x"], { a: 1, b: 2 }],
    ["{{#contains 'x' v}}\na: 1\n{{/contains}}\nb: 2", ["y"], { b: 2 }],
    ["a: {{escape_string v}}", { isSecretRef: true, id: "s1" }, { a: "$co.elastic.secret{s1}" }],
  ])("%j with %j", (template, value, expected) => {
    expect(rendered(compiler, template, value)).toEqual(expected);
  });

  test.each([
    ["a: {{v}}", "- x: 1\n- y", { a: [{ x: 1 }, "y"] }],
    ["a: {{v}}", "", { a: null }],
    ["a:\n  - b: {{v}}", "c: {d: 1}", { a: [{ b: { c: { d: 1 } } }] }],
    ["a: 1\n{{v}}\nb: 2", "c: {d: 1}", { a: 1, c: { d: 1 }, b: 2 }],
  ])("%j with the YAML %j", (template, value, expected) => {
    expect(rendered(compiler, template, value, "yaml")).toEqual(expected);
  });

  test.each([
    ["{{#if v}}", "x"],
    ["a: {{lost_helper v 1}}", "x"],
    ["a: {{v}}", "b: c: d"],
    ["a: {{v}", "x"],
  ])("%j with %j is an error", (template, value) => {
    expect(() => rendered(compiler, template, value)).toThrow();
  });
});

describe("Fleet's compilers differ", () => {
  const two = "a: {{escape_string v}}\nb: {{escape_string v}}\n";
  test.each<[FleetCompiler, string, string, unknown]>([
    ["js-yaml", two, '5" pipes', { a: '5" pipes', b: '5" pipes' }],
    ["yaml", two, '5" pipes', { a: '5" pipes', b: '5" pipes' }],
    ["js-yaml", "a: '{{escape_multiline_string v}}'", "one\nit's two", { a: "one\nit's two" }],
    ["yaml", 'a: "{{escape_multiline_string v}}"', "one\n two", { a: "one\ntwo" }],
    ["js-yaml", "a: {{escape_string v}}", "one\r\ntwo ", { a: "one\ntwo " }],
    ["yaml", "a: {{escape_string v}}", "one\r\ntwo ", { a: "one\r\ntwo " }],
    ["js-yaml", "a: {{v}}", "2026-01-02", { a: new Date("2026-01-02") }],
    ["yaml", "a: {{v}}", "2026-01-02", { a: "2026-01-02" }],
  ])("%s reads %j with %j as %j", (compiler, template, value, expected) => {
    expect(rendered(compiler, template, value)).toEqual(expected);
  });

  test("one joins what stands between two quotation marks", () => {
    expect(() => rendered("yaml, joining lines", two, '5" pipes')).toThrow(/mappings are not allowed/);
  });
});

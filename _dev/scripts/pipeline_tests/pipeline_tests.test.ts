import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { fieldTree } from "../install_assets/field_definitions.ts";
import { makeUpPackage } from "../install_assets/made_up_package.ts";
import { readPackage } from "../install_assets/package_source.ts";
import { differences, expectedText, keepUnmakeable } from "./comparison.ts";
import { undeclared } from "./declared_fields.ts";
import { unmakeableFields } from "./simulation.ts";
import { pipelineTestCases, readExpected } from "./test_case.ts";

describe("differences", () => {
  const strict = { dynamicFields: {}, ignoredFields: [] };

  test.each([
    { expected: [{ a: { b: 1 } }], actual: [{ a: { b: 1 } }], found: [] },
    { expected: [{ a: { b: 1 } }], actual: [{ a: { b: 2 } }], found: ["document 1: a.b is 2, expected 1"] },
    { expected: [{ a: 1 }], actual: [{ a: 1, c: [] }], found: ["document 1: c is [], expected absent"] },
    { expected: [{ a: [1, 2] }], actual: [{ a: [2, 1] }], found: ["document 1: a is [2,1], expected [1,2]"] },
    { expected: [null], actual: [null], found: [] },
    { expected: [null], actual: [{}], found: ["document 1: dropped was expected"] },
    { expected: [{}], actual: [null], found: ["document 1: kept was expected"] },
    { expected: [{}, {}], actual: [{}], found: ["2 documents expected, 1 made"] },
  ])("of $expected and $actual", ({ expected, actual, found }) => {
    expect(differences(expected, actual, strict)).toEqual(found);
  });

  test("a dynamic field is compared by its form", () => {
    const rules = { ...strict, dynamicFields: { "event.ingested": "^2\\d{3}-" } };
    const expected = [{ event: { ingested: "2020-01-01" } }];
    expect(differences(expected, [{ event: { ingested: "2026-11-22" } }], rules)).toEqual([]);
    expect(differences(expected, [{ event: {} }], rules)).toContainEqual(
      expect.stringContaining("event.ingested is absent, which does not match"),
    );
  });

  test("what a node can't make is left out, and only that", () => {
    const rules = { ...strict, ignoredFields: ["source.geo"] };
    const expected = [{ source: { ip: "81.2.69.144", geo: { city_name: "London" }, geometry: 1 } }];
    expect(differences(expected, [{ source: { ip: "81.2.69.144" } }], rules)).toEqual([
      "document 1: source.geometry is absent, expected 1",
    ]);
  });
});

test("expected files have sorted keys at every depth", () => {
  expect(expectedText([{ b: [{ d: 1, c: 2 }], a: {} }, null])).toBe(
    JSON.stringify({ expected: [{ a: {}, b: [{ c: 2, d: 1 }] }, null] }, undefined, 4),
  );
});

test("generating again keeps what this node can't make", () => {
  const earlier = { source: { ip: "::1", geo: { city_name: "London" } }, old: true };
  expect(keepUnmakeable({ source: { ip: "::1" } }, earlier, ["source.geo", "client.geo"])).toEqual({
    source: { ip: "::1", geo: { city_name: "London" } },
  });
  expect(keepUnmakeable({ a: 1 }, undefined, ["source.geo"])).toEqual({ a: 1 });
});

describe("declared fields", () => {
  const tree = fieldTree([
    { name: "user.id" },
    { name: "run_time", type: "long" },
    { name: "success", type: "boolean" },
    { name: "raw", type: "flattened" },
    { name: "labels.*", type: "keyword" },
    { name: "parts", type: "nested", fields: [{ name: "n", type: "long" }] },
  ]);
  const strict = { numeric_keyword_fields: [], string_number_fields: [] };

  test.each([
    [{ user: { id: "005" }, run_time: 1, success: true, raw: { any: [{ thing: 1 }] }, labels: { x: "y" } }, []],
    [{ user: { id: ["a", "b"] }, parts: [{ n: 1 }, { n: 2 }] }, []],
    [{ user: { name: "Eva" } }, ["user.name is not declared"]],
    [{ parts: [{ n: 1 }, { m: 2 }] }, ["parts.m is not declared"]],
    [{ user: { id: 5 } }, ["user.id is 5, declared as keyword"]],
    [{ run_time: "1" }, ['run_time is "1", declared as long']],
    [{ success: "true" }, ['success is "true", declared as boolean']],
    [{ user: "Eva" }, ['user is "Eva", declared as a group of fields']],
    [{ run_time: { ms: 1 } }, ["run_time is an object, declared as long"]],
    [{ labels: { x: 1 } }, ["labels.x is 1, declared as keyword"]],
  ])("%j: %j", (document, found) => {
    expect(undeclared(tree, document, strict)).toEqual(found);
  });

  test("a test may allow numbers in keywords and strings in numbers", () => {
    const allowances = { numeric_keyword_fields: ["user.id"], string_number_fields: ["run_time"] };
    expect(undeclared(tree, { user: { id: 5 }, run_time: "1" }, allowances)).toEqual([]);
  });
});

describe("test files", () => {
  function doorWith(files: Readonly<Record<string, string>>) {
    const root = makeUpPackage();
    onTestFinished(() => rmSync(root, { recursive: true }));
    const source = readPackage(root);
    const [stream] = source.dataStreams;
    if (stream === undefined) {
      throw new Error("the made-up package has a data stream");
    }
    const folder = join(stream.path, "_dev/test/pipeline");
    mkdirSync(folder, { recursive: true });
    for (const [name, text] of Object.entries(files)) {
      writeFileSync(join(folder, name), text);
    }
    return { source, stream };
  }

  test("events, lines and configurations are read by elastic-package's names", () => {
    const { stream } = doorWith({
      "test-common-config.yml": "fields: {tags: [common], event.module: m}\ndynamic_fields: {a: x}\n",
      "test-a.json": '{"events": [{"event": {"code": "A"}}]}',
      "test-a.json-config.yml": "fields: {tags: [own]}\nnumeric_keyword_fields: [user.id]\n",
      "test-a.json-expected.json": '{"expected": [null]}',
      "test-b.log": "one\n\ntwo\n",
    });
    const [a, b] = pipelineTestCases(stream);
    expect(a?.events).toEqual([{ event: { code: "A", module: "m" }, tags: ["own"] }]);
    expect(a?.config).toMatchObject({ dynamic_fields: { a: "x" }, numeric_keyword_fields: ["user.id"] });
    expect(a === undefined ? undefined : readExpected(a)).toEqual([null]);
    expect(b?.events.map(({ message }) => message)).toEqual(["one", "two"]);
    expect(() => (b === undefined ? undefined : readExpected(b))).toThrow("--generate");
  });

  test("an option that the runner does not know is refused", () => {
    const { stream } = doorWith({ "test-a.json": '{"events": []}', "test-a.json-config.yml": "multiline: {}\n" });
    expect(() => pipelineTestCases(stream)).toThrow("multiline");
  });

  test("without geoip its targets can't be made", () => {
    const { source, stream } = doorWith({});
    expect(unmakeableFields(source, stream, new Set(["set"]))).toEqual(["source.geo"]);
    expect(unmakeableFields(source, stream, new Set(["geoip"]))).toEqual([]);
  });
});

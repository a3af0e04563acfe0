import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { isMapping } from "../../../src/core/block.ts";
import { readPackage } from "../install_assets/package_source.ts";
import { ecsProblems } from "./ecs_values.ts";
import { pipelineTestCases, readExpected } from "./test_case.ts";

const ROOT = join(import.meta.dirname, "../../..");

test.each<[string, object, string[]]>([
  ["a login", { event: { kind: "event", category: ["authentication"], type: ["start"], outcome: "success" } }, []],
  [
    "a type of one of two categories",
    { event: { category: ["intrusion_detection", "session"], type: ["denied"] } },
    [],
  ],
  ["a type without a category", { event: { type: ["error"] } }, []],
  ["a field that ECS does not have", { salesforce: { outcome: ["any"] } }, []],
  [
    "a type that is none of the category",
    { event: { category: ["file"], type: ["error"] } },
    ["event.type error is none of event.category file"],
  ],
  ["an unknown outcome", { event: { outcome: "failed" } }, ["event.outcome may not be failed"]],
  [
    "an unknown category",
    { event: { category: ["login"], type: ["start"] } },
    ["event.category may not be login", "event.type start is none of event.category login"],
  ],
  ["several values of one", { source: { ip: ["10.0.0.1", "10.0.0.2"] } }, ["source.ip is a list"]],
  ["one value of several", { related: { ip: "10.0.0.1" } }, ["related.ip is no list"]],
])("%s", (_, document, problems) => {
  expect(ecsProblems({ ...document })).toEqual(problems);
});

test.each(readPackage(ROOT).dataStreams.map((stream) => [stream.folder, stream] as const))(
  "the expected documents of %s hold what ECS allows",
  (_, stream) => {
    const found = pipelineTestCases(stream).flatMap((testCase) =>
      readExpected(testCase).flatMap((document, index) =>
        ecsProblems(document ?? {}).map((problem) => `${testCase.name}, document ${index + 1}: ${problem}`),
      ),
    );
    expect(found).toEqual([]);
  },
);

test.each(globSync("data_stream/*/elasticsearch/ingest_pipeline/event.yml", { cwd: ROOT }))(
  "every meaning in %s is allowed",
  (file) => {
    const found = meanings(parse(readFileSync(join(ROOT, file), "utf8"))).flatMap(
      ({ category, type, action, ...rest }) =>
        ecsProblems({ event: { category, type, ...rest } }).map((problem) => `${String(action)}: ${problem}`),
    );
    expect(found).toEqual([]);
  },
);

/** What a pipeline says of category and type, wherever it stands in it. */
function meanings(value: unknown): Record<string, unknown>[] {
  const below = Array.isArray(value) ? value : isMapping(value) ? Object.values(value) : [];
  const own = isMapping(value) && "category" in value && "type" in value ? [value] : [];
  return [...own, ...below.flatMap(meanings)];
}

import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { pipelineProblems } from "./pipeline_rules.ts";

const ROOT = join(import.meta.dirname, "../..");
const FILES = globSync("data_stream/*/elasticsearch/ingest_pipeline/*.yml", { cwd: ROOT }).sort();

const ON_FAILURE = `on_failure:
  - set: {tag: kind, field: event.kind, value: pipeline_error}
  - append:
      tag: message
      field: error.message
      value: >-
        {{{ _ingest.on_failure_processor_type }}} {{{ _ingest.on_failure_processor_tag }}}
        {{{ _ingest.pipeline }}} {{{ _ingest.on_failure_message }}}
`;
const pipeline = (processors: string, onFailure = ON_FAILURE) =>
  `---\ndescription: A pipeline.\nprocessors:\n${processors}\n${onFailure}`;

describe("pipelineProblems", () => {
  test.each<[string, string, string[]]>([
    ["a good one", pipeline("  - set: {tag: a, field: b, value: c}"), []],
    ["a processor without a tag", pipeline("  - set: {field: b, value: c}"), ["A set has no tag."]],
    [
      "a tag in use inside of another processor",
      pipeline(
        "  - set: {tag: a, field: b, value: c, on_failure: [{remove: {tag: a, field: b}}]}\n  - trim: {tag: d, field: b}",
      ),
      ["The tag a is used twice."],
    ],
    [
      "a repeated processor without a tag",
      pipeline("  - foreach: {tag: a, field: b, processor: {trim: {field: _ingest._value}}}"),
      ["A trim has no tag."],
    ],
    [
      "a processor that packages may not have",
      pipeline("  - enrich: {tag: a, policy_name: b}"),
      ["Processor enrich is not allowed in packages."],
    ],
    [
      "two calls of one pipeline",
      pipeline(
        `  - pipeline: {tag: a, name: '{{ IngestPipeline "x" }}'}\n  - pipeline: {tag: b, name: '{{ IngestPipeline "x" }}'}`,
      ),
      ["The pipeline x is called twice: Fleet puts its name in once."],
    ],
    [
      "a failure that nobody sees",
      pipeline(
        "  - set: {tag: a, field: b, value: c}",
        "on_failure:\n  - set: {tag: m, field: error.message, value: x}",
      ),
      [
        "on_failure does not set event.kind to pipeline_error.",
        "error.message does not tell _ingest.on_failure_processor_type.",
        "error.message does not tell _ingest.on_failure_processor_tag.",
        "error.message does not tell _ingest.on_failure_message.",
        "error.message does not tell _ingest.pipeline.",
      ],
    ],
    [
      "a file without its first line",
      pipeline("  - set: {tag: a, field: b, value: c}").slice(4),
      ["The file does not start with ---."],
    ],
  ])("%s", (_, text, problems) => {
    expect(pipelineProblems(text)).toEqual(problems);
  });

  test("refuses other keys", () => {
    const [problem] = pipelineProblems(`${pipeline("  - set: {tag: a, field: b, value: c}")}version: 1\n`);
    expect(problem).toContain("version");
  });
});

test("there are pipelines", () => {
  expect(FILES.length).toBeGreaterThan(10);
});

test.each(FILES)("%s keeps the rules", (file) => {
  expect(pipelineProblems(readFileSync(join(ROOT, file), "utf8"))).toEqual([]);
});

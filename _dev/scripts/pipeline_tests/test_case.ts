import { existsSync, globSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { parse } from "yaml";
import { z } from "zod";
import type { DataStreamSource } from "../install_assets/package_source.ts";

/** A document, or a part of one. */
export type Json = Record<string, unknown>;

const config = z.strictObject({
  /** Set in every event before it enters the pipeline; names may be dotted. */
  fields: z.record(z.string(), z.unknown()).default({}),
  /** Fields that differ from run to run: only their form is compared, a regular expression. */
  dynamic_fields: z.record(z.string(), z.string()).default({}),
  /** Keyword fields that may hold numbers. */
  numeric_keyword_fields: z.array(z.string()).default([]),
  /** Numeric fields that may hold numbers in strings. */
  string_number_fields: z.array(z.string()).default([]),
});

export type PipelineTestConfig = z.infer<typeof config>;

/** One `test-*.json` or `test-*.log` of a data stream, in elastic-package's layout. */
export interface PipelineTestCase {
  readonly name: string;
  readonly expectedPath: string;
  readonly config: PipelineTestConfig;
  readonly events: readonly Json[];
}

/** The pipeline tests of a data stream, by name. Throws an Error that names a file which can't be read. */
export function pipelineTestCases(stream: Pick<DataStreamSource, "path">): PipelineTestCase[] {
  const folder = join(stream.path, "_dev/test/pipeline");
  const inputs = globSync("test-*.{json,log}", { cwd: folder }).filter((file) => !/-(expected|config)\./.test(file));
  return inputs.sort().map((file) => {
    const path = join(folder, file);
    const read = readConfig(join(folder, "test-common-config.yml"), `${path}-config.yml`);
    const events = file.endsWith(".log") ? logEvents(path) : jsonEvents(path);
    return {
      name: basename(file),
      expectedPath: `${path}-expected.json`,
      config: read,
      events: events.map((event) => withFields(event, read.fields)),
    };
  });
}

/** The documents of an expected file; null stands for an event that the pipeline dropped. */
export function readExpected(testCase: PipelineTestCase): (Json | null)[] {
  if (!existsSync(testCase.expectedPath)) {
    throw new Error(`${testCase.expectedPath} is missing: make it with pipeline_tests/main.ts --generate`);
  }
  const file = z.object({ expected: z.array(z.record(z.string(), z.unknown()).nullable()) });
  return file.parse(JSON.parse(readFileSync(testCase.expectedPath, "utf8"))).expected;
}

function readConfig(...paths: readonly string[]): PipelineTestConfig {
  const texts = paths.filter((path) => existsSync(path)).map((path) => readFileSync(path, "utf8"));
  const [common = {}, own = {}] = texts.map((text) => parse(text) as Json);
  return config.parse({
    ...common,
    ...own,
    fields: { ...(common.fields as Json | undefined), ...(own.fields as Json | undefined) },
    dynamic_fields: { ...(common.dynamic_fields as Json | undefined), ...(own.dynamic_fields as Json | undefined) },
  });
}

function logEvents(path: string): Json[] {
  const lines = readFileSync(path, "utf8").split("\n");
  return lines.filter((line) => line.trim() !== "").map((message) => ({ message }));
}

function jsonEvents(path: string): Json[] {
  const file = z.object({ events: z.array(z.record(z.string(), z.unknown())) });
  return file.parse(JSON.parse(readFileSync(path, "utf8"))).events;
}

function withFields(event: Json, fields: Json): Json {
  const filled = structuredClone(event);
  for (const [name, value] of Object.entries(fields)) {
    const parts = name.split(".");
    const last = parts.pop() ?? name;
    let parent = filled;
    for (const part of parts) {
      parent[part] ??= {};
      parent = parent[part] as Json;
    }
    parent[last] = value;
  }
  return filled;
}

/**
 * Makes the inputs of the pipeline tests, `data_stream/<stream>/_dev/test/pipeline/test-<event-type>.json`: the rows of
 * `_dev/shared/pipeline_tests/<EventType>.yml` are written as a log file of Salesforce and read by the runner's own reader; records
 * of an object likewise. With `--check`, exits with 1 if an input would change.
 */
import { spawnSync } from "node:child_process";
import { existsSync, globSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { parse } from "yaml";
import { z } from "zod";
import { findEventType, logFileType, OBJECTS, selectFields } from "../../src/catalog/catalog.ts";
import type { LogFileType, ObjectType } from "../../src/catalog/column.ts";
import { ObjectRecords } from "../../src/sources/objects/records.ts";
import { isPrimaryObject } from "../../src/sources/primary.ts";
import { fileEvents, ORGANIZATION_ID, streamContext } from "../shared/testing/file_events.ts";

const ROOT = join(import.meta.dirname, "../..");
const SOURCES = "_dev/shared/pipeline_tests";

const COLLECTED_AT = Date.parse("2026-07-17T13:04:00.000Z");

/** Rows or records by the names that Salesforce gives their columns or fields; what is left out is blank. */
const rows = z.array(z.record(z.string(), z.unknown()));
type Row = z.infer<typeof rows>[number];

export interface PipelineTestInput {
  /** Event type or object. */
  readonly name: string;
  readonly path: string;
  readonly events: readonly unknown[];
}

/** The inputs that the files of `SOURCES` give, with absolute paths. */
export async function pipelineTestInputs(root: string): Promise<PipelineTestInput[]> {
  const files = globSync(`${SOURCES}/*.yml`, { cwd: root }).sort();
  return Promise.all(
    files.map(async (file) => {
      const name = basename(file, ".yml");
      const type = findEventType(name) ?? logFileType(name);
      const written = rows.parse(parse(readFileSync(join(root, file), "utf8")));
      const events = type.provider === "EventLogFile" ? await rowEvents(type, written) : recordEvents(type, written);
      const folder = join(root, "data_stream", type.stream, "_dev/test/pipeline");
      return { name, path: join(folder, `test-${kebab(name)}.json`), events };
    }),
  );
}

/** The inputs whose file is missing or says something else. */
export async function staleInputs(root: string): Promise<PipelineTestInput[]> {
  const inputs = await pipelineTestInputs(root);
  return inputs.filter(
    ({ path, events }) =>
      !existsSync(path) || !isDeepStrictEqual(JSON.parse(readFileSync(path, "utf8")), { events: [...events] }),
  );
}

async function rowEvents(type: LogFileType, written: readonly Row[]): Promise<unknown[]> {
  const header = [
    ...new Set(["EVENT_TYPE", "ORGANIZATION_ID", ...type.columns, ...written.flatMap((row) => Object.keys(row))]),
  ];
  const lines = [header, ...written.map((row) => header.map((column) => cell(type, column, row)))];
  const csv = lines.map((line) => line.map((text) => `"${text.replaceAll('"', '""')}"`).join(",")).join("\n");
  const file = {
    id: "0AT300000000001GAA",
    eventType: type.name,
    interval: "hourly",
    sequence: 1,
    logDate: Date.parse("2026-07-17T09:00:00.000Z"),
    created: COLLECTED_AT,
  } as const;
  return (await fileEvents(type.stream, file, csv)).map(({ json }) => JSON.parse(json));
}

function cell(type: LogFileType, column: string, row: Row): string {
  const written = row[column];
  if (written !== undefined) {
    return String(written);
  }
  switch (column) {
    case "EVENT_TYPE":
      return type.name;
    case "ORGANIZATION_ID":
      return ORGANIZATION_ID;
    default:
      return "";
  }
}

function recordEvents(type: ObjectType, written: readonly Row[]): unknown[] {
  const records = written.map((row) => ({ attributes: { type: type.name }, ...row }));
  const reader = new ObjectRecords({
    type,
    columns: selectFields(type.name),
    stream: streamContext(type.stream),
    primary: isPrimaryObject(
      type.name,
      OBJECTS.filter(({ stream }) => stream === type.stream).map(({ name }) => name),
    ),
    delivered: new Map(),
  });
  const { events } = reader.read(records, { after: 0, to: COLLECTED_AT }, "oldest first");
  return events.map(({ json }) => JSON.parse(json) as unknown);
}

/** `ApexRestApi` → `apex-rest-api`. */
function kebab(name: string): string {
  return name
    .replaceAll(/([a-z0-9])([A-Z])/g, "$1-$2")
    .replaceAll(/([A-Z])([A-Z][a-z])/g, "$1-$2")
    .toLowerCase();
}

if (import.meta.main) {
  const stale = await staleInputs(ROOT);
  const paths = stale.map(({ path }) => relative(ROOT, path));
  if (process.argv.includes("--check")) {
    for (const path of paths) {
      process.stderr.write(`${path} would change: run npm run generate\n`);
      process.exitCode = 1;
    }
  } else if (stale.length > 0) {
    for (const { path, events } of stale) {
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, JSON.stringify({ events }, undefined, 2));
    }
    spawnSync(join(ROOT, "node_modules/.bin/biome"), ["format", "--write", ...paths], { cwd: ROOT, stdio: "inherit" });
    process.stdout.write(`${paths.join("\n")}\n`);
  }
}

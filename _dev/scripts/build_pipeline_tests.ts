/**
 * Makes the inputs of the pipeline tests, `data_stream/<stream>/_dev/test/pipeline/test-<event-type>.json`: the rows of
 * `_dev/shared/pipeline_tests/<EventType>.yml` are written as a log file of Salesforce and read by the runner's own reader; records
 * of an object likewise. The first of each object that is published too is also written as its topic brings it, in
 * `test-live-events.json` of its data stream, by the schema of the mock org. With `--check`, exits with 1 if an input would change.
 */
import { spawnSync } from "node:child_process";
import { existsSync, globSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import { isDeepStrictEqual } from "node:util";
import avro from "avsc";
import { parse } from "yaml";
import { z } from "zod";
import { findEventType, logFileType, OBJECTS, PUBLISHED_OBJECTS, selectFields } from "../../src/catalog/catalog.ts";
import type { LogFileType, ObjectType, PublishedObject } from "../../src/catalog/column.ts";
import type { PubSub } from "../../src/org/pub_sub.ts";
import { LiveEvents } from "../../src/sources/live/events.ts";
import { ObjectRecords } from "../../src/sources/objects/records.ts";
import { isPrimaryLive, isPrimaryObject } from "../../src/sources/primary.ts";
import { avroSchema, knownChannel } from "../deploy/docker/mock_org/pub_sub/channels.ts";
import { SOBJECT_DEFINITIONS } from "../deploy/docker/mock_org/sobject_definitions.ts";
import { fileEvents, ORGANIZATION_ID, streamContext } from "../shared/testing/file_events.ts";

const ROOT = join(import.meta.dirname, "../..");
const SOURCES = "_dev/shared/pipeline_tests";

const COLLECTED_AT = Date.parse("2026-07-17T13:04:00.000Z");

/** The automated process user, who publishes the events. */
const PUBLISHER = "0055e000001mKpCAAU";

/** Rows or records by the names that Salesforce gives their columns or fields; what is left out is blank. */
const rows = z.array(z.record(z.string(), z.unknown()));
type Row = z.infer<typeof rows>[number];

export interface PipelineTestInput {
  /** Event type or object. */
  readonly name: string;
  readonly path: string;
  readonly events: readonly unknown[];
}

/** Name of the file with the live events of a data stream. */
const LIVE_EVENTS = "live-events";

/** The inputs that the files of `SOURCES` give, with absolute paths. */
export async function pipelineTestInputs(root: string): Promise<PipelineTestInput[]> {
  const files = globSync(`${SOURCES}/*.yml`, { cwd: root }).sort();
  const inputs = await Promise.all(
    files.map(async (file) => {
      const name = basename(file, ".yml");
      const type = findEventType(name) ?? logFileType(name);
      const written = readRows(join(root, file));
      const events = type.provider === "EventLogFile" ? await rowEvents(type, written) : recordEvents(type, written);
      return { name, path: inputPath(root, type.stream, kebab(name)), events };
    }),
  );
  const published = Map.groupBy(PUBLISHED_OBJECTS, ({ stream }) => stream);
  const live = await Promise.all(
    [...published].map(async ([stream, types]) => ({
      name: `${LIVE_EVENTS} of ${stream}`,
      path: inputPath(root, stream, LIVE_EVENTS),
      events: await Promise.all(
        types.map((type) => liveEvent(type, readRows(join(root, SOURCES, `${type.name}.yml`)))),
      ),
    })),
  );
  return [...inputs, ...live];
}

function inputPath(root: string, stream: string, name: string): string {
  return join(root, "data_stream", stream, "_dev/test/pipeline", `test-${name}.json`);
}

function readRows(path: string): readonly Row[] {
  return rows.parse(parse(readFileSync(path, "utf8")));
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
  const published = Object.keys(type.topic?.columns ?? {});
  const records = written.map((row) => ({ attributes: { type: type.name }, ...without(row, published) }));
  const reader = new ObjectRecords({
    type,
    columns: selectFields(type.name),
    stream: streamContext(type.stream),
    primary: isPrimaryObject(type.name, objectsOf(type.stream)),
    delivered: new Map(),
  });
  const { events } = reader.read(records, { after: 0, to: COLLECTED_AT }, "oldest first");
  return events.map(({ json }) => JSON.parse(json) as unknown);
}

/** The first of the rows as the topic brings it: without what the topic has not, and with times as milliseconds. */
async function liveEvent(type: PublishedObject, [row = {}]: readonly Row[]): Promise<unknown> {
  const stored = SOBJECT_DEFINITIONS.find(({ name }) => name === type.name);
  if (stored === undefined) {
    throw new Error(`the mock org has no object ${type.name}`);
  }
  const schema = avroSchema(knownChannel(type.topic.name), stored);
  const written = avro.Type.forSchema(schema as avro.Schema) as avro.types.RecordType;
  const message: Record<string, unknown> = { CreatedDate: COLLECTED_AT, CreatedById: PUBLISHER };
  for (const { name, type: kind } of written.fields) {
    const value = row[name];
    const isTime = typeof value === "string" && kind.isValid(0) && !kind.isValid("");
    message[name] = isTime ? Date.parse(value) : (value ?? message[name] ?? null);
  }
  const reader = new LiveEvents({
    type,
    stream: streamContext(type.stream),
    primary: isPrimaryLive(type.name, objectsOf(type.stream)),
    pubSub: { schema: async () => JSON.stringify(schema) } as Partial<PubSub> as PubSub,
    tell: ({ fact }) => {
      throw new Error(`the catalogue does not have what the topic ${type.topic.name} brings: ${fact}`);
    },
  });
  const replayId = new Uint8Array(8);
  const event = { id: "00000000-0000-4000-8000-000000000001", schemaId: "schema", payload: written.toBuffer(message) };
  const answer = { events: [{ event, replayId }], latestReplayId: replayId, rpcId: "", pendingNumRequested: 0 };
  const { events } = await reader.read([answer], COLLECTED_AT, new AbortController().signal);
  return JSON.parse(String(events[0]?.json));
}

function objectsOf(stream: string): readonly string[] {
  return OBJECTS.filter((type) => type.stream === stream).map(({ name }) => name);
}

function without(row: Row, names: readonly string[]): Row {
  return Object.fromEntries(Object.entries(row).filter(([name]) => !names.includes(name)));
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

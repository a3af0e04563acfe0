/** What the default ingest pipelines cost Elasticsearch for each document. */
import { join } from "node:path";
import { Client } from "@elastic/elasticsearch";
import { adminClientOptions, openCluster } from "../../shared/elasticsearch/cluster.ts";
import { installAssets } from "../install_assets/install.ts";
import { baseName, readPackage } from "../install_assets/package_source.ts";
import { pipelineName } from "../install_assets/pipelines.ts";
import { type Json, pipelineTestCases } from "../pipeline_tests/test_case.ts";
import { median } from "./median.ts";

export interface PipelineBenchOptions {
  /** A client of an administrator of a cluster that may be filled. */
  readonly client: Client;
  readonly packageRoot: string;
  readonly print: (line: string) => void;
  /** How many a turn sends. */
  readonly documents?: number;
  /** Turns that count, after as many in which the node compiles what it runs. */
  readonly turns?: number;
}

export interface PipelineFigure {
  readonly dataStream: string;
  /** Time in the entry pipeline and all that it calls, by `_nodes/stats/ingest`: the median of the turns that count. */
  readonly microsecondsPerDocument: number;
}

const BATCH = 2_000;
/** No document reaches it. */
export const DROPPED_INDEX = "pipelines-bench";

/** Sends variations of the pipeline tests' events through each data stream's pipelines, and prints what they cost. Nothing is indexed. */
export async function benchPipelines(options: PipelineBenchOptions): Promise<PipelineFigure[]> {
  const { client, packageRoot, print, documents = 20_000, turns = 5 } = options;
  const { substitutions } = await installAssets({ client, packageRoot });
  for (const line of substitutions.filter((one) => one.startsWith("ingest processor"))) {
    print(`pipelines on this cluster: ${line}`);
  }
  const source = readPackage(packageRoot);
  const figures: PipelineFigure[] = [];
  for (const stream of source.dataStreams) {
    const events = pipelineTestCases(stream).flatMap((testCase) => testCase.events);
    if (events.length === 0) {
      print(`pipeline ${baseName(stream)}: not measured, it has no test events`);
      continue;
    }
    const pipeline = pipelineName(stream, source.version);
    const measured = await measuredTurns(client, pipeline, variationsOf(events, documents), 2 * turns);
    const microsecondsPerDocument = median(measured.slice(turns).map(({ microseconds }) => microseconds));
    const failed = measured.reduce((sum, turn) => sum + turn.failed, 0);
    figures.push({ dataStream: baseName(stream), microsecondsPerDocument });
    print(
      `pipeline ${baseName(stream)}: ${microsecondsPerDocument.toFixed(1)} µs a document, ` +
        `${measured[0]?.microseconds.toFixed(1)} µs in the first turn of a node ` +
        `(${measured.length} turns of ${documents} documents of ${events.length} kinds, ${failed} failed)`,
    );
    const worst = await worstValue(client, pipeline, events);
    if (worst !== undefined) {
      const { milliseconds, field, form } = worst.at;
      print(
        `pipeline ${baseName(stream)}: long values, at most ${milliseconds} ms for a text of 2 MB (${form} in ${field}); ` +
          `a request with one takes ${worst.request} ms, through an empty pipeline ${worst.empty} ms`,
      );
    }
  }
  return figures;
}

/** The largest cell that Salesforce's event log files are known to hold, in characters. */
const LONGEST_VALUE = 2_000_000;

/** What parsers find much in: the parts of a User-Agent, and of addresses and user names. */
const WORST_VALUES: ReadonlyArray<readonly [form: string, unit: string]> = [
  ["user agents", "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "],
  ["addresses", "https://a/?b=c&#@"],
  ["one word", "A"],
];

/** Long values in one request: 10 MB. */
const LONG_VALUES_AT_ONCE = 5;
/** The least of so many measurements is told: what else the machine does only adds to it. */
const MEASUREMENTS = 3;

interface LongValue {
  readonly field: string;
  readonly form: string;
  readonly document: Json;
}

/**
 * Puts 2 MB of text in the place of each text of each of a stream's events, and finds the one that takes the pipeline longest;
 * nothing for a stream whose events have no text of Salesforce. Nothing is indexed.
 */
async function worstValue(client: Client, pipeline: string, events: readonly Json[]) {
  const simulate = async (id: string, some: readonly LongValue[]) => {
    const docs = some.map(({ document }) => ({ _source: document }));
    const begun = performance.now();
    await client.ingest.simulate({ id, docs, filter_path: "docs.error.type" });
    return performance.now() - begun;
  };
  const inPipeline = async (some: readonly LongValue[]) => {
    const before = await pipelineStats(client, pipeline);
    await simulate(pipeline, some);
    const after = await pipelineStats(client, pipeline);
    if (after.count - before.count !== some.length) {
      throw new Error(`${pipeline} counts ${after.count - before.count} documents of ${some.length}`);
    }
    return after.milliseconds - before.milliseconds;
  };

  let at: (Pick<LongValue, "field" | "form"> & { readonly milliseconds: number }) | undefined;
  let worst: LongValue | undefined;
  for (const some of batches(longValues(events), LONG_VALUES_AT_ONCE)) {
    // One that could be the worst is only in a request that takes as long as the worst one so far.
    if (at !== undefined && (await inPipeline(some)) <= at.milliseconds) {
      continue;
    }
    for (const value of some) {
      const milliseconds = await least(() => inPipeline([value]));
      if (at === undefined || milliseconds > at.milliseconds) {
        at = { milliseconds, field: value.field, form: value.form };
        worst = value;
      }
    }
  }
  if (at === undefined || worst === undefined) {
    return undefined;
  }
  const one = [worst];
  const empty = `${pipeline}-empty`;
  await client.ingest.putPipeline({ id: empty, processors: [] });
  const carried = await least(() => simulate(empty, one));
  await client.ingest.deletePipeline({ id: empty });
  const request = await least(() => simulate(pipeline, one));
  return { at, request: Math.round(request), empty: Math.round(carried) };
}

async function least(measure: () => Promise<number>): Promise<number> {
  let lowest = Number.POSITIVE_INFINITY;
  for (let n = 0; n < MEASUREMENTS; n += 1) {
    lowest = Math.min(lowest, await measure());
  }
  return lowest;
}

/** The events with one of their texts replaced, for each text and form. What the runner writes itself is left as it is. */
function* longValues(events: readonly Json[]): Generator<LongValue> {
  for (const event of events) {
    for (const path of textPaths(event.salesforce)) {
      if (path[0] !== "collection" && path[1] !== "unmapped") {
        for (const [form, unit] of WORST_VALUES) {
          const value = unit.repeat(Math.ceil(LONGEST_VALUE / unit.length)).slice(0, LONGEST_VALUE);
          yield { field: path.join("."), form, document: withValue(event, ["salesforce", ...path], value) };
        }
      }
    }
  }
}

function* batches<T>(all: Iterable<T>, size: number): Generator<T[]> {
  let some: T[] = [];
  for (const one of all) {
    some.push(one);
    if (some.length === size) {
      yield some;
      some = [];
    }
  }
  if (some.length > 0) {
    yield some;
  }
}

/** Paths of the texts in a value; those in lists are left out. */
function textPaths(value: unknown, path: readonly string[] = []): readonly (readonly string[])[] {
  if (typeof value === "string") {
    return [path];
  }
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? Object.entries(value).flatMap(([name, inner]) => textPaths(inner, [...path, name]))
    : [];
}

function withValue(event: Json, [name = "", ...rest]: readonly string[], value: unknown): Json {
  return { ...event, [name]: rest.length === 0 ? value : withValue(event[name] as Json, rest, value) };
}

/** The n-th variation of an event: other ids, addresses and users, the same form. Pure. */
export function variation<T>(value: T, n: number): T {
  if (typeof value === "string") {
    return varyText(value, n) as T;
  }
  if (Array.isArray(value)) {
    return value.map((element: unknown) => variation(element, n)) as T;
  }
  return typeof value === "object" && value !== null
    ? (Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, variation(inner, n)])) as T)
    : value;
}

/** How many users and addresses there are; ids are new in each document. */
const POPULATION = 500;

function varyText(text: string, n: number): string {
  const member = n % POPULATION;
  if (/^\d{1,3}(\.\d{1,3}){3}$/.test(text)) {
    return `10.${(n >> 8) & 255}.${n & 255}.${1 + (member % 250)}`;
  }
  if (/^[^@\s]+@[^@\s]+$/.test(text)) {
    return text.replace("@", `${member}@`);
  }
  if (/^005[A-Za-z0-9]{12}([A-Za-z0-9]{3})?$/.test(text)) {
    return text.slice(0, 10) + String(member).padStart(5, "0") + text.slice(15);
  }
  return text;
}

function variationsOf(events: readonly Json[], count: number): Json[] {
  return Array.from({ length: count }, (_, n) => variation(events[n % events.length] as Json, n));
}

/** What each turn cost that sends all documents through the pipeline, and then drops them. */
async function measuredTurns(client: Client, pipeline: string, documents: readonly Json[], turns: number) {
  const dropping = `${pipeline}-dropping`;
  await client.ingest.putPipeline({ id: dropping, processors: [{ pipeline: { name: pipeline } }, { drop: {} }] });
  const measured: { readonly microseconds: number; readonly failed: number }[] = [];
  for (let turn = 0; turn < turns; turn += 1) {
    const before = await pipelineStats(client, pipeline);
    for (const some of batches(documents, BATCH)) {
      const operations = some.flatMap((document) => [{ create: {} }, document]);
      await client.bulk({ index: DROPPED_INDEX, pipeline: dropping, operations });
    }
    const after = await pipelineStats(client, pipeline);
    const count = after.count - before.count;
    if (count !== documents.length) {
      throw new Error(`${pipeline} counts ${count} documents of ${documents.length}`);
    }
    const microseconds = ((after.milliseconds - before.milliseconds) * 1_000) / count;
    measured.push({ microseconds, failed: after.failed - before.failed });
  }
  await client.ingest.deletePipeline({ id: dropping });
  return measured;
}

async function pipelineStats(client: Client, pipeline: string) {
  const { nodes } = await client.nodes.stats({ metric: "ingest" });
  const all = Object.values(nodes).flatMap(({ ingest }) => ingest?.pipelines?.[pipeline] ?? []);
  return {
    count: all.reduce((sum, { count = 0 }) => sum + count, 0),
    milliseconds: all.reduce((sum, { time_in_millis }) => sum + Number(time_in_millis ?? 0), 0),
    failed: all.reduce((sum, { failed = 0 }) => sum + failed, 0),
  };
}

if (import.meta.main) {
  const print = (line: string) => process.stdout.write(`${line}\n`);
  const cluster = await openCluster({ name: `bench-${process.pid}`, lifetime: "process", log: print });
  const client = new Client(adminClientOptions(cluster));
  try {
    await benchPipelines({ client, packageRoot: join(import.meta.dirname, "../../.."), print });
  } finally {
    await client.close();
    if (cluster.started) {
      await cluster.stop();
    }
  }
}

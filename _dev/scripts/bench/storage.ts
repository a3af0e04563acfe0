/**
 * Bytes that an event takes in Elasticsearch, in one segment: for each data stream and index mode, beside a stand-in of the fields
 * that Elastic's own `salesforce` package keeps of the same rows, in the order that it leaves to the index mode, and in
 * ours; and beside what is left of ours if the rows have only the columns that it keeps. What the order costs is the CPU time of
 * Elasticsearch for an event, with everything from the ingest pipeline to the merge into one segment, with and without it.
 * `--fields` says what each field takes, and in which structure.
 * Usage: npm run bench -- storage, or node _dev/scripts/bench/storage.ts [--events N] [--mode standard] [--fields] [STREAM…]
 */
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { parseArgs } from "node:util";
import { Client } from "@elastic/elasticsearch";
import { parse } from "csv-parse/sync";
import { toId18 } from "../../../src/catalog/catalog.ts";
import { plannedFiles } from "../../deploy/docker/mock_org/traffic/plan.ts";
import { Traffic } from "../../deploy/docker/mock_org/traffic/traffic.ts";
import { adminClientOptions, openCluster } from "../../shared/elasticsearch/cluster.ts";
import { fileEvents, ORGANIZATION_ID } from "../../shared/testing/file_events.ts";
import { installAssets } from "../install_assets/install.ts";
import { probeAbilities } from "../install_assets/node_abilities.ts";
import { fitPipeline, fitTemplate } from "../install_assets/substitutions.ts";
import { OFFICIAL_PIPELINE, officialColumns, officialDocument, officialId } from "./official_document.ts";
import { officialField, officialMappings } from "./official_fields.ts";

const ROOT = join(import.meta.dirname, "../../..");
const UNTIL = Date.parse("2026-07-18T00:00:00.000Z");
const BATCH = 2_000;

/** Shares of an org's event types in a stream, as its traffic has them. */
const TYPES: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  login: { Login: 1 },
  apex: { ApexExecution: 0.45, ApexTrigger: 0.25, ApexCallout: 0.15, ApexRestApi: 0.1, ApexUnexpectedException: 0.05 },
  api: { ApiTotalUsage: 0.5, RestApi: 0.4, API: 0.1 },
};

interface Sort {
  readonly field: readonly string[];
}

interface Row {
  readonly id: string;
  readonly document: unknown;
}

interface RowWithCells extends Row {
  readonly cells: Readonly<Record<string, string>>;
}

/** What Elasticsearch says of one field, in bytes. */
interface FieldUsage {
  readonly total_in_bytes: number;
  readonly inverted_index: { readonly total_in_bytes: number };
  readonly doc_values_in_bytes: number;
  readonly points_in_bytes: number;
  readonly norms_in_bytes: number;
  readonly stored_fields_in_bytes: number;
}

interface Measured {
  readonly events: number;
  readonly bytes: number;
  /** CPU time of Elasticsearch. */
  readonly milliseconds: number;
  readonly fields: ReadonlyMap<string, FieldUsage>;
}

/** Events of a stream as the runner sends them, each with the cells of its row; of `columns` alone, if they are given. */
async function rowsOf(stream: string, events: number, columns?: ReadonlySet<string>): Promise<RowWithCells[]> {
  const traffic = new Traffic("storage", ORGANIZATION_ID, []);
  const shares = TYPES[stream] ?? {};
  const rowsPerDay = Object.fromEntries(
    Object.entries(shares).map(([type, share]) => [type, Math.round(events * share)]),
  );
  const files = plannedFiles(
    { rowsPerDay, days: 1, intervals: ["Daily"], until: new Date(UNTIL).toISOString() },
    UNTIL,
    false,
  );
  const rows: RowWithCells[] = [];
  for (const [at, file] of files.entries()) {
    const whole = await text(traffic.file(file).body.open());
    const cells: Record<string, string>[] = parse(whole, { columns: true });
    const csv = columns === undefined ? whole : csvOf(cells, columns);
    const { eventType, logDate } = file;
    const id = toId18(`0AT3000000000${String(at).padStart(2, "0")}`);
    const created = logDate + 27 * 3_600_000;
    const events = await fileEvents(stream, { id, eventType, interval: "daily", sequence: 0, logDate, created }, csv);
    rows.push(
      ...events.map((event, row) => ({ id: event.id, document: JSON.parse(event.json), cells: cells[row] ?? {} })),
    );
  }
  // As they come: ordered by time, not by type.
  return rows.sort((a, b) => ((a.cells.TIMESTAMP_DERIVED ?? "") < (b.cells.TIMESTAMP_DERIVED ?? "") ? -1 : 1));
}

function csvOf(rows: readonly Readonly<Record<string, string>>[], columns: ReadonlySet<string>): string {
  const header = Object.keys(rows[0] ?? {}).filter((column) => columns.has(column));
  const line = (cells: readonly string[]) => `${cells.map((cell) => `"${cell.replaceAll('"', '""')}"`).join(",")}\n`;
  return line(header) + rows.map((row) => line(header.map((column) => row[column] ?? ""))).join("");
}

async function measure(
  client: Client,
  index: string,
  create: object,
  rows: readonly Row[],
  pipeline: string,
): Promise<Measured> {
  await client.transport.request({ method: "PUT", path: `/${index}`, body: create });
  try {
    const before = await cpuMilliseconds(client);
    for (let start = 0; start < rows.length; start += BATCH) {
      const operations = rows
        .slice(start, start + BATCH)
        .flatMap(({ id, document }) => [{ create: { _id: id } }, document]);
      const { errors, items } = await client.bulk({ index, pipeline, operations });
      if (errors) {
        throw new Error(`${index}: ${JSON.stringify(items.find(({ create: made }) => made?.error)?.create?.error)}`);
      }
    }
    await client.indices.refresh({ index });
    await client.indices.forcemerge({ index, max_num_segments: 1 }, { requestTimeout: 600_000 });
    await client.indices.flush({ index, force: true });
    const milliseconds = (await cpuMilliseconds(client)) - before;
    const usage = await client.transport.request<Record<string, { fields: Record<string, FieldUsage> }>>({
      method: "POST",
      path: `/${index}/_disk_usage`,
      querystring: { run_expensive_tasks: true },
    });
    const stats = await client.indices.stats({ index, metric: "store" });
    return {
      events: rows.length,
      bytes: stats._all.primaries?.store?.size_in_bytes ?? Number.NaN,
      milliseconds,
      fields: new Map(Object.entries(usage[index]?.fields ?? {})),
    };
  } finally {
    await client.indices.delete({ index });
  }
}

async function cpuMilliseconds(client: Client): Promise<number> {
  const { nodes } = await client.nodes.stats({ metric: "process" });
  return Object.values(nodes).reduce((sum, { process }) => sum + (process?.cpu?.total_in_millis ?? Number.NaN), 0);
}

function less(one: Measured, other: Measured): Measured {
  return one.milliseconds < other.milliseconds ? one : other;
}

/** A line for each field that takes a tenth of a byte an event or more, those that take the most first. */
function fieldLines({ events, fields }: Measured): string[] {
  const each = (bytes: number) => bytes / events;
  return [...fields]
    .toSorted(([, a], [, b]) => b.total_in_bytes - a.total_in_bytes)
    .filter(([, { total_in_bytes }]) => each(total_in_bytes) >= 0.1)
    .map(([name, usage]) => {
      const structures = Object.entries({
        terms: usage.inverted_index.total_in_bytes,
        values: usage.doc_values_in_bytes,
        points: usage.points_in_bytes,
        norms: usage.norms_in_bytes,
        stored: usage.stored_fields_in_bytes,
      })
        .filter(([, bytes]) => each(bytes) >= 0.05)
        .map(([structure, bytes]) => `${structure} ${each(bytes).toFixed(1)}`);
      return `  ${each(usage.total_in_bytes).toFixed(1).padStart(6)}  ${name.padEnd(44)} ${structures.join(", ")}`;
    });
}

/** As the component templates logs@settings and .fleet_agent_id_verification-1 have them, which both packages get from Fleet. */
const COMMON_SETTINGS = {
  "index.codec": "best_compression",
  "index.mapping.ignore_malformed": true,
  "index.final_pipeline": ".fleet_final_pipeline-1",
  "index.number_of_replicas": 0,
  "index.mapping.total_fields.limit": 5_000,
};

const MODES: Readonly<Record<string, object>> = {
  standard: {},
  logsdb: { "index.mode": "logsdb" },
  // What a licence without synthetic source gets.
  "logsdb with its source": { "index.mode": "logsdb", "index.mapping.source.mode": "stored" },
};

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    events: { type: "string", default: "100000" },
    mode: { type: "string" },
    fields: { type: "boolean", default: false },
  },
});
const print = (line: string) => process.stdout.write(`${line}\n`);
const cluster = await openCluster({ name: `bench-${process.pid}`, lifetime: "process" });
const client = new Client({ ...adminClientOptions(cluster), requestTimeout: 120_000 });
try {
  const { version, substitutions } = await installAssets({ client, packageRoot: ROOT });
  substitutions.forEach((line) => {
    print(`storage, both sides: ${line}`);
  });
  const abilities = await probeAbilities(client);
  const body = fitPipeline(OFFICIAL_PIPELINE, abilities).value;
  await client.transport.request({ method: "PUT", path: "/_ingest/pipeline/bench-official", body });
  for (const stream of positionals.length === 0 ? Object.keys(TYPES) : positionals) {
    const rows = await rowsOf(stream, Number(values.events));
    const kept = await rowsOf(stream, Number(values.events), officialColumns(stream));
    const officialRows = rows.map(({ id, cells }) => ({
      id: officialId(id),
      document: officialDocument(stream, cells),
    }));
    const base = `logs-aquila_salesforce.${stream}`;
    const pipeline = `${base}-${version}`;
    const { template } = await client.indices.simulateIndexTemplate({ name: `${base}-default` });
    const { _data_stream_timestamp: _, ...mappings } = template.mappings as Record<string, unknown>;
    const sent = Math.round(rows.reduce((sum, { document }) => sum + JSON.stringify(document).length, 0) / rows.length);
    const { sort } = (template.settings as { readonly index: { readonly sort: Sort } }).index;
    const officialSort = { ...sort, field: sort.field.map((field) => officialField(stream, field)) };
    const officialMapping = fitTemplate(officialMappings(stream), abilities).value;
    for (const [mode, own] of Object.entries(MODES).filter(([mode]) => (values.mode ?? mode) === mode)) {
      const settings = { ...COMMON_SETTINGS, ...own };
      const sorted = { settings: { ...settings, "index.sort": sort }, mappings };
      const unsorted = { settings, mappings };
      const officialUnsorted = { settings, mappings: officialMapping };
      const officialSorted = { ...officialUnsorted, settings: { ...settings, "index.sort": officialSort } };
      const of = (kind: string, create: object, events: readonly Row[], by: string) =>
        measure(client, `bench-${stream}-${mode.replaceAll(" ", "-")}-${kind}`, create, events, by);
      // Each twice and in turn, the less of both: what comes first pays for what Elasticsearch compiles, and the machine may be busy.
      const [early, first] = [await of("unsorted", unsorted, rows, pipeline), await of("ours", sorted, rows, pipeline)];
      const withoutOrder = less(early, await of("unsorted", unsorted, rows, pipeline));
      const ours = less(first, await of("ours", sorted, rows, pipeline));
      const ofKept = await of("kept", sorted, kept, pipeline);
      const official = await of("official", officialUnsorted, officialRows, "bench-official");
      const officialInOrder = await of("official-sorted", officialSorted, officialRows, "bench-official");
      const each = ({ bytes, events }: Measured) => Math.round(bytes / events);
      const cpu = ({ milliseconds, events }: Measured) => `${Math.round((milliseconds * 1_000) / events)} µs`;
      print(
        `storage ${stream}, ${mode}: ${each(ours)} bytes an event; of the columns that Elastic's package keeps ${each(ofKept)}, in its own fields ${each(official)}, in those and our order ${each(officialInOrder)} (${rows.length} events)`,
      );
      print(
        `storage ${stream}, ${mode}: without our order ${each(withoutOrder)} bytes an event; CPU an event ${cpu(ours)}, without our order ${cpu(withoutOrder)}; as it is sent ${sent} bytes`,
      );
      if (values.fields) {
        for (const [name, measured] of Object.entries({ ours, "of the same columns": ofKept, "Elastic's": official })) {
          [`  ${name}, ${mode}`, ...fieldLines(measured)].forEach(print);
        }
      }
    }
  }
} finally {
  await client.close();
  if (cluster.started) {
    await cluster.stop();
  }
}

/**
 * Bytes that an event takes in Elasticsearch, in one segment: for each data stream and index mode, beside a stand-in of the fields
 * that Elastic's own `salesforce` package keeps of the same rows. `--fields` says which fields take the most.
 * Usage: npm run bench -- storage, or node _dev/scripts/bench/storage.ts [--events N] [--fields] [STREAM…]
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
import { officialDocument, officialMappings } from "./official_fields.ts";

const ROOT = join(import.meta.dirname, "../../..");
const UNTIL = Date.parse("2026-07-18T00:00:00.000Z");
const BATCH = 2_000;

/** Shares of an org's event types in a stream, as its traffic has them. */
const TYPES: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  login: { Login: 1 },
  apex: { ApexExecution: 0.45, ApexTrigger: 0.25, ApexCallout: 0.15, ApexRestApi: 0.1, ApexUnexpectedException: 0.05 },
  api: { ApiTotalUsage: 0.5, RestApi: 0.4, API: 0.1 },
};

interface Row {
  readonly id: string;
  readonly document: unknown;
  readonly cells: Readonly<Record<string, string>>;
}

interface Measured {
  readonly bytes: number;
  /** Bytes by field, the largest first. */
  readonly fields: readonly (readonly [string, number])[];
}

/** Events of a stream as the runner sends them, each with the cells of its row. */
async function rowsOf(stream: string, events: number): Promise<Row[]> {
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
  const rows: Row[] = [];
  for (const [at, file] of files.entries()) {
    const csv = await text(traffic.file(file).body.open());
    const cells: Record<string, string>[] = parse(csv, { columns: true });
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

async function measure(
  client: Client,
  index: string,
  create: object,
  rows: readonly Row[],
  pipeline: string,
): Promise<Measured> {
  await client.transport.request({ method: "PUT", path: `/${index}`, body: create });
  try {
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
    const usage = await client.transport.request<
      Record<string, { fields: Record<string, { total_in_bytes: number }> }>
    >({
      method: "POST",
      path: `/${index}/_disk_usage`,
      querystring: { run_expensive_tasks: true },
    });
    const stats = await client.indices.stats({ index, metric: "store" });
    const fields = Object.entries(usage[index]?.fields ?? {})
      .map(([name, { total_in_bytes }]) => [name, total_in_bytes / rows.length] as const)
      .toSorted(([, a], [, b]) => b - a);
    return { bytes: (stats._all.primaries?.store?.size_in_bytes ?? Number.NaN) / rows.length, fields };
  } finally {
    await client.indices.delete({ index });
  }
}

/** Index settings of a mode. Logsdb sorts by org and time, as the documentation advises. */
function settingsOf(mode: "standard" | "logsdb"): object {
  const common = {
    "index.codec": "best_compression",
    "index.number_of_replicas": 0,
    "index.mapping.total_fields.limit": 5_000,
  };
  return mode === "standard"
    ? common
    : {
        ...common,
        "index.mode": "logsdb",
        "index.sort.field": ["organization.id", "@timestamp"],
        "index.sort.order": ["asc", "desc"],
      };
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { events: { type: "string", default: "100000" }, fields: { type: "boolean", default: false } },
});
const print = (line: string) => process.stdout.write(`${line}\n`);
const cluster = await openCluster({ name: `bench-${process.pid}`, lifetime: "process" });
const client = new Client({ ...adminClientOptions(cluster), requestTimeout: 120_000 });
try {
  const { version } = await installAssets({ client, packageRoot: ROOT });
  for (const stream of positionals.length === 0 ? Object.keys(TYPES) : positionals) {
    const rows = await rowsOf(stream, Number(values.events));
    const base = `logs-aquila_salesforce.${stream}`;
    const { template } = await client.indices.simulateIndexTemplate({ name: `${base}-default` });
    const { _data_stream_timestamp: _, ...mappings } = template.mappings as Record<string, unknown>;
    for (const mode of ["standard", "logsdb"] as const) {
      const settings = settingsOf(mode);
      const ours = await measure(client, `bench-${stream}-${mode}`, { settings, mappings }, rows, `${base}-${version}`);
      const officialRows = rows.map((row) => ({ ...row, document: officialDocument(stream, row.cells) }));
      const official = await measure(
        client,
        `bench-official-${stream}-${mode}`,
        { settings, mappings: officialMappings(stream) },
        officialRows,
        "_none",
      );
      print(
        `storage ${stream}, ${mode}: ${Math.round(ours.bytes)} bytes an event; the fields of Elastic's package: ${Math.round(official.bytes)} (${rows.length} events)`,
      );
      if (values.fields) {
        for (const [name, measured] of [
          ["ours", ours],
          ["official", official],
        ] as const) {
          print(
            `  ${name}: ${measured.fields
              .slice(0, 45)
              .map(([field, bytes]) => `${field} ${bytes.toFixed(1)}`)
              .join(", ")}`,
          );
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

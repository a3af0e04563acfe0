import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Client } from "@elastic/elasticsearch";
import { adminClientOptions, type Cluster, openCluster } from "../../shared/elasticsearch/cluster.ts";
import { ElasticsearchUnavailable } from "../../shared/elasticsearch/unavailable.ts";
import { installAssets } from "../install_assets/install.ts";
import { type Preview, servePreview } from "../preview/server.ts";

/** What one data stream holds after the demo. */
export interface StreamContent {
  readonly dataStream: string;
  readonly events: number;
  readonly oldest: string;
  readonly newest: string;
  /** Counts by event code, most first. */
  readonly byCode: ReadonlyArray<readonly [string, number]>;
}

/** Where the demo's events go. */
export interface DemoOutput {
  /** For the policy. */
  readonly policyBlock: Readonly<Record<string, unknown>>;
  /** Names this output's past: cursors of one output are of no use to another. */
  readonly identity: string;
  readonly about: readonly string[];
  contents(): Promise<StreamContent[]>;
  /** Newest events, one of each data stream, as they are stored. */
  samples(count: number): Promise<unknown[]>;
  readonly next: readonly string[];
  /** Serves the dashboards as a page over the events of a time range; absent where there is nothing to search. */
  readonly dashboards?: (time: { readonly from: number; readonly to: number }) => Promise<Preview>;
  close(keep: boolean): Promise<void>;
}

/** Elasticsearch where it can be had, else NDJSON files, with a line that says what that leaves out. */
export async function openDemoOutput(
  packageRoot: string,
  folder: string,
  say: (line: string) => void,
): Promise<DemoOutput> {
  try {
    const cluster = await openCluster({ log: say });
    return await elasticsearchOutput(cluster, packageRoot, say);
  } catch (error) {
    if (!(error instanceof ElasticsearchUnavailable)) {
      throw error;
    }
    say(error.message);
    return fileOutput(join(folder, "events"));
  }
}

async function elasticsearchOutput(
  cluster: Cluster,
  packageRoot: string,
  say: (line: string) => void,
): Promise<DemoOutput> {
  const client = new Client(adminClientOptions(cluster));
  const { cluster_uuid: uuid } = await client.info();
  const installed = await installAssets({ client, packageRoot, log: say });
  const pattern = installed.dataStreams.map((name) => `${name}-default`).join(",");
  return {
    policyBlock: { type: "elasticsearch", hosts: [cluster.url], api_key: cluster.apiKey },
    identity: uuid,
    about: installed.substitutions,
    async contents() {
      await client.indices.refresh({ index: pattern, ignore_unavailable: true });
      const found = await Promise.all(installed.dataStreams.map((name) => contentOf(client, `${name}-default`)));
      return found.filter(({ events }) => events > 0);
    },
    async samples(count) {
      const found = await Promise.all(
        installed.dataStreams.map(async (name) => {
          const { hits } = await client.search({
            index: `${name}-default`,
            ignore_unavailable: true,
            size: 1,
            sort: [{ "@timestamp": "desc" }],
          });
          return hits.hits.map(({ _source }) => _source);
        }),
      );
      return found.flat().slice(0, count);
    },
    next: [
      `Look around: curl -u ${cluster.username ?? "elastic"}:${cluster.password === undefined ? "…" : "PASSWORD"} '${cluster.url}/logs-aquila_salesforce.login-default/_search?pretty' (npm run elasticsearch -- status shows the password).`,
    ],
    dashboards: (time) =>
      servePreview({ cluster, packageRoot, time, controls: { "data_stream.namespace": ["default"] } }),
    async close(keep) {
      await client.close();
      if (cluster.started && !keep) {
        await cluster.stop();
      }
    },
  };
}

async function contentOf(client: Client, dataStream: string): Promise<StreamContent> {
  const { hits, aggregations } = await client.search<
    unknown,
    { codes: { buckets: { key: string; doc_count: number }[] }; oldest: Extreme; newest: Extreme }
  >({
    index: dataStream,
    ignore_unavailable: true,
    size: 0,
    track_total_hits: true,
    aggs: {
      codes: { terms: { field: "event.code", size: 30 } },
      oldest: { min: { field: "@timestamp" } },
      newest: { max: { field: "@timestamp" } },
    },
  });
  const total = typeof hits.total === "number" ? hits.total : (hits.total?.value ?? 0);
  return {
    dataStream,
    events: total,
    oldest: aggregations?.oldest.value_as_string ?? "",
    newest: aggregations?.newest.value_as_string ?? "",
    byCode: (aggregations?.codes.buckets ?? []).map(({ key, doc_count }) => [key, doc_count]),
  };
}

interface Extreme {
  readonly value_as_string?: string;
}

function fileOutput(path: string): DemoOutput {
  const documents = (file: string) =>
    readFileSync(join(path, file), "utf8")
      .split("\n")
      .filter(Boolean)
      .map((line) => JSON.parse(line));
  const files = () => (existsSync(path) ? readdirSync(path).filter((name) => name.endsWith(".ndjson")) : []);
  return {
    policyBlock: { type: "file", path },
    identity: createHash("sha256").update(path).digest("hex").slice(0, 12),
    about: [
      `Events go to NDJSON files in ${path}: no ingest pipelines (ECS fields, user agents, geo), no data streams, no searches.`,
    ],
    async contents() {
      return files().map((file) => {
        const events = documents(file);
        const times = events.map((event) => String(event["@timestamp"])).sort();
        const codes = Map.groupBy(events, (event) => String(event.event.code));
        return {
          dataStream: file.replace(/\.ndjson$/, ""),
          events: events.length,
          oldest: times[0] ?? "",
          newest: times.at(-1) ?? "",
          byCode: [...codes].map(([code, group]) => [code, group.length] as const).sort((a, b) => b[1] - a[1]),
        };
      });
    },
    async samples(count) {
      return files()
        .flatMap((file) => documents(file).slice(-1))
        .slice(0, count);
    },
    next: [`Look around: head -1 ${path}/*.ndjson`],
    async close() {},
  };
}

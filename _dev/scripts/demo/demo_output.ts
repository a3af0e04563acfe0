import { createHash } from "node:crypto";
import { closeSync, existsSync, openSync, readdirSync, readSync, rmSync, statSync } from "node:fs";
import { join, relative } from "node:path";
import type { Client } from "@elastic/elasticsearch";
import { openAdminClient } from "../../shared/elasticsearch/admin_client.ts";
import { type Cluster, openCluster } from "../../shared/elasticsearch/cluster.ts";
import { ElasticsearchUnavailable } from "../../shared/elasticsearch/unavailable.ts";
import { installAssets } from "../install_assets/install.ts";
import type { Preview } from "../preview/server.ts";

/** What a run has brought into one data stream. */
export interface StreamContent {
  /** `login`, `apex`, … */
  readonly stream: string;
  readonly events: number;
  readonly oldest: string;
  readonly newest: string;
  /** Counts by event code, most first. */
  readonly byCode: ReadonlyArray<readonly [string, number]>;
}

export type Document = Readonly<Record<string, unknown>>;

/** Events that a run has brought, and no others. */
export interface Brought {
  contents(): Promise<StreamContent[]>;
  /** The newest event of each data stream, as it is stored. */
  samples(): Promise<Document[]>;
}

/** Where the demo's events go. */
export interface DemoOutput {
  /** For the policy. */
  readonly policyBlock: Readonly<Record<string, unknown>>;
  /** Names this output's past: cursors of one output are of no use to another. */
  readonly identity: string;
  /** What the events lack here that they have elsewhere, a line each. */
  readonly lacking: readonly string[];
  /** Removes every event of these orgs. */
  forget(orgIds: readonly string[]): Promise<void>;
  /** Begins a run that collects these orgs. */
  begin(orgIds: readonly string[]): Promise<Brought>;
  /** Command lines that search what was brought; events have that code. `ends`: Elasticsearch has ended by then. */
  search(code: string, ends: boolean): readonly string[];
  /** A command line that shows the dashboards afterwards; absent where there is nothing to search. */
  readonly dashboardsCommand?: string;
  /** Serves the dashboards as a page over the events of a time range. */
  readonly dashboards?: (time: { readonly from: number; readonly to: number }) => Promise<Preview>;
  /** Whether Elasticsearch goes on after `close(keep)`. */
  outlives(keep: boolean): boolean;
  close(keep: boolean): Promise<void>;
}

/** Elasticsearch where it can be had, else NDJSON files, with a line that says why. */
export async function openDemoOutput(
  packageRoot: string,
  folder: string,
  say: (line: string) => void,
): Promise<DemoOutput> {
  let cluster: Cluster;
  try {
    cluster = await openCluster({ log: say });
  } catch (error) {
    if (!(error instanceof ElasticsearchUnavailable)) {
      throw error;
    }
    say(error.message);
    return fileOutput(join(folder, "events"));
  }
  try {
    return await elasticsearchOutput(cluster, packageRoot);
  } catch (error) {
    if (cluster.started) {
      await cluster.stop();
    }
    throw error;
  }
}

async function elasticsearchOutput(cluster: Cluster, packageRoot: string): Promise<DemoOutput> {
  const client = await openAdminClient(cluster);
  const { cluster_uuid: uuid } = await client.info();
  const installed = await installAssets({ client, packageRoot });
  const streams = installed.dataStreams.map((name) => `${name}-default`);
  const outlives = (keep: boolean) => keep || !cluster.started;
  return {
    policyBlock: { type: "elasticsearch", hosts: [cluster.url], api_key: cluster.apiKey },
    identity: uuid,
    lacking: installed.substitutions,
    async forget(orgIds) {
      const query = { terms: { "organization.id": [...orgIds] } };
      const index = streams.join(",");
      await client.deleteByQuery({ index, query, ignore_unavailable: true, conflicts: "proceed", refresh: true });
    },
    async begin(orgIds) {
      const filter = [
        { terms: { "organization.id": [...orgIds] } },
        { range: { "event.ingested": { gte: await timeOf(client) } } },
      ];
      const query = { bool: { filter } };
      return {
        async contents() {
          await client.indices.refresh({ index: streams.join(","), ignore_unavailable: true });
          const found = await Promise.all(streams.map((name) => contentOf(client, name, query)));
          return found.filter(({ events }) => events > 0);
        },
        async samples() {
          const found = await Promise.all(
            streams.map(async (index) => {
              const { hits } = await client.search<Document>({
                index,
                query,
                ignore_unavailable: true,
                size: 1,
                sort: [{ "@timestamp": "desc" }],
              });
              return hits.hits.flatMap(({ _source }) => (_source === undefined ? [] : [_source]));
            }),
          );
          return found.flat();
        },
      };
    },
    search(_, ends) {
      const { username, password, url, apiKey } = cluster;
      const login =
        username !== undefined
          ? `-su ${username}:${password}`
          : `-s${apiKey === "" ? "" : ` -H 'Authorization: ApiKey ${apiKey}'`}`;
      const query = `curl ${login} '${url}/logs-*/_count?q=event.outcome:failure'`;
      return ends ? ["npm run elasticsearch -- start", query] : [query];
    },
    dashboardsCommand: `${cluster.external ? `ELASTICSEARCH_URL=${cluster.url} ` : ""}npm run preview -- --serve --keep-data --namespace default`,
    async dashboards(time) {
      const { servePreview } = await import("../preview/server.ts");
      return servePreview({ cluster, packageRoot, time, controls: { "data_stream.namespace": ["default"] } });
    },
    outlives,
    async close(keep) {
      await client.close();
      if (!outlives(keep)) {
        await cluster.stop();
      }
    },
  };
}

/** The cluster's own clock, to the second below, as `event.ingested` has it. */
async function timeOf(client: Client): Promise<string> {
  const { docs } = await client.ingest.simulate({
    pipeline: { processors: [{ set: { field: "now", value: "{{{_ingest.timestamp}}}" } }] },
    docs: [{ _source: {} }],
  });
  const now = Date.parse(String(docs[0]?.doc?._source.now));
  return new Date(now - (now % 1_000)).toISOString();
}

async function contentOf(client: Client, dataStream: string, query: object): Promise<StreamContent> {
  const { hits, aggregations } = await client.search<
    unknown,
    { codes: { buckets: { key: string; doc_count: number }[] }; oldest: Extreme; newest: Extreme }
  >({
    index: dataStream,
    query,
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
    stream: streamOf(dataStream),
    events: total,
    oldest: aggregations?.oldest.value_as_string ?? "",
    newest: aggregations?.newest.value_as_string ?? "",
    byCode: (aggregations?.codes.buckets ?? []).map(({ key, doc_count }) => [key, doc_count]),
  };
}

interface Extreme {
  readonly value_as_string?: string;
}

/** `login` of `logs-aquila_salesforce.login-default`. */
function streamOf(dataStream: string): string {
  return dataStream.replace(/^logs-aquila_salesforce\.|-default$/g, "");
}

/** What files hold behind the lengths that they had at the beginning. */
export function fileOutput(path: string): DemoOutput {
  const files = () => (existsSync(path) ? readdirSync(path).filter((name) => name.endsWith(".ndjson")) : []);
  return {
    policyBlock: { type: "file", path },
    identity: createHash("sha256").update(path).digest("hex").slice(0, 12),
    lacking: ["Files have no ingest pipelines (ECS fields, user agents, places), no data streams and no searches."],
    async forget() {
      rmSync(path, { recursive: true, force: true });
    },
    async begin() {
      const before = new Map(files().map((file) => [file, statSync(join(path, file)).size]));
      const documents = (file: string): Document[] =>
        textBehind(join(path, file), before.get(file) ?? 0)
          .split("\n")
          .filter(Boolean)
          .map((line) => JSON.parse(line));
      return {
        contents: async () => files().flatMap((file) => contentOfFile(file, documents(file))),
        samples: async () => files().flatMap((file) => documents(file).slice(-1)),
      };
    },
    search: (code) => [`grep -hm1 '"code":"${code}"' ${relative(process.cwd(), path)}/*.ndjson`],
    outlives: () => true,
    async close() {},
  };
}

function contentOfFile(file: string, events: readonly Document[]): StreamContent[] {
  const times = events.map((event) => String(event["@timestamp"])).sort();
  const codes = Map.groupBy(events, (event) => String((event.event as { code?: unknown }).code));
  const content: StreamContent = {
    stream: streamOf(file.replace(/\.ndjson$/, "")),
    events: events.length,
    oldest: times[0] ?? "",
    newest: times.at(-1) ?? "",
    byCode: [...codes].map(([code, group]) => [code, group.length] as const).sort((a, b) => b[1] - a[1]),
  };
  return events.length === 0 ? [] : [content];
}

function textBehind(path: string, start: number): string {
  const length = statSync(path).size - start;
  const bytes = Buffer.alloc(Math.max(0, length));
  const file = openSync(path, "r");
  try {
    readSync(file, bytes, 0, bytes.length, start);
  } finally {
    closeSync(file);
  }
  return bytes.toString("utf8");
}

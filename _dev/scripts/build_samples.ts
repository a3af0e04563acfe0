/**
 * `data_stream/<stream>/sample_event.json` from a real run: a mock org with generated traffic, the runner, and Elasticsearch
 * with the package's pipelines. `node _dev/scripts/build_samples.ts`
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { Client } from "@elastic/elasticsearch";
import { stringify } from "yaml";
import { run } from "../../src/cli/run.ts";
import { createLog, terminalLine } from "../../src/core/log.ts";
import { adminClientOptions, type Cluster, openCluster } from "../shared/elasticsearch/cluster.ts";
import { hasLogFiles } from "../shared/testing/data_streams.ts";
import { type DemoOrg, startDemoOrg } from "./demo/demo_orgs.ts";
import { installAssets } from "./install_assets/install.ts";

const ROOT = resolve(import.meta.dirname, "../..");
const NAMESPACE = "sample";

/** The event that shows what a stream is about. */
const SHOWN: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  login: { "event.code": "Login", "event.outcome": "failure" },
  apex: { "event.code": "ApexUnexpectedException" },
  api: { "event.code": "RestApi", "event.outcome": "success" },
  data_access: { "event.code": "Report", "event.action": "report-export" },
  other: { "event.code": "LightningInteraction" },
  setup_audit_trail: { "event.action": "permission-set-assigned" },
  threat: { "event.code": "SessionHijackingEventStore" },
};

const ROWS_PER_DAY = { Login: 400, ApexUnexpectedException: 40, RestApi: 200, Report: 200, LightningInteraction: 100 };

const folder = mkdtempSync(join(tmpdir(), "samples-"));
const cluster = await openCluster({ name: "samples", lifetime: "process", log: say });
const org = await startDemoOrg(folder, { name: "Acme production", sandbox: false, serial: 1 });
try {
  const client = new Client(adminClientOptions(cluster));
  await installAssets({ client, packageRoot: ROOT });
  await org.given.traffic({
    rowsPerDay: ROWS_PER_DAY,
    recordsPerDay: { SetupAuditTrail: 200, SessionHijackingEventStore: 6 },
    until: "2026-07-18T00:00:00Z",
    intervals: ["Hourly"],
  });
  const policy = join(folder, "policy.yml");
  writeFileSync(policy, policyText(org, cluster), { mode: 0o600 });
  const log = createLog(
    (level, message, fields) => say(terminalLine(new Date(), level, message, fields)),
    () => "warn",
  );
  const stop = new AbortController();
  const code = await run(
    { policy, dataDirectory: join(folder, "data"), once: true },
    { environment: process.env, log, stop: stop.signal },
  );
  if (code !== 0) {
    throw new Error(`the run ended with ${code}`);
  }
  for (const [stream, terms] of Object.entries(SHOWN)) {
    await writeSample(client, stream, terms);
  }
  await client.close();
} finally {
  await org.stop();
  await cluster.stop();
  rmSync(folder, { recursive: true, force: true });
}

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

async function writeSample(client: Client, stream: string, terms: Readonly<Record<string, string>>): Promise<void> {
  const index = `logs-aquila_salesforce.${stream}-${NAMESPACE}`;
  await client.indices.refresh({ index });
  const { hits } = await client.search({
    index,
    query: { bool: { filter: Object.entries(terms).map(([field, value]) => ({ term: { [field]: value } })) } },
    size: 1,
    sort: [{ "@timestamp": "asc" }, { "event.id": "asc" }],
  });
  const document = hits.hits[0]?._source;
  if (document === undefined) {
    throw new Error(`${index} has no event to show`);
  }
  const path = join(ROOT, "data_stream", stream, "sample_event.json");
  writeFileSync(path, `${JSON.stringify(sorted(document), null, 4)}\n`);
  say(`${path} is made`);
}

/** Members in the order of their names, as elastic-package writes samples. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) {
    return value.map(sorted);
  }
  if (value === null || typeof value !== "object") {
    return value;
  }
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(members.map(([name, member]) => [name, sorted(member)]));
}

function policyText(org: DemoOrg, cluster: Cluster): string {
  return stringify({
    outputs: { default: { type: "elasticsearch", hosts: [cluster.url], api_key: cluster.apiKey } },
    inputs: [
      {
        id: "acme-production",
        type: "aquila-salesforce",
        data_stream: { namespace: NAMESPACE },
        organization: { name: org.name },
        auth: {
          login_url: org.url,
          client_id: org.clientId,
          username: org.username,
          private_key_path: org.privateKeyPath,
        },
        streams: Object.keys(SHOWN).map((stream) => ({
          id: `acme-${stream}`,
          data_stream: { dataset: `aquila_salesforce.${stream}` },
          ...(hasLogFiles(stream)
            ? { event_log_files: { initial_lookback: "3650d" } }
            : { objects: { initial_lookback: "365d" } }),
          tags: ["forwarded"],
        })),
      },
    ],
  });
}

/** Installs the package's Elasticsearch assets into a cluster of your own, for development without Kibana. */
import { join } from "node:path";
import { parseArgs } from "node:util";
import { Client } from "@elastic/elasticsearch";
import { adminClientOptions, openCluster } from "../../shared/elasticsearch/cluster.ts";
import { installAssets } from "./install.ts";

const ROOT = join(import.meta.dirname, "../../..");
const { values } = parseArgs({ options: { url: { type: "string" } } });
const environment = values.url === undefined ? process.env : { ...process.env, ELASTICSEARCH_URL: values.url };
const print = (line: string) => process.stdout.write(`${line}\n`);

const cluster = await openCluster({ environment, log: print });
const client = new Client(adminClientOptions(cluster));
try {
  const { substitutions } = await installAssets({ client, packageRoot: ROOT, log: print });
  for (const line of substitutions) {
    print(`substituted: ${line}`);
  }
} finally {
  await client.close();
}

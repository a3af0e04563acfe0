/** `npm run install-assets`: the package's Elasticsearch assets in a cluster of your own, for development without Kibana. */
import { join } from "node:path";
import { textOf, usage } from "../../../src/cli/command_declaration.ts";
import { type DevCommand, runDevCommand } from "../../shared/command/dev_command.ts";
import { openAdminClient } from "../../shared/elasticsearch/admin_client.ts";
import { openCluster } from "../../shared/elasticsearch/cluster.ts";
import { installAssets } from "./install.ts";

const ROOT = join(import.meta.dirname, "../../..");
const print = (line: string) => process.stdout.write(`${line}\n`);

const COMMAND: DevCommand = {
  name: "npm run install-assets",
  summary: "Puts the package's pipelines and templates into Elasticsearch, where there is no Kibana to do it.",
  options: {
    url: {
      type: "string",
      value: "URL",
      help: "Elasticsearch's address; an administrator's API key is in ELASTICSEARCH_API_KEY. By default ELASTICSEARCH_URL, else the one of this machine.",
    },
  },
  examples: ["npm run install-assets -- --url https://elasticsearch.example:9200"],
};

await runDevCommand(COMMAND, async (values) => {
  const url = textOf(values, "url");
  if (url !== undefined && !/^https?:\/\//.test(url)) {
    throw usage(`--url ${url} is not a web address.`, "Give it whole, such as https://elasticsearch.example:9200.");
  }
  const environment = url === undefined ? process.env : { ...process.env, ELASTICSEARCH_URL: url };
  const client = await openAdminClient(await openCluster({ environment, log: print }));
  try {
    const { substitutions } = await installAssets({ client, packageRoot: ROOT, log: print });
    for (const line of substitutions) {
      print(`substituted: ${line}`);
    }
    return 0;
  } finally {
    await client.close();
  }
});

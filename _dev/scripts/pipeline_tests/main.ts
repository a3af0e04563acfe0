/** `npm run pipeline-tests`: writes the expected files of the package's pipeline tests anew and says what changed. */
import { join } from "node:path";
import { textOf } from "../../../src/cli/command_declaration.ts";
import { type DevCommand, runDevCommand } from "../../shared/command/dev_command.ts";
import { openAdminClient } from "../../shared/elasticsearch/admin_client.ts";
import { openCluster } from "../../shared/elasticsearch/cluster.ts";
import { installAssets } from "../install_assets/install.ts";
import { readPackage } from "../install_assets/package_source.ts";
import { generateExpected, generationSummary } from "./generate.ts";

const ROOT = join(import.meta.dirname, "../../..");
const print = (line: string) => process.stdout.write(`${line}\n`);

const COMMAND: DevCommand = {
  name: "npm run pipeline-tests",
  summary: "Writes the expected documents of the pipeline tests anew. The tests themselves run with npm test.",
  options: {
    generate: { type: "string", value: "STREAM", required: true, help: "The data stream, such as apex, or all." },
  },
  examples: ["npm run pipeline-tests -- --generate apex", "npm run pipeline-tests -- --generate all"],
};

await runDevCommand(COMMAND, async (values) => {
  const stream = textOf(values, "generate");
  const cluster = await openCluster({ log: print });
  const client = await openAdminClient(cluster);
  try {
    await installAssets({ client, packageRoot: ROOT });
    const generated = await generateExpected(client, readPackage(ROOT), stream === "all" ? undefined : stream);
    for (const line of generationSummary(generated, ROOT)) {
      print(line);
    }
    return 0;
  } finally {
    await client.close();
    if (cluster.started) {
      print("Elasticsearch keeps running: npm run elasticsearch -- stop ends it.");
    }
  }
});

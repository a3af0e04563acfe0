/** `main.ts --generate [DATA STREAM]`: writes the expected files of the package's pipeline tests anew and says what changed. */
import { join } from "node:path";
import { parseArgs } from "node:util";
import { Client } from "@elastic/elasticsearch";
import { adminClientOptions, openCluster } from "../../shared/elasticsearch/cluster.ts";
import { installAssets } from "../install_assets/install.ts";
import { readPackage } from "../install_assets/package_source.ts";
import { generateExpected, generationSummary } from "./generate.ts";

const ROOT = join(import.meta.dirname, "../../..");
const print = (line: string) => process.stdout.write(`${line}\n`);

const { values, positionals } = parseArgs({
  options: { generate: { type: "boolean" } },
  allowPositionals: true,
});
if (values.generate === true) {
  const cluster = await openCluster({ log: print });
  const client = new Client(adminClientOptions(cluster));
  try {
    await installAssets({ client, packageRoot: ROOT });
    const generated = await generateExpected(client, readPackage(ROOT), positionals[0]);
    for (const line of generationSummary(generated, ROOT)) {
      print(line);
    }
  } finally {
    await client.close();
    if (cluster.started) {
      print("Elasticsearch keeps running: npm run elasticsearch -- stop ends it.");
    }
  }
} else {
  process.stderr.write("usage: main.ts --generate [DATA STREAM]; the tests themselves run by vitest --project e2e\n");
  process.exitCode = 2;
}

/** `npm run bench`: what the runner and its package cost, one line for each figure. */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { Client } from "@elastic/elasticsearch";
import { type DevCommand, runDevCommand } from "../../shared/command/dev_command.ts";
import { adminClientOptions, openCluster } from "../../shared/elasticsearch/cluster.ts";
import { installAssets } from "../install_assets/install.ts";
import { benchCollect, collectLines } from "./collect.ts";
import { benchHosts } from "./hosts.ts";
import { benchKafka } from "./kafka.ts";
import { benchLogstash } from "./logstash.ts";
import { benchState } from "./state.ts";

type Print = (line: string) => void;

const ROOT = join(import.meta.dirname, "../../..");
/** Bytes of a row of the Login files. */
const ROW_BYTES = 460;

const BENCHES: Readonly<Record<string, (print: Print) => Promise<void>>> = {
  async collect(print) {
    const figures = await benchCollect({ files: 5, rowsPerFile: 100_000, compare: true });
    collectLines("collect", figures).forEach(print);
  },
  /** In turn, since the machine may be busy; the least of each counts. */
  async names(print) {
    const least = { none: Number.POSITIVE_INFINITY, usernames: Number.POSITIVE_INFINITY };
    for (const names of Array(3)
      .fill(["none", "usernames"] as const)
      .flat()) {
      const { rows, figures } = await benchCollect({ files: 5, rowsPerFile: 100_000, names });
      least[names as keyof typeof least] = Math.min(least[names as keyof typeof least], figures.cpuSeconds / rows);
    }
    const [none, usernames] = [least.none * 1e6, least.usernames * 1e6];
    print(
      `names: CPU an event ${none.toFixed(2)} µs without, ${usernames.toFixed(2)} µs with the names of 5,000 users`,
    );
  },
  async small_files(print) {
    const figures = await benchCollect({ files: 1_000, rowsPerFile: 50 });
    collectLines("1,000 files of 50 rows", figures).forEach(print);
  },
  async memory(print) {
    for (const megabytes of [50, 400, 2_000]) {
      const rowsPerFile = Math.round((megabytes * 1e6) / ROW_BYTES);
      const { figures } = await benchCollect({ files: 1, rowsPerFile, output: { type: "console" } });
      print(`memory: a file of ${megabytes} MB, peak resident memory ${Math.round(figures.peakMebibytes)} MiB`);
    }
  },
  async delivery(print) {
    const cluster = await openCluster({ name: `bench-${process.pid}`, lifetime: "process" });
    const client = new Client(adminClientOptions(cluster));
    try {
      await installAssets({ client, packageRoot: ROOT });
      const output = { type: "elasticsearch", hosts: [cluster.url], api_key: cluster.apiKey };
      const figures = await benchCollect({ files: 4, rowsPerFile: 25_000, output });
      const index = "logs-aquila_salesforce.login-default";
      await client.indices.refresh({ index });
      const { count } = await client.count({ index });
      if (count !== figures.rows) {
        throw new Error(`${count} of ${figures.rows} events are in Elasticsearch`);
      }
      collectLines("delivery to Elasticsearch", figures).forEach(print);
    } finally {
      await client.close();
      if (cluster.started) {
        await cluster.stop();
      }
    }
  },
  logstash: benchLogstash,
  kafka: benchKafka,
  hosts: (print) => benchHosts(print),
  state: benchState,
  row_writer: (print) => script("row_writer.ts", print),
  many_orgs: (print) => script("many_orgs.ts", print),
  outage: (print) => script("outage.ts", print),
  live: (print) => script("live.ts", print),
  reconcile: (print) => script("reconcile.ts", print),
  pipelines: (print) => script("pipelines.ts", print),
  storage: (print) => script("storage.ts", print),
};

/** A bench that is a program of its own, so that nothing before it counts as its memory. */
async function script(name: string, print: Print): Promise<void> {
  const { stdout, stderr, status } = spawnSync(process.execPath, [join(import.meta.dirname, name)], {
    encoding: "utf8",
  });
  stdout.trimEnd().split("\n").forEach(print);
  if (status !== 0) {
    throw new Error(`${name} ended with exit code ${status}\n${stderr}`);
  }
}

const COMMAND: DevCommand = {
  name: "npm run bench",
  summary: "Measures what the runner and its package cost; without names, everything.",
  argument: { value: "[NAMES…]", values: Object.keys(BENCHES), many: true },
  options: {},
  examples: ["npm run bench", "npm run bench -- collect memory"],
};

await runDevCommand(COMMAND, async ({ argument }) => {
  const asked = Array.isArray(argument) ? argument : [];
  let failures = 0;
  for (const [name, bench] of Object.entries(BENCHES)) {
    if (asked.length === 0 || asked.includes(name)) {
      await bench((line) => process.stdout.write(`${line}\n`)).catch((error) => {
        process.stderr.write(`bench ${name} failed: ${error instanceof Error ? error.message : error}\n`);
        failures += 1;
      });
    }
  }
  return failures === 0 ? 0 : 1;
});

import { join } from "node:path";
import { Client } from "@elastic/elasticsearch";
import { adminClientOptions, openCluster } from "../../shared/elasticsearch/cluster.ts";
import { stateKey } from "../../shared/testing/state_key.ts";
import { installAssets } from "../install_assets/install.ts";
import { benchCollect } from "./collect.ts";
import { median } from "./median.ts";

const ROOT = join(import.meta.dirname, "../../..");
const STORES = ["local", "elasticsearch"] as const;
type Store = (typeof STORES)[number];

/** What a start, a lease and an end take is in both, and counts for neither. */
const FEW = { files: 4, rowsPerFile: 10 };
const MANY = { files: 4, rowsPerFile: 75_000 };
/** As an org has them that begins with the hourly files of a month. */
const SMALL = { files: 1_204, rowsPerFile: 10 };
const TURNS = 3;

/** Events and small files a second into Elasticsearch with shared state and with local state, in turn, since the machine may be busy. */
export async function benchState(print: (line: string) => void): Promise<void> {
  const cluster = await openCluster({ name: `bench-${process.pid}`, lifetime: "process" });
  const client = new Client(adminClientOptions(cluster));
  const rates = { events: ratesByStore(), files: ratesByStore() };
  try {
    await installAssets({ client, packageRoot: ROOT });
    let run = 0;
    const collect = async (store: Store, size: typeof FEW) => {
      run += 1;
      const index = `aquila-bench-state-${run}`;
      const { rows, figures } = await benchCollect({
        ...size,
        output: { type: "elasticsearch", hosts: [cluster.url], api_key: cluster.apiKey },
        namespace: `run${run}`,
        ...(store === "local" ? {} : { state: { store, index, api_key: await stateKey(cluster, index) } }),
      });
      const stored = `logs-aquila_salesforce.login-run${run}`;
      await client.indices.refresh({ index: stored });
      const { count } = await client.count({ index: stored });
      if (count !== rows) {
        throw new Error(`${count} of ${rows} events are in Elasticsearch with ${store} state`);
      }
      return { rows, seconds: figures.wallSeconds };
    };
    for (const store of Array(TURNS).fill(STORES).flat() as Store[]) {
      const few = await collect(store, FEW);
      const many = await collect(store, MANY);
      const small = await collect(store, SMALL);
      rates.events[store].push((many.rows - few.rows) / (many.seconds - few.seconds));
      rates.files[store].push((SMALL.files - FEW.files) / (small.seconds - few.seconds));
      print(`state: ${store}, start and end ${few.seconds.toFixed(1)} s`);
    }
  } finally {
    await client.close();
    if (cluster.started) {
      await cluster.stop();
    }
  }
  for (const [what, { local, elasticsearch }] of Object.entries(rates)) {
    const share = (median(elasticsearch) / median(local)).toFixed(2);
    const goal = what === "events" ? " (goal: at least 0.9)" : "";
    const [shared, alone] = [elasticsearch, local].map((values) => Math.round(median(values)).toLocaleString("en"));
    print(
      `state: ${what === "events" ? what : "small files"} a second ${shared} shared, ${alone} local: ${share}${goal}`,
    );
  }
}

function ratesByStore(): Record<Store, number[]> {
  return { local: [], elasticsearch: [] };
}

/**
 * Several hosts that share orgs: what idle orgs cost, how orgs move when hosts join, leave and are killed, and how long it takes until
 * another host goes on in the middle of many rows. Everything on a real Elasticsearch, each host a process.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { Client } from "@elastic/elasticsearch";
import { stringify } from "yaml";
import { leaseId, readLease } from "../../../src/coordination/lease.ts";
import { adminClientOptions, type Cluster, openCluster } from "../../shared/elasticsearch/cluster.ts";
import { FaultScene } from "../../shared/faults/fault_scene.ts";
import { type RunnerProcess, startRunner } from "../../shared/testing/runner_process.ts";
import { stateKey } from "../../shared/testing/state_key.ts";
import { StoredRows } from "../../shared/testing/stored_rows.ts";
import { type DemoOrg, startDemoOrg } from "../demo/demo_orgs.ts";
import { installAssets } from "../install_assets/install.ts";

type Print = (line: string) => void;

const ROOT = resolve(import.meta.dirname, "../../..");
/** Clock ticks a second of /proc/PID/stat on Linux. */
const TICKS = 100;

/** Hosts with the same policy of many orgs, none of which has anything new. */
class Hosts {
  readonly #client: Client;
  readonly #folder: string;
  readonly #org: DemoOrg;
  readonly #names: readonly string[];
  readonly #index: string;
  readonly #running = new Map<string, RunnerProcess>();

  static async open(cluster: Cluster, orgs: number): Promise<Hosts> {
    const folder = mkdtempSync(join(tmpdir(), "bench-hosts-"));
    const org = await startDemoOrg(folder, { name: "Idle", sandbox: false, serial: 1 });
    const index = `state-${orgs}`;
    const names = Array.from({ length: orgs }, (_, n) => `org-${n}`);
    const state = { store: "elasticsearch", hosts: [cluster.url], index, api_key: await stateKey(cluster, index) };
    const policy = {
      outputs: { default: { type: "elasticsearch", hosts: [cluster.url], api_key: cluster.apiKey } },
      inputs: names.map((name) => ({
        id: name,
        type: "aquila-salesforce",
        organization: { name },
        auth: {
          login_url: org.url,
          client_id: org.clientId,
          username: org.username,
          private_key_path: org.privateKeyPath,
        },
        state,
        streams: [
          {
            id: `${name}-login`,
            data_stream: { dataset: "aquila_salesforce.login" },
            event_log_files: { event_types: ["Login"], interval: "hourly" },
          },
        ],
      })),
    };
    writeFileSync(join(folder, "policy.yml"), stringify(policy), { mode: 0o600 });
    return new Hosts(new Client(adminClientOptions(cluster)), folder, org, names, index);
  }

  private constructor(client: Client, folder: string, org: DemoOrg, names: readonly string[], index: string) {
    this.#client = client;
    this.#folder = folder;
    this.#org = org;
    this.#names = names;
    this.#index = index;
  }

  start(name: string): void {
    const args = ["run", "--policy", join(this.#folder, "policy.yml"), "--data-dir", join(this.#folder, name)];
    this.#running.set(name, startRunner(args));
  }

  async end(name: string, signal: "SIGTERM" | "SIGKILL"): Promise<void> {
    const runner = this.#running.get(name);
    runner?.child.kill(signal);
    await runner?.ended;
    this.#running.delete(name);
  }

  /** By org: the id of the process that holds it. */
  async holders(): Promise<Map<string, string>> {
    const ids = this.#names.map((name) =>
      leaseId(`${name} of ${this.#org.username} at ${new URL(this.#org.url).host}`),
    );
    const { docs } = await this.#client.mget({ index: this.#index, ids }, { ignore: [404] });
    return new Map(
      (docs ?? []).flatMap((document, at) => {
        const holder = readLease("_source" in document ? document._source : undefined).holder?.id;
        return holder === undefined ? [] : [[this.#names[at] ?? "", holder] as const];
      }),
    );
  }

  /** Waits until every org is held, by so many hosts, with no more than its share each. Gives the seconds. */
  async settled(hosts: number): Promise<number> {
    const begun = performance.now();
    const share = Math.ceil(this.#names.length / hosts);
    for (;;) {
      const held = [...(await this.holders()).values()];
      const loads = [...new Set(held)].map((id) => held.filter((one) => one === id).length);
      if (held.length === this.#names.length && loads.length === hosts && Math.max(...loads) <= share) {
        return (performance.now() - begun) / 1_000;
      }
      if (performance.now() - begun > 180_000) {
        throw new Error(`orgs have not settled: ${loads.join(", ")} of ${this.#names.length}`);
      }
      await wait(250);
    }
  }

  /** Seconds of CPU that the host has had. */
  cpuSeconds(name: string): number {
    const pid = this.#running.get(name)?.child.pid ?? 0;
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
    return (Number(fields[11]) + Number(fields[12])) / TICKS;
  }

  /** Documents of the state index that have been written so far. */
  async written(): Promise<number> {
    const { _all } = await this.#client.indices.stats({ index: this.#index, metric: "indexing" });
    return _all.primaries?.indexing?.index_total ?? 0;
  }

  async close(): Promise<void> {
    await Promise.all([...this.#running.keys()].map((name) => this.end(name, "SIGKILL")));
    await this.#org.stop();
    await this.#client.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

async function benchIdle(cluster: Cluster, print: Print): Promise<void> {
  const hosts = await Hosts.open(cluster, 100);
  try {
    hosts.start("a");
    hosts.start("b");
    await hosts.settled(2);
    await wait(30_000);
    const [writes, cpu] = [await hosts.written(), hosts.cpuSeconds("a")];
    await wait(60_000);
    print(
      `hosts: writes a second to the state index, 2 hosts, 100 idle orgs ${(((await hosts.written()) - writes) / 60).toFixed(2)}`,
    );
    print(`hosts: share of a core of one of them ${(((hosts.cpuSeconds("a") - cpu) / 60) * 100).toFixed(2)} %`);
  } finally {
    await hosts.close();
  }
}

async function benchMoves(cluster: Cluster, print: Print): Promise<void> {
  const hosts = await Hosts.open(cluster, 60);
  const steps: readonly (readonly [what: string, act: () => unknown, left: number])[] = [
    ["a third host joins", () => hosts.start("c"), 3],
    ["one of three leaves", () => hosts.end("a", "SIGTERM"), 2],
    ["another joins", () => hosts.start("d"), 3],
    ["one of three is killed", () => hosts.end("b", "SIGKILL"), 2],
  ];
  try {
    hosts.start("a");
    hosts.start("b");
    await hosts.settled(2);
    for (const [what, act, left] of steps) {
      const before = await hosts.holders();
      await act();
      const seconds = await hosts.settled(left);
      const after = await hosts.holders();
      const moved = [...after].filter(([org, holder]) => before.get(org) !== holder).length;
      print(`hosts: ${what}: ${moved} of 60 orgs move, in ${seconds.toFixed(1)} s`);
    }
  } finally {
    await hosts.close();
  }
}

async function benchKill(cluster: Cluster, rows: number, print: Print): Promise<void> {
  const stored = new StoredRows(cluster);
  const index = "state-kill";
  const state = { index, apiKey: await stateKey(cluster, index), lease: "15s" };
  const options = { rows: stored, access: cluster, namespace: "hostskill", rowsPerDay: rows, records: 0, state };
  const scene = await FaultScene.open(options);
  const runners: RunnerProcess[] = [];
  try {
    const [a, b] = [scene.startHost("a"), scene.startHost("b")];
    runners.push(a, b);
    while ((await stored.count(scene.index)) < rows / 3) {
      await wait(200);
    }
    const isHolder = ({ log }: RunnerProcess) => log().some(({ message }) => String(message).includes("(this host)"));
    const [holder, other] = isHolder(a) ? [a, b] : [b, a];
    holder.child.kill("SIGKILL");
    const killed = performance.now();
    await holder.ended;
    const sent = scene.gate.bulks;
    while (scene.gate.bulks <= sent) {
      await wait(50);
    }
    const seconds = (performance.now() - killed) / 1_000;
    while ((await scene.found()).rows < scene.expected.rows && other.child.exitCode === null) {
      await wait(1_000);
    }
    const { rows: found, doubled } = await scene.found();
    print(
      `hosts: kill -9 in the middle of ${rows} rows: the other goes on after ${seconds.toFixed(1)} s, ${scene.expected.rows - found} lost, ${doubled} doubled`,
    );
  } finally {
    for (const { child } of runners) {
      child.kill("SIGKILL");
    }
    await Promise.all(runners.map(({ ended }) => ended));
    await scene.close();
    await stored.client.close();
  }
}

/** One line per figure. */
export async function benchHosts(print: Print, rows = 200_000): Promise<void> {
  const cluster = await openCluster({ name: `bench-hosts-${process.pid}`, lifetime: "process" });
  const client = new Client(adminClientOptions(cluster));
  try {
    await installAssets({ client, packageRoot: ROOT });
    await benchKill(cluster, rows, print);
    await benchMoves(cluster, print);
    await benchIdle(cluster, print);
  } finally {
    await client.close();
    if (cluster.started) {
      await cluster.stop();
    }
  }
}

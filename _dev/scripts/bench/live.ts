/**
 * Live events: how soon they are in Elasticsearch, how many come through one topic beside what its window of 100 allows, and what many
 * orgs with quiet topics cost. Usage: node live.ts [latency|throughput|idle_memory|idle…]
 */
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { Client } from "@elastic/elasticsearch";
import avro from "avsc";
import { stringify } from "yaml";
import { pubSubClient } from "../../deploy/docker/mock_org/pub_sub/test_client.ts";
import { PUBLIC_KEY } from "../../deploy/docker/mock_org/test_client.ts";
import { adminClientOptions, openCluster } from "../../shared/elasticsearch/cluster.ts";
import { BulkGate } from "../../shared/faults/bulk_gate.ts";
import { type DemoOrg, startDemoOrg } from "../demo/demo_orgs.ts";
import { installAssets } from "../install_assets/install.ts";
import type { OutputBlock } from "./collect.ts";
import { startBundle } from "./runner_process.ts";

type Print = (line: string) => void;

const ROOT = resolve(import.meta.dirname, "../../..");
const LOGINS = "LoginEventStream";
const LOGOUTS = "LogoutEventStream";
/** Clock ticks a second of /proc/PID/stat on Linux. */
const TICKS = 100;
const LONGEST_WAIT_MS = 300_000;
/** Runs of each that is compared. */
const TURNS = 2;

interface Started {
  readonly org: DemoOrg;
  readonly pid: number;
}

interface Setting {
  readonly output: OutputBlock | ((folder: string) => OutputBlock);
  readonly inputs?: number;
  /** None: live events are off, and the free LoginHistory is collected in their place. */
  readonly topics: readonly string[];
  /** What the org has before the runner begins. */
  readonly before?: (org: DemoOrg) => Promise<void>;
}

/** A runner with live events of a mock org, each in a process of its own. */
async function withRunner<T>(setting: Setting, act: (started: Started) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), "bench-live-"));
  const org = await startDemoOrg(folder, { name: "Live", sandbox: false, serial: 5, pubSub: true });
  let runner: ChildProcess | undefined;
  try {
    await setting.before?.(org);
    const policy = join(folder, "policy.yml");
    writeFileSync(policy, policyOf(setting, org, folder), { mode: 0o600 });
    runner = await startBundle(["run", "--policy", policy, "--data-dir", join(folder, "data")]);
    return await act({ org, pid: runner.pid ?? 0 });
  } finally {
    if (runner !== undefined && runner.exitCode === null) {
      const ended = once(runner, "exit");
      runner.kill("SIGKILL");
      await ended;
    }
    await org.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

function policyOf({ output, inputs = 1, topics }: Setting, org: DemoOrg, folder: string): string {
  return stringify({
    outputs: { default: typeof output === "function" ? output(folder) : output },
    inputs: Array.from({ length: inputs }, (_, n) => ({
      id: `live-${n}`,
      type: "aquila-salesforce",
      organization: { name: `Live ${n}` },
      auth: {
        login_url: org.url,
        client_id: org.clientId,
        username: org.username,
        private_key_path: org.privateKeyPath,
      },
      api: { pub_sub_url: org.pubSubUrl },
      streams: [
        {
          id: `live-${n}-login`,
          data_stream: { dataset: "aquila_salesforce.login" },
          event_log_files: { enabled: false },
          ...(topics.length === 0
            ? { objects: { enabled: true, names: ["LoginHistory"] } }
            : { live: { enabled: true, topics: [...topics] } }),
        },
      ],
    })),
  });
}

async function until(what: string, reached: () => Promise<boolean> | boolean, everyMs = 50): Promise<void> {
  for (const deadline = Date.now() + LONGEST_WAIT_MS; !(await reached()); await wait(everyMs)) {
    if (Date.now() > deadline) {
      throw new Error(`${what} did not come in ${LONGEST_WAIT_MS / 1_000} s`);
    }
  }
}

async function openStreams(org: DemoOrg): Promise<number> {
  return (await org.given.pubSub()).streams.filter(({ endedAt }) => endedAt === undefined).length;
}

/** From the moment at which an event is given to the server until Elasticsearch has answered the bulk request that holds it. */
async function benchLatency(print: Print, perSecond = 50, seconds = 120): Promise<void> {
  const cluster = await openCluster({ name: `bench-${process.pid}`, lifetime: "process" });
  const client = new Client(adminClientOptions(cluster));
  const gate = await BulkGate.open(cluster.url, "aquila_salesforce.login-");
  const sent = new Map<string, number>();
  const took: number[] = [];
  gate.acknowledged = (body) => {
    for (const [name] of body.matchAll(/n\d+@acme\.example/g)) {
      const at = sent.get(name);
      if (at !== undefined) {
        took.push(performance.now() - at);
        sent.delete(name);
      }
    }
  };
  try {
    await installAssets({ client, packageRoot: ROOT });
    const output = { type: "elasticsearch", hosts: [gate.url], api_key: cluster.apiKey };
    await withRunner({ output, topics: [LOGINS] }, async ({ org }) => {
      await until("the subscription", async () => (await openStreams(org)) > 0);
      // The first event meets a data stream that is not there yet.
      await org.given.published(LOGINS, [{ Username: "first@acme.example" }], { stored: false });
      await until("the first event", () => gate.bulks > 0);
      await wait(5_000);
      const begun = performance.now();
      for (let n = 0; n < perSecond * seconds; n += 1) {
        await wait(Math.max(0, begun + (n * 1_000) / perSecond - performance.now()));
        const name = `n${n}@acme.example`;
        sent.set(name, performance.now());
        await org.given.published(LOGINS, [{ Username: name, SourceIp: "198.51.100.7" }], { stored: false });
      }
      await until("the last event", () => sent.size === 0);
    });
    took.sort((a, b) => a - b);
    const at = (share: number) => ((took[Math.ceil(share * took.length) - 1] ?? 0) / 1_000).toFixed(3);
    print(
      `live: ${perSecond} events/s for ${seconds} s, from the send to Elasticsearch's bulk answer ` +
        `p50 ${at(0.5)} s, p95 ${at(0.95)} s, most ${at(1)} s (${took.length} events)`,
    );
  } finally {
    await gate.close();
    await client.close();
    if (cluster.started) {
      await cluster.stop();
    }
  }
}

/**
 * Events a second of one topic to files, and of a bare client that asks again for what has come as soon as it is there, with and
 * without decoding it: this machine's ceiling, in the same run and in turn, since the machine may be busy. The best of each counts.
 */
async function benchThroughput(print: Print, roundTripMs: number, events: number): Promise<void> {
  const [ours, bare, decoding]: [Rate[], number[], number[]] = [[], [], []];
  const output = (folder: string) => ({ type: "file", path: join(folder, "out") });
  const before = (org: DemoOrg) => fill(org, events, roundTripMs);
  for (let turn = 1; turn <= TURNS; turn += 1) {
    await withRunner({ output, topics: [LOGINS], before }, async ({ org, pid }) => {
      ours.push(await rateOf(org, pid, events));
      // The runner has nothing more to do.
      bare.push(await bareRate(org, events, false));
      decoding.push(await bareRate(org, events, true));
    });
  }
  const best = Math.max(...ours.map(({ perSecond }) => perSecond));
  const cpu = Math.min(...ours.map(({ cpuMicroseconds }) => cpuMicroseconds));
  const beside = (what: string, rates: readonly number[]) => {
    const ceiling = Math.max(...rates);
    return `${Math.round((best / ceiling) * 100)} % of the ${Math.round(ceiling).toLocaleString("en")} of a bare client${what}`;
  };
  print(
    `live: one topic at a round trip of ${roundTripMs} ms ${Math.round(best).toLocaleString("en")} events/s with ` +
      `${cpu.toFixed(1)} µs of CPU an event, ${beside("", bare)}, ${beside(" that decodes", decoding)}`,
  );
}

async function fill({ given }: DemoOrg, events: number, roundTripMs: number): Promise<void> {
  await given.org({ roundTripMs });
  const piece = 5_000;
  for (let at = 0; at < events; at += piece) {
    const logins = Array.from({ length: Math.min(piece, events - at) }, (_, n) => ({
      Username: `n${at + n}@acme.example`,
      SourceIp: "198.51.100.7",
      Application: "Browser",
      Browser: "Chrome 141",
      Platform: "Windows 10",
      LoginUrl: "acme.my.salesforce.com",
    }));
    await given.published(LOGINS, logins, { stored: false });
  }
}

interface Rate {
  readonly perSecond: number;
  /** Of the runner, for each event. */
  readonly cpuMicroseconds: number;
}

/** By the server's account, from the first quarter of the events on: until then much is compiled. */
async function rateOf({ given }: DemoOrg, pid: number, events: number): Promise<Rate> {
  const sent = async () => (await given.pubSub()).streams.reduce((sum, stream) => sum + stream.events, 0);
  let [before, begun, used] = [0, 0, 0];
  await until("the first events", async () => {
    before = await sent();
    begun = performance.now();
    used = cpuSeconds(pid);
    return before >= events / 4;
  });
  await until("all events", async () => (await sent()) >= events);
  const seconds = (performance.now() - begun) / 1_000;
  const count = events - before;
  return { perSecond: count / seconds, cpuMicroseconds: ((cpuSeconds(pid) - used) / count) * 1e6 };
}

const BARE_APP = "3MVG9bareClient";

/** What the window and the server allow; `decodes` if each event is read by its schema as well. */
async function bareRate(org: DemoOrg, events: number, decodes: boolean): Promise<number> {
  await org.given.app({ clientId: BARE_APP, certificate: PUBLIC_KEY });
  const { url, orgId, username, pubSubUrl } = org;
  using client = await pubSubClient({ url, orgId, username, pubSubUrl, clientId: BARE_APP, now: Date.now });
  const { schemaId } = await client.topic(`/event/${LOGINS}`);
  const { schemaJson } = await client.schema(schemaId);
  const type = avro.Type.forSchema(JSON.parse(schemaJson));
  let [received, decoded, begun] = [0, 0, 0];
  await new Promise<void>((done) => {
    const stream = client.subscribe({
      topic: `/event/${LOGINS}`,
      onAnswer: (answer) => {
        begun ||= performance.now();
        received += answer.events.length;
        if (decodes) {
          decoded += answer.events.filter(({ event }) => type.fromBuffer(event.payload) !== undefined).length;
        }
        if (received >= events) {
          done();
        } else {
          stream.ask(answer.events.length);
        }
      },
    });
  });
  if (decodes && decoded !== received) {
    throw new Error(`${decoded} of ${received} events were decoded`);
  }
  return received / ((performance.now() - begun) / 1_000);
}

function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
  return (Number(fields[11]) + Number(fields[12])) / TICKS;
}

function residentMebibytes(pid: number): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) / 1_024;
}

/** One idle org, with live events and without. */
async function benchIdleMemory(print: Print, seconds = 30): Promise<void> {
  const output = (folder: string) => ({ type: "file", path: join(folder, "out") });
  const memory = async (topics: readonly string[]) =>
    await withRunner({ output, topics }, async ({ org, pid }) => {
      await until("the first request", async () => (await org.given.requests()).length > 0);
      await until("every subscription", async () => (await openStreams(org)) >= topics.length);
      await wait(seconds * 1_000);
      return Math.round(residentMebibytes(pid));
    });
  const [off, on] = [await memory([]), await memory([LOGINS, LOGOUTS])];
  print(
    `live: resident memory of one idle org after ${seconds} s, ${off} MiB without live events, ${on} MiB with 2 topics`,
  );
}

/** Orgs whose topics are quiet. */
async function benchIdle(print: Print, orgs = 200, seconds = 120): Promise<void> {
  const topics = [LOGINS, LOGOUTS];
  const output = (folder: string) => ({ type: "file", path: join(folder, "out") });
  await withRunner({ output, topics, inputs: orgs }, async ({ org, pid }) => {
    await until("every subscription", async () => (await openStreams(org)) >= orgs * topics.length, 500);
    await wait(10_000);
    const before = cpuSeconds(pid);
    await wait(seconds * 1_000);
    const share = ((cpuSeconds(pid) - before) / seconds) * 100;
    const { connections, streams } = await org.given.pubSub();
    const keepAlives = streams.reduce((sum, stream) => sum + stream.keepAlives, 0);
    print(
      `live: ${orgs} orgs with ${topics.length} quiet topics each, resident memory ${Math.round(residentMebibytes(pid))} MiB, ` +
        `${share.toFixed(1)} % of a core over ${seconds} s (${keepAlives} keep-alives), ${connections.open} connections ` +
        `(${connections.opened} opened)`,
    );
  });
}

const PARTS: Readonly<Record<string, (print: Print) => Promise<void>>> = {
  latency: benchLatency,
  async throughput(print) {
    await benchThroughput(print, 0, 100_000);
    await benchThroughput(print, 40, 10_000);
  },
  idle_memory: benchIdleMemory,
  idle: benchIdle,
};

if (import.meta.main) {
  const asked = process.argv.slice(2);
  for (const [name, part] of Object.entries(PARTS)) {
    if (asked.length === 0 || asked.includes(name)) {
      await part((line) => process.stdout.write(`${line}\n`));
    }
  }
}

/**
 * One Elasticsearch for development and tests: the one that ELASTICSEARCH_URL names, or a node on this machine, by the first of
 * the ways that is open (`ways.ts`). What is fetched for it is kept in the user's cache folder.
 */
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Client } from "@elastic/elasticsearch";
import { ownCacheFolder, serviceUser } from "./cache_folder.ts";
import { copyJvmOptions, makeFolder, withFreePorts } from "./cluster_folder.ts";
import { discardCluster, nodeControl } from "./cluster_node.ts";
import { type ClusterRecord, lockOf, readRecord, writeRecord } from "./cluster_record.ts";
import { IMAGE_ADMINISTRATOR, runContainer, startContainer } from "./container.ts";
import { withExclusiveLock } from "./exclusive_lock.ts";
import { spawnNode } from "./node_process.ts";
import { outputKey } from "./output_key.ts";
import { ElasticsearchUnavailable } from "./unavailable.ts";
import type { Log } from "./unpacking.ts";
import { watchOver } from "./watchdog.ts";
import { type Runs, startByFirstWay } from "./ways.ts";

const LONGEST_START = 240_000;
const BETWEEN_LOOKS = 250;

/** The cluster of `npm run elasticsearch -- start`. */
export const LOCAL_CLUSTER = "local";

export interface ClusterAccess {
  readonly url: string;
  /** Administrator of a local cluster; undefined for an external one that is used by an API key. */
  readonly username?: string;
  readonly password?: string;
  /** Encoded API key that may only monitor the cluster and create documents in `logs-*`. External: the given key. */
  readonly apiKey: string;
}

/** How a client proves who it is. */
export type ClientAuth = { readonly username: string; readonly password: string } | { readonly apiKey: string };

export interface Cluster extends ClusterAccess {
  /** Named by ELASTICSEARCH_URL: its life is not ours. */
  readonly external: boolean;
  /** Where a local cluster keeps its files; `attachCluster` finds it again from another process. */
  readonly folder?: string;
  /** Whether this `openCluster` started it, so that the caller should stop it. */
  readonly started: boolean;
  /** Freezes the node: connections stay open and nothing answers. */
  suspend(): void;
  resume(): void;
  /** Ends the node. The data stay unless the cluster lives with a process. */
  stop(): Promise<void>;
  /** Starts a stopped node again: same port, accounts and data. */
  restart(): Promise<void>;
}

export interface ClusterOptions {
  /** Clusters of different names don't touch each other. */
  readonly name?: string;
  /** `own` outlives the caller and keeps its data; `process` is deleted when the caller stops it or is gone. */
  readonly lifetime?: "own" | "process";
  readonly log?: Log;
  readonly environment?: NodeJS.ProcessEnv;
}

/** Options with which a client acts as the cluster's administrator. */
export function adminClientOptions(access: ClusterAccess): { node: string; auth: ClientAuth } {
  const { username, password } = access;
  const auth = username === undefined || password === undefined ? { apiKey: access.apiKey } : { username, password };
  return { node: access.url, auth };
}

/** The cluster that the environment names, the running one of that name, or a new one. Throws ElasticsearchUnavailable. */
export async function openCluster(options: ClusterOptions = {}): Promise<Cluster> {
  const { name = LOCAL_CLUSTER, lifetime = "own", log = () => {}, environment = process.env } = options;
  const external = externalCluster(environment);
  if (external !== undefined) {
    return external;
  }
  const cache = ownCacheFolder();
  const folder = join(cache, "clusters", name);
  mkdirSync(join(cache, "clusters"), { recursive: true });
  return withExclusiveLock(
    lockOf(folder),
    async () => {
      const running = runningRecord(folder);
      if (running !== undefined) {
        return localCluster(folder, lifetime, false);
      }
      const before = readRecord(folder)?.runs;
      let watched = false;
      await startByFirstWay({ cache, name, before, environment, log }, async (runs) => {
        const record = await recordFor(folder, runs);
        if (lifetime === "process" && !watched) {
          watchOver(folder);
          watched = true;
        }
        await startNode(folder, record, environment, log);
      });
      return localCluster(folder, lifetime, true);
    },
    () => log("Another process is starting this cluster; waiting for it."),
  );
}

/** The running local cluster in `folder`, which another process opened. */
export function attachCluster(folder: string): Cluster {
  return localCluster(folder, "own", false);
}

/** The running local cluster of that name, if there is one. */
export function runningCluster(name: string = LOCAL_CLUSTER): Cluster | undefined {
  const folder = join(ownCacheFolder(), "clusters", name);
  return runningRecord(folder) === undefined ? undefined : attachCluster(folder);
}

function externalCluster(environment: NodeJS.ProcessEnv): Cluster | undefined {
  const url = environment.ELASTICSEARCH_URL;
  if (url === undefined || url === "") {
    return undefined;
  }
  const notOurs = () => {
    throw new ElasticsearchUnavailable("node", `${url} is not a cluster that may be stopped from here`);
  };
  return {
    url,
    apiKey: environment.ELASTICSEARCH_API_KEY ?? "",
    external: true,
    started: false,
    suspend: notOurs,
    resume: notOurs,
    stop: async () => {},
    restart: async () => notOurs(),
  };
}

function localCluster(folder: string, lifetime: "own" | "process", started: boolean): Cluster {
  const { url, username, password, apiKey = "" } = recordOf(folder);
  return {
    url,
    username,
    password,
    apiKey,
    external: false,
    folder,
    started,
    suspend: () => nodeControl(folder, recordOf(folder)).suspend(),
    resume: () => nodeControl(folder, recordOf(folder)).resume(),
    async stop() {
      if (lifetime === "process") {
        return discardCluster(folder);
      }
      const { pid, ...record } = recordOf(folder);
      await nodeControl(folder, { ...record, pid }).stop("politely");
      writeRecord(folder, record);
    },
    async restart() {
      if (runningRecord(folder) === undefined) {
        await startNode(folder, recordOf(folder), process.env, () => {});
      }
    },
  };
}

function recordOf(folder: string): ClusterRecord {
  const record = readRecord(folder);
  if (record === undefined) {
    throw new ElasticsearchUnavailable("node", `There is no cluster in ${folder}`);
  }
  return record;
}

function runningRecord(folder: string): ClusterRecord | undefined {
  const record = readRecord(folder);
  return record?.apiKey !== undefined && nodeControl(folder, record).isRunning() ? record : undefined;
}

/** What is known of a cluster that is to be started: a stopped one that the same program ran before, or a new one. */
async function recordFor(folder: string, runs: Runs): Promise<ClusterRecord> {
  const old = readRecord(folder);
  if (old?.runs?.by === runs.by) {
    const known = { ...old, runs };
    return runs.by === "docker" ? known : withFreePorts(folder, known);
  }
  if (old !== undefined) {
    await nodeControl(folder, old).discard();
  }
  const fresh = await makeFolder(folder, serviceUser());
  return { ...fresh, runs, ...(runs.by === "docker" ? { username: IMAGE_ADMINISTRATOR } : {}) };
}

/** Starts the node and waits until it answers; one that never does is discarded. Throws ElasticsearchUnavailable. */
async function startNode(
  folder: string,
  record: ClusterRecord,
  environment: NodeJS.ProcessEnv,
  log: Log,
): Promise<void> {
  log(`Starting Elasticsearch on ${record.url}; this takes about half a minute.`);
  // What has been written down is found and ended again, whatever happens from here on.
  writeRecord(folder, record);
  const { pid, hasEnded } = await startedBy(folder, record, environment);
  const started = { ...record, ...(pid === undefined ? {} : { pid }) };
  writeRecord(folder, started);
  const control = nodeControl(folder, started);
  const client = new Client({ ...adminClientOptions({ ...record, apiKey: "" }), maxRetries: 0 });
  try {
    await untilReady(client, hasEnded, folder);
    writeRecord(folder, { ...started, apiKey: record.apiKey ?? (await outputKey(client)) });
  } catch (error) {
    await control.discard();
    throw error;
  } finally {
    await client.close();
  }
}

async function startedBy(
  folder: string,
  record: ClusterRecord,
  environment: NodeJS.ProcessEnv,
): Promise<{ readonly pid?: number; readonly hasEnded: () => boolean }> {
  const { runs, apiKey } = record;
  if (runs?.by === "docker") {
    // A key shows that the container has been made.
    await (apiKey === undefined
      ? runContainer(runs.container, record, environment)
      : startContainer(runs.container, environment));
    return { hasEnded: () => !nodeControl(folder, record).isRunning() };
  }
  if (runs === undefined) {
    throw new ElasticsearchUnavailable("node", `${folder} does not say what runs its node`);
  }
  copyJvmOptions(runs.home, folder);
  const node = spawnNode(runs, folder, serviceUser());
  if (node.pid === undefined) {
    throw new ElasticsearchUnavailable("node", "bash could not be started");
  }
  let ended = false;
  node.once("exit", () => {
    ended = true;
  });
  return { pid: node.pid, hasEnded: () => ended };
}

async function untilReady(client: Client, ended: () => boolean, folder: string): Promise<void> {
  const end = Date.now() + LONGEST_START;
  for (;;) {
    try {
      await client.cluster.health({ wait_for_status: "yellow", timeout: "10s" }, { requestTimeout: 15_000 });
      return;
    } catch (error) {
      if (ended() || Date.now() > end) {
        throw new ElasticsearchUnavailable("node", `it did not start${lastWords(folder)}`, { cause: error });
      }
      await sleep(BETWEEN_LOOKS);
    }
  }
}

/** The last line that a node has written which is a process; what a container says, Docker shows. */
function lastWords(folder: string): string {
  const console = join(folder, "logs/console.log");
  const line = existsSync(console) ? readFileSync(console, "utf8").trimEnd().split("\n").at(-1) : "";
  return line === "" || line === undefined ? "" : ` (${line.slice(0, 300)}; ${console})`;
}

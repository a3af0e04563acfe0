/**
 * One Elasticsearch for development and tests: the one that ELASTICSEARCH_URL names, or a node on this machine that is made
 * from Maven Central and kept in the user's cache folder.
 */
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Client } from "@elastic/elasticsearch";
import { ownCacheFolder, serviceUser } from "./cache_folder.ts";
import { copyJvmOptions, makeFolder, withFreePorts } from "./cluster_folder.ts";
import { type ClusterRecord, discardCluster, lockOf, readRecord, writeRecord } from "./cluster_record.ts";
import { type Log, openDistribution } from "./distribution.ts";
import { withExclusiveLock } from "./exclusive_lock.ts";
import { findJava } from "./java.ts";
import { isNodeOf, signalNode, spawnNode, stopNode } from "./node_process.ts";
import { ElasticsearchUnavailable } from "./unavailable.ts";
import { watchOver } from "./watchdog.ts";

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
      // Before anything is made: without Java or the distribution no folder and no watchdog shall be left behind.
      await openDistribution(cache, findJava(environment), log);
      const record = await withFreePorts(folder, readRecord(folder) ?? (await makeFolder(folder, serviceUser())));
      if (lifetime === "process") {
        watchOver(folder);
      }
      await startNode(folder, record, log);
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
  const runningPid = () => recordOf(folder).pid ?? -1;
  return {
    url,
    username,
    password,
    apiKey,
    external: false,
    folder,
    started,
    suspend: () => signalNode(folder, runningPid(), "SIGSTOP"),
    resume: () => signalNode(folder, runningPid(), "SIGCONT"),
    async stop() {
      if (lifetime === "process") {
        return discardCluster(folder);
      }
      const { pid, ...record } = recordOf(folder);
      if (pid !== undefined) {
        await stopNode(folder, pid, "politely");
        writeRecord(folder, record);
      }
    },
    async restart() {
      if (runningRecord(folder) === undefined) {
        await startNode(folder, recordOf(folder), () => {});
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
  return record?.pid !== undefined && record.apiKey !== undefined && isNodeOf(folder, record.pid) ? record : undefined;
}

async function startNode(folder: string, record: ClusterRecord, log: Log): Promise<void> {
  const java = findJava();
  const home = await openDistribution(ownCacheFolder(), java, log);
  copyJvmOptions(home, folder);
  log(`Starting Elasticsearch on ${record.url}; this takes about half a minute.`);
  const node = spawnNode(home, folder, java, serviceUser());
  if (node.pid === undefined) {
    throw new ElasticsearchUnavailable("node", "bash could not be started");
  }
  const started = { ...record, pid: node.pid };
  writeRecord(folder, started);
  let ended = false;
  node.once("exit", () => {
    ended = true;
  });
  const client = new Client({ ...adminClientOptions({ ...record, apiKey: "" }), maxRetries: 0 });
  try {
    await untilReady(client, () => ended, folder);
    writeRecord(folder, { ...started, apiKey: record.apiKey ?? (await createAgentKey(client)) });
  } catch (error) {
    await stopNode(folder, node.pid, "at once");
    throw error;
  } finally {
    await client.close();
  }
}

async function untilReady(client: Client, ended: () => boolean, folder: string): Promise<void> {
  const end = Date.now() + LONGEST_START;
  for (;;) {
    try {
      await client.cluster.health({ wait_for_status: "yellow", timeout: "10s" }, { requestTimeout: 15_000 });
      return;
    } catch (error) {
      if (ended() || Date.now() > end) {
        const console = readFileSync(join(folder, "logs/console.log"), "utf8").slice(-3_000);
        throw new ElasticsearchUnavailable("node", `Elasticsearch did not start. Its last words:\n${console}`, error);
      }
      await sleep(BETWEEN_LOOKS);
    }
  }
}

/** The rights that Fleet gives to an agent's output, for logs alone. */
async function createAgentKey(client: Client): Promise<string> {
  const { encoded } = await client.security.createApiKey({
    name: "aquila-salesforce",
    role_descriptors: {
      output: { cluster: ["monitor"], indices: [{ names: ["logs-*"], privileges: ["auto_configure", "create_doc"] }] },
    },
  });
  return encoded;
}

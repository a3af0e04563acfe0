/**
 * Several hosts that share orgs, everything on a real Elasticsearch and each host a process: what befalls one of them in the middle of
 * many rows, how orgs move when hosts join, leave and are killed, what idle orgs cost, and what shared state costs of the speed.
 */
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { Client } from "@elastic/elasticsearch";
import { adminClientOptions, type Cluster, openCluster } from "../../shared/elasticsearch/cluster.ts";
import { outputKey } from "../../shared/elasticsearch/output_key.ts";
import type { FaultScene } from "../../shared/faults/fault_scene.ts";
import {
  AHEAD,
  cutOff,
  inHostsScene,
  killed,
  type Outcome,
  rolledOver,
  stoodStill,
} from "../../shared/faults/host_faults.ts";
import { SharedOrgs } from "../../shared/faults/shared_orgs.ts";
import type { RunnerProcess } from "../../shared/testing/runner_process.ts";
import { StoredRows } from "../../shared/testing/stored_rows.ts";
import { installAssets } from "../install_assets/install.ts";
import { benchState } from "./state.ts";

type Print = (line: string) => void;
type Act<T> = (scene: FaultScene, runners: RunnerProcess[]) => Promise<T>;

const ROOT = resolve(import.meta.dirname, "../../..");
/** As a policy has it that says nothing. */
const LEASE = "15s";
/** Clock ticks a second of /proc/PID/stat on Linux. */
const TICKS = 100;

export interface HostFigures {
  readonly rows: number;
  readonly rollOvers: number;
  readonly orgs: number;
  readonly idleOrgs: number;
  /** Seconds between two hosts that come or go; there are five such spans. */
  readonly span: number;
  readonly stillSeconds: number;
  /** Of the look at idle orgs. */
  readonly idleSeconds: number;
}

/** Over ten minutes of coming and going, as long as people would look at it. */
const WHOLE: HostFigures = {
  rows: 200_000,
  rollOvers: 20,
  orgs: 60,
  idleOrgs: 100,
  span: 120,
  stillSeconds: 60,
  idleSeconds: 60,
};

/** One line per figure, with its goal. A figure that can't be had is told, and the others are taken. */
export async function benchHosts(print: Print, figures = WHOLE): Promise<void> {
  const cluster = await openCluster({ name: `bench-hosts-${process.pid}`, lifetime: "process" });
  const rows = new StoredRows(cluster);
  let failure: unknown;
  const take = async (what: string, act: () => Promise<void>) => {
    try {
      await act();
    } catch (error) {
      failure ??= error;
      print(`hosts: ${what}: no figure (${error instanceof Error ? error.message : error})`);
    }
  };
  try {
    await installAssets({ client: rows.client, packageRoot: ROOT });
    await benchFaults(cluster, rows, figures, print, take);
    await take("roll-overs", () => benchRollOvers(cluster, rows, figures, print));
    await take("coming and going", () => benchMoves(cluster, rows, figures, print));
    await take("idle orgs", () => benchIdle(cluster, rows, figures, print));
  } finally {
    await rows.client.close();
    if (cluster.started) {
      await cluster.stop();
    }
  }
  await take("rows a second", () => benchState(print));
  if (failure !== undefined) {
    throw failure;
  }
}

async function benchFaults(
  cluster: Cluster,
  rows: StoredRows,
  figures: HostFigures,
  print: Print,
  take: (what: string, act: () => Promise<void>) => Promise<void>,
): Promise<void> {
  const { rows: rowsPerDay, stillSeconds } = figures;
  const cases: readonly (readonly [what: string, goal: string, act: Act<Outcome>])[] = [
    [`kill -9 in the middle of ${rowsPerDay} rows`, "within 30 s", killed],
    ["the same, wall clocks 10 minutes apart", "within 30 s", (...args) => killed(...args, AHEAD)],
    [`SIGSTOP for ${stillSeconds} s, then SIGCONT`, "one holder", (...args) => stoodStill(...args, stillSeconds)],
    ["cut off from the shared state, then healed", "one holder", (...args) => cutOff(...args, cluster.url)],
  ];
  for (const [at, [what, goal, act]] of cases.entries()) {
    await take(what, async () => {
      const options = { rows, access: cluster, namespace: `hostfault${at}`, rowsPerDay, lease: LEASE };
      const [outcome, expected] = await inHostsScene(options, async (scene, runners) => {
        return [await act(scene, runners), scene.expected] as const;
      });
      const { found, settledSentAgain, term, seconds } = outcome;
      const lost = expected.rows + expected.records - (found.rows + found.records - found.doubled);
      print(
        `hosts: ${what}: the other goes on after ${seconds.toFixed(1)} s, ${lost} lost, ${found.doubled} doubled, ${settledSentAgain} sent again after they were saved, term ${term} (goal: ${goal}, 0 lost, 0 doubled)`,
      );
    });
  }
}

async function benchRollOvers(cluster: Cluster, rows: StoredRows, figures: HostFigures, print: Print): Promise<void> {
  const keys = [
    ["a key that may read", await outputKey(rows.client, ["read"]), "0 doubled"],
    ["a key that may not", cluster.apiKey, "every doubled one reported"],
  ] as const;
  for (const [at, [whose, apiKey, goal]] of keys.entries()) {
    const namespace = `hostroll${at}`;
    const access = { ...cluster, apiKey };
    const options = { rows, access, namespace, rowsPerDay: figures.rows, lease: LEASE };
    const [outcome, expected] = await inHostsScene(options, async (scene, runners) => {
      const rollOver = () => rows.client.indices.rollover({ alias: scene.index });
      return [await rolledOver(scene, runners, figures.rollOvers, rollOver), scene.expected] as const;
    });
    const { unacknowledged, sentAgain, reported, found } = outcome;
    const lost = expected.rows + expected.records - (found.rows + found.records - found.doubled);
    print(
      `hosts: ${figures.rollOvers} roll-overs during take-overs, ${whose}: ${unacknowledged} stored and never acknowledged, ${sentAgain} sent again, ${found.doubled} doubled, ${reported} reported, ${lost} lost (goal: ${goal}, 0 lost)`,
    );
  }
}

async function benchMoves(cluster: Cluster, rows: StoredRows, figures: HostFigures, print: Print): Promise<void> {
  const count = figures.orgs;
  const options = { rows, access: cluster, namespace: "hostmoves", orgs: count, lease: LEASE, pollInterval: "5s" };
  const orgs = await SharedOrgs.open(options);
  const steps: readonly (readonly [what: string, act: () => Promise<void>, left: number])[] = [
    ["a third host joins", () => orgs.start("c"), 3],
    ["one of three leaves", () => orgs.end("a", "SIGTERM"), 2],
    ["another joins", () => orgs.start("d"), 3],
    ["one of three is killed", () => orgs.end("b", "SIGKILL"), 2],
  ];
  const third = Math.ceil(count / 3);
  try {
    await orgs.givenFiles(100);
    await orgs.start("a");
    await orgs.start("b");
    await orgs.settled(2);
    const stop = new AbortController();
    const wrongs = orgs.watch(stop.signal);
    const feeding = feed(orgs, stop.signal);
    await wait(figures.span * 1_000);
    for (const [what, act, left] of steps) {
      const before = await orgs.leases();
      await act();
      const seconds = await orgs.settled(left);
      await wait(figures.span * 1_000);
      const after = [...(await orgs.leases())];
      const moved = after.filter(([org, { holder }]) => before.get(org)?.holder?.id !== holder?.id).length;
      const taken = after.reduce((sum, [org, { term }]) => sum + term - (before.get(org)?.term ?? 0), 0);
      print(
        `hosts: ${what}: ${moved} of ${count} orgs move, ${taken} turns begin, in ${seconds.toFixed(1)} s (goal: at most ${third})`,
      );
    }
    stop.abort();
    await feeding;
    const { terms, holders, askers } = await wrongs;
    const { lost, doubled } = await orgs.complete();
    print(
      `hosts: meanwhile ${terms} terms with two holders in the leases, ${holders} by what hosts say, ${askers} orgs that two hosts asked in one term, ${lost} events lost, ${doubled} doubled (goal: 0)`,
    );
  } finally {
    await orgs.close();
  }
}

/** New files for some of the orgs, all the time. */
async function feed(orgs: SharedOrgs, stop: AbortSignal): Promise<void> {
  for (let turn = 0; !stop.aborted; turn += 1) {
    await orgs.givenFiles(50, (at) => at % 7 === turn % 7);
    await wait(10_000, undefined, { signal: stop }).catch(() => {});
  }
}

async function benchIdle(cluster: Cluster, rows: StoredRows, figures: HostFigures, print: Print): Promise<void> {
  const { idleOrgs, idleSeconds } = figures;
  const options = { rows, access: cluster, namespace: "hostidle", orgs: idleOrgs, lease: LEASE, pollInterval: "15m" };
  const orgs = await SharedOrgs.open(options);
  try {
    await orgs.start("a");
    await orgs.start("b");
    await orgs.settled(2);
    await wait(idleSeconds * 500);
    const client = new Client(adminClientOptions(cluster));
    const written = async () => {
      const { _all } = await client.indices.stats({ index: orgs.index, metric: "indexing" });
      return _all.primaries?.indexing?.index_total ?? 0;
    };
    const [writes, cpu] = [await written(), cpuSeconds(orgs.processId("a"))];
    await wait(idleSeconds * 1_000);
    const rate = ((await written()) - writes) / idleSeconds;
    const share = ((cpuSeconds(orgs.processId("a")) - cpu) / idleSeconds) * 100;
    await client.close();
    print(
      `hosts: writes a second to the state index, 2 hosts, ${idleOrgs} idle orgs ${rate.toFixed(2)} (goal: at most 10)`,
    );
    print(`hosts: share of a core of one of them ${share.toFixed(2)} % (goal: under 1 %)`);
  } finally {
    await orgs.close();
  }
}

/** Seconds of CPU that a process has had. */
function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
  return (Number(fields[11]) + Number(fields[12])) / TICKS;
}

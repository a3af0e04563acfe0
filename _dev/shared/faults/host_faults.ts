/** What befalls one of several hosts that share an org, and what comes of it: for tests in short, for benches in long. */
import { setTimeout as wait } from "node:timers/promises";
import type { ClusterAccess } from "../elasticsearch/cluster.ts";
import { type RunnerProcess, said } from "../testing/runner_process.ts";
import { stateKey } from "../testing/state_key.ts";
import type { StoredRows } from "../testing/stored_rows.ts";
import { CutNetwork } from "./cut_network.ts";
import { FaultScene, type Found } from "./fault_scene.ts";

/** A host whose wall clock is ten minutes ahead. */
export const AHEAD = {
  NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(
    "const D=Date,s=600000;globalThis.Date=class extends D{constructor(...a){a.length?super(...a):super(D.now()+s)}static now(){return D.now()+s}}",
  )}`,
};

/** What a host says that has lost an org; on a busy machine it may get it again at once. */
const NEW_TURN = /Standing by|\(this host\) collects/;

export interface HostOptions {
  readonly rows: StoredRows;
  /** With the key of the output. */
  readonly access: ClusterAccess;
  readonly namespace: string;
  readonly rowsPerDay: number;
  readonly lease: string;
}

/** What is there in the end. */
export interface Outcome {
  readonly found: Found;
  /** Documents that came again after cursors had counted them. */
  readonly settledSentAgain: number;
  /** Of the lease: each take-over adds one. */
  readonly term: number;
  /** From the fault until another host sent something. */
  readonly seconds: number;
}

/** An org, and runners in processes of their own that share it; all of them are ended with it. */
export async function inHostsScene<T>(
  { lease, ...options }: HostOptions,
  act: (scene: FaultScene, runners: RunnerProcess[]) => Promise<T>,
): Promise<T> {
  const index = `state-${options.namespace}`;
  const state = { index, apiKey: await stateKey(options.access, index), lease };
  const scene = await FaultScene.open({ ...options, records: 20, state });
  const runners: RunnerProcess[] = [];
  try {
    return await act(scene, runners);
  } finally {
    for (const { child } of runners) {
      child.kill("SIGKILL");
    }
    await Promise.all(runners.map(({ ended }) => ended));
    await scene.close();
  }
}

/** The first host collects, and is in the middle of it: a bulk request of it is stored and not answered. The second one stands by. */
export async function begun(
  scene: FaultScene,
  runners: RunnerProcess[],
  { stateHosts, second }: { readonly stateHosts?: readonly string[]; readonly second?: NodeJS.ProcessEnv } = {},
): Promise<{ readonly a: RunnerProcess; readonly b: RunnerProcess }> {
  const held = scene.gate.held;
  let isHeld = false;
  scene.gate.fate = ({ number }) => {
    if (isHeld || number < 4) {
      return "pass";
    }
    isHeld = true;
    return { hold: "after" };
  };
  const a = scene.startHost("a", stateHosts === undefined ? {} : { stateHosts });
  runners.push(a);
  await held;
  const b = scene.startHost("b", {}, second);
  runners.push(b);
  await said(b, "Standing by");
  return { a, b };
}

/** kill -9 of the host that collects. The other one's clock may be another. */
export async function killed(
  scene: FaultScene,
  runners: RunnerProcess[],
  second?: NodeJS.ProcessEnv,
): Promise<Outcome> {
  const { a, b } = await begun(scene, runners, second === undefined ? {} : { second });
  const goesOn = nextBulk(scene);
  a.child.kill("SIGKILL");
  await a.ended;
  scene.gate.release();
  await scene.settle();
  await said(b, "(this host) collects");
  return await outcome(scene, b, await goesOn);
}

/** The host that collects stands still until another one has the org, and for so many seconds at least; then it wakes. */
export async function stoodStill(scene: FaultScene, runners: RunnerProcess[], seconds: number): Promise<Outcome> {
  const { a, b } = await begun(scene, runners);
  const goesOn = nextBulk(scene);
  a.child.kill("SIGSTOP");
  const stillness = wait(seconds * 1_000);
  await said(b, "(this host) collects");
  scene.gate.release();
  await stillness;
  const before = a.log().length;
  a.child.kill("SIGCONT");
  await said(a, NEW_TURN, before);
  return await outcome(scene, b, await goesOn);
}

/** The host that collects does not reach the shared state until another one has the org. */
export async function cutOff(scene: FaultScene, runners: RunnerProcess[], url: string): Promise<Outcome> {
  const network = await CutNetwork.open(url);
  try {
    const { a, b } = await begun(scene, runners, { stateHosts: [network.url] });
    const goesOn = nextBulk(scene);
    network.cut();
    await said(a, "This host collects nothing of the org until the shared state answers");
    await said(b, "(this host) collects");
    scene.gate.release();
    const before = a.log().length;
    network.heal();
    await said(a, NEW_TURN, before);
    return await outcome(scene, b, await goesOn);
  } finally {
    await network.close();
  }
}

/** What take-overs led to, each with a roll-over of the data stream before the other host went on. */
export interface RollOvers {
  /** Documents that were stored, but never acknowledged to the host that had sent them. */
  readonly unacknowledged: number;
  /** Documents that came again after they were stored. */
  readonly sentAgain: number;
  /** Documents of which the hosts say that they may be stored twice. */
  readonly reported: number;
  readonly found: Found;
}

/**
 * Again and again: kills the host that collects while a bulk request of it is stored and not answered, rolls the data stream over, and
 * lets another host go on.
 */
export async function rolledOver(
  scene: FaultScene,
  runners: RunnerProcess[],
  times: number,
  rollOver: () => Promise<unknown>,
): Promise<RollOvers> {
  const { gate } = scene;
  const start = (): RunnerProcess => {
    const runner = scene.startHost(`host ${runners.length}`);
    runners.push(runner);
    return runner;
  };
  let unacknowledged = 0;
  let holder = start();
  for (let turn = 0; turn < times; turn += 1) {
    const { body } = await heldBulk(scene, holder);
    unacknowledged += body.trimEnd().split("\n").length / 2;
    const next = start();
    await said(next, "Standing by");
    holder.child.kill("SIGKILL");
    await holder.ended;
    gate.release();
    await rollOver();
    await said(next, "(this host) collects");
    holder = next;
  }
  await scene.complete(holder);
  const reported = runners
    .flatMap((runner) => runner.log())
    .map(({ message }) => Number(/^(\d+) events may be stored twice/.exec(String(message))?.[1] ?? 0))
    .reduce((sum, count) => sum + count, 0);
  return { unacknowledged, sentAgain: gate.sentAgain, reported, found: await scene.found() };
}

/** The second bulk request of the holder from now on, so that each brings things forward. */
async function heldBulk(scene: FaultScene, holder: RunnerProcess) {
  const { gate } = scene;
  let bulks = 0;
  gate.fate = () => {
    bulks += 1;
    return bulks === 2 ? { hold: "after" } : "pass";
  };
  const isHeld = new AbortController();
  const tooEarly = scene.complete(holder, isHeld.signal).then(() => {
    throw new Error("everything was collected before the last take-over");
  });
  try {
    return await Promise.race([gate.held, tooEarly]);
  } finally {
    isHeld.abort();
    tooEarly.catch(() => {});
    gate.fate = () => "pass";
  }
}

/** When the next bulk request comes after a fault, in seconds from now. */
async function nextBulk({ gate }: FaultScene): Promise<number> {
  const begun = performance.now();
  for (const before = gate.bulks; gate.bulks <= before; ) {
    await wait(50);
  }
  return (performance.now() - begun) / 1_000;
}

/** Waits until everything is there, and nothing comes after it. */
async function outcome(scene: FaultScene, collecting: RunnerProcess, seconds: number): Promise<Outcome> {
  await scene.complete(collecting);
  const [found, { term }] = [await scene.found(), await scene.lease()];
  return { found, settledSentAgain: scene.gate.settledSentAgain, term, seconds };
}

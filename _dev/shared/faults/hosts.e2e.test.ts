import { resolve } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { installAssets } from "../../scripts/install_assets/install.ts";
import { describeOnCluster } from "../elasticsearch/describe_on_cluster.ts";
import type { RunnerProcess } from "../testing/runner_process.ts";
import { stateKey } from "../testing/state_key.ts";
import { StoredRows } from "../testing/stored_rows.ts";
import { CutNetwork } from "./cut_network.ts";
import { FaultScene } from "./fault_scene.ts";

const ROOT = resolve(import.meta.dirname, "../../..");
/** The shortest that a policy may say. */
const LEASE = "5s";
/** `HOST_ROWS=200000 npx vitest run --project e2e _dev/shared/faults/hosts` for a longer look. */
const ROWS = Number(process.env.HOST_ROWS ?? 6_000);

/** A host whose wall clock is ten minutes ahead. */
const AHEAD = {
  NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(
    "const D=Date,s=600000;globalThis.Date=class extends D{constructor(...a){a.length?super(...a):super(D.now()+s)}static now(){return D.now()+s}}",
  )}`,
};

/** What a host says that has lost an org; on a busy machine it may get it again at once. */
const NEW_TURN = /Standing by|\(this host\) collects/;

describeOnCluster("several hosts share an org: every row is there once", (access) => {
  let rows: StoredRows;
  let serial = 0;

  beforeAll(async () => {
    rows = new StoredRows(access);
    await installAssets({ client: rows.client, packageRoot: ROOT });
  });
  afterAll(() => rows.client.close());

  async function inScene(act: (scene: FaultScene, runners: RunnerProcess[]) => Promise<void>): Promise<void> {
    serial += 1;
    const namespace = `hosts${process.pid}x${serial}`;
    const index = `state-${namespace}`;
    const state = { index, apiKey: await stateKey(access, index), lease: LEASE };
    const scene = await FaultScene.open({ rows, access, namespace, rowsPerDay: ROWS, records: 20, state });
    const runners: RunnerProcess[] = [];
    try {
      await act(scene, runners);
    } finally {
      for (const { child } of runners) {
        child.kill("SIGKILL");
      }
      await Promise.all(runners.map(({ ended }) => ended));
      await scene.close();
    }
  }

  async function said(runner: RunnerProcess, text: string | RegExp, after = 0): Promise<void> {
    const isSaid = (message: string) => (typeof text === "string" ? message.includes(text) : text.test(message));
    while (
      !runner
        .log()
        .slice(after)
        .some(({ message }) => isSaid(String(message)))
    ) {
      if (runner.child.exitCode !== null) {
        throw new Error(`the runner ended: ${JSON.stringify(runner.log().slice(-5))}`);
      }
      await wait(50);
    }
  }

  /** The first host collects, and is in the middle of it; the second one stands by. */
  async function begun(
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

  /** Waits until everything is there, and nothing comes after it. */
  async function expectEverythingOnce(scene: FaultScene, collecting: RunnerProcess): Promise<void> {
    const isComplete = async () => {
      const { rows: found, records } = await scene.found();
      return found >= scene.expected.rows && records >= scene.expected.records;
    };
    while (!(await isComplete())) {
      if (collecting.child.exitCode !== null) {
        throw new Error(`the runner ended: ${JSON.stringify(collecting.log().slice(-5))}`);
      }
      await wait(200);
    }
    expect(await scene.found()).toEqual({ ...scene.expected, doubled: 0 });
  }

  test("kill -9 of the one that collects: another goes on, though its clock is ten minutes ahead", async () => {
    await inScene(async (scene, runners) => {
      const { a, b } = await begun(scene, runners, { second: AHEAD });
      expect((await scene.lease()).term).toBe(1);
      a.child.kill("SIGKILL");
      await a.ended;
      scene.gate.release();
      await scene.settle();
      await said(b, "(this host) collects");
      await expectEverythingOnce(scene, b);
      expect((await scene.lease()).term).toBeGreaterThan(1);
      expect(scene.gate.settledSentAgain).toBe(0);
    });
  });

  test("the one that collects stands still, another goes on; when it wakes it writes nothing, and stands by", async () => {
    await inScene(async (scene, runners) => {
      const { a, b } = await begun(scene, runners);
      a.child.kill("SIGSTOP");
      await said(b, "(this host) collects");
      scene.gate.release();
      await wait(1_000);
      const before = a.log().length;
      a.child.kill("SIGCONT");
      await said(a, NEW_TURN, before);
      await expectEverythingOnce(scene, b);
      expect((await scene.lease()).term).toBeGreaterThan(1);
      expect(scene.gate.settledSentAgain).toBe(0);
    });
  });

  test("the one that collects is cut off from the shared state: it stops in time, another goes on, and it stands by when it is back", async () => {
    await inScene(async (scene, runners) => {
      const network = await CutNetwork.open(access.url);
      try {
        const { a, b } = await begun(scene, runners, { stateHosts: [network.url] });
        network.cut();
        await said(a, "This host collects nothing of the org until the shared state answers");
        await said(b, "(this host) collects");
        scene.gate.release();
        const before = a.log().length;
        network.heal();
        await said(a, NEW_TURN, before);
        await expectEverythingOnce(scene, b);
        expect((await scene.lease()).term).toBeGreaterThan(1);
        expect(scene.gate.settledSentAgain).toBe(0);
      } finally {
        await network.close();
      }
    });
  });

  test("a clean stop hands over at once, and nothing is sent again", async () => {
    await inScene(async (scene, runners) => {
      const { a, b } = await begun(scene, runners);
      const { holder } = await scene.lease();
      a.child.kill("SIGTERM");
      await said(a, "Stopping");
      scene.gate.release();
      expect(await a.ended).toBe(0);
      expect(holder).toBeDefined();
      expect((await scene.lease()).holder).not.toBe(holder);
      // What it had under way may have been all that there was.
      await said(b, "(this host) collects");
      await expectEverythingOnce(scene, b);
      expect((await scene.lease()).term).toBeGreaterThan(1);
      expect(scene.gate.sentAgain).toBe(0);
    });
  });
});

import { rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { installAssets } from "../../scripts/install_assets/install.ts";
import { describeOnCluster } from "../elasticsearch/describe_on_cluster.ts";
import type { RunnerProcess } from "../testing/runner_process.ts";
import { StoredRows } from "../testing/stored_rows.ts";
import type { Bulk, Side } from "./bulk_gate.ts";
import { FaultScene } from "./fault_scene.ts";
import { randomNumbers } from "./random_numbers.ts";

const ROOT = resolve(import.meta.dirname, "../../..");
/** Random kills of one collection. `FAULTS=100 npx vitest run --project e2e kill_points` for the long run. */
const RANDOM_KILLS = Number(process.env.FAULTS ?? 10);
const SEED = Number(process.env.FAULT_SEED ?? Date.now() % 100_000);

/**
 * Bulk requests that a runner has under way when it is killed: four of the files' source, four of the object's. Those of the one
 * before may come late.
 */
const MOST_UNDER_WAY = 2 * (4 + 4);

/** A moment at which the runner is killed: while the gate holds a bulk request, or while Salesforce does not answer. */
type Stage =
  | { readonly name: string; readonly bulk: (bulk: Bulk) => boolean; readonly side: Side }
  | { readonly name: string; readonly silent: "query" | "logFile"; readonly after: number };

const isDaily = ({ body }: Bulk) => body.includes('"interval":"daily"');

const STAGES: readonly Stage[] = [
  { name: "before the listing is answered", silent: "query", after: 0 },
  { name: "before the first file is answered", silent: "logFile", after: 0 },
  { name: "after some files", silent: "logFile", after: 9 },
  { name: "in a file, before delivery", bulk: ({ number }) => number === 3, side: "before" },
  { name: "between delivery and the cursor's writing", bulk: ({ number }) => number === 3, side: "after" },
  { name: "in the reconciliation, before delivery", bulk: isDaily, side: "before" },
  { name: "in the reconciliation, between delivery and the cursor's writing", bulk: isDaily, side: "after" },
];

describeOnCluster("a runner that is killed: every row is there once", (access) => {
  let rows: StoredRows;
  let serial = 0;

  beforeAll(async () => {
    rows = new StoredRows(access);
    await installAssets({ client: rows.client, packageRoot: ROOT });
  });
  afterAll(() => rows.client.close());

  async function inScene(days: number, act: (scene: FaultScene) => Promise<void>): Promise<void> {
    serial += 1;
    const namespace = `kills${process.pid}x${serial}`;
    const scene = await FaultScene.open({ rows, access, namespace, rowsPerDay: 2_000, days, records: 20 });
    try {
      await act(scene);
    } finally {
      await scene.close();
    }
  }

  async function expectTheRestOnce(scene: FaultScene): Promise<void> {
    const runner = scene.start("--once");
    expect(await runner.ended, JSON.stringify(runner.log().slice(-5))).toBe(0);
    expect(await scene.found()).toEqual({ ...scene.expected, doubled: 0 });
  }

  /** Waits until the runner is at the stage. Gives what lets it go on from there. */
  async function reached(stage: Stage, scene: FaultScene): Promise<() => Promise<void>> {
    if ("side" in stage) {
      const { held } = scene.gate;
      let isHeld = false;
      scene.gate.fate = (bulk) => {
        if (isHeld || !stage.bulk(bulk)) {
          return "pass";
        }
        isHeld = true;
        return { hold: stage.side };
      };
      await held;
      return async () => scene.gate.release();
    }
    const { silent, after } = stage;
    await scene.org.given.fault({ on: silent, hang: true, after });
    const isSilent = async () =>
      (await scene.org.given.requests()).some(({ on, status }) => on === silent && status === 0);
    while (!(await isSilent())) {
      await wait(20);
    }
    return () => scene.org.given.noFault();
  }

  async function said(runner: RunnerProcess, text: string): Promise<void> {
    while (!runner.log().some(({ message }) => String(message).includes(text))) {
      await wait(20);
    }
  }

  describe.each(STAGES)("$name", (stage) => {
    test("kill -9", async () => {
      await inScene(1, async (scene) => {
        const runner = scene.start();
        const goOn = await reached(stage, scene);
        runner.child.kill("SIGKILL");
        expect(await runner.ended).toBe("SIGKILL");
        await goOn();
        expect(await scene.settle()).toBeLessThanOrEqual(MOST_UNDER_WAY);
        await expectTheRestOnce(scene);
        expect(scene.gate.settledSentAgain).toBe(0);
      });
    });

    test("SIGTERM: what is under way is saved, and nothing is sent again", async () => {
      await inScene(1, async (scene) => {
        const runner = scene.start();
        const goOn = await reached(stage, scene);
        runner.child.kill("SIGTERM");
        await said(runner, "Stopping");
        await goOn();
        expect(await runner.ended, JSON.stringify(runner.log().slice(-5))).toBe(0);
        await expectTheRestOnce(scene);
        expect(scene.gate.sentAgain).toBe(0);
      });
    });
  });

  test("kill -9 before the reconciliation's delivery, and the ledger of rows is lost: nothing that was saved is sent again", async () => {
    await inScene(1, async (scene) => {
      const runner = scene.start();
      const goOn = await reached({ name: "in the reconciliation", bulk: isDaily, side: "before" }, scene);
      runner.child.kill("SIGKILL");
      await runner.ended;
      await goOn();
      await scene.settle();
      expect(scene.gate.settled).toBeGreaterThan(scene.expected.rows / 2);
      rmSync(join(scene.dataDirectory, "ledger"), { recursive: true });
      await expectTheRestOnce(scene);
      expect(scene.gate.settledSentAgain).toBe(0);
    });
  });

  test(`${RANDOM_KILLS} kills at random points of one collection (FAULT_SEED=${SEED})`, {
    timeout: 120_000 + RANDOM_KILLS * 15_000,
  }, async () => {
    const random = randomNumbers(SEED);
    await inScene(Math.ceil(RANDOM_KILLS / 10), async (scene) => {
      for (let kill = 0; kill < RANDOM_KILLS; kill += 1) {
        const target = scene.gate.bulks + 1 + Math.floor(random() * 6);
        const side: Side = random() < 0.5 ? "before" : "after";
        const delay = random() < 0.5 ? 0 : random() * 30;
        const held = scene.gate.held;
        scene.gate.fate = ({ number }) => (number === target ? { hold: side } : "pass");
        const runner = scene.start();
        await Promise.race([held, said(runner, "Everything that is available"), wait(20_000)]);
        await wait(delay);
        runner.child.kill(random() < 0.8 ? "SIGKILL" : "SIGTERM");
        await Promise.race([runner.ended, wait(200)]);
        scene.gate.release();
        await runner.ended;
        expect(await scene.settle()).toBeLessThanOrEqual(MOST_UNDER_WAY);
      }
      scene.gate.fate = () => "pass";
      await expectTheRestOnce(scene);
      expect(scene.gate.settledSentAgain).toBe(0);
    });
  });
});

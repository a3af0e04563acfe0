import { resolve } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { BreakSpec } from "../../deploy/docker/mock_org/pub_sub/pub_sub.ts";
import { installAssets } from "../../scripts/install_assets/install.ts";
import { describeOnCluster } from "../elasticsearch/describe_on_cluster.ts";
import type { RunnerProcess } from "../testing/runner_process.ts";
import { StoredRows } from "../testing/stored_rows.ts";
import { JumpingClock } from "./jumping_clock.ts";
import { LiveScene } from "./live_scene.ts";
import { randomNumbers } from "./random_numbers.ts";

const ROOT = resolve(import.meta.dirname, "../../..");
const HOUR = 3_600_000;

/** Breaks of one collection. `LIVE_FAULTS=30 npx vitest run --project e2e live_breaks` for the long run, over 50,000 events. */
const BREAKS = Number(process.env.LIVE_FAULTS ?? 4);
const IS_LONG = process.env.LIVE_FAULTS !== undefined;
const EVENTS = IS_LONG ? 50_000 : 2_000;
const SEED = Number(process.env.FAULT_SEED ?? Date.now() % 100_000);
/** Events that are published at once. */
const BURST = 50;
const LONGEST_WAIT_MS = 300_000;

type Break =
  | { readonly name: string; readonly spec: BreakSpec; readonly tokenDies?: boolean }
  | { readonly name: string; readonly kill: NodeJS.Signals };

const SHORT: readonly Break[] = [
  { name: "the runner is killed", kill: "SIGKILL" },
  { name: "the server restarts", spec: { how: "restart", downMs: 500 } },
  { name: "the token dies", spec: { how: "service.auth.error" }, tokenDies: true },
  { name: "the connection is cut", spec: { how: "destroyed" } },
  { name: "the stream ends with an error", spec: { how: "subscription.internal.error" } },
  { name: "the stream ends without one", spec: { how: "ended" } },
];
/** Found out after up to a minute. */
const SLOW: readonly Break[] = [{ name: "the connection is half open", spec: { how: "halfOpen" } }];
const RUNNER: readonly Break[] = [{ name: "the runner is asked to end", kill: "SIGTERM" }];

describeOnCluster("live events", (access) => {
  let rows: StoredRows;
  let serial = 0;

  beforeAll(async () => {
    rows = new StoredRows(access);
    await installAssets({ client: rows.client, packageRoot: ROOT });
  });
  afterAll(() => rows.client.close());

  async function inScene(
    options: { readonly objects: boolean; readonly clock?: JumpingClock },
    act: (scene: LiveScene) => Promise<void>,
  ): Promise<void> {
    serial += 1;
    const scene = await LiveScene.open({ rows, access, namespace: `live${process.pid}x${serial}`, ...options });
    try {
      await act(scene);
    } finally {
      await scene.close();
    }
  }

  /** Publishes its share of the events and strikes in the middle of them. Gives the runner that goes on. */
  async function strike(scene: LiveScene, runner: RunnerProcess, each: Break, random: () => number) {
    for (const deadline = performance.now() + LONGEST_WAIT_MS; (await scene.openStreams()).length === 0; ) {
      expect(performance.now(), `no stream: ${JSON.stringify(runner.log().slice(-5))}`).toBeLessThan(deadline);
      await wait(20);
    }
    const share = Math.floor(EVENTS / BREAKS);
    const struckAt = Math.floor(random() * share);
    let running = runner;
    for (let sent = 0; sent < share; sent += BURST) {
      await scene.publish(Math.min(BURST, share - sent), random() < 0.05 ? 2 : 1);
      if (struckAt >= sent && struckAt < sent + BURST) {
        await wait(random() * 30);
        running = await struck(scene, runner, each);
      }
      await wait(random() * 20);
    }
    return running;
  }

  async function struck(scene: LiveScene, runner: RunnerProcess, each: Break): Promise<RunnerProcess> {
    if ("kill" in each) {
      runner.child.kill(each.kill);
      await runner.ended;
      return scene.start();
    }
    if (each.tokenDies === true) {
      await scene.org.given.killedTokens();
    }
    await scene.org.given.broken(each.spec);
    return runner;
  }

  test.each([
    { objects: false, first: 0, beside: "by themselves" },
    { objects: true, first: 3, beside: "with the stored object read beside" },
  ])(
    `${BREAKS} breaks over ${EVENTS} events $beside: nothing is lost, each is there once (FAULT_SEED=${SEED})`,
    {
      timeout: 300_000 + BREAKS * 90_000,
    },
    async ({ objects, first }) => {
      const random = randomNumbers(SEED);
      const kinds = IS_LONG ? [...SHORT, ...SLOW, ...RUNNER] : SHORT;
      await inScene({ objects }, async (scene) => {
        let runner = scene.start();
        try {
          for (let at = 0; at < BREAKS; at += 1) {
            // Each kind in turn, so that none is left to chance.
            runner = await strike(scene, runner, kinds[(first + at) % kinds.length] as Break, random);
          }
          expect(await scene.arrived(LONGEST_WAIT_MS), JSON.stringify(runner.log().slice(-5))).toBe(true);
          runner.child.kill("SIGTERM");
          expect(await runner.ended, JSON.stringify(runner.log().slice(-5))).toBe(0);
          expect(await scene.found()).toEqual({ lost: [], doubled: 0, foreign: 0 });
          const { streams } = await scene.org.given.pubSub();
          expect(Math.max(...streams.map(({ mostOwed }) => mostOwed))).toBeLessThanOrEqual(100);
          expect(streams.reduce((sum, { events }) => sum + events, 0)).toBeGreaterThanOrEqual(objects ? 1 : EVENTS);
          expect(new Set(streams.map(({ preset }) => preset))).not.toContain("LATEST");
        } finally {
          runner.child.kill("SIGKILL");
          await runner.ended;
        }
      });
    },
  );

  test("an outage of 80 hours, longer than events are kept: the gap is closed from the stored object", async () => {
    const clock = new JumpingClock();
    await inScene({ objects: false, clock }, async (scene) => {
      await scene.publish(50);
      expect(await scene.collect(LONGEST_WAIT_MS), scene.log.slice(-5).join("\n")).toBe(0);
      for (let hours = 0; hours < 80; hours += 10) {
        clock.jump(10 * HOUR);
        await scene.publish(100);
      }
      expect(await scene.collect(LONGEST_WAIT_MS), scene.log.slice(-5).join("\n")).toBe(0);
      expect(await scene.found()).toEqual({ lost: [], doubled: 0, foreign: 0 });
      const { calls, streams } = await scene.org.given.pubSub();
      expect(calls.map(({ errorCode }) => errorCode)).toContain("subscription.fetch.replayid.corrupted");
      expect(streams.map(({ preset }) => preset)).toEqual(["EARLIEST", "EARLIEST"]);
    });
  });
});

import { resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { installAssets } from "../../scripts/install_assets/install.ts";
import { describeOnCluster } from "../elasticsearch/describe_on_cluster.ts";
import { outputKey } from "../elasticsearch/output_key.ts";
import { type RunnerProcess, said } from "../testing/runner_process.ts";
import { StoredRows } from "../testing/stored_rows.ts";
import type { FaultScene } from "./fault_scene.ts";
import { AHEAD, begun, cutOff, inHostsScene, killed, type Outcome, rolledOver, stoodStill } from "./host_faults.ts";
import { SharedOrgs } from "./shared_orgs.ts";

const ROOT = resolve(import.meta.dirname, "../../..");
/** The shortest that a policy may say. */
const LEASE = "5s";
/** `npm run bench -- hosts` takes many more. */
const ROWS = 6_000;

describeOnCluster("several hosts share an org: every row is there once", (access) => {
  let rows: StoredRows;
  let serial = 0;

  beforeAll(async () => {
    rows = new StoredRows(access);
    await installAssets({ client: rows.client, packageRoot: ROOT });
  });
  afterAll(() => rows.client.close());

  async function inScene<T>(
    act: (scene: FaultScene, runners: RunnerProcess[]) => Promise<T>,
    apiKey = access.apiKey,
  ): Promise<T> {
    serial += 1;
    const namespace = `hosts${process.pid}x${serial}`;
    const keyed = { ...access, apiKey };
    return await inHostsScene({ rows, access: keyed, namespace, rowsPerDay: ROWS, lease: LEASE }, act);
  }

  const once = (scene: FaultScene) => ({ ...scene.expected, doubled: 0 });

  test.each<[what: string, fault: (scene: FaultScene, runners: RunnerProcess[]) => Promise<Outcome>]>([
    [
      "kill -9 of the one that collects: another goes on, though its clock is ten minutes ahead",
      (scene, runners) => killed(scene, runners, AHEAD),
    ],
    [
      "the one that collects stands still, another goes on; when it wakes it writes nothing, and stands by",
      (scene, runners) => stoodStill(scene, runners, 1),
    ],
    [
      "the one that collects is cut off from the shared state: it stops in time, another goes on, and it stands by when it is back",
      (scene, runners) => cutOff(scene, runners, access.url),
    ],
  ])("%s", async (_, fault) => {
    await inScene(async (scene, runners) => {
      const { found, settledSentAgain, term } = await fault(scene, runners);
      expect(found).toEqual(once(scene));
      expect(settledSentAgain).toBe(0);
      expect(term).toBeGreaterThan(1);
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
      // What it had under way may have been all that there was.
      await said(b, "(this host) collects");
      await scene.complete(b);
      expect(await scene.found()).toEqual(once(scene));
      const names = [holder?.name, (await scene.lease()).holder?.name];
      expect(new Set(names).size, "two hosts of one machine are told apart").toBe(2);
      expect(names).toEqual(Array(2).fill(expect.stringMatching(/^.+\/[0-9a-f]{8}$/)));
      expect((await scene.lease()).term).toBeGreaterThan(1);
      expect(scene.gate.sentAgain).toBe(0);
    });
  });

  test("collections that end, one after the other: each begins at once, and none takes the one before for another runner", async () => {
    await inScene(async (scene, runners) => {
      for (const [turn, name] of ["a", "b", "c"].entries()) {
        if (name === "c") {
          // Everything is there already, and nothing is known of it: on local state that would be said.
          await rows.client.indices.delete({ index: `state-${scene.namespace}` });
        }
        const runner = scene.startHost(name, {}, {}, "--once");
        runners.push(runner);
        expect(await runner.ended).toBe(0);
        const said = runner.log().map(({ message }) => String(message));
        expect(said.filter((message) => /Standing by|another runner/i.test(message))).toEqual([]);
        expect(await scene.lease()).toMatchObject({ term: name === "c" ? 1 : turn + 1, holder: undefined });
        expect(await scene.found()).toEqual(once(scene));
      }
      expect(scene.gate.settledSentAgain).toBe(0);
    });
  });

  test("three hosts with six orgs, of which one joins, one leaves and one is killed: an org has one holder a term, and every row is there once", async () => {
    const namespace = `hosts${process.pid}orgs`;
    const orgs = await SharedOrgs.open({ rows, access, namespace, orgs: 6, lease: LEASE, pollInterval: "5s" });
    try {
      const stop = new AbortController();
      await orgs.givenFiles(40);
      await Promise.all([orgs.start("a"), orgs.start("b")]);
      await orgs.settled(2);
      const wrongs = orgs.watch(stop.signal);
      await orgs.start("c");
      await orgs.settled(3);
      await orgs.givenFiles(40);
      await orgs.end("a", "SIGTERM");
      await orgs.settled(2);
      await orgs.end("b", "SIGKILL");
      await orgs.settled(1);
      await orgs.givenFiles(40);
      expect(await orgs.complete()).toEqual({ lost: 0, doubled: 0 });
      stop.abort();
      expect(await wrongs).toEqual({ terms: 0, holders: 0, askers: 0 });
      expect(orgs.asked, "each org was asked by some host").toBe(6);
    } finally {
      await orgs.close();
    }
  });

  describe("hosts are killed one after the other, each while something that it sent is unacknowledged, and the data stream is rolled over", () => {
    const rollOver = (scene: FaultScene) => () => rows.client.indices.rollover({ alias: scene.index });

    test("a key that may read: nothing is there twice, and nothing is sent again", async () => {
      await inScene(
        async (scene, runners) => {
          const { unacknowledged, sentAgain, reported, found } = await rolledOver(scene, runners, 2, rollOver(scene));
          expect(found).toEqual(once(scene));
          expect([sentAgain, reported]).toEqual([0, 0]);
          expect(unacknowledged).toBeGreaterThan(0);
          expect(scene.gate.lookUps).toBeGreaterThan(0);
        },
        await outputKey(rows.client, ["read"]),
      );
    });

    test("a key that may not: what is there twice is counted and reported", async () => {
      await inScene(async (scene, runners) => {
        const { unacknowledged, reported, found } = await rolledOver(scene, runners, 1, rollOver(scene));
        expect(found.doubled).toBeGreaterThanOrEqual(unacknowledged);
        expect(found.rows + found.records - found.doubled).toBe(scene.expected.rows + scene.expected.records);
        expect(reported).toBeGreaterThanOrEqual(found.doubled);
      });
    });
  });
});

import { resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { installAssets } from "../../scripts/install_assets/install.ts";
import { describeOnCluster } from "../elasticsearch/describe_on_cluster.ts";
import { outputKey } from "../elasticsearch/output_key.ts";
import { StoredRows } from "../testing/stored_rows.ts";
import { FaultScene } from "./fault_scene.ts";

const ROOT = resolve(import.meta.dirname, "../../..");

describeOnCluster("a data stream that is rolled over before something is sent again", (access) => {
  let rows: StoredRows;
  let readingKey = "";
  let serial = 0;

  beforeAll(async () => {
    rows = new StoredRows(access);
    await installAssets({ client: rows.client, packageRoot: ROOT });
    readingKey = await outputKey(rows.client, ["read"]);
  });
  afterAll(() => rows.client.close());

  async function inScene(apiKey: string, act: (scene: FaultScene) => Promise<void>): Promise<void> {
    serial += 1;
    const namespace = `rolls${process.pid}x${serial}`;
    const options = { rows, access: { ...access, apiKey }, namespace, rowsPerDay: 6_000, records: 20 };
    const scene = await FaultScene.open(options);
    try {
      await act(scene);
    } finally {
      await scene.close();
    }
  }

  const rollOver = (scene: FaultScene) => rows.client.indices.rollover({ alias: scene.index });

  /** Kills a runner while a stored bulk request is not answered; rolls over; collects the rest. */
  async function killed(scene: FaultScene): Promise<void> {
    const { held } = scene.gate;
    scene.gate.fate = ({ number }) => (number === 3 ? { hold: "after" } : "pass");
    const runner = scene.start();
    await held;
    runner.child.kill("SIGKILL");
    expect(await runner.ended).toBe("SIGKILL");
    scene.gate.release();
    await rollOver(scene);
    expect(await scene.collect()).toBe(0);
  }

  /** Stores a bulk request, rolls over, and loses the answer. */
  async function lost(scene: FaultScene): Promise<void> {
    scene.gate.fate = ({ number }) => (number === 3 ? { drop: "after", meanwhile: () => rollOver(scene) } : "pass");
    expect(await scene.collect()).toBe(0);
  }

  const cases = [
    ["between a kill and the restart", killed],
    ["between a lost answer and its repeat", lost],
  ] as const;

  describe.each(cases)("%s", (_, act) => {
    test("a key that may read: none is there twice, and none is sent again", async () => {
      await inScene(readingKey, async (scene) => {
        await act(scene);
        expect(await scene.found()).toEqual({ ...scene.expected, doubled: 0 });
        expect(scene.gate.sentAgain).toBe(0);
        expect(scene.gate.lookUps).toBeGreaterThan(0);
        expect(reported(scene)).toBe(0);
      });
    });

    test("a key that may not: what is there twice is reported", async () => {
      await inScene(access.apiKey, async (scene) => {
        await act(scene);
        const found = await scene.found();
        const doubled = found.rows + found.records - scene.expected.rows - scene.expected.records;
        expect(doubled).toBeGreaterThan(0);
        expect(found.doubled).toBe(doubled);
        expect(reported(scene)).toBeGreaterThanOrEqual(doubled);
        const index = `logs-aquila_salesforce.collector-${scene.namespace}`;
        await rows.client.indices.refresh({ index });
        const { hits } = await rows.client.search<{
          salesforce: { collector: { rows: { possibly_doubled: number } } };
        }>({ index, size: 100, query: { term: { "event.code": "possibly_doubled" } } });
        const told = hits.hits.map(({ _source }) => _source?.salesforce.collector.rows.possibly_doubled ?? 0);
        expect(told.reduce((sum, count) => sum + count, 0)).toBe(reported(scene));
      });
    });
  });

  test("nothing is looked up or reported while all is well", async () => {
    for (const key of [readingKey, access.apiKey]) {
      await inScene(key, async (scene) => {
        expect(await scene.collect()).toBe(0);
        await rollOver(scene);
        expect(await scene.collect()).toBe(0);
        expect(await scene.found()).toEqual({ ...scene.expected, doubled: 0 });
        expect(scene.gate.lookUps).toBe(0);
        expect(reported(scene)).toBe(0);
      });
    }
  });
});

/** Events that the log says may be stored twice. */
function reported({ log }: FaultScene): number {
  return log
    .map((line) => Number(/^(\d+) events may be stored twice/.exec(line)?.[1] ?? 0))
    .reduce((sum, count) => sum + count, 0);
}

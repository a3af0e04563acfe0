import { rmSync } from "node:fs";
import { Client } from "@elastic/elasticsearch";
import { expect, onTestFinished, test } from "vitest";
import { adminClientOptions } from "../../shared/elasticsearch/cluster.ts";
import { describeOnCluster } from "../../shared/elasticsearch/describe_on_cluster.ts";
import { makeUpPackage } from "../install_assets/made_up_package.ts";
import { benchPipelines, DROPPED_INDEX } from "./pipelines.ts";

describeOnCluster("the pipelines' bench", (cluster) => {
  test("counts each document of each turn and no other, and indexes none", async () => {
    const packageRoot = makeUpPackage({
      "manifest.yml": "name: gate\nversion: 1.0.0\n",
      "data_stream/door/_dev/test/pipeline/test-door.json":
        '{"events": [{"@timestamp": "2026-07-17T09:22:41.123Z", "user": {"name": "Eva"}, "door": {"address": "81.2.69.144"}}]}',
    });
    onTestFinished(() => rmSync(packageRoot, { recursive: true }));
    const client = new Client(adminClientOptions(cluster));
    onTestFinished(() => client.close());
    const lines: string[] = [];
    const print = (line: string) => lines.push(line);
    const [figure] = await benchPipelines({ client, packageRoot, print, documents: 1_500, turns: 2 });
    expect(lines.at(-1)).toMatch(/^pipeline logs-gate\.door: .* \(4 turns of 1500 documents of 1 kinds, 0 failed\)$/);
    expect(figure?.microsecondsPerDocument).toBeGreaterThan(0);
    expect(await client.indices.exists({ index: DROPPED_INDEX })).toBe(false);
  });
});

import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Client } from "@elastic/elasticsearch";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { adminClientOptions } from "../../shared/elasticsearch/cluster.ts";
import { describeOnCluster } from "../../shared/elasticsearch/describe_on_cluster.ts";
import { installAssets } from "../install_assets/install.ts";
import { makeUpPackage } from "../install_assets/made_up_package.ts";
import { readPackage } from "../install_assets/package_source.ts";
import { generateExpected, generationSummary } from "./generate.ts";
import { describePipelines } from "./pipeline_suite.ts";

const FIXTURE = "data_stream/door/_dev/test/pipeline/test-door.json";
const EVENTS = `{"events": [
  {"@timestamp": "2026-07-17T09:22:41.123Z", "user": {"name": "Eva"}, "door": {"badge": {"number": "7"}, "open_time": 5}},
  {"@timestamp": "2026-07-17T09:22:42.123Z", "door": {"address": "81.2.69.144"}}
]}`;
const EXPECTED = `{"expected": [
  {"@timestamp": "2026-07-17T09:22:41.123Z",
   "door": {"badge": {"number": "7"}, "open_time": 5, "opened_by": "Eva (7)"}},
  {"@timestamp": "2026-07-17T09:22:42.123Z", "door": {},
   "source": {"ip": "81.2.69.144", "geo": {"country_iso_code": "GB"}}}
]}`;

describeOnCluster("a made-up package", (cluster) => {
  const root = makeUpPackage({
    // A name of its own, so that no other test replaces the pipelines while this one runs.
    "manifest.yml": "name: tower\nversion: 1.0.0\n",
    [FIXTURE]: EVENTS,
    [`${FIXTURE}-expected.json`]: EXPECTED,
  });
  const client = new Client(adminClientOptions(cluster));
  afterAll(async () => {
    await client.close();
    rmSync(root, { recursive: true });
  });

  describe("passes its pipeline tests", () => describePipelines(root, cluster));

  describe("generated anew", () => {
    const expectedPath = join(root, `${FIXTURE}-expected.json`);
    const generate = async () => generationSummary(await generateExpected(client, readPackage(root), "door"), root);
    beforeAll(() => installAssets({ client, packageRoot: root }));

    test("an expected file that is right says the same", async () => {
      expect((await generate())[0]).toBe(`${FIXTURE}-expected.json: 2 documents, unchanged`);
      expect(JSON.parse(readFileSync(expectedPath, "utf8"))).toEqual(JSON.parse(EXPECTED));
    });

    test("a wrong one is put right, and the change is shown", async () => {
      writeFileSync(expectedPath, EXPECTED.replace("Eva (7)", "Eva"));
      const summary = await generate();
      expect(summary[0]).toBe(`${FIXTURE}-expected.json: 2 documents, 1 changes`);
      expect(summary[1]).toBe('  document 1: door.opened_by is "Eva (7)", expected "Eva"');
      expect(JSON.parse(readFileSync(expectedPath, "utf8"))).toEqual(JSON.parse(EXPECTED));
    });
  });
});

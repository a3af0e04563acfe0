/** Every data stream's mapping works in the index mode logsdb with a source that Elasticsearch puts together again. */
import { join } from "node:path";
import { Client } from "@elastic/elasticsearch";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { adminClientOptions } from "../../shared/elasticsearch/cluster.ts";
import { describeOnCluster } from "../../shared/elasticsearch/describe_on_cluster.ts";
import { installAssets } from "../install_assets/install.ts";
import { baseName, readPackage } from "../install_assets/package_source.ts";
import { pipelineTestCases, readExpected } from "./test_case.ts";

const ROOT = join(import.meta.dirname, "../../..");

describeOnCluster("logsdb", (cluster) => {
  const client = new Client(adminClientOptions(cluster));
  const source = readPackage(ROOT);
  beforeAll(() => installAssets({ client, packageRoot: ROOT }));
  afterAll(() => client.close());

  describe.each(source.dataStreams.map((stream) => [stream.folder, stream] as const))("%s", (folder, stream) => {
    const index = `logsdb-${folder}-${Date.now().toString(36)}`;
    afterAll(() => client.indices.delete({ index }, { ignore: [404] }));

    test("takes every expected document and gives it back", async () => {
      const { template } = await client.indices.simulateIndexTemplate({ name: `${baseName(stream)}-default` });
      const { _data_stream_timestamp: _, ...mappings } = template.mappings as Record<string, unknown>;
      const { sort } = (template.settings as { index: { sort?: object } }).index;
      // Events are sorted as their data stream's manifest says, the collector's as logsdb does by itself.
      expect(sort === undefined).toBe(folder === "collector");
      const settings = {
        mode: "logsdb",
        mapping: { source: { mode: "synthetic" }, total_fields: { limit: 5_000 } },
        ...(sort && { sort }),
      };
      await client.transport.request({
        method: "PUT",
        path: `/${index}`,
        body: { settings: { index: settings }, mappings },
      });
      const documents = pipelineTestCases(stream)
        .flatMap(readExpected)
        .filter((document) => document !== null);
      const operations = documents.flatMap((document, at) => [{ create: { _id: String(at) } }, document]);
      const { items } = await client.bulk({ index, pipeline: "_none", refresh: true, operations });
      expect(items.flatMap(({ create }) => create?.error?.reason ?? [])).toEqual([]);

      const { docs } = await client.mget<Record<string, unknown>>({
        index,
        ids: documents.map((__, at) => String(at)),
      });
      const lost = docs.flatMap((doc, at) => {
        const given = leaves(documents[at]);
        const back = leaves("_source" in doc ? doc._source : undefined);
        return [...given].filter((leaf) => !back.has(leaf)).map((leaf) => `document ${at}: ${leaf}`);
      });
      expect(lost).toEqual([]);
    });
  });
});

/** Each value with its path. Lists are sets to Elasticsearch, and places are kept to about a centimetre. */
function leaves(value: unknown, path = ""): Set<string> {
  if (Array.isArray(value)) {
    return new Set(value.flatMap((one) => [...leaves(one, path)]));
  }
  if (typeof value === "object" && value !== null) {
    return new Set(
      Object.entries(value).flatMap(([name, inner]) => [...leaves(inner, path === "" ? name : `${path}.${name}`)]),
    );
  }
  const kept = typeof value === "number" && path.includes(".location.") ? value.toFixed(5) : JSON.stringify(value);
  return new Set([`${path}: ${kept}`]);
}

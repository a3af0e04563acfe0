import { rmSync } from "node:fs";
import { Client } from "@elastic/elasticsearch";
import { afterAll, beforeAll, expect, test } from "vitest";
import { adminClientOptions } from "../../shared/elasticsearch/cluster.ts";
import { describeOnCluster } from "../../shared/elasticsearch/describe_on_cluster.ts";
import { type Installed, installAssets } from "./install.ts";
import { DOOR_FIELDS, makeUpPackage, type PackageFiles } from "./made_up_package.ts";
import { probeAbilities } from "./node_abilities.ts";

describeOnCluster("a package installed as Fleet does", (cluster) => {
  const client = new Client(adminClientOptions(cluster));
  const namespace = `t${Date.now().toString(36)}`;
  const stream = `logs-building.door-${namespace}`;
  const roots: string[] = [];
  let installed: Installed;

  const install = (changes: PackageFiles = {}) => {
    const packageRoot = makeUpPackage(changes);
    roots.push(packageRoot);
    return installAssets({ client, packageRoot });
  };
  const backingIndices = async () => {
    const { data_streams } = await client.indices.resolveIndex({ name: stream });
    return data_streams[0]?.backing_indices ?? [];
  };
  const event = (number: number, more: object = {}) => ({
    "@timestamp": "2026-07-17T09:22:41.123Z",
    data_stream: { type: "logs", dataset: "building.door", namespace },
    event: { code: "opened", original: "raw" },
    user: { name: "Eva" },
    door: { badge: { number: `N${number}` }, address: "81.2.69.144", open_time: 1200 },
    ...more,
  });

  beforeAll(async () => {
    installed = await install();
  });
  afterAll(async () => {
    // A small build has no such request and keeps the stream.
    await client.indices.deleteDataStream({ name: stream }, { ignore: [400, 405] });
    await client.close();
    for (const root of roots) {
      rmSync(root, { recursive: true });
    }
  });

  test("says what it is and what it substituted", async () => {
    const { processors, missingFieldTypes } = await probeAbilities(client);
    expect(installed).toMatchObject({ version: "1.0.0", dataStreams: ["logs-building.door"] });
    const { substitutions } = installed;
    expect(substitutions.includes("ingest processor geoip: left out")).toBe(!processors.has("geoip"));
    expect(substitutions.includes("field type constant_keyword: keyword instead")).toBe(
      missingFieldTypes.has("constant_keyword"),
    );
  });

  test("a document created with an output's API key passes all pipelines, once", async () => {
    const output = new Client({ node: cluster.url, auth: { apiKey: cluster.apiKey } });
    const created = await output.create({ index: stream, id: "1", document: event(1), refresh: true });
    expect(created.result).toBe("created");
    const again = await output.create({ index: stream, id: "1", document: event(1) }, { ignore: [409], meta: true });
    expect(again.statusCode).toBe(409);
    await output.close();

    const { hits } = await client.search<Record<string, unknown>>({ index: stream, fields: ["door.*"] });
    expect(hits.hits).toHaveLength(1);
    expect(hits.hits[0]?._source).toMatchObject({
      door: { opened_by: "Eva (N1)", open_time: 1200 },
      source: { ip: "81.2.69.144" },
      event: { code: "opened", agent_id_status: "missing", ingested: expect.stringMatching(/^\d{4}-.*:\d\dZ$/) },
    });
    expect(hits.hits[0]?._source).not.toHaveProperty("event.original");
    expect(hits.hits[0]?._source).not.toHaveProperty("error");
    expect(hits.hits[0]?.fields).toHaveProperty(["door.opened_by.text"]);
  });

  test("a document keeps its original text when it asks for that", async () => {
    const document = event(2, { tags: ["preserve_original_event"] });
    await client.create({ index: stream, id: "2", document, refresh: true });
    const { _source } = await client.get({ index: (await backingIndices()).at(-1) ?? "", id: "2" });
    expect(_source).toHaveProperty("event.original", "raw");
  });

  test("installing again changes nothing, and nothing rolls over", async () => {
    const state = async () => ({
      components: await client.cluster.getComponentTemplate({ name: "logs-building.door@package" }),
      template: await client.indices.getIndexTemplate({ name: "logs-building.door" }),
      mapping: await client.indices.getMapping({ index: stream }),
      indices: await backingIndices(),
    });
    const before = await state();
    expect(await install()).toEqual(installed);
    expect(await state()).toEqual(before);
  });

  test("a new version brings a new field into the write index", async () => {
    await install({
      "manifest.yml": "name: building\nversion: 1.1.0\n",
      "data_stream/door/fields/more.yml": "- {name: door.floor, type: long}\n",
    });
    expect(await backingIndices()).toHaveLength(1);
    const [index] = Object.values(await client.indices.getMapping({ index: stream }));
    expect(index?.mappings.properties?.door).toHaveProperty(["properties", "floor"], { type: "long" });
    const [settings] = Object.values(await client.indices.getSettings({ index: stream }));
    expect(settings?.settings?.index?.default_pipeline).toBe("logs-building.door-1.1.0");
  });

  test("a field whose type changed rolls the stream over, and old documents stay", async () => {
    const fields = DOOR_FIELDS.replace("{name: event.code, type: keyword}", "{name: event.code, type: long}");
    await install({ "data_stream/door/fields/fields.yml": fields });
    await client.create({ index: stream, id: "3", document: event(3, { event: { code: 7 } }), refresh: true });
    expect(await backingIndices()).toHaveLength(2);
    expect((await client.count({ index: stream })).count).toBe(3);
  });
});

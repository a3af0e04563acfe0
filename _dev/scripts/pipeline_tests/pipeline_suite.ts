import { Client } from "@elastic/elasticsearch";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { adminClientOptions, type ClusterAccess } from "../../shared/elasticsearch/cluster.ts";
import { installAssets } from "../install_assets/install.ts";
import type { Mapping } from "../install_assets/mappings.ts";
import { probeAbilities } from "../install_assets/node_abilities.ts";
import { baseName, readPackage } from "../install_assets/package_source.ts";
import { fitTemplate, type NodeAbilities } from "../install_assets/substitutions.ts";
import { packageComponent } from "../install_assets/templates.ts";
import { differences } from "./comparison.ts";
import { undeclared } from "./declared_fields.ts";
import { simulate, unmakeableFields } from "./simulation.ts";
import { type Json, pipelineTestCases, readExpected } from "./test_case.ts";

/** Declares the tests of a package's pipelines, fields and templates, each data stream by its own fixtures. */
export function describePipelines(packageRoot: string, cluster: ClusterAccess): void {
  const source = readPackage(packageRoot);
  const client = new Client(adminClientOptions(cluster));
  const namespace = `pipelines_${Date.now().toString(36)}`;
  let abilities: NodeAbilities;

  beforeAll(async () => {
    await installAssets({ client, packageRoot });
    abilities = await probeAbilities(client);
  });
  afterAll(() => client.close());

  describe.each(source.dataStreams.map((stream) => [stream.folder, stream] as const))("%s", (_, stream) => {
    const testCases = pipelineTestCases(stream);

    test("has fixtures", () => {
      expect(testCases.length).toBeGreaterThan(0);
    });

    test.each(testCases.map((testCase) => [testCase.name, testCase] as const))("%s", async (__, testCase) => {
      const rules = {
        dynamicFields: testCase.config.dynamic_fields,
        ignoredFields: unmakeableFields(source, stream, abilities.processors),
      };
      const made = await simulate(client, source, stream, testCase.events);
      expect(differences(readExpected(testCase), made, rules)).toEqual([]);
    });

    test("every field of every expected document is declared", () => {
      const found = testCases.flatMap((testCase) =>
        readExpected(testCase).flatMap((document, index) =>
          undeclared(stream.fields, document ?? {}, testCase.config).map(
            (problem) => `${testCase.name}, document ${index + 1}: ${problem}`,
          ),
        ),
      );
      expect(found).toEqual([]);
    });

    test("every expected document is indexed with all its values", async () => {
      const documents = testCases.flatMap(readExpected).filter((document) => document !== null);
      const index = `${baseName(stream)}-${namespace}`;
      expect(await refused(client, index, documents)).toEqual([]);
      const { hits } = await client.search({ index, query: { exists: { field: "_ignored" } }, fields: ["_ignored"] });
      expect(hits.hits.map(({ fields }) => fields)).toEqual([]);
      expect((await client.count({ index })).count).toBe(documents.length);
      await client.indices.deleteDataStream({ name: index }, { ignore: [400, 405] });
    });

    test("Elasticsearch composes the mapping that was generated", async () => {
      const { template } = await client.indices.simulateIndexTemplate({ name: `${baseName(stream)}-${namespace}` });
      const component = packageComponent(stream, source.name, source.version);
      const mappings = asElasticsearchWrites(fitTemplate(component, abilities).value.template.mappings);
      expect(template.mappings.properties).toMatchObject(mappings.properties as object);
      const ours = (mappings.dynamic_templates ?? []) as object[];
      expect(template.mappings.dynamic_templates).toEqual(expect.arrayContaining(ours));
    });
  });

  test("there are data streams", () => {
    expect(source.dataStreams).not.toEqual([]);
  });
}

/** Elasticsearch gives the setting `dynamic` back as a string. A field of that name is an object and stays one. */
function asElasticsearchWrites(mappings: Mapping): Mapping {
  const text = JSON.stringify(mappings, (name, value) => (name === "dynamic" && value === true ? "true" : value));
  return JSON.parse(text) as Mapping;
}

/** Creates documents past the default pipeline, which has made them already. Returns why Elasticsearch refused some. */
async function refused(client: Client, index: string, documents: readonly Json[]): Promise<string[]> {
  const operations = documents.flatMap((document) => [{ create: {} }, document]);
  const { items } = await client.bulk({ index, pipeline: "_none", refresh: true, operations });
  return items.flatMap(({ create }) =>
    create?.error === undefined ? [] : [`${create.error.type}: ${create.error.reason}`],
  );
}

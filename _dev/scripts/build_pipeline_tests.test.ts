import { join, relative } from "node:path";
import { expect, test } from "vitest";
import { EVENT_TYPES, OBJECTS } from "../../src/catalog/catalog.ts";
import { pipelineTestInputs, staleInputs } from "./build_pipeline_tests.ts";

const ROOT = join(import.meta.dirname, "../..");

test("every event type and object of the catalogue has a pipeline test with several events", async () => {
  const inputs = await pipelineTestInputs(ROOT);
  const tested = inputs.filter(({ events }) => events.length > 1).map(({ name }) => name);
  const others = ["LightningInteraction", "VisualforceRequest"];
  expect(tested.sort()).toEqual([...[...EVENT_TYPES, ...OBJECTS].map(({ name }) => name), ...others].sort());
});

test("no input differs from its rows: else run npm run generate", async () => {
  expect((await staleInputs(ROOT)).map(({ path }) => relative(ROOT, path))).toEqual([]);
});

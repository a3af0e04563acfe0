import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { MEANINGS, PERIODIC_CODES } from "../../src/reporting/facts.ts";
import { LEASE_TAKEN } from "../../src/reporting/state_events.ts";
import { collectorTestInputs, staleCollectorTests } from "./build_collector_tests.ts";

const ROOT = join(import.meta.dirname, "../..");
const PIPELINE = "data_stream/collector/elasticsearch/ingest_pipeline/event.yml";
const SET_ASIDE_CODES = ["event_refused", "row_rejected"];
const told = [...MEANINGS.values()].flatMap(({ event }) => event?.code ?? []);
const codes = [...new Set([...told, ...PERIODIC_CODES, ...SET_ASIDE_CODES, LEASE_TAKEN])].sort();

test("has made the inputs that are in the repository", () => {
  expect(staleCollectorTests(ROOT)).toEqual([]);
});

test("notices inputs that are missing", () => {
  expect(staleCollectorTests(import.meta.dirname)).toHaveLength(collectorTestInputs().size);
});

test("the sample event is what the pipeline makes of a collected file", () => {
  const read = (path: string) => JSON.parse(readFileSync(join(ROOT, "data_stream/collector", path), "utf8"));
  const [collected] = read("_dev/test/pipeline/test-files.json-expected.json").expected;
  expect(collected.event.code).toBe("file_collected");
  expect(read("sample_event.json")).toEqual(collected);
});

test("there is an input with every code", () => {
  const events = [...collectorTestInputs().values()].flat() as { event: { code: string } }[];
  expect([...new Set(events.map(({ event }) => event.code))].sort()).toEqual(codes);
});

test("the pipeline knows every code, and no other", () => {
  const { processors } = parse(readFileSync(join(ROOT, PIPELINE), "utf8"));
  expect(Object.keys(processors[0].script.params.meanings).sort()).toEqual(codes);
});

import { expect, test } from "vitest";
import type { JsonObject } from "../core/struct.ts";
import { UNIT_TYPE } from "./control_protocol.ts";
import { managedPolicy } from "./managed_policy.ts";
import { type Unit, type Units, unitKey } from "./units.ts";

const CONTEXT = { datasets: { "aquila_salesforce.login": { names: { event_log_files: ["Login"] } } } };
const OUTPUT: JsonObject = {
  type: "elasticsearch",
  hosts: ["https://es:9200"],
  api_key: "a:b",
  policy: { revision: 2 },
  __mark_redact_api_key: true,
};
const INPUT: JsonObject = {
  type: "aquila-salesforce",
  name: "acme",
  auth: { client_id: "c", username: "u@acme.com", private_key: "k" },
  streams: [{ data_stream: { dataset: "aquila_salesforce.login" } }],
};

function unit(id: string, config: JsonObject | undefined, changes: Partial<Unit> = {}): Unit {
  return { id, type: UNIT_TYPE.input, wanted: true, config, configStateIdx: 1, logLevel: "info", ...changes };
}

const output = unit("aquila-salesforce-fleet-es", OUTPUT, { type: UNIT_TYPE.output });

function unitsOf(...units: readonly Unit[]): Units {
  return new Map(units.map((one) => [unitKey(one), one]));
}

test("each input unit is an input with the unit's output", () => {
  const managed = managedPolicy(
    unitsOf(output, unit("one", { ...INPUT, id: "a" }), unit("two", { ...INPUT, id: "b" })),
    CONTEXT,
  );
  expect(managed?.policy.inputs.map(({ id, output: { name } }) => [id, name])).toEqual([
    ["a", "fleet-es"],
    ["b", "fleet-es"],
  ]);
  expect(managed?.inputIds.get("input/two")).toBe("b");
  expect(managed?.broken.size).toBe(0);
});

test("an input without an id has the unit's", () => {
  expect(managedPolicy(unitsOf(output, unit("one", INPUT)), CONTEXT)?.policy.inputs[0]?.id).toBe("one");
});

test("a bad input breaks its unit alone, with its path", () => {
  const managed = managedPolicy(
    unitsOf(output, unit("one", { ...INPUT, id: "a" }), unit("two", { ...INPUT, id: "b", auth: {} })),
    CONTEXT,
  );
  expect(managed?.policy.inputs).toHaveLength(1);
  expect([...(managed?.broken ?? [])].map(([key, { message }]) => [key, message.split("\n")[0]])).toEqual([
    ["input/two", "acme.auth.client_id: is missing."],
  ]);
});

test("a setting of a stream is named by what a person sees in Fleet, not by its place in what the agent sends", () => {
  const login = { data_stream: { dataset: "aquila_salesforce.login" }, event_log_files: { interval: "weekly" } };
  const units = unitsOf(output, unit("one", { ...INPUT, id: "a", streams: [login] }));
  expect(managedPolicy(units, CONTEXT)?.broken.get("input/one")?.message).toMatch(
    /^acme\.streams \(aquila_salesforce\.login\)\.event_log_files\.interval: must be one of /,
  );
});

test.each<[JsonObject, RegExp]>([
  [
    { ...OUTPUT, type: "redis" },
    /^outputs\.fleet-es\.type: must be elasticsearch, logstash or kafka; choose .* in Fleet\.$/,
  ],
  [{ ...OUTPUT, secrets: { ssl: { key: { id: "x" } } } }, /Fleet Server has not replaced/],
  [{ ...OUTPUT, api_key: "$co.elastic.secret{abc}" }, /Fleet Server has not replaced/],
])("an output is told in Fleet's words: %j", (config, message) => {
  const managed = managedPolicy(unitsOf({ ...output, config }, unit("one", { ...INPUT, id: "a" })), CONTEXT);
  expect(managed?.broken.get("output/aquila-salesforce-fleet-es")?.message).toMatch(message);
});

test("a bad output breaks its unit and every input", () => {
  const bad = { ...output, config: { ...OUTPUT, hosts: ["http://es:9200"] } };
  const managed = managedPolicy(unitsOf(bad, unit("one", { ...INPUT, id: "a" })), CONTEXT);
  expect([...(managed?.broken.keys() ?? [])]).toEqual(["output/aquila-salesforce-fleet-es", "input/one"]);
  expect(managed?.broken.get("input/one")?.message).toMatch(/^outputs\.fleet-es\.hosts\[0\]: must start with https/);
});

test("two inputs with one id: the second can't run", () => {
  const managed = managedPolicy(
    unitsOf(output, unit("one", { ...INPUT, id: "a" }), unit("two", { ...INPUT, id: "a" })),
    CONTEXT,
  );
  expect(managed?.policy.inputs).toHaveLength(1);
  expect([...(managed?.broken.keys() ?? [])]).toEqual(["input/two"]);
});

test.each<[string, Units, number | undefined]>([
  ["no output yet", unitsOf(unit("one", INPUT)), 0],
  ["an output without its config yet", unitsOf({ ...output, config: undefined }, unit("one", INPUT)), undefined],
  ["an output that shall stop", unitsOf({ ...output, wanted: false }, unit("one", INPUT)), 0],
  ["an input that shall stop", unitsOf(output, unit("one", INPUT, { wanted: false })), 0],
  ["an input without its config yet", unitsOf(output, unit("one", undefined)), 0],
])("with %s nothing runs", (_name, units, inputs) => {
  expect(managedPolicy(units, CONTEXT)?.policy.inputs.length).toBe(inputs);
});

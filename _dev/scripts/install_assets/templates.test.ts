import { rmSync } from "node:fs";
import { expect, onTestFinished, test } from "vitest";
import { DOOR_MANIFEST, makeUpPackage, type PackageFiles } from "./made_up_package.ts";
import { type DataStreamSource, readPackage } from "./package_source.ts";
import { fleetPipelines, withPipelineNames } from "./pipelines.ts";
import { fitPipeline, fitTemplate, type NodeAbilities } from "./substitutions.ts";
import { indexTemplate, packageComponent } from "./templates.ts";

function door(changes: PackageFiles = {}): DataStreamSource {
  const root = makeUpPackage(changes);
  onTestFinished(() => rmSync(root, { recursive: true }));
  const [stream] = readPackage(root).dataStreams;
  if (stream === undefined) {
    throw new Error("the made-up package has a data stream");
  }
  return stream;
}

const FULL: NodeAbilities = {
  processors: new Set(["set", "pipeline", "remove", "rename", "geoip", "foreach"]),
  missingFieldTypes: new Set(),
  lifecycle: true,
};

test("pipelines carry Fleet's names, and only the entry ends with the users' hooks", () => {
  const pipelines = fleetPipelines(door(), "building", "1.0.0");
  expect([...pipelines.keys()].sort()).toEqual(["logs-building.door-1.0.0", "logs-building.door-1.0.0-address"]);
  const entry = pipelines.get("logs-building.door-1.0.0");
  expect(entry?.processors.map((processor) => processor.pipeline?.name)).toEqual([
    undefined,
    "logs-building.door-1.0.0-address",
    undefined,
    "global@custom",
    "logs@custom",
    "logs-building.integration@custom",
    "logs-building.door@custom",
  ]);
  expect(pipelines.get("logs-building.door-1.0.0-address")?.processors).toHaveLength(2);
});

test("a data stream without pipelines gets an entry with the hooks alone", () => {
  const stream = { ...door(), pipelines: new Map<string, string>() };
  expect(fleetPipelines(stream, "building", "1.0.0").get("logs-building.door-1.0.0")?.processors).toHaveLength(4);
});

test.each([
  ['{{ IngestPipeline "a" }}', "A"],
  ["{{IngestPipeline 'a'}}", "A"],
  ['{< IngestPipeline "a" >}', "A"],
  ['{{ IngestPipeline "a" }} {{ IngestPipeline "a" }}', 'A {{ IngestPipeline "a" }}'],
  ['{{ IngestPipeline "b" }}', '{{ IngestPipeline "b" }}'],
])("%s becomes %s", (text, replaced) => {
  expect(withPipelineNames(text, new Map([["a", "A"]]))).toBe(replaced);
});

test("the component template merges the manifest's settings into Fleet's", () => {
  const manifest = `${DOOR_MANIFEST}elasticsearch:
  index_template:
    settings: {index.mapping.total_fields.limit: 3000, index: {codec: default}}
    mappings: {dynamic: false, dynamic_templates: [{own: {match: x_*, mapping: {type: long}}}]}
`;
  const { template } = packageComponent(door({ "data_stream/door/manifest.yml": manifest }), "building", "1.0.0");
  expect(template.settings).toEqual({
    index: {
      lifecycle: { name: "logs" },
      default_pipeline: "logs-building.door-1.0.0",
      codec: "default",
      mapping: { total_fields: { limit: 3000 } },
    },
  });
  expect(template.mappings).toMatchObject({
    dynamic: false,
    dynamic_templates: [
      { "door.badge.*": { path_match: "door.badge.*", match_mapping_type: "string", mapping: { type: "keyword" } } },
      { own: { match: "x_*", mapping: { type: "long" } } },
    ],
  });
});

test("the index template composes the stack, the package, the user and Fleet, in this order", () => {
  expect(indexTemplate(door(), "building")).toMatchObject({
    priority: 200,
    index_patterns: ["logs-building.door-*"],
    composed_of: [
      "logs@mappings",
      "logs@settings",
      "logs-building.door@package",
      "logs@custom",
      "building@custom",
      "logs-building.door@custom",
      "ecs@mappings",
      ".fleet_globals-1",
      ".fleet_agent_id_verification-1",
    ],
    ignore_missing_component_templates: ["logs@custom", "building@custom", "logs-building.door@custom"],
  });
});

test("a full distribution gets everything unchanged", () => {
  const component = packageComponent(door(), "building", "1.0.0");
  expect(fitTemplate(component, FULL)).toEqual({ value: component, notes: [] });
  for (const pipeline of fleetPipelines(door(), "building", "1.0.0").values()) {
    expect(fitPipeline(pipeline, FULL)).toEqual({ value: pipeline, notes: [] });
  }
});

test("missing field types and settings are replaced one by one, each with a line", () => {
  const body = {
    settings: { index: { lifecycle: { name: "logs" }, codec: "default" } },
    mappings: {
      properties: {
        type: { type: "constant_keyword", value: "logs" },
        name: { type: "keyword", fields: { text: { type: "match_only_text" } } },
        path: { type: "wildcard", ignore_above: 10 },
      },
      dynamic_templates: [{ usage: { path_match: "*.usage", mapping: { type: "scaled_float", scaling_factor: 10 } } }],
    },
  };
  const missing = new Set(["constant_keyword", "match_only_text", "scaled_float"]);
  expect(fitTemplate(body, { ...FULL, lifecycle: false, missingFieldTypes: missing })).toEqual({
    value: {
      settings: { index: { codec: "default" } },
      mappings: {
        properties: {
          type: { type: "keyword" },
          name: { type: "keyword", fields: { text: { type: "text" } } },
          path: { type: "wildcard", ignore_above: 10 },
        },
        dynamic_templates: [{ usage: { path_match: "*.usage", mapping: { type: "double" } } }],
      },
    },
    notes: [
      "setting index.lifecycle: left out, this node has no lifecycle policies",
      "field type constant_keyword: keyword instead",
      "field type match_only_text: text instead",
      "field type scaled_float: double instead",
    ],
  });
});

test("missing processors are left out at any depth", () => {
  const geoip = { geoip: { field: "_ingest._value" } };
  const pipeline = {
    processors: [
      { foreach: { field: "ips", processor: geoip } },
      { rename: { field: "a", target_field: "b", on_failure: [geoip, { remove: { field: "a" } }] } },
      { set: { field: "c", value: 1, on_failure: [geoip] } },
    ],
    on_failure: [geoip],
  };
  const without = { ...FULL, processors: new Set(["set", "pipeline", "remove", "rename", "foreach"]) };
  expect(fitPipeline(pipeline, without)).toEqual({
    value: {
      processors: [
        { rename: { field: "a", target_field: "b", on_failure: [{ remove: { field: "a" } }] } },
        { set: { field: "c", value: 1 } },
      ],
    },
    notes: ["ingest processor geoip: left out"],
  });
});

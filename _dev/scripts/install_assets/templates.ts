/** The component template and the index template that Fleet makes of a data stream. Pure. */
import { isMapping } from "../../../src/core/block.ts";
import { countFields } from "./field_definitions.ts";
import { type Mapping, mappingsOf } from "./mappings.ts";
import { baseName, type DataStreamSource } from "./package_source.ts";
import { fleetMeta, pipelineName } from "./pipelines.ts";

const PRIORITY = 200;
/** Fleet raises the limit of fields for data streams with more than 500. */
const MANY_FIELDS = 500;

export type Json = Record<string, unknown>;

export interface ComponentTemplate {
  readonly template: { readonly settings: Json; readonly mappings: Mapping };
  readonly _meta: Json;
}

export interface IndexTemplate {
  readonly priority: number;
  readonly index_patterns: readonly string[];
  readonly data_stream: Json;
  readonly template: { readonly settings: Json; readonly mappings: Json };
  readonly composed_of: readonly string[];
  readonly ignore_missing_component_templates: readonly string[];
  readonly _meta: Json;
}

/** `<base>@package`. */
export function packageComponent(stream: DataStreamSource, packageName: string, version: string): ComponentTemplate {
  const { elasticsearch, ilm_policy } = stream.manifest;
  const { index_template: custom, source_mode: sourceMode } = elasticsearch ?? {};
  const { properties, dynamic_templates } = mappingsOf(stream.fields);
  const { properties: ownProperties, dynamic_templates: ownDynamic, ...ownMappings } = custom?.mappings ?? {};
  const dynamic = [...dynamic_templates, ...(Array.isArray(ownDynamic) ? ownDynamic : [])];
  const ownSettings = expandDots(custom?.settings ?? {});
  const limit = countFields(stream.fields) > MANY_FIELDS ? 10_000 : 1_000;
  const generated = {
    index: {
      lifecycle: { name: ilm_policy ?? stream.type },
      default_pipeline: pipelineName(stream, version),
      mapping: {
        total_fields: { limit },
        ...(sourceMode === "synthetic" ? { source: { mode: "synthetic" } } : {}),
      },
    },
  };
  return {
    template: {
      settings: deepMerge(generated, ownSettings),
      mappings: {
        properties: isMapping(ownProperties) ? deepMerge({ ...properties }, ownProperties) : properties,
        ...(dynamic.length === 0 ? {} : { dynamic_templates: dynamic }),
        ...ownMappings,
      },
    },
    _meta: { ...fleetMeta(packageName) },
  };
}

/** The index template that composes the stack's, the package's and the user's components in Fleet's order. */
export function indexTemplate(stream: DataStreamSource, packageName: string): IndexTemplate {
  const base = baseName(stream);
  const custom = [`${stream.type}@custom`, `${packageName}@custom`, `${base}@custom`];
  const stack = stream.type === "logs" ? ["logs@mappings", "logs@settings"] : [`${stream.type}@settings`];
  const hidden = stream.manifest.elasticsearch?.index_template?.data_stream?.hidden ?? stream.manifest.hidden;
  return {
    priority: PRIORITY,
    index_patterns: [`${base}-*`],
    data_stream: hidden === undefined ? {} : { hidden },
    template: { settings: { index: {} }, mappings: { _meta: { ...fleetMeta(packageName) } } },
    composed_of: [
      ...stack,
      `${base}@package`,
      ...custom,
      "ecs@mappings",
      ".fleet_globals-1",
      ".fleet_agent_id_verification-1",
    ],
    ignore_missing_component_templates: custom,
    _meta: { ...fleetMeta(packageName) },
  };
}

/** `{"index.mapping.x": 1}` and `{index: {mapping: {"x": 1}}}` as one nested object below `index`. */
function expandDots(settings: Readonly<Json>): Json {
  let expanded: Json = {};
  for (const [key, value] of Object.entries(settings)) {
    const inner = isMapping(value) ? expandDots(value) : value;
    const nested = key
      .split(".")
      .reverse()
      .reduce<unknown>((below, part) => ({ [part]: below }), inner);
    expanded = deepMerge(expanded, nested as Json);
  }
  return expanded;
}

function deepMerge(base: Json, over: Readonly<Json>): Json {
  const merged: Json = { ...base };
  for (const [key, value] of Object.entries(over)) {
    const below = merged[key];
    merged[key] = isMapping(below) && isMapping(value) ? deepMerge(below, value) : value;
  }
  return merged;
}

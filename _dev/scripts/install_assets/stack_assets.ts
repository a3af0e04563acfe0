/**
 * What a data stream's template needs beside the package: Fleet's own assets, and stand-ins for the templates that the full
 * distribution brings. Each is put only where the cluster lacks it (or has an earlier copy from here). Contents follow Kibana's
 * `fleet_es_assets.ts` and Elasticsearch's `template-resources`.
 */
import type { Pipeline } from "./pipelines.ts";

/** Marks what was put from here, so that a later version may replace it. */
export const OWN_META = { managed_by: "aquila-salesforce install_assets" } as const;

const keyword = { type: "keyword", ignore_above: 1024 };
const timestamp = "strict_date_time_no_millis||strict_date_optional_time||epoch_millis";

function byType(type: string, matchMappingType: string, mapping: object) {
  return { [`all_${type}`]: { match_mapping_type: matchMappingType, mapping } };
}

function byPath(name: string, paths: readonly string[], mapping: object, matchMappingType?: string) {
  const values = matchMappingType === undefined ? {} : { match_mapping_type: matchMappingType };
  return { [name]: { path_match: paths, ...values, mapping } };
}

const textBeside = (type: string, options: object = {}) => ({
  type,
  ...options,
  fields: { text: { type: "match_only_text" } },
});

/** Component templates of Fleet. */
export const FLEET_COMPONENTS: Readonly<Record<string, object>> = {
  ".fleet_globals-1": {
    template: {
      settings: {},
      mappings: {
        dynamic_templates: [{ strings_as_keyword: { match_mapping_type: "string", mapping: keyword } }],
        date_detection: false,
      },
    },
  },
  ".fleet_agent_id_verification-1": {
    template: {
      settings: { index: { final_pipeline: ".fleet_final_pipeline-1" } },
      mappings: {
        properties: {
          event: {
            properties: {
              ingested: { type: "date", format: timestamp, ignore_malformed: false },
              agent_id_status: keyword,
            },
          },
        },
      },
    },
  },
};

/** Component templates of the full distribution. */
export const STACK_COMPONENTS: Readonly<Record<string, object>> = {
  "logs@settings": {
    template: {
      settings: {
        index: {
          codec: "best_compression",
          mapping: { ignore_malformed: true, total_fields: { ignore_dynamic_beyond_limit: true } },
        },
      },
    },
  },
  "logs@mappings": {
    template: {
      mappings: {
        date_detection: false,
        properties: {
          "@timestamp": { type: "date" },
          data_stream: {
            properties: {
              type: { type: "constant_keyword" },
              dataset: { type: "constant_keyword" },
              namespace: { type: "constant_keyword" },
            },
          },
        },
      },
    },
  },
  "ecs@mappings": {
    template: {
      mappings: {
        dynamic_templates: [
          byPath("ecs_message", ["message", "*.message"], { type: "match_only_text" }, "string"),
          byPath("ecs_ip", ["ip", "*.ip", "*_ip"], { type: "ip" }, "string"),
          byPath("ecs_wildcard", ["*.io.text", "*.message_id", "*registry.data.strings", "*url.path"], {
            type: "wildcard",
          }),
          byPath(
            "ecs_wildcard_and_text",
            ["*.body.content", "*url.full", "*url.original", "*command_line", "*stack_trace"],
            textBeside("wildcard"),
          ),
          byPath(
            "ecs_keyword_and_text",
            [
              "*.title",
              "*.executable",
              "*.name",
              "*.working_directory",
              "*.full_name",
              "*file.path",
              "*file.target_path",
              "*os.full",
              "email.subject",
              "vulnerability.description",
              "user_agent.original",
            ],
            textBeside("keyword", { ignore_above: 1024 }),
            "string",
          ),
          byPath(
            "ecs_date",
            [
              "*.timestamp",
              "*_timestamp",
              "*.created",
              "*.start",
              "*.end",
              "*.ingested",
              "*.not_after",
              "*.not_before",
            ],
            { type: "date" },
            "string",
          ),
          byPath("ecs_score", ["*.score.*", "*_score*"], { type: "float" }),
          byPath("ecs_usage", ["*.usage"], { type: "scaled_float", scaling_factor: 1000 }),
          byPath("ecs_geo_point", ["location", "*.location"], { type: "geo_point" }),
          byPath("ecs_flattened", ["*structured_data", "*exports", "*imports"], { type: "flattened" }, "object"),
          byType("strings", "string", keyword),
        ],
      },
    },
  },
};

const AGENT_ID_STATUS = `
def metadata = ctx._security?.api_key?.metadata;
if (ctx.event == null) { ctx.event = [:]; }
if (ctx.agent?.id == null) { ctx.event.agent_id_status = 'missing'; }
else if (ctx._security?.authentication_type != 'API_KEY' || metadata?.agent_id == null) {
  ctx.event.agent_id_status = 'auth_metadata_missing';
}
else if (metadata.agent_id != ctx.agent.id) { ctx.event.agent_id_status = 'mismatch'; }
else { ctx.event.agent_id_status = 'verified'; }`;

const INGESTED = `
if (ctx.event == null) { ctx.event = [:]; }
ctx.event.ingested = metadata().now.withNano(0).format(DateTimeFormatter.ISO_OFFSET_DATE_TIME);`;

/** The pipeline that Elasticsearch runs last for every document of an agent. */
export const FLEET_FINAL_PIPELINE: readonly [name: string, pipeline: Pipeline] = [
  ".fleet_final_pipeline-1",
  {
    description: "Adds event.ingested, drops an unwanted event.original, says whether agent.id belongs to the API key",
    _meta: OWN_META,
    processors: [
      { script: { description: "Time of arrival, to the second", tag: "event-ingested", source: INGESTED } },
      { remove: { field: ["event.agent_id_status", "_security"], ignore_missing: true } },
      {
        remove: {
          field: "event.original",
          if: "ctx.tags == null || !ctx.tags.contains('preserve_original_event')",
          ignore_missing: true,
        },
      },
      {
        set_security_user: { field: "_security", properties: ["authentication_type", "username", "realm", "api_key"] },
      },
      {
        script: { description: "Compares agent.id with the API key", tag: "agent-id-status", source: AGENT_ID_STATUS },
      },
      { remove: { field: "_security", ignore_missing: true } },
    ],
    on_failure: [
      { remove: { field: "_security", ignore_missing: true, ignore_failure: true } },
      {
        append: {
          field: "error.message",
          value: ["failed in Fleet agent final_pipeline: {{ _ingest.on_failure_message }}"],
        },
      },
    ],
  },
];

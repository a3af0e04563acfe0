/**
 * The fields of Elastic's own `salesforce` package, as a stand-in to measure against: names and types as its README has them
 * ("Exported fields", version 1.11).
 */
const KEYWORD = { type: "keyword", ignore_above: 1024 };

/** What every event has. */
const COMMON: Readonly<Record<string, string>> = {
  EVENT_TYPE: "event_type",
  ORGANIZATION_ID: "organization_id",
  RUN_TIME: "run_time",
  CPU_TIME: "cpu_time",
  DB_TOTAL_TIME: "db_total_time",
};

/** Below `salesforce.<stream>`, by the column that fills them. */
export const FIELDS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  login: {
    ...COMMON,
    API_TYPE: "api.type",
    API_VERSION: "api.version",
    AUTHENTICATION_METHOD_REFERENCE: "auth.service_id",
    CLIENT_IP: "client.ip",
    LOGIN_KEY: "key",
    REQUEST_ID: "request.id",
    REQUEST_STATUS: "request.status",
    URI_ID_DERIVED: "uri.id",
    USER_ID: "user_id",
  },
  apex: {
    ...COMMON,
    ACTION: "action",
    CALLOUT_TIME: "callout_time",
    CLASS_NAME: "class_name",
    CLIENT_NAME: "client_name",
    DB_BLOCKS: "db_blocks",
    DB_CPU_TIME: "db_cpu_time",
    ENTITY: "entity",
    ENTITY_NAME: "entity_name",
    ENTRY_POINT: "entry_point",
    EXECUTE_MS: "execute_ms",
    FETCH_MS: "fetch_ms",
    FILTER: "filter",
    IS_LONG_RUNNING_REQUEST: "is_long_running_request",
    LIMIT: "limit",
    LIMIT_USAGE_PERCENT: "limit_usage_pct",
    LOGIN_KEY: "login_key",
    MEDIA_TYPE: "media_type",
    MESSAGE: "message",
    METHOD_NAME: "method_name",
    NUMBER_FIELDS: "fields_count",
    NUMBER_SOQL_QUERIES: "soql_queries_count",
    OFFSET: "offset",
    QUERY: "query",
    QUIDDITY: "quiddity",
    REQUEST_ID: "request_id",
    REQUEST_STATUS: "request_status",
    ROWS_PROCESSED: "rows_processed",
    TRIGGER_ID: "trigger_id",
    TRIGGER_NAME: "trigger_name",
    TRIGGER_TYPE: "trigger_type",
    TYPE: "type",
    URI: "uri",
    URI_ID_DERIVED: "uri_derived_id",
    USER_AGENT: "user_agent",
    USER_ID_DERIVED: "user_id_derived",
  },
  // The package has no stream for API events: the fields that its Apex stream would give to the same columns.
  api: {
    ...COMMON,
    API_FAMILY: "api_family",
    API_RESOURCE: "api_resource",
    API_VERSION: "api_version",
    CLIENT_NAME: "client_name",
    CONNECTED_APP_ID: "connected_app_id",
    CONNECTED_APP_NAME: "connected_app_name",
    COUNTS_AGAINST_API_LIMIT: "counts_against_api_limit",
    DB_BLOCKS: "db_blocks",
    DB_CPU_TIME: "db_cpu_time",
    ENTITY_NAME: "entity_name",
    LOGIN_KEY: "login_key",
    MEDIA_TYPE: "media_type",
    METHOD_NAME: "method_name",
    NUMBER_FIELDS: "fields_count",
    QUERY: "query",
    REQUEST_ID: "request_id",
    REQUEST_STATUS: "request_status",
    ROWS_PROCESSED: "rows_processed",
    URI: "uri",
    URI_ID_DERIVED: "uri_derived_id",
    USER_AGENT: "user_agent",
    USER_ID_DERIVED: "user_id_derived",
  },
};

const LONGS = new Set(["db_blocks", "fields_count", "soql_queries_count", "rows_processed", "offset", "limit"]);
/** `long` in its stream of logins, `float` in that of Apex. */
const TIMES = new Set(["run_time", "cpu_time", "db_total_time"]);
const FLOATS = new Set(["callout_time", "db_cpu_time", "execute_ms", "fetch_ms", "limit_usage_pct"]);
const BOOLEANS = new Set(["is_long_running_request", "counts_against_api_limit"]);

/** The mapping of those fields. */
export function officialMappings(stream: string): object {
  const home: Record<string, unknown> = {};
  for (const field of Object.values(FIELDS[stream] ?? {})) {
    put(home, field.replaceAll(".", ".properties."), typeOf(stream, field));
  }
  const constant = { type: "constant_keyword" };
  const withText = { ...KEYWORD, fields: { text: { type: "match_only_text" } } };
  return {
    dynamic_templates: [{ strings: { match_mapping_type: "string", mapping: KEYWORD } }],
    date_detection: false,
    properties: {
      "@timestamp": { type: "date" },
      data_stream: { properties: { dataset: constant, namespace: constant, type: constant } },
      event: { properties: { action: KEYWORD, duration: { type: "long" }, ingested: { type: "date" } } },
      related: { properties: { ip: { type: "ip" } } },
      source: { properties: { geo: { properties: { location: { type: "geo_point" } } }, ip: { type: "ip" } } },
      salesforce: { properties: { instance_url: KEYWORD, [stream]: { properties: home } } },
      // As ECS has them, from which the package takes its fields.
      user: { properties: { id: KEYWORD } },
      user_agent: { properties: { os: { properties: { full: withText, name: withText } } } },
    },
  };
}

/** Where the package has what this field of ours has. */
export function officialField(stream: string, field: string): string {
  return field === "organization.id" ? `salesforce.${stream}.organization_id` : field;
}

function typeOf(stream: string, field: string): object {
  if (field === "client.ip") {
    return { type: "ip" };
  }
  if (field === "message") {
    return { type: "text" };
  }
  if (TIMES.has(field)) {
    return { type: stream === "login" ? "long" : "float" };
  }
  return LONGS.has(field)
    ? { type: "long" }
    : FLOATS.has(field)
      ? { type: "float" }
      : BOOLEANS.has(field)
        ? { type: "boolean" }
        : KEYWORD;
}

/** Sets a value below a dotted path. */
export function put(target: Record<string, unknown>, path: string, value: unknown): void {
  const parts = path.split(".");
  let at = target;
  for (const part of parts.slice(0, -1)) {
    at[part] ??= {};
    at = at[part] as Record<string, unknown>;
  }
  at[parts.at(-1) ?? ""] = value;
}

/** A cell as the field has it. */
export function cellValue(field: string, cell: string): unknown {
  if (LONGS.has(field) || TIMES.has(field) || FLOATS.has(field)) {
    return Number(cell);
  }
  return BOOLEANS.has(field) ? cell === "1" : unquoted(cell);
}

/** Without the quotes that Salesforce puts around some values. */
export function unquoted(cell: string): string {
  return cell.replace(/^"(.*)"$/s, "$1");
}

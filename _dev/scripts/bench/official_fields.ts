/**
 * What Elastic's own `salesforce` package keeps of a row of a log file, as a stand-in to measure against: its field names and types
 * (its README, "Exported fields", version 1.11) and the members that Elastic Agent adds to every event.
 */

type Cells = Readonly<Record<string, string>>;

const KEYWORD = { type: "keyword", ignore_above: 1024 };

/** What every event has, and the fields by the column that fills them. */
const COMMON: Readonly<Record<string, string>> = {
  EVENT_TYPE: "event_type",
  ORGANIZATION_ID: "organization_id",
  RUN_TIME: "run_time",
  CPU_TIME: "cpu_time",
  DB_TOTAL_TIME: "db_total_time",
};

const FIELDS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
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

const LONGS = new Set([
  "run_time",
  "cpu_time",
  "db_total_time",
  "db_blocks",
  "fields_count",
  "soql_queries_count",
  "rows_processed",
  "offset",
  "limit",
  "fetch_ms",
]);
const FLOATS = new Set(["callout_time", "db_cpu_time", "execute_ms", "limit_usage_pct"]);
const BOOLEANS = new Set(["is_long_running_request", "counts_against_api_limit"]);

/** The document that the package's pipeline would make of the row. */
export function officialDocument(stream: string, cells: Cells): object {
  const home: Record<string, unknown> = {};
  for (const [column, field] of Object.entries(FIELDS[stream] ?? {})) {
    const cell = cells[column];
    if (cell !== undefined && cell !== "" && !(field === "client.ip" && cell.includes(" "))) {
      put(home, field, cellValue(field, cell));
    }
  }
  const login = stream === "login";
  const ip = login ? cells.SOURCE_IP || cells.CLIENT_IP : cells.CLIENT_IP;
  const status = login ? cells.LOGIN_STATUS === "LOGIN_NO_ERROR" : cells.SUCCESS === "1";
  return {
    "@timestamp": cells.TIMESTAMP_DERIVED,
    agent: {
      ephemeral_id: "b2a6a2a1-6f5c-4f0f-9c1b-3b8a0c8f2f4e",
      id: "3f1c5d3e-6a0b-4c55-9d5a-8a2f1b7f9f10",
      name: "collector",
      type: "filebeat",
      version: "9.4.0",
    },
    data_stream: { dataset: `salesforce.${stream}`, namespace: "default", type: "logs" },
    ecs: { version: "8.11.0" },
    elastic_agent: { id: "3f1c5d3e-6a0b-4c55-9d5a-8a2f1b7f9f10", snapshot: false, version: "9.4.0" },
    event: {
      action: login ? "login-attempt" : `${stream}-${cells.EVENT_TYPE}`,
      agent_id_status: "verified",
      category: [login ? "authentication" : "network"],
      dataset: `salesforce.${stream}`,
      ingested: "2026-07-19T03:00:00Z",
      kind: "event",
      module: "salesforce",
      outcome: status ? "success" : "failure",
      type: [login ? "info" : "connection"],
      ...(cells.URI ? { url: cells.URL || cells.URI } : {}),
    },
    input: { type: "salesforce" },
    ...(ip && !ip.includes(" ") ? { related: { ip: [ip] }, source: { ip } } : {}),
    salesforce: { instance_url: "https://acme.my.salesforce.com", [stream]: home },
    tags: ["preserve_original_event", `salesforce-${stream}`].slice(1),
    user: {
      ...(cells.USER_NAME ? { email: cells.USER_NAME } : {}),
      ...(cells.USER_ID_DERIVED ? { id: cells.USER_ID_DERIVED } : {}),
      ...(cells.USER_TYPE ? { roles: [cells.USER_TYPE] } : {}),
    },
    ...(login && cells.TLS_PROTOCOL
      ? {
          tls: { cipher: cells.CIPHER_SUITE, version: cells.TLS_PROTOCOL.replace(/^\D+/, ""), version_protocol: "tls" },
        }
      : {}),
    ...(login && cells.BROWSER_TYPE
      ? { user_agent: { name: cells.BROWSER_TYPE.split("/")[0], device: { name: "Other" } } }
      : {}),
  };
}

/** The mapping of those fields. */
export function officialMappings(stream: string): object {
  const home: Record<string, unknown> = {};
  for (const field of Object.values(FIELDS[stream] ?? {})) {
    put(home, field.replaceAll(".", ".properties."), typeOf(field));
  }
  const keywords = (...names: string[]) => ({ properties: Object.fromEntries(names.map((name) => [name, KEYWORD])) });
  return {
    dynamic_templates: [{ strings: { match_mapping_type: "string", mapping: KEYWORD } }],
    properties: {
      "@timestamp": { type: "date" },
      agent: keywords("ephemeral_id", "id", "name", "type", "version"),
      organization: keywords("id"),
      event: {
        properties: {
          ...keywords("action", "agent_id_status", "category", "dataset", "kind", "module", "outcome", "type", "url")
            .properties,
          ingested: { type: "date" },
        },
      },
      related: { properties: { ip: { type: "ip" } } },
      source: { properties: { ip: { type: "ip" } } },
      salesforce: { properties: { instance_url: KEYWORD, [stream]: { properties: home } } },
    },
  };
}

function typeOf(field: string): object {
  if (field === "client.ip") {
    return { type: "ip" };
  }
  if (field === "message" || field === "query") {
    return { type: "text" };
  }
  return LONGS.has(field)
    ? { type: "long" }
    : FLOATS.has(field)
      ? { type: "float" }
      : BOOLEANS.has(field)
        ? { type: "boolean" }
        : KEYWORD;
}

function cellValue(field: string, cell: string): unknown {
  if (LONGS.has(field) || FLOATS.has(field)) {
    return Number(cell);
  }
  return BOOLEANS.has(field) ? cell === "1" : cell.replace(/^"(.*)"$/s, "$1");
}

/** Sets a value below a dotted path. */
function put(target: Record<string, unknown>, path: string, value: unknown): void {
  const parts = path.split(".");
  let at = target;
  for (const part of parts.slice(0, -1)) {
    at[part] ??= {};
    at = at[part] as Record<string, unknown>;
  }
  at[parts.at(-1) ?? ""] = value;
}

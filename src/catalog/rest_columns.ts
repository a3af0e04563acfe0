import type { Columns } from "./column.ts";

/**
 * Columns that requests of the REST API and of Apex REST have in common, in the order of their files.
 *
 * Source: Object Reference, "REST API Event Type" and "Apex REST API Event Type".
 */
export const REST_COLUMNS: Columns = {
  METHOD: { field: "method", ecs: "http.request.method", kind: "keyword", description: "HTTP method of the request." },
  MEDIA_TYPE: { field: "media_type", kind: "keyword", description: "Media type of the answer." },
  STATUS_CODE: {
    field: "status_code",
    ecs: "http.response.status_code",
    kind: "long",
    description: "HTTP status of the answer.",
  },
  USER_AGENT: {
    field: "user_agent_code",
    kind: "keyword",
    description: "Numeric code of the kind of client: browser, application or API.",
  },
  ROWS_PROCESSED: { field: "rows_processed", kind: "long", description: "Rows that were processed." },
  NUMBER_FIELDS: { field: "fields_count", kind: "long", description: "Fields or columns of the answer." },
  DB_BLOCKS: { field: "db_blocks", kind: "long", description: "Blocks that were read in the database: its activity." },
  DB_CPU_TIME: {
    field: "db_cpu_time",
    kind: "milliseconds",
    description: "CPU time that the request used in the database.",
  },
  REQUEST_SIZE: {
    field: "request_size",
    ecs: "http.request.body.bytes",
    kind: "bytes",
    description: "Size of the request's body.",
  },
  RESPONSE_SIZE: {
    field: "response_size",
    ecs: "http.response.body.bytes",
    kind: "bytes",
    description: "Size of the answer's body.",
  },
  ENTITY_NAME: { field: "entity_name", kind: "set", description: "Names of the sObjects that were used." },
  CONNECTED_APP_ID: {
    field: "connected_app_id",
    ecs: "salesforce.connected_app.id",
    kind: "id",
    description: "Id of the connected app, 18 characters.",
  },
  CLIENT_NAME: { field: "client_name", kind: "keyword", description: "Name that the client gives itself." },
  EXCEPTION_MESSAGE: {
    field: "exception_message",
    ecs: "error.message",
    kind: "text",
    description: "Message of the exception.",
  },
  QUERY: { field: "query", kind: "text", description: "SOQL query of the request." },
};

import type { Columns, Home, LogFileType } from "./column.ts";
import { AI_AGENT, ENDING, REQUEST, requestColumns, TRANSACTION } from "./request_columns.ts";

/** Columns that requests of the REST API and of Apex REST have in common. */
export const REST_COLUMNS: Columns = {
  METHOD: { field: "method", kind: "keyword", description: "HTTP method of the request." },
  MEDIA_TYPE: { field: "media_type", kind: "keyword", description: "Media type of the answer." },
  STATUS_CODE: { field: "status_code", kind: "long", several: true, description: "HTTP status of the answer." },
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
  REQUEST_SIZE: { field: "request_size", kind: "bytes", description: "Size of the request's body." },
  RESPONSE_SIZE: { field: "response_size", kind: "bytes", description: "Size of the answer's body." },
  ENTITY_NAME: { field: "entity_name", kind: "set", description: "Names of the sObjects that were used." },
  CONNECTED_APP_ID: { field: "connected_app_id", kind: "id", description: "Id of the connected app, 18 characters." },
  CLIENT_NAME: { field: "client_name", kind: "keyword", description: "Name that the client gives itself." },
  EXCEPTION_MESSAGE: {
    field: "exception_message",
    kind: "text",
    description: "Message of the exception, with its stack.",
  },
  QUERY: { field: "query", kind: "text", description: "SOQL query of the request." },
};

/** Source of the columns: Object Reference, the page of each event type. */
export const API_HOME: Home = {
  name: "api",
  stream: "api",
  description: "Use of Salesforce's APIs: SOAP, REST, Bulk, Metadata and GraphQL.",
  columns: {
    ...requestColumns({
      requestId: "request_id",
      requestStatus: "request_status",
      loginKey: "login_key",
      sessionKey: "session_key",
      uri: "uri",
      uriId: "uri_derived_id",
    }),
    ...REST_COLUMNS,
  },
};

export const REST_API: LogFileType = {
  name: "RestApi",
  provider: "EventLogFile",
  stream: "api",
  home: API_HOME,
  free: false,
  tells: "Each REST API request: client, method, sObjects, rows, sizes, status and times.",
  page: "sforce_api_objects_eventlogfile_restapi.htm",
  columns: [...TRANSACTION, ...REQUEST, ...Object.keys(REST_COLUMNS), ...AI_AGENT, ...ENDING],
};

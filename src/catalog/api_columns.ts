import { API_TYPES } from "./code_tables/login_codes.ts";
import type { Columns } from "./column.ts";

/** Columns that only the API types have. Source: Object Reference, the page of each type. */
export const API_COLUMNS: Columns = {
  // API
  API_TYPE: { field: "api_type", kind: "keyword", codes: API_TYPES, description: "Kind of API." },
  API_VERSION: { field: "api_version", kind: "version", description: "Version of the API." },
  METHOD_NAME: { field: "method_name", kind: "keyword", description: "SOAP method that was called." },
  // ApiTotalUsage
  API_FAMILY: {
    field: "api_family",
    kind: "keyword",
    description: "Family of the API: REST, SOAP, Bulk, ApexREST, DirectApexREST or DirectAura.",
  },
  API_RESOURCE: {
    field: "api_resource",
    ecs: "url.original",
    kind: "url",
    description: "Method or resource that was called.",
  },
  HTTP_METHOD: {
    field: "method",
    ecs: "http.request.method",
    kind: "keyword",
    description: "HTTP method of the request.",
  },
  COUNTS_AGAINST_API_LIMIT: {
    field: "counts_against_api_limit",
    kind: "boolean",
    description: "Whether the request counts against the org's daily API requests.",
  },
  CONNECTED_APP_NAME: {
    field: "connected_app_name",
    ecs: "salesforce.connected_app.name",
    kind: "keyword",
    description: "Name of the connected app.",
  },
  USER_NAME: { field: "user_name", ecs: "user.name", kind: "keyword", description: "Username of the user." },
  API_CLIENT_CATEGORY: {
    field: "api_client_category",
    kind: "keyword",
    description:
      "Kind of client: AGENTFORCE_AGENT, EXTERNAL_APPLICATION, LIGHTNING_UI, SALESFORCE, SALESFORCE_HOSTED_MCP or UNKNOWN.",
  },
  // GraphQL
  ACTUAL_COST: { field: "actual_cost", kind: "double", description: "Points that a GraphQL query cost." },
  APP_TYPE: { field: "app_type", kind: "keyword", description: "Kind of application that made the query." },
  ELAPSED_TIME: {
    field: "elapsed_time",
    kind: "double",
    description: "Time that a GraphQL query took; Salesforce does not say in what unit.",
  },
  ESTIMATED_COST: {
    field: "estimated_cost",
    kind: "double",
    description: "Points that a GraphQL query was expected to cost at most.",
  },
  EXCEPTION: {
    field: "exception_message",
    ecs: "error.message",
    kind: "text",
    description: "Message of the exception.",
  },
  // Bulk API
  JOB_ID: { field: "job_id", kind: "id", description: "Id of the bulk job, 18 characters." },
  BATCH_ID: { field: "batch_id", kind: "id", description: "Id of the batch of the bulk job, 18 characters." },
  NUMBER_FAILURES: { field: "failures_count", kind: "long", description: "Rows that failed." },
  SUCCESS: { field: "success", kind: "boolean", description: "Whether it succeeded." },
  MESSAGE: { field: "message", kind: "text", description: "Message about the batch." },
  ERROR_MESSAGE: { field: "error_message", ecs: "error.message", kind: "text", description: "Message of the error." },
  ENTITY_TYPE: { field: "entity_type", kind: "keyword", description: "The sObject that the job is about." },
  OPERATION_TYPE: {
    field: "operation_type",
    kind: "keyword",
    description: "What the job does: insert, update, upsert, delete, hardDelete, query or queryAll.",
  },
  REQUEST_PATH: { field: "request_path", ecs: "url.original", kind: "url", description: "Path of the request." },
  CONCURRENCY_MODE: { field: "concurrency_mode", kind: "keyword", description: "Parallel or serial." },
  JOB_STATUS: { field: "job_status", kind: "keyword", description: "State that the job has reached." },
  RECORDS_PROCESSED: { field: "records_processed", kind: "long", description: "Records that the job has processed." },
  RECORDS_FAILED: { field: "records_failed", kind: "long", description: "Records that failed." },
  RESULT_SIZE_MB: { field: "result_size_mb", kind: "double", description: "Size of the result, in megabytes." },
  // Composite API
  ALL_OR_NONE: {
    field: "all_or_none",
    kind: "boolean",
    description: "Whether one subrequest that fails takes back the whole request.",
  },
  FAILURE_REASON: { field: "failure_reason", kind: "keyword", description: "Code of why the request failed." },
  IS_REQUEST_COLLATION_ON: {
    field: "is_request_collation_on",
    kind: "boolean",
    description: "Whether subrequests may be put together.",
  },
  NUM_RETRIES: { field: "retries_count", kind: "long", description: "Attempts that were made again." },
  NUM_GRAPH_DEPTH: { field: "graph_depth", kind: "long", description: "Depth of the deepest graph." },
  IS_CANCELLED: { field: "is_cancelled", kind: "boolean", description: "Whether the subrequest was cancelled." },
  CANCELLED_REASON: { field: "cancelled_reason", kind: "keyword", description: "Why the subrequest was cancelled." },
  INITIAL_REFERENCE_IDS: {
    field: "initial_reference_ids",
    kind: "set",
    description: "Reference ids of the subrequests that were put together into this one.",
  },
  // Metadata API
  CLIENT_ID: { field: "client_id", kind: "keyword", description: "Id of the API client." },
  OPERATION: { field: "operation", kind: "keyword", description: "What was done: meta_deploy, Query and others." },
};

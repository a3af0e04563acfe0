import { QUIDDITIES } from "./code_tables/apex_codes.ts";
import type { Columns } from "./column.ts";

/** Columns that only the Apex types have. Source: Object Reference, the page of each type. */
export const APEX_COLUMNS: Columns = {
  // ApexExecution
  EXEC_TIME: { field: "exec_time", kind: "milliseconds", description: "Time that the Apex code took from end to end." },
  CALLOUT_TIME: { field: "callout_time", kind: "milliseconds", description: "Time spent waiting for callouts." },
  NUMBER_SOQL_QUERIES: {
    field: "soql_queries_count",
    kind: "long",
    description: "SOQL queries that were executed, in all namespaces.",
  },
  ENTRY_POINT: {
    field: "entry_point",
    kind: "keyword",
    description: "What the execution began with: a class, method, trigger, page or job.",
  },
  QUIDDITY: {
    field: "quiddity",
    kind: "keyword",
    codes: QUIDDITIES,
    decoded: { code: "quiddity", name: "quiddity_name" },
    description: "How the execution was started.",
  },
  IS_LONG_RUNNING_REQUEST: {
    field: "is_long_running_request",
    kind: "boolean",
    description: "Whether the request counts against the org's limit of concurrent long-running Apex requests.",
  },
  // ApexCallout, ContinuationCalloutSummary and NamedCredential
  TYPE: { field: "type", kind: "keyword", description: "Kind of callout: REST, AJAX and others." },
  SUCCESS: { field: "success", kind: "boolean", description: "Whether the callout was sent and answered." },
  TIME: { field: "time", kind: "milliseconds", description: "Time that the callout took." },
  URL: { field: "url", ecs: "url.original", kind: "url", description: "Address that was called." },
  CONTINUATION_ID: { field: "continuation_id", kind: "keyword", description: "Id of the continuation." },
  ORIGIN_REQUEST_ID: {
    field: "origin_request_id",
    kind: "keyword",
    description: "Id of the transaction that began the continuation.",
  },
  DURATION: { field: "duration", kind: "milliseconds", description: "Time that the continuation took." },
  REQUEST_FORM_SIZE: {
    field: "request_form_size",
    kind: "bytes",
    several: true,
    description: "Size of the continuation's request form.",
  },
  VF_CONTROLLER_SIZE: {
    field: "vf_controller_size",
    kind: "bytes",
    several: true,
    description: "Size of the continuation's Visualforce controller.",
  },
  NAMED_CREDENTIAL_NAME: { field: "named_credential", kind: "keyword", description: "Name of the named credential." },
  CALLER_PACKAGE_NAMESPACE: {
    field: "caller_package_namespace",
    kind: "keyword",
    description: "Namespace of the package that made the callout; nothing if no package did.",
  },
  // ApexSoap and ApexTrigger
  CLASS_NAME: { field: "class_name", kind: "keyword", description: "Apex class, with the namespace of its package." },
  METHOD_NAME: { field: "method_name", kind: "keyword", description: "Apex method that was called." },
  LIMIT_USAGE_PERCENT: {
    field: "limit_usage_pct",
    kind: "double",
    unit: "percent",
    description: "Part of the org's limit of Apex SOAP calls that is used, in per cent.",
  },
  TRIGGER_ID: { field: "trigger_id", kind: "id", description: "Id of the trigger, 18 characters." },
  TRIGGER_NAME: {
    field: "trigger_name",
    kind: "keyword",
    description: "Name of the trigger, after the namespace of its package and a full stop.",
  },
  TRIGGER_TYPE: {
    field: "trigger_type",
    kind: "keyword",
    description: "Event at which the trigger fired: BeforeInsert, AfterUpdate and others.",
  },
  // ApexUnexpectedException
  APEX_ENTITY_NAME: {
    field: "apex_entity_name",
    kind: "keyword",
    description: "Class or trigger that threw the exception.",
  },
  EXCEPTION_TYPE: {
    field: "exception_type",
    ecs: "error.type",
    kind: "keyword",
    description: "Class of the exception.",
  },
  EXCEPTION_CATEGORY: {
    field: "exception_category",
    kind: "keyword",
    description: "Category of the exception; a LimitException names the limit, as in LimitException: CpuTime.",
  },
  STACK_TRACE: {
    field: "stack_trace",
    ecs: "error.stack_trace",
    kind: "text",
    description: "Stack trace of the exception; nothing for managed packages.",
  },
  // ConcurrentLongRunningApexLimit and QueuedExecution
  NUMBER_REQUESTS: {
    field: "requests_count",
    kind: "long",
    description: "Apex requests that had been running for over 5 seconds.",
  },
  REQUESTS_LIMIT: {
    field: "requests_limit",
    kind: "long",
    description: "The org's limit of concurrent long-running Apex requests.",
  },
  REQUEST_URI: {
    field: "uri",
    ecs: "url.original",
    kind: "url",
    description: "URI of the page or endpoint that got the request.",
  },
  JOB_ID: { field: "job_id", kind: "id", description: "Id of the asynchronous job, 18 characters." },
  // ExternalCustomApexCallout
  ACTION: { field: "action", kind: "keyword", description: "What the callout did: query, upsert or delete." },
  ENTITY: { field: "entity", kind: "keyword", description: "External object that was used." },
  SELECT: { field: "select", kind: "long_keyword", description: "Fields that were asked for." },
  FILTER: { field: "filter", kind: "long_keyword", description: "Expressions that choose the rows, as WHERE does." },
  ORDERBY: { field: "orderby", kind: "long_keyword", description: "Columns and directions by which rows are sorted." },
  SUBQUERIES: { field: "subqueries", kind: "long_keyword", description: "Subqueries of the query." },
  EXPAND: { field: "expand", kind: "long_keyword", description: "Related entities that were asked for." },
  SEARCH: { field: "search", kind: "long_keyword", description: "Text that was searched for." },
  NEXT_LINK: { field: "next_link", kind: "url", description: "Where the external system has the next rows." },
  OFFSET: { field: "offset", kind: "long", description: "Rows that were skipped." },
  LIMIT: { field: "limit", kind: "long", description: "Most rows that were asked for." },
  STATUS: { field: "success", kind: "boolean", description: "Whether the callout was sent and answered." },
  TOTAL_MS: { field: "total_ms", kind: "milliseconds", description: "Time that query and fetch took together." },
  EXECUTE_MS: { field: "execute_ms", kind: "milliseconds", description: "Time to prepare and execute the query." },
  FETCH_MS: {
    field: "fetch_ms",
    kind: "milliseconds",
    description: "Time to fetch the rows from the external system.",
  },
  ROWS: { field: "rows_total", kind: "long", description: "Rows of the whole result." },
  ROWS_FETCHED: { field: "rows_fetched", kind: "long", description: "Rows that were fetched." },
  BYTES: { field: "bytes", kind: "bytes", description: "Bytes that the external system sent." },
  REQUESTS: { field: "requests_count", kind: "long", description: "Requests that were sent to the external system." },
  THROUGHPUT: { field: "throughput", kind: "double", description: "Rows fetched in a second." },
  MESSAGE: { field: "message", kind: "text", description: "Error or warning of a callout that failed." },
};

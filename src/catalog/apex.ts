import { QUIDDITIES } from "./code_tables/quiddities.ts";
import type { Columns, Home, LogFileType } from "./column.ts";
import { AI_AGENT, ENDING, requestColumns, TRANSACTION } from "./request_columns.ts";

/** Source of the columns: Object Reference, the page of each event type. */
export const APEX_HOME: Home = {
  name: "apex",
  stream: "apex",
  description: "Apex: executions, triggers, callouts, exceptions and limits.",
  columns: {
    ...requestColumns({
      requestId: "request_id",
      requestStatus: "request_status",
      loginKey: "login_key",
      sessionKey: "session_key",
      uri: "uri",
      uriId: "uri_derived_id",
    }),
    EXEC_TIME: {
      field: "exec_time",
      kind: "milliseconds",
      description: "Time that the Apex code took, callouts included.",
    },
    CALLOUT_TIME: { field: "callout_time", kind: "milliseconds", description: "Time spent in callouts." },
    NUMBER_SOQL_QUERIES: { field: "soql_queries_count", kind: "long", description: "SOQL queries that were executed." },
    ENTRY_POINT: {
      field: "entry_point",
      kind: "keyword",
      description: "What the Apex execution began with: a class, method, trigger, page or job.",
    },
    QUIDDITY: { field: "quiddity", kind: "keyword", codes: QUIDDITIES, description: "How the execution was started." },
    IS_LONG_RUNNING_REQUEST: {
      field: "is_long_running_request",
      kind: "boolean",
      description:
        "Whether the request ran over 5 seconds and so counts against the org's limit of concurrent long-running requests.",
    },
  },
};

/** The types for which Salesforce documents milliseconds where the others have nanoseconds. */
const DB_TIME_IN_MILLISECONDS: Columns = {
  DB_TOTAL_TIME: {
    field: "db_total_time",
    kind: "database_time",
    description: "Time for round trips to the database.",
  },
};

export const APEX_EXECUTION: LogFileType = {
  name: "ApexExecution",
  provider: "EventLogFile",
  stream: "apex",
  home: APEX_HOME,
  free: false,
  tells: "Each Apex transaction: what started it, how long it ran, on CPU, database and callouts.",
  page: "sforce_api_objects_eventlogfile_apexexecution.htm",
  variants: DB_TIME_IN_MILLISECONDS,
  columns: [
    ...TRANSACTION,
    "EXEC_TIME",
    "DB_TOTAL_TIME",
    "CALLOUT_TIME",
    "NUMBER_SOQL_QUERIES",
    "ENTRY_POINT",
    "QUIDDITY",
    "IS_LONG_RUNNING_REQUEST",
    ...AI_AGENT,
    ...ENDING,
  ],
};

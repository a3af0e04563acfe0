import { APEX_COLUMNS } from "./apex_columns.ts";
import { type Columns, type Home, type LogFileType, logFileTypesOf } from "./column.ts";
import { AI_AGENT, ENDING, REQUEST, requestColumns, TRANSACTION, USUAL_FIELDS, WHEN, WHO } from "./request_columns.ts";
import { REST_COLUMNS } from "./rest_columns.ts";

const APEX_HOME: Home = {
  name: "apex",
  stream: "apex",
  description: "Apex: executions, triggers, callouts, exceptions and limits.",
  fieldAliases: {
    event_type: "event.code",
    organization_id: "organization.id",
    user_agent: "salesforce.apex.user_agent_code",
    user_id_derived: "user.id",
  },
  columns: {
    ...requestColumns({ ...USUAL_FIELDS, client: undefined }),
    ...REST_COLUMNS,
    ...APEX_COLUMNS,
  },
};

/** The types for which Salesforce documents milliseconds where the others have nanoseconds. */
const DATABASE_TIME: Columns = {
  DB_TOTAL_TIME: {
    field: "db_total_time",
    kind: "database_time",
    description: "Time for round trips to the database.",
  },
};

/** One continuation makes up to three requests: the cell has a value for each. ECS gets one of them, or their sum. */
const UP_TO_THREE_REQUESTS: Columns = {
  STATUS_CODE: { field: "status_codes", kind: "long", several: true, description: "HTTP statuses of the answers." },
  RESPONSE_SIZE: {
    field: "response_sizes",
    kind: "bytes",
    several: true,
    description: "Sizes of the answers' bodies.",
  },
  URL: { field: "urls", kind: "url", several: true, description: "Addresses that were called." },
};

/** The address of a callout is the one that is called. */
const CALLOUT: Columns = {
  URI: {
    field: "origin_uri",
    kind: "url",
    description: "URI of the page or endpoint whose request led to the callout.",
  },
};

const apexType = logFileTypesOf(APEX_HOME);

export const APEX_TYPES: readonly LogFileType[] = [
  apexType({
    name: "ApexExecution",
    tells: "Each Apex transaction: what started it, and how long it took on CPU, database and callouts.",
    variants: DATABASE_TIME,
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
  }),
  apexType({
    name: "ApexCallout",
    tells: "Each request that Apex sends out: address, method, status, sizes and duration.",
    variants: CALLOUT,
    columns: [
      ...TRANSACTION,
      "TYPE",
      "METHOD",
      "SUCCESS",
      "STATUS_CODE",
      "TIME",
      "REQUEST_SIZE",
      "RESPONSE_SIZE",
      "URL",
      ...AI_AGENT,
      ...ENDING,
    ],
  }),
  apexType({
    name: "ApexRestApi",
    tells: "Each request to a custom Apex REST endpoint: client, method, status, rows, sizes and times.",
    columns: [...TRANSACTION, ...REQUEST, ...Object.keys(REST_COLUMNS), ...AI_AGENT, ...ENDING],
  }),
  apexType({
    name: "ApexSoap",
    tells: "Each call of a custom SOAP web service: class, method, client and times.",
    variants: DATABASE_TIME,
    columns: [
      ...TRANSACTION,
      ...REQUEST,
      "CLASS_NAME",
      "METHOD_NAME",
      "CLIENT_NAME",
      "LIMIT_USAGE_PERCENT",
      "QUERY",
      ...ENDING,
    ],
  }),
  apexType({
    name: "ApexTrigger",
    tells: "Each trigger that fired: on which sObject, at which event, for how long.",
    variants: DATABASE_TIME,
    columns: [
      ...TRANSACTION,
      ...REQUEST,
      "TRIGGER_ID",
      "TRIGGER_NAME",
      "ENTITY_NAME",
      "TRIGGER_TYPE",
      "EXEC_TIME",
      ...AI_AGENT,
      ...ENDING,
    ],
  }),
  apexType({
    name: "ApexUnexpectedException",
    free: true,
    tells: "Each exception that no Apex code handled: class, message, stack trace and the limit that was exceeded.",
    columns: [
      ...WHO,
      "APEX_ENTITY_NAME",
      "EXCEPTION_TYPE",
      "EXCEPTION_MESSAGE",
      "STACK_TRACE",
      "EXCEPTION_CATEGORY",
      ...WHEN,
    ],
  }),
  apexType({
    name: "ConcurrentLongRunningApexLimit",
    tells: "Each request that was refused because too many long-running Apex requests were under way.",
    columns: [
      "EVENT_TYPE",
      "TIMESTAMP",
      "REQUEST_ID",
      "NUMBER_REQUESTS",
      "REQUESTS_LIMIT",
      "ORGANIZATION_ID",
      "USER_ID",
      "REQUEST_URI",
      "TIMESTAMP_DERIVED",
    ],
  }),
  apexType({
    name: "QueuedExecution",
    tells: "Each asynchronous job, such as batch Apex: its entry point and times.",
    columns: [...TRANSACTION, ...REQUEST, "JOB_ID", "ENTRY_POINT", ...ENDING],
  }),
  apexType({
    name: "ContinuationCalloutSummary",
    tells: "Each continuation with its up to three callouts: addresses, statuses, sizes and duration.",
    variants: UP_TO_THREE_REQUESTS,
    columns: [
      ...WHO,
      "CONTINUATION_ID",
      "ORIGIN_REQUEST_ID",
      "DURATION",
      "REQUEST_FORM_SIZE",
      "RESPONSE_SIZE",
      "VF_CONTROLLER_SIZE",
      "STATUS_CODE",
      "SUCCESS",
      "URL",
      ...WHEN,
    ],
  }),
  apexType({
    name: "ExternalCustomApexCallout",
    tells: "Each query to an external data source by a custom adapter of Salesforce Connect: rows, times and errors.",
    columns: [
      ...WHO,
      "ENTITY",
      "OFFSET",
      "LIMIT",
      "SELECT",
      "FILTER",
      "ORDERBY",
      "EXPAND",
      "SEARCH",
      "NEXT_LINK",
      "STATUS",
      "TOTAL_MS",
      "EXECUTE_MS",
      "FETCH_MS",
      "ROWS",
      "ROWS_FETCHED",
      "BYTES",
      "REQUESTS",
      "THROUGHPUT",
      "MESSAGE",
      "ACTION",
      "SUBQUERIES",
      "TIMESTAMP_DERIVED",
    ],
  }),
  apexType({
    name: "NamedCredential",
    tells: "Each callout by a named credential, with the package that made it.",
    variants: CALLOUT,
    columns: [...TRANSACTION, "NAMED_CREDENTIAL_NAME", "CALLER_PACKAGE_NAMESPACE", ...AI_AGENT, ...ENDING],
  }),
];

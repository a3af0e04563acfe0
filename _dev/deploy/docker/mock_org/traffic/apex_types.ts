import { bit, databaseNanos, type EventType, eventType, quoted } from "./event_type.ts";

const CLASSES = [
  "InvoiceService",
  "LeadScoring",
  "OrderSync",
  "CaseRouter",
  "QuotePricing",
  "TerritoryBatch",
  "PortalController",
];
const OBJECTS = ["Account", "Opportunity", "Case", "Lead", "Order", "Invoice__c", "Shipment__c"];
const QUIDDITIES = ["R", "X", "F", "Q", "S", "H", "L", "V", "C", "BA", "W"];
const HOSTS = [
  "https://rates.example.com/v2/quote",
  "https://erp.example.net/api/orders",
  "https://geo.example.org/lookup?q=a%20b",
];

const apexExecution = eventType(
  "ApexExecution",
  "apex",
  "T USER_TYPE REQUEST_STATUS DB_TOTAL_TIME EXEC_TIME CALLOUT_TIME NUMBER_SOQL_QUERIES ENTRY_POINT QUIDDITY IS_LONG_RUNNING_REQUEST B E",
  (draws) => {
    const runTime = draws.skewed(3, 14_000);
    const calloutTime = draws.chance(0.2) ? draws.skewed(10, runTime) : 0;
    return {
      RUN_TIME: String(runTime),
      CPU_TIME: String(Math.floor(runTime * 0.6)),
      REQUEST_STATUS: draws.chance(0.03) ? "F" : "S",
      // Milliseconds here, other than in most types.
      DB_TOTAL_TIME: String(Math.floor(runTime * 0.3)),
      EXEC_TIME: String(runTime),
      CALLOUT_TIME: String(calloutTime),
      NUMBER_SOQL_QUERIES: String(draws.skewed(0, 60)),
      ENTRY_POINT: entryPoint(draws.pickEarly(CLASSES), draws.pick(["execute", "save", "onLoad"])),
      QUIDDITY: draws.pickEarly(QUIDDITIES),
      IS_LONG_RUNNING_REQUEST: bit(runTime - calloutTime > 5_000),
      URI: "/aura",
    };
  },
);

function entryPoint(className: string, method: string): string {
  return `${className}.${method}`;
}

const CALLOUT_HEADER =
  "T USER_TYPE REQUEST_STATUS DB_TOTAL_TIME TYPE METHOD SUCCESS STATUS_CODE TIME REQUEST_SIZE RESPONSE_SIZE URL B E";

const apexCallout = eventType(
  "ApexCallout",
  "apex",
  CALLOUT_HEADER,
  (draws) => {
    const status = draws.chance(0.05) ? draws.pick([401, 404, 500, 503]) : 200;
    return {
      RUN_TIME: "0",
      CPU_TIME: "0",
      REQUEST_STATUS: "",
      TYPE: draws.pickEarly(["REST", "REST", "OData", "AJAX"]),
      METHOD: draws.pick(["GET", "POST"]),
      SUCCESS: bit(status < 400),
      STATUS_CODE: String(status),
      TIME: String(draws.skewed(15, 9_000)),
      REQUEST_SIZE: String(draws.skewed(0, 60_000)),
      RESPONSE_SIZE: String(draws.skewed(20, 900_000)),
      URL: quoted(draws.pick(HOSTS)),
    };
  },
  { rowsPerRequest: 2 },
);

export const REST_COLUMNS =
  "METHOD MEDIA_TYPE STATUS_CODE USER_AGENT ROWS_PROCESSED NUMBER_FIELDS DB_BLOCKS DB_CPU_TIME REQUEST_SIZE RESPONSE_SIZE ENTITY_NAME " +
  "CONNECTED_APP_ID CLIENT_NAME EXCEPTION_MESSAGE QUERY";

const apexRestApi = eventType(
  "ApexRestApi",
  "apex",
  `T U ${REST_COLUMNS} B E`,
  (draws, { integration }) => {
    const status = draws.chance(0.04) ? draws.pick([400, 404, 500]) : 200;
    const runTime = draws.skewed(20, 6_000);
    return {
      RUN_TIME: String(runTime),
      URI: `/services/apexrest/${draws.pick(["invoices", "orders", "quotes/price"])}`,
      REQUEST_STATUS: status === 404 ? "N" : status === 200 ? "S" : "F",
      DB_TOTAL_TIME: databaseNanos(draws, runTime),
      METHOD: draws.pick(["GET", "POST", "PUT"]),
      MEDIA_TYPE: "application/json;charset=UTF-8",
      STATUS_CODE: String(status),
      USER_AGENT: "9999",
      ROWS_PROCESSED: status === 200 ? String(draws.skewed(0, 400)) : "",
      DB_BLOCKS: String(draws.skewed(5, 4_000)),
      DB_CPU_TIME: String(draws.skewed(0, 300)),
      REQUEST_SIZE: String(draws.skewed(0, 20_000)),
      RESPONSE_SIZE: String(draws.skewed(40, 400_000)),
      CONNECTED_APP_ID: integration?.connectedAppId.slice(0, 15) ?? "",
      CLIENT_NAME: integration?.clientName ?? "",
      EXCEPTION_MESSAGE:
        status === 500 ? quoted("System.QueryException: List has no rows for assignment to SObject") : "",
      QUERY: draws.chance(0.2) ? quoted("SELECT Id, Name\nFROM Invoice__c\nWHERE Status__c = 'Open'") : "",
    };
  },
  { byIntegration: true },
);

const apexSoap = eventType(
  "ApexSoap",
  "apex",
  "T U CLASS_NAME METHOD_NAME CLIENT_NAME LIMIT_USAGE_PERCENT QUERY E",
  (draws, { integration }) => {
    const runTime = draws.skewed(30, 4_000);
    return {
      RUN_TIME: String(runTime),
      REQUEST_STATUS: draws.chance(0.03) ? "F" : "S",
      DB_TOTAL_TIME: databaseNanos(draws, runTime),
      URI: "/services/Soap/class/OrderSync",
      CLASS_NAME: "OrderSync",
      METHOD_NAME: draws.pick(["push", "pull", "acknowledge"]),
      CLIENT_NAME: integration?.clientName ?? "",
      LIMIT_USAGE_PERCENT: `${draws.skewed(0, 95)}.0`,
    };
  },
  { byIntegration: true },
);

const apexTrigger = eventType(
  "ApexTrigger",
  "apex",
  "T U TRIGGER_ID TRIGGER_NAME ENTITY_NAME TRIGGER_TYPE EXEC_TIME B E",
  (draws) => {
    const entity = draws.pickEarly(OBJECTS);
    const execTime = draws.skewed(1, 3_000);
    return {
      RUN_TIME: "",
      CPU_TIME: "",
      DB_TOTAL_TIME: databaseNanos(draws, execTime),
      TRIGGER_ID: `01q${entity.padEnd(12, "0").replace(/\W|_/g, "0").slice(0, 12)}`,
      TRIGGER_NAME: `${draws.chance(0.3) ? "acme_pkg." : ""}${entity.replace("__c", "")}Trigger`,
      ENTITY_NAME: entity,
      TRIGGER_TYPE: draws.pick(["BeforeInsert", "AfterInsert", "BeforeUpdate", "AfterUpdate", "AfterDelete"]),
      EXEC_TIME: String(execTime),
    };
  },
  { rowsPerRequest: 3 },
);

const EXCEPTION_HEADER =
  "EVENT_TYPE TIMESTAMP REQUEST_ID ORGANIZATION_ID USER_ID EXCEPTION_TYPE EXCEPTION_MESSAGE STACK_TRACE EXCEPTION_CATEGORY " +
  "APEX_ENTITY_NAME TIMESTAMP_DERIVED USER_ID_DERIVED";

const EXCEPTIONS = [
  ["System.NullPointerException", "Attempt to de-reference a null object", "CustomException"],
  [
    "System.DmlException",
    'Insert failed. First exception on row 0; first error: REQUIRED_FIELD_MISSING, "Region": [Region__c]',
    "DmlException",
  ],
  ["System.LimitException", "Apex CPU time limit exceeded", "LimitException: CpuTime"],
  ["System.QueryException", "List has no rows for assignment to SObject", "QueryException"],
  ["System.CalloutException", "Read timed out", "CalloutException"],
  ["System.LimitException", "Apex heap size too large: 6871534", "LimitException: HeapSize"],
  ["System.LimitException", "Too many DML statements: 151", "LimitException: DmlStatements"],
] as const;

const apexUnexpectedException = eventType(
  "ApexUnexpectedException",
  "apex",
  EXCEPTION_HEADER,
  (draws) => {
    const [type, message, category] = draws.pickEarly(EXCEPTIONS);
    const className = draws.pickEarly(CLASSES);
    const managed = draws.chance(0.15);
    const line = draws.between(10, 400);
    return {
      EXCEPTION_TYPE: type,
      EXCEPTION_MESSAGE: quoted(message),
      STACK_TRACE: managed
        ? ""
        : `Class.${className}.execute: line ${line}, column 1\nClass.${className}.run: line ${line + 12}, column 1\nAnonymousBlock: line 1`,
      EXCEPTION_CATEGORY: category,
      APEX_ENTITY_NAME: className,
    };
  },
  { isoTimestamp: true },
);

const LIMIT_HEADER =
  "EVENT_TYPE TIMESTAMP REQUEST_ID ORGANIZATION_ID USER_ID NUMBER_REQUESTS REQUESTS_LIMIT REQUEST_URI TIMESTAMP_DERIVED";

const concurrentLongRunningApexLimit = eventType("ConcurrentLongRunningApexLimit", "apex", LIMIT_HEADER, (draws) => ({
  NUMBER_REQUESTS: String(draws.between(10, 25)),
  REQUESTS_LIMIT: "10",
  REQUEST_URI: draws.pick(["/apex/PortalHome", "/services/apexrest/quotes/price", "/aura"]),
}));

const queuedExecution = eventType("QueuedExecution", "apex", "T U JOB_ID ENTRY_POINT E", (draws) => {
  const runTime = draws.skewed(20, 30_000);
  return {
    RUN_TIME: String(runTime),
    DB_TOTAL_TIME: databaseNanos(draws, runTime),
    URI: "",
    JOB_ID: `707${draws.text(12)}`,
    ENTRY_POINT: entryPoint(draws.pick(CLASSES), "execute"),
    CLIENT_IP: "",
  };
});

const continuationCalloutSummary = eventType(
  "ContinuationCalloutSummary",
  "apex",
  "EVENT_TYPE TIMESTAMP REQUEST_ID ORGANIZATION_ID USER_ID CONTINUATION_ID ORIGIN_REQUEST_ID DURATION REQUEST_FORM_SIZE RESPONSE_SIZE " +
    "VF_CONTROLLER_SIZE STATUS_CODE SUCCESS URL TIMESTAMP_DERIVED USER_ID_DERIVED",
  (draws) => {
    // Up to three callouts in one continuation, their values in one cell.
    const callouts = draws.between(1, 3);
    const each = (value: () => string | number) => Array.from({ length: callouts }, value).join(" ");
    const failed = draws.chance(0.1);
    return {
      CONTINUATION_ID: draws.text(24),
      ORIGIN_REQUEST_ID: draws.text(22),
      DURATION: String(draws.skewed(100, 60_000)),
      REQUEST_FORM_SIZE: String(draws.skewed(100, 9_000)),
      RESPONSE_SIZE: each(() => draws.skewed(200, 800_000)),
      VF_CONTROLLER_SIZE: String(draws.skewed(500, 40_000)),
      STATUS_CODE: each(() => (failed ? draws.pick([2000, 2001, 2003]) : 200)),
      SUCCESS: bit(!failed),
      URL: quoted(each(() => draws.pick(HOSTS))),
    };
  },
);

const externalCustomApexCallout = eventType(
  "ExternalCustomApexCallout",
  "apex",
  "EVENT_TYPE TIMESTAMP REQUEST_ID ORGANIZATION_ID USER_ID ENTITY OFFSET LIMIT SELECT FILTER ORDERBY EXPAND SEARCH NEXT_LINK STATUS " +
    "TOTAL_MS EXECUTE_MS FETCH_MS ROWS ROWS_FETCHED BYTES REQUESTS THROUGHPUT MESSAGE ACTION SUBQUERIES TIMESTAMP_DERIVED USER_ID_DERIVED",
  (draws) => {
    const total = draws.skewed(20, 9_000);
    const rows = draws.skewed(0, 2_000);
    return {
      ENTITY: "Shipment__x",
      OFFSET: "0",
      LIMIT: "2000",
      SELECT: quoted("ExternalId, Weight__c"),
      FILTER: quoted("Weight__c > 100"),
      STATUS: draws.chance(0.05) ? "500" : "200",
      TOTAL_MS: String(total),
      EXECUTE_MS: String(Math.floor(total * 0.7)),
      FETCH_MS: String(Math.floor(total * 0.3)),
      ROWS: draws.chance(0.1) ? "-1" : String(rows),
      ROWS_FETCHED: String(rows),
      BYTES: String(rows * 120),
      REQUESTS: "1",
      THROUGHPUT: (rows / (total / 1_000)).toFixed(1),
      ACTION: "query",
    };
  },
);

const namedCredential = eventType(
  "NamedCredential",
  "apex",
  "T NAMED_CREDENTIAL_NAME CALLER_PACKAGE_NAMESPACE B E",
  (draws) => ({
    NAMED_CREDENTIAL_NAME: draws.pick(["ERP", "Rates", "Geo"]),
    CALLER_PACKAGE_NAMESPACE: draws.chance(0.4) ? "acme_pkg" : "",
  }),
);

export const APEX_TYPES: readonly EventType[] = [
  apexExecution,
  apexCallout,
  apexRestApi,
  apexSoap,
  apexTrigger,
  apexUnexpectedException,
  concurrentLongRunningApexLimit,
  queuedExecution,
  continuationCalloutSummary,
  externalCustomApexCallout,
  namedCredential,
];

/** The same exception over and over, as after a faulty deployment. */
export const exceptionSurge = eventType(
  "ApexUnexpectedException",
  "incident",
  EXCEPTION_HEADER,
  (draws) => ({
    EXCEPTION_TYPE: "System.NullPointerException",
    EXCEPTION_MESSAGE: quoted("Attempt to de-reference a null object"),
    STACK_TRACE: `Class.QuotePricing.discount: line 87, column 1\nClass.QuotePricing.price: line ${draws.pick([31, 44])}, column 1`,
    EXCEPTION_CATEGORY: "CustomException",
    APEX_ENTITY_NAME: "QuotePricing",
  }),
  { isoTimestamp: true },
);

/** A host that answers nothing but 503. */
export const calloutOutage = eventType("ApexCallout", "incident", CALLOUT_HEADER, (draws) => ({
  RUN_TIME: "0",
  CPU_TIME: "0",
  REQUEST_STATUS: "",
  TYPE: "REST",
  METHOD: "POST",
  SUCCESS: "0",
  STATUS_CODE: "503",
  TIME: String(draws.between(8_000, 10_000)),
  REQUEST_SIZE: "900",
  RESPONSE_SIZE: "120",
  URL: quoted("https://erp.example.net/api/orders"),
}));

/** More requests than may run longer than 5 s at once. */
export const limitRefusals = eventType("ConcurrentLongRunningApexLimit", "incident", LIMIT_HEADER, () => ({
  NUMBER_REQUESTS: "25",
  REQUESTS_LIMIT: "10",
  REQUEST_URI: "/apex/PortalHome",
}));

import { to15 } from "../salesforce_id.ts";
import { REST_COLUMNS } from "./apex_types.ts";
import type { Draws } from "./draws.ts";
import { bit, type Cells, databaseNanos, type EventType, eventType, quoted } from "./event_type.ts";

const ENTITIES = ["Account", "Contact", "Opportunity", "Case", "Order", "User", "Invoice__c"];
const byIntegration = { byIntegration: true } as const;

export const REST_API_HEADER = `T U ${REST_COLUMNS} B E`;

const restApi = eventType(
  "RestApi",
  "api",
  REST_API_HEADER,
  (draws, { integration }) => {
    const status = draws.chance(0.03) ? draws.pick([400, 401, 403, 404, 500]) : draws.pickEarly([200, 200, 201, 204]);
    const entity = draws.pickEarly(ENTITIES);
    const query = draws.chance(0.5);
    const runTime = draws.skewed(8, 8_000);
    return {
      RUN_TIME: String(runTime),
      URI: `/services/data/v${draws.between(58, 68)}.0/${query ? "query" : `sobjects/${entity}`}`,
      REQUEST_STATUS: restStatus(status),
      DB_TOTAL_TIME: databaseNanos(draws, runTime),
      METHOD: query ? "GET" : draws.pick(["GET", "POST", "PATCH", "DELETE"]),
      MEDIA_TYPE: "application/json;charset=UTF-8",
      STATUS_CODE: String(status),
      USER_AGENT: "9999",
      ROWS_PROCESSED: query && status < 400 ? String(draws.skewed(0, 2_000)) : "",
      NUMBER_FIELDS: query ? String(draws.between(1, 30)) : "",
      DB_BLOCKS: String(draws.skewed(5, 20_000)),
      DB_CPU_TIME: String(draws.skewed(0, 900)),
      REQUEST_SIZE: String(query ? 0 : draws.skewed(50, 20_000)),
      RESPONSE_SIZE: String(draws.skewed(40, 900_000)),
      ENTITY_NAME: draws.chance(0.2) ? quoted(`${entity}, User`) : entity,
      CONNECTED_APP_ID: integration?.connectedAppId.slice(0, 15) ?? "",
      CLIENT_NAME: integration?.clientName ?? "",
      EXCEPTION_MESSAGE: status === 400 ? quoted("unexpected token: 'FORM'\nERROR at Row:1:Column:11") : "",
      QUERY: query ? quoted(`SELECT Id, Name FROM ${entity} WHERE LastModifiedDate > 2026-07-01T00:00:00Z`) : "",
    };
  },
  byIntegration,
);

/** How REQUEST_STATUS speaks of an HTTP status. */
function restStatus(status: number): string {
  if (status < 400) {
    return "S";
  }
  return status === 401 || status === 403 ? "A" : status === 404 ? "N" : "F";
}

const soapApi = eventType(
  "API",
  "api",
  "T U API_TYPE API_VERSION CLIENT_NAME METHOD_NAME ENTITY_NAME ROWS_PROCESSED REQUEST_SIZE RESPONSE_SIZE DB_BLOCKS DB_CPU_TIME " +
    "EXCEPTION_MESSAGE QUERY E",
  (draws, { integration }) => {
    const runTime = draws.skewed(10, 5_000);
    const failed = draws.chance(0.03);
    return {
      RUN_TIME: String(runTime),
      URI: "Api",
      REQUEST_STATUS: failed ? "F" : "S",
      DB_TOTAL_TIME: databaseNanos(draws, runTime),
      API_TYPE: draws.pick(["E", "P", "M", "T"]),
      API_VERSION: `${draws.between(45, 68)}.0`,
      CLIENT_NAME: integration?.clientName ?? "",
      METHOD_NAME: draws.pick(["query()", "queryMore()", "update()", "upsert()", "describeSObject()"]),
      ENTITY_NAME: draws.pickEarly(ENTITIES),
      ROWS_PROCESSED: String(draws.skewed(0, 200)),
      REQUEST_SIZE: String(draws.skewed(300, 90_000)),
      RESPONSE_SIZE: String(draws.skewed(300, 900_000)),
      DB_BLOCKS: String(draws.skewed(5, 9_000)),
      DB_CPU_TIME: String(draws.skewed(0, 400)),
      EXCEPTION_MESSAGE: failed ? quoted("INVALID_FIELD: No such column 'Region' on entity 'Account'") : "",
    };
  },
  byIntegration,
);

export const API_TOTAL_USAGE_HEADER =
  "EVENT_TYPE TIMESTAMP REQUEST_ID ORGANIZATION_ID USER_ID API_FAMILY API_VERSION API_RESOURCE CLIENT_NAME HTTP_METHOD CLIENT_IP " +
  "COUNTS_AGAINST_API_LIMIT CONNECTED_APP_ID ENTITY_NAME STATUS_CODE CONNECTED_APP_NAME USER_NAME API_CLIENT_CATEGORY B " +
  "TIMESTAMP_DERIVED USER_ID_DERIVED";

const apiTotalUsage = eventType(
  "ApiTotalUsage",
  "api",
  API_TOTAL_USAGE_HEADER,
  (draws, { integration, person }) => {
    const family = draws.pickEarly(["REST", "REST", "SOAP", "Bulk", "ApexREST"]);
    return {
      API_FAMILY: family,
      API_VERSION: `${draws.between(45, 68)}.0`,
      API_RESOURCE: family === "REST" ? "/v66.0/query" : "",
      CLIENT_NAME: integration?.clientName ?? "",
      HTTP_METHOD: family === "SOAP" ? "POST" : draws.pick(["GET", "POST", "PATCH"]),
      COUNTS_AGAINST_API_LIMIT: bit(!draws.chance(0.1)),
      CONNECTED_APP_ID: integration?.connectedAppId ?? "",
      ENTITY_NAME: draws.pickEarly(ENTITIES),
      STATUS_CODE: String(draws.chance(0.03) ? draws.pick([400, 403, 404, 500]) : 200),
      CONNECTED_APP_NAME: integration?.clientName ?? "",
      USER_NAME: person.username,
      API_CLIENT_CATEGORY: draws.pickEarly([
        "EXTERNAL_APPLICATION",
        "EXTERNAL_APPLICATION",
        "SALESFORCE",
        "LIGHTNING_UI",
        "UNKNOWN",
      ]),
    };
  },
  byIntegration,
);

export const BULK_API_HEADER =
  "T JOB_ID BATCH_ID ROWS_PROCESSED NUMBER_FAILURES SUCCESS MESSAGE ENTITY_TYPE OPERATION_TYPE E";

const bulkApi = eventType(
  "BulkApi",
  "api",
  BULK_API_HEADER,
  (draws) => {
    const failures = draws.chance(0.1) ? draws.between(1, 50) : 0;
    return {
      RUN_TIME: String(draws.skewed(200, 90_000)),
      ...bulkJob(draws),
      BATCH_ID: `751${draws.text(12)}`,
      ROWS_PROCESSED: String(draws.skewed(1, 10_000)),
      NUMBER_FAILURES: String(failures),
      SUCCESS: bit(failures === 0),
      MESSAGE: failures === 0 ? "" : quoted(`Failed rows: ${failures}, "Region__c" missing`),
      ENTITY_TYPE: draws.pickEarly(ENTITIES),
    };
  },
  byIntegration,
);

function bulkJob(draws: Draws): Cells {
  return {
    URI: "/services/async/68.0/job",
    JOB_ID: `750${draws.text(12)}`,
    OPERATION_TYPE: draws.pick(["insert", "update", "upsert", "query", "delete"]),
  };
}

export const BULK_API_REQUEST_HEADER =
  "T REQUEST_PATH API_VERSION JOB_ID BATCH_ID OPERATION_TYPE SUCCESS ERROR_MESSAGE CONNECTED_APP_ID CLIENT_NAME CONCURRENCY_MODE " +
  "STATUS_CODE E";

const bulkApiRequest = eventType(
  "BulkApiRequest",
  "api",
  BULK_API_REQUEST_HEADER,
  (draws, { integration }) => {
    const failed = draws.chance(0.05);
    return {
      ...bulkJob(draws),
      REQUEST_PATH: "/services/async/68.0/job",
      API_VERSION: "68.0",
      BATCH_ID: draws.chance(0.7) ? `751${draws.text(12)}` : "",
      SUCCESS: bit(!failed),
      ERROR_MESSAGE: failed ? "InvalidBatch : Records not processed" : "",
      CONNECTED_APP_ID: integration?.connectedAppId.slice(0, 15) ?? "",
      CLIENT_NAME: integration?.clientName ?? "",
      CONCURRENCY_MODE: draws.pick(["Parallel", "Serial"]),
      STATUS_CODE: failed ? "400" : "200",
    };
  },
  byIntegration,
);

export const BULK_API_2_HEADER =
  "T JOB_ID OPERATION_TYPE ENTITY_TYPE JOB_STATUS RECORDS_PROCESSED RECORDS_FAILED RESULT_SIZE_MB ERROR_MESSAGE E";

const bulkApi2 = eventType(
  "BulkApi2",
  "api",
  BULK_API_2_HEADER,
  (draws) => {
    const status = draws.pickEarly(["JobComplete", "InProgress", "UploadComplete", "Failed"]);
    return {
      ...bulkJob(draws),
      URI: "/services/data/v68.0/jobs/ingest",
      ENTITY_TYPE: draws.pickEarly(ENTITIES),
      JOB_STATUS: status,
      RECORDS_PROCESSED: String(draws.skewed(1, 90_000)),
      RECORDS_FAILED: String(draws.chance(0.1) ? draws.between(1, 500) : 0),
      ERROR_MESSAGE: status === "Failed" ? "InvalidBatch : Field name not found : Region" : "",
    };
  },
  byIntegration,
);

const compositeApi = eventType(
  "CompositeApi",
  "api",
  "T ALL_OR_NONE FAILURE_REASON IS_REQUEST_COLLATION_ON NUM_RETRIES NUM_GRAPH_DEPTH E",
  (draws) => ({
    RUN_TIME: String(draws.skewed(50, 9_000)),
    URI: draws.pick(["/services/data/v68.0/composite", "/services/data/v68.0/composite/graph"]),
    ALL_OR_NONE: bit(draws.chance(0.5)),
    FAILURE_REASON: draws.chance(0.05) ? "PROCESSING_HALTED" : "",
    IS_REQUEST_COLLATION_ON: bit(draws.chance(0.5)),
    NUM_RETRIES: String(draws.skewed(0, 3)),
    NUM_GRAPH_DEPTH: String(draws.skewed(0, 5)),
  }),
  byIntegration,
);

const compositeApiSubrequest = eventType(
  "CompositeApiSubrequest",
  "api",
  "T USER_TYPE REQUEST_STATUS DB_TOTAL_TIME METHOD IS_CANCELLED CANCELLED_REASON SUCCESS STATUS_CODE INITIAL_REFERENCE_IDS E",
  (draws) => {
    const cancelled = draws.chance(0.03);
    const runTime = draws.skewed(5, 2_000);
    return {
      RUN_TIME: String(runTime),
      URI: `/services/data/v68.0/sobjects/${draws.pickEarly(ENTITIES)}`,
      REQUEST_STATUS: cancelled ? "F" : "S",
      DB_TOTAL_TIME: databaseNanos(draws, runTime),
      METHOD: draws.pick(["GET", "POST", "PATCH"]),
      IS_CANCELLED: bit(cancelled),
      CANCELLED_REASON: cancelled ? "ALL_OR_NONE" : "",
      SUCCESS: bit(!cancelled),
      STATUS_CODE: cancelled ? "400" : draws.pick(["200", "201", "204"]),
      INITIAL_REFERENCE_IDS: draws.pick(["refAccount", "refContact", "refCase"]),
    };
  },
  { byIntegration: true, rowsPerRequest: 4 },
);

const metadataApiOperation = eventType(
  "MetadataApiOperation",
  "api",
  "T CLIENT_ID OPERATION API_VERSION E",
  (draws) => ({
    RUN_TIME: String(draws.skewed(200, 60_000)),
    URI: "/services/Soap/m/68.0",
    CLIENT_ID: draws.pick(["PlatformCLI", "SetupUI"]),
    OPERATION: draws.pick(["DEPLOY", "RETRIEVE", "LIST_METADATA"]),
    API_VERSION: "68.0",
  }),
);

export const API_TYPES: readonly EventType[] = [
  soapApi,
  restApi,
  apiTotalUsage,
  bulkApi,
  bulkApiRequest,
  bulkApi2,
  compositeApi,
  compositeApiSubrequest,
  metadataApiOperation,
];

/** A query by the REST API, of so many milliseconds. */
export function queryCells(draws: Draws, runTime: number, entity: string, soql: string): Cells {
  return {
    RUN_TIME: String(runTime),
    URI: "/services/data/v61.0/query",
    DB_TOTAL_TIME: databaseNanos(draws, runTime),
    METHOD: "GET",
    MEDIA_TYPE: "application/json;charset=UTF-8",
    STATUS_CODE: "200",
    USER_AGENT: "9999",
    ENTITY_NAME: entity,
    QUERY: quoted(soql),
  };
}

/** One administrator reads whole tables through a tool, page after page. */
export const apiExport = eventType("RestApi", "incident", REST_API_HEADER, (draws, _actor, { admins }) => {
  const thief = admins.at(-1);
  if (thief === undefined) {
    throw new Error("the world needs an administrator");
  }
  const runTime = draws.between(900, 4_000);
  const entity = draws.pick(["Account", "Contact", "Opportunity"]);
  return {
    USER_ID: to15(thief.id),
    USER_ID_DERIVED: thief.id,
    ...queryCells(draws, runTime, entity, `SELECT FIELDS(STANDARD) FROM ${entity}`),
    ROWS_PROCESSED: "2000",
    NUMBER_FIELDS: "120",
    DB_BLOCKS: String(draws.between(20_000, 60_000)),
    RESPONSE_SIZE: String(draws.between(4_000_000, 9_000_000)),
    CLIENT_NAME: "dataexporter/3.1",
    CLIENT_IP: thief.home.ip,
  };
});

/** Incidents of connected applications: one that was never seen reads everything, one calls versions that Salesforce removes. */
import { to15 } from "../salesforce_id.ts";
import { API_TOTAL_USAGE_HEADER, BULK_API_2_HEADER, BULK_API_HEADER, BULK_API_REQUEST_HEADER } from "./api_types.ts";
import { type Cells, type EventType, eventType } from "./event_type.ts";
import { FOREIGN_PLACE, type Person, type World } from "./world.ts";

const APP = "My Ticket Portal";
const JOB = "750Hs00000theft";
const OLD_JOB = "750Hs00000batch";

/** The user who approved the application, and from where it calls. */
function victim({ people }: World): Cells {
  return actingAs(people.at(-1), FOREIGN_PLACE.ip);
}

function actingAs(person: Person | undefined, ip: string): Cells {
  if (person === undefined) {
    throw new Error("the world needs people and integrations");
  }
  return { USER_ID: to15(person.id), USER_ID_DERIVED: person.id, CLIENT_IP: ip };
}

/** Calls of an application that nobody has seen before. */
export const thiefsCalls = eventType("ApiTotalUsage", "incident", API_TOTAL_USAGE_HEADER, (draws, _actor, world) => ({
  ...victim(world),
  USER_NAME: world.people.at(-1)?.username ?? "",
  API_FAMILY: "Bulk",
  API_VERSION: "64.0",
  API_RESOURCE: "/v64.0/jobs/query",
  CLIENT_NAME: APP,
  HTTP_METHOD: "GET",
  COUNTS_AGAINST_API_LIMIT: "1",
  CONNECTED_APP_ID: "0H4Hs00000theft",
  CONNECTED_APP_NAME: APP,
  ENTITY_NAME: draws.pick(["Account", "Contact", "Case"]),
  STATUS_CODE: "200",
  API_CLIENT_CATEGORY: "EXTERNAL_APPLICATION",
}));

/** One job of Bulk API 2.0 in one of its states. */
export function thiefsJob(status: string, records: number): EventType {
  return eventType("BulkApi2", "incident", BULK_API_2_HEADER, (_draws, _actor, world) => ({
    ...victim(world),
    URI: "/services/data/v64.0/jobs/query",
    JOB_ID: JOB,
    OPERATION_TYPE: "query",
    ENTITY_TYPE: "Contact",
    JOB_STATUS: status,
    RECORDS_PROCESSED: String(records),
    RECORDS_FAILED: "0",
  }));
}

/** A job of the older Bulk API, told by its batches. */
export const thiefsBatches = eventType("BulkApi", "incident", BULK_API_HEADER, (draws, _actor, world) => ({
  ...victim(world),
  RUN_TIME: String(draws.between(900, 4_000)),
  URI: "/services/async/64.0/job",
  JOB_ID: OLD_JOB,
  BATCH_ID: `751${draws.text(12)}`,
  OPERATION_TYPE: "query",
  ENTITY_TYPE: "Case",
  ROWS_PROCESSED: "10000",
  NUMBER_FAILURES: "0",
  SUCCESS: "1",
}));

/** The request behind the batches, which names the application. */
export const thiefsRequest = eventType(
  "BulkApiRequest",
  "incident",
  BULK_API_REQUEST_HEADER,
  (_draws, _actor, world) => ({
    ...victim(world),
    URI: "/services/async/64.0/job",
    REQUEST_PATH: "/services/async/64.0/job",
    API_VERSION: "64.0",
    JOB_ID: OLD_JOB,
    OPERATION_TYPE: "query",
    SUCCESS: "1",
    CONNECTED_APP_ID: "0H4Hs00000theft",
    CLIENT_NAME: APP,
    CONCURRENCY_MODE: "Parallel",
    STATUS_CODE: "200",
  }),
);

/** An integration that nobody updated. */
export function oldClient(version: string, status: string): EventType {
  return eventType("ApiTotalUsage", "incident", API_TOTAL_USAGE_HEADER, (draws, _actor, { integrations }) => {
    const old = integrations.at(-1);
    return {
      ...actingAs(old, old?.home.ip ?? ""),
      USER_NAME: old?.username ?? "",
      API_FAMILY: "SOAP",
      API_VERSION: version,
      CLIENT_NAME: old?.clientName ?? "",
      HTTP_METHOD: "POST",
      COUNTS_AGAINST_API_LIMIT: "1",
      CONNECTED_APP_ID: old?.connectedAppId ?? "",
      CONNECTED_APP_NAME: old?.clientName ?? "",
      ENTITY_NAME: draws.pick(["Order", "Invoice__c"]),
      STATUS_CODE: status,
      API_CLIENT_CATEGORY: "EXTERNAL_APPLICATION",
    };
  });
}

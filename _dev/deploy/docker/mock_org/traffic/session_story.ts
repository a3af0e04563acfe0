/** The story of one stolen session, told by its keys: a login from abroad, a look around, an export, and a logout. */
import { to15 } from "../salesforce_id.ts";
import { BULK_API_2_HEADER, queryCells, REST_API_HEADER } from "./api_types.ts";
import { type Cells, databaseNanos, type EventType, eventType } from "./event_type.ts";
import { LOGIN_CELLS, LOGIN_HEADER, LOGOUT_HEADER } from "./login_types.ts";
import { FOREIGN_PLACE, type Person, type World } from "./world.ts";

function victim({ people }: World): Person {
  const [person] = people;
  if (person === undefined) {
    throw new Error("the world needs people");
  }
  return person;
}

/** The last characters tell the day, as in all keys. */
function stolen(world: World): Cells {
  const { id } = victim(world);
  return {
    USER_ID: to15(id),
    USER_ID_DERIVED: id,
    SESSION_KEY: "StolenSession0000000",
    LOGIN_KEY: "StolenLogin000000000",
    CLIENT_IP: FOREIGN_PLACE.ip,
  };
}

export const storyLogin = eventType("Login", "incident", LOGIN_HEADER, (draws, _actor, world) => ({
  ...LOGIN_CELLS,
  ...stolen(world),
  RUN_TIME: "140",
  DB_TOTAL_TIME: databaseNanos(draws, 140),
  URI: "/index.jsp",
  LOGIN_TYPE: "A",
  BROWSER_TYPE: "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36",
  API_VERSION: "9998.0",
  USER_NAME: victim(world).username,
  USE_API_TOKEN: "P",
  COUNTRY_CODE: FOREIGN_PLACE.countryIso,
  LOGIN_STATUS: "LOGIN_NO_ERROR",
  SOURCE_IP: FOREIGN_PLACE.ip,
}));

/** It asks which objects there are, and how much they hold. */
export const storyQueries = eventType("RestApi", "incident", REST_API_HEADER, (draws, _actor, world) => {
  const entity = draws.pick(["Account", "Contact", "Case", "Opportunity"]);
  return {
    ...stolen(world),
    ...queryCells(draws, draws.between(60, 900), entity, `SELECT COUNT() FROM ${entity}`),
    ROWS_PROCESSED: "1",
    NUMBER_FIELDS: "1",
    DB_BLOCKS: String(draws.between(900, 60_000)),
    RESPONSE_SIZE: "118",
    CLIENT_NAME: "python-requests/2.32.3",
  };
});

export function storyExport(status: string, records: number): EventType {
  return eventType("BulkApi2", "incident", BULK_API_2_HEADER, (_draws, _actor, world) => ({
    ...stolen(world),
    URI: "/services/data/v61.0/jobs/query",
    JOB_ID: "750Hs00000story",
    OPERATION_TYPE: "query",
    ENTITY_TYPE: "Contact",
    JOB_STATUS: status,
    RECORDS_PROCESSED: String(records),
    RECORDS_FAILED: "0",
  }));
}

export const storyLogout = eventType("Logout", "incident", LOGOUT_HEADER, (_draws, _actor, world) => ({
  ...stolen(world),
  USER_TYPE: "S",
  SESSION_TYPE: "U",
  SESSION_LEVEL: "1",
  BROWSER_TYPE: "13141",
  PLATFORM_TYPE: "4000",
  RESOLUTION_TYPE: "1920",
  APP_TYPE: "1007",
  CLIENT_VERSION: "9998",
  API_VERSION: "9998.0",
  USER_INITIATED_LOGOUT: "1",
}));

import { to15 } from "../salesforce_id.ts";
import type { Draws } from "./draws.ts";
import { type Cells, databaseNanos, type EventType, eventType, quoted } from "./event_type.ts";
import type { Person, World } from "./world.ts";

const WHO = "EVENT_TYPE TIMESTAMP REQUEST_ID ORGANIZATION_ID USER_ID";
const WHEN = "TIMESTAMP_DERIVED USER_ID_DERIVED";
const ENTITIES = ["Account", "Contact", "Opportunity", "Case", "Order"];
const EXPORTS = ["ReportExported", "ReportExportedAsynchronously", "ReportExportedUsingExcelConnector"];

function recordId(draws: Draws, prefix: string): string {
  return `${prefix}30000${String(draws.between(1, 900)).padStart(7, "0")}`;
}

const reportExport = eventType("ReportExport", "data", "T CLIENT_INFO REPORT_DESCRIPTION E", (draws, { person }) => {
  const report = recordId(draws, "00O");
  return {
    RUN_TIME: String(draws.skewed(200, 30_000)),
    URI: `/${report}`,
    CLIENT_INFO: person.browser,
    REPORT_DESCRIPTION: draws.pick(["", quoted("Accounts by region"), quoted('Open opportunities, "gold" first')]),
  };
});

const REPORT_HEADER =
  "T U ENTITY_NAME DISPLAY_TYPE RENDERING_TYPE REPORT_ID ROW_COUNT NUMBER_EXCEPTION_FILTERS NUMBER_COLUMNS AVERAGE_ROW_SIZE SORT " +
  "DB_BLOCKS DB_CPU_TIME NUMBER_BUCKETS E REPORT_ID_DERIVED ORIGIN";

const report = eventType("Report", "data", REPORT_HEADER, (draws) => {
  const exported = draws.chance(0.15);
  const failed = draws.chance(0.02);
  return {
    ...reportCells(
      draws,
      exported ? draws.pick(EXPORTS) : draws.pickEarly(["ReportRunFromLightning", "ReportRunFromClassic"]),
    ),
    REQUEST_STATUS: failed ? "A" : "S",
    ROW_COUNT: String(failed ? 0 : draws.skewed(1, 2_000)),
  };
});

function reportCells(draws: Draws, origin: string): Cells {
  const id = recordId(draws, "00O");
  const runTime = draws.skewed(80, 20_000);
  return {
    RUN_TIME: String(runTime),
    URI: `/${id}`,
    DB_TOTAL_TIME: databaseNanos(draws, runTime),
    ENTITY_NAME: draws.pickEarly(ENTITIES),
    DISPLAY_TYPE: draws.pick(["D", "S", "H"]),
    RENDERING_TYPE: origin.startsWith("ReportExported") ? draws.pick(["", "X", "C"]) : "W",
    REPORT_ID: id,
    NUMBER_EXCEPTION_FILTERS: "0",
    NUMBER_COLUMNS: String(draws.between(3, 30)),
    AVERAGE_ROW_SIZE: String(draws.between(80, 900)),
    DB_BLOCKS: String(draws.skewed(5, 9_000)),
    DB_CPU_TIME: String(draws.skewed(0, 900)),
    NUMBER_BUCKETS: "0",
    ORIGIN: origin,
  };
}

const contentTransfer = eventType(
  "ContentTransfer",
  "data",
  `${WHO} TRANSACTION_TYPE DOCUMENT_ID VERSION_ID FILE_TYPE FILE_PREVIEW_TYPE SIZE_BYTES ${WHEN} DOCUMENT_ID_DERIVED VERSION_ID_DERIVED`,
  (draws) => {
    const type = draws.pickEarly([
      "VersionRenditionDownload",
      "VersionDownloadAction",
      "VersionDownloadApi",
      "saveVersion",
    ]);
    return {
      TRANSACTION_TYPE: type,
      DOCUMENT_ID: recordId(draws, "069"),
      VERSION_ID: recordId(draws, "068"),
      FILE_TYPE: draws.pick(["PDF", "EXCEL_X", "WORD_X", "PNG"]),
      FILE_PREVIEW_TYPE: type === "VersionRenditionDownload" ? "SVG" : "",
      SIZE_BYTES: String(draws.skewed(2_000, 40_000_000)),
    };
  },
);

const contentDistribution = eventType(
  "ContentDistribution",
  "data",
  `${WHO} ACTION DELIVERY_ID DELIVERY_LOCATION RELATED_ENTITY_ID VERSION_ID ${WHEN}`,
  (draws) => ({
    ACTION: draws.pickEarly(["VIEW", "INSERT", "UPDATE"]),
    DELIVERY_ID: recordId(draws, "05D"),
    DELIVERY_LOCATION: draws.pick(["Library", "ChatterFile"]),
    RELATED_ENTITY_ID: recordId(draws, "001"),
    VERSION_ID: recordId(draws, "068"),
  }),
);

const documentAttachmentDownloads = eventType(
  "DocumentAttachmentDownloads",
  "data",
  `${WHO} ENTITY_ID FILE_TYPE ${WHEN}`,
  (draws) => ({
    ENTITY_ID: recordId(draws, "00P"),
    FILE_TYPE: draws.pick(["application/pdf", "image/png", "text/csv"]),
  }),
);

const search = eventType(
  "Search",
  "data",
  `${WHO} QUERY_ID SEARCH_QUERY NUM_RESULTS PREFIXES_SEARCHED ${WHEN}`,
  (draws) => ({
    QUERY_ID: `-${draws.text(12)}`,
    SEARCH_QUERY: draws.pick(["acme", "berg", quoted("order 4711"), "invoice 2026"]),
    NUM_RESULTS: draws.pick(["0", "25", "1000"]),
    PREFIXES_SEARCHED: "001 003 006",
  }),
);

const searchClick = eventType("SearchClick", "data", `${WHO} QUERY_ID CLICKED_RECORD_ID RANK ${WHEN}`, (draws) => ({
  QUERY_ID: `-${draws.text(12)}`,
  CLICKED_RECORD_ID: recordId(draws, "001"),
  RANK: String(draws.skewed(1, 25)),
}));

const uri = eventType("URI", "data", "T U DB_BLOCKS DB_CPU_TIME REFERRER_URI E", (draws) => {
  const runTime = draws.skewed(20, 9_000);
  return {
    RUN_TIME: String(runTime),
    URI: `/${recordId(draws, draws.pick(["001", "003", "006"]))}`,
    REQUEST_STATUS: draws.chance(0.03) ? draws.pick(["N", "A", "F"]) : "S",
    DB_TOTAL_TIME: databaseNanos(draws, runTime),
    DB_BLOCKS: String(draws.skewed(5, 9_000)),
    DB_CPU_TIME: String(draws.skewed(0, 400)),
    REFERRER_URI: draws.pick(["", "/home/home.jsp"]),
  };
});

const lightningPageView = eventType(
  "LightningPageView",
  "data",
  `${WHO} SESSION_KEY LOGIN_KEY USER_TYPE APP_NAME DEVICE_PLATFORM OS_NAME USER_AGENT BROWSER_NAME PAGE_START_TIME DURATION ` +
    `EFFECTIVE_PAGE_TIME PAGE_ENTITY_ID PAGE_ENTITY_TYPE PAGE_CONTEXT PAGE_URL PAGE_APP_NAME PREVPAGE_URL ${WHEN} CLIENT_IP`,
  (draws, { person }) => {
    const entity = draws.pickEarly(ENTITIES);
    const id = recordId(draws, "001");
    const loaded = draws.skewed(200, 12_000);
    return {
      USER_TYPE: "S",
      APP_NAME: "one:one",
      DEVICE_PLATFORM: "SFX:BROWSER:DESKTOP",
      OS_NAME: "WINDOWS",
      USER_AGENT: person.browser,
      BROWSER_NAME: "CHROME",
      PAGE_START_TIME: "1784280160000",
      DURATION: String(loaded),
      EFFECTIVE_PAGE_TIME: `${loaded}.0`,
      PAGE_ENTITY_ID: id,
      PAGE_ENTITY_TYPE: entity,
      PAGE_CONTEXT: "one:recordHomeFlexipage2Wrapper",
      PAGE_URL: `/lightning/r/${entity}/${id}/view`,
      PAGE_APP_NAME: "LightningSales",
      PREVPAGE_URL: `/lightning/o/${entity}/list`,
    };
  },
);

const auraRequest = eventType(
  "AuraRequest",
  "data",
  "T U USER_AGENT REQUEST_METHOD ACTION_MESSAGE EASY_SUITE_VALUE E",
  (draws) => {
    const runTime = draws.skewed(20, 4_000);
    return {
      RUN_TIME: String(runTime),
      URI: "/aura",
      REQUEST_STATUS: draws.chance(0.03) ? draws.pick(["A", "F"]) : "S",
      DB_TOTAL_TIME: databaseNanos(draws, runTime),
      USER_AGENT: "9999",
      REQUEST_METHOD: "POST",
      ACTION_MESSAGE: `aura://ApexActionController/ACTION$execute=${runTime}`,
    };
  },
);

export const DATA_ACCESS_TYPES: readonly EventType[] = [
  reportExport,
  report,
  contentTransfer,
  contentDistribution,
  documentAttachmentDownloads,
  search,
  searchClick,
  uri,
  lightningPageView,
  auraRequest,
];

/** One person exports report after report with all of its rows. */
export const massExport = largeExport((world) => world.people.at(-1), 30_000, 90_000);

/** An integration, which never does, exports reports. */
export const firstExport = largeExport((world) => world.integrations.at(-1), 8_000, 20_000);

function largeExport(by: (world: World) => Person | undefined, least: number, most: number): EventType {
  return eventType("Report", "incident", REPORT_HEADER, (draws, _actor, world) => {
    const actor = by(world);
    if (actor === undefined) {
      throw new Error("the world needs people and integrations");
    }
    return {
      USER_ID: to15(actor.id),
      USER_ID_DERIVED: actor.id,
      CLIENT_IP: actor.home.ip,
      ...reportCells(draws, "ReportExported"),
      RENDERING_TYPE: "X",
      ROW_COUNT: String(draws.between(least, most)),
    };
  });
}

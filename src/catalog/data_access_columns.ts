import type { CodeTable, Column, Columns } from "./column.ts";
import { REST_COLUMNS } from "./rest_columns.ts";

/** DISPLAY_TYPE of a report (Object Reference, "Report Event Type"). */
const DISPLAY_TYPES: CodeTable = { D: "Dashboard", S: "Show details", H: "Hide details" };

/** RENDERING_TYPE of a report (Object Reference, "Report Event Type"). */
const RENDERING_TYPES: CodeTable = {
  W: "Web",
  E: "Email",
  P: "Printable",
  X: "Excel",
  C: "CSV",
  J: "JSON",
  D: "Dummy data",
};

/** An id that Salesforce gives with 15 characters and, in another column, with 18: both fill one field. */
function ids(name: string, field: string, description: string): Columns {
  const column: Column = { field, kind: "id", description };
  return { [`${name}_DERIVED`]: column, [name]: { ...column, fallback: true } };
}

const keyword = (field: string, description: string): Column => ({ field, kind: "keyword", description });

/** Columns that only the types of data access have. Source: Object Reference, the page of each type. */
export const DATA_ACCESS_COLUMNS: Columns = {
  DB_BLOCKS: REST_COLUMNS.DB_BLOCKS as Column,
  DB_CPU_TIME: REST_COLUMNS.DB_CPU_TIME as Column,
  // ReportExport, Report
  CLIENT_INFO: { field: "client_info", kind: "long_keyword", description: "What is known of the client." },
  REPORT_DESCRIPTION: { field: "report_description", kind: "text", description: "Description of the report." },
  ...ids("REPORT_ID", "report_id", "Id of the report, 18 characters."),
  ENTITY_NAME: { field: "entity_name", kind: "set", description: "Names of the sObjects that were read." },
  DISPLAY_TYPE: { ...keyword("display_type", "How the report was run."), codes: DISPLAY_TYPES },
  RENDERING_TYPE: {
    ...keyword("rendering_type", "Format that the report came out in; blank for an export from Lightning Experience."),
    codes: RENDERING_TYPES,
  },
  ROW_COUNT: { field: "rows_processed", kind: "long", description: "Rows that were read." },
  NUMBER_COLUMNS: { field: "columns_count", kind: "long", description: "Columns of the report or list." },
  NUMBER_EXCEPTION_FILTERS: {
    field: "exception_filters_count",
    kind: "long",
    description: "Exception filters of the report.",
  },
  NUMBER_BUCKETS: { field: "buckets_count", kind: "long", description: "Buckets of the report." },
  AVERAGE_ROW_SIZE: {
    field: "average_row_size",
    kind: "double",
    unit: "byte",
    description: "Average size of the report's rows.",
  },
  SORT: keyword("sort", "Column and order that the report was sorted by."),
  ORIGIN: keyword("origin", "Where the report was run from: ReportExported, ReportRunFromLightning and others."),
  // ContentTransfer, ContentDistribution, DocumentAttachmentDownloads
  TRANSACTION_TYPE: keyword(
    "transaction_type",
    "What was done with the file: VersionDownloadAction, VersionDownloadApi, VersionRenditionDownload (preview) or saveVersion (upload).",
  ),
  ...ids("DOCUMENT_ID", "document_id", "Id of the file's document, 18 characters."),
  ...ids("VERSION_ID", "version_id", "Id of the file's version, 18 characters."),
  FILE_TYPE: keyword("file_type", "Content type of the file, as Salesforce names it."),
  FILE_PREVIEW_TYPE: keyword("file_preview_type", "Content type of the file's preview."),
  SIZE_BYTES: { field: "file_size", ecs: "file.size", kind: "bytes", description: "Size of the file." },
  ACTION: keyword("action", "What was done with the public link: VIEW, INSERT or UPDATE."),
  DELIVERY_ID: { field: "delivery_id", kind: "id", description: "Id of the public link, 18 characters." },
  DELIVERY_LOCATION: keyword("delivery_location", "Where the public link was made or used."),
  RELATED_ENTITY_ID: {
    field: "related_entity_id",
    kind: "id",
    description: "Id of the record that the public link belongs to, 18 characters.",
  },
  ENTITY_ID: {
    field: "entity_id",
    kind: "id",
    description: "Id of the record that the document or attachment belongs to, 18 characters.",
  },
  // Search, SearchClick
  QUERY_ID: keyword("query_id", "Id of the search, which its clicks have as well."),
  SEARCH_QUERY: {
    field: "search_query",
    kind: "text",
    description: "The first 100 characters of what was searched for.",
  },
  NUM_RESULTS: { field: "results_count", kind: "long", description: "Results of the search." },
  PREFIXES_SEARCHED: {
    field: "prefixes_searched",
    kind: "set",
    description: "Prefixes of the ids of the sObjects that were searched.",
  },
  CLICKED_RECORD_ID: {
    field: "record_id",
    kind: "id",
    description: "Id of the record that was opened, 18 characters.",
  },
  RANK: { field: "rank", kind: "long", description: "Place of the clicked result." },
  // URI
  REFERRER_URI: {
    field: "referrer_uri",
    ecs: "http.request.referrer",
    kind: "url",
    description: "URI of the page that led to the request.",
  },
  // LightningPageView
  APP_NAME: keyword("app_name", "Application that was used."),
  CLIENT_ID: keyword("client_id", "Id of the API client."),
  DEVICE_PLATFORM: keyword("device.platform", "Kind of application and device, such as SFX:BROWSER:DESKTOP."),
  DEVICE_MODEL: keyword("device.model", "Model of the device."),
  DEVICE_ID: keyword("device.id", "Id of the device, as the mobile app made it."),
  DEVICE_SESSION_ID: keyword("device.session_id", "Id of the session since the page was loaded."),
  OS_NAME: keyword("os.name", "Operating system of the client."),
  OS_VERSION: keyword("os.version", "Version of the operating system."),
  BROWSER_NAME: keyword("browser.name", "Browser of the client."),
  BROWSER_VERSION: keyword("browser.version", "Version of the browser."),
  USER_AGENT: {
    field: "user_agent",
    ecs: "user_agent.original",
    kind: "long_keyword",
    description: "How the browser or client names itself: its User-Agent header.",
  },
  SDK_APP_TYPE: keyword("sdk.app_type", "Kind of the mobile application."),
  SDK_APP_VERSION: keyword("sdk.app_version", "Version of the mobile application."),
  SDK_VERSION: keyword("sdk.version", "Version of the mobile SDK."),
  CLIENT_GEO: keyword("client_geo", "Country and region of the client, as Salesforce looks them up."),
  CONNECTION_TYPE: keyword("connection_type", "Kind of the device's connection."),
  UI_EVENT_ID: keyword("ui_event.id", "Kind of the event in Lightning."),
  UI_EVENT_SOURCE: keyword("ui_event.source", "Kind of the page in a mobile application."),
  UI_EVENT_TIMESTAMP: {
    field: "ui_event.timestamp",
    kind: "long",
    description: "When it happened, in milliseconds since 1970.",
  },
  UI_EVENT_SEQUENCE_NUM: {
    field: "ui_event.sequence",
    kind: "long",
    description: "Number of the event in its session.",
  },
  PAGE_START_TIME: {
    field: "page.start_time",
    kind: "long",
    description: "When the page began to load, in milliseconds since 1970.",
  },
  DURATION: { field: "duration", kind: "milliseconds", description: "Time until the page was loaded or left." },
  EFFECTIVE_PAGE_TIME: {
    field: "page.effective_time",
    kind: "double",
    unit: "ms",
    description: "Time until the page could be used.",
  },
  EFFECTIVE_PAGE_TIME_DEVIATION: {
    field: "page.deviates",
    kind: "boolean",
    description: "Whether loading deviated from what is usual.",
  },
  EFFECTIVE_PAGE_TIME_DEVIATION_REASON: keyword("page.deviation_reason", "Why loading deviated."),
  EFFECTIVE_PAGE_TIME_DEVIATION_ERROR_TYPE: keyword(
    "page.deviation_error_type",
    "Whose error it was: CUSTOM or SYSTEM.",
  ),
  PAGE_ENTITY_ID: { field: "page.entity_id", kind: "id", description: "Id of the page's record, 18 characters." },
  PAGE_ENTITY_TYPE: keyword("page.entity_type", "The sObject that the page is about."),
  PAGE_CONTEXT: keyword("page.context", "Component with the page's content."),
  PAGE_URL: {
    field: "page.url",
    ecs: "url.original",
    kind: "url",
    description: "Address of the page, relative.",
  },
  PAGE_APP_NAME: keyword("page.app_name", "Application that the page belongs to."),
  PAGE_FLEXI_PAGE_NAME_OR_ID: keyword("page.flexi_page", "Name or id of the Lightning page."),
  PAGE_FLEXI_PAGE_TYPE: keyword("page.flexi_page_type", "Kind of the Lightning page."),
  PREVPAGE_ENTITY_ID: {
    field: "previous_page.entity_id",
    kind: "id",
    description: "Id of the record of the page before, 18 characters.",
  },
  PREVPAGE_ENTITY_TYPE: keyword("previous_page.entity_type", "The sObject that the page before was about."),
  PREVPAGE_CONTEXT: keyword("previous_page.context", "Component with the content of the page before."),
  PREVPAGE_URL: {
    field: "previous_page.url",
    ecs: "http.request.referrer",
    kind: "url",
    description: "Address of the page before, relative.",
  },
  PREVPAGE_APP_NAME: keyword("previous_page.app_name", "Application that the page before belonged to."),
  TARGET_UI_ELEMENT: keyword("ui_element.target", "Element of the page where it happened."),
  PARENT_UI_ELEMENT: keyword("ui_element.parent", "Element around it."),
  GRANDPARENT_UI_ELEMENT: keyword("ui_element.grandparent", "Element around the element around it."),
};

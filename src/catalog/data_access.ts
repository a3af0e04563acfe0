import { type Columns, type Home, type LogFileType, logFileTypesOf, objectReference } from "./column.ts";
import { DATA_ACCESS_COLUMNS } from "./data_access_columns.ts";
import { ENDING, REQUEST, requestColumns, TRANSACTION, USUAL_FIELDS, WHEN, WHO } from "./request_columns.ts";

const STREAM = "data_access";

export const DATA_ACCESS_HOME: Home = {
  name: "data_access",
  stream: STREAM,
  description: "Who took data out, and who looked at it: reports, files, list views, searches and pages.",
  fieldAliases: {},
  columns: {
    ...requestColumns(USUAL_FIELDS),
    ...DATA_ACCESS_COLUMNS,
  },
};

const AURA_COLUMNS: Columns = {
  USER_AGENT: {
    field: "user_agent_code",
    kind: "keyword",
    description: "Numeric code of the kind of client: browser, application or API.",
  },
  REQUEST_METHOD: {
    field: "method",
    ecs: "http.request.method",
    kind: "keyword",
    description: "HTTP method of the request.",
  },
  ACTION_MESSAGE: {
    field: "action_message",
    kind: "text",
    description: "The Apex methods of the request, each with its time: name1=time1;name2=time2.",
  },
  EASY_SUITE_VALUE: {
    field: "easy_suite_value",
    kind: "keyword",
    description: "Small business suite of the org: Freemium, Starter, Pro or C360SuiteEE.",
  },
};

/** Names as in Elastic's own `salesforce` package. */
const AURA_HOME: Home = {
  name: "aura_request",
  stream: STREAM,
  description: "Requests of Lightning pages to Apex methods.",
  fieldAliases: {},
  columns: {
    ...requestColumns({ ...USUAL_FIELDS, requestId: "id", uriId: "uri_id" }),
    ...AURA_COLUMNS,
  },
};

const accessType = logFileTypesOf(DATA_ACCESS_HOME);

/** What may take data out, then what was looked at: many rows, so only where a policy names it. */
export const DATA_ACCESS_TYPES: readonly LogFileType[] = [
  accessType({
    name: "ReportExport",
    tells: "Each report that was exported with its details alone; other forms of export are in Report.",
    columns: [...TRANSACTION, "CLIENT_INFO", "REPORT_DESCRIPTION", ...ENDING],
  }),
  accessType({
    name: "Report",
    tells:
      "Each run of a report, exports of every form among them: report, rows, their size, and where it was run from.",
    columns: [
      ...TRANSACTION,
      ...REQUEST,
      "ENTITY_NAME",
      "DISPLAY_TYPE",
      "RENDERING_TYPE",
      "REPORT_ID",
      "ROW_COUNT",
      "NUMBER_EXCEPTION_FILTERS",
      "NUMBER_COLUMNS",
      "AVERAGE_ROW_SIZE",
      "SORT",
      "DB_BLOCKS",
      "DB_CPU_TIME",
      "NUMBER_BUCKETS",
      ...ENDING,
      "REPORT_ID_DERIVED",
      "ORIGIN",
    ],
  }),
  accessType({
    name: "ContentTransfer",
    tells: "Each download, preview and upload of a file: document, version, type and size.",
    columns: [
      ...WHO,
      "TRANSACTION_TYPE",
      "DOCUMENT_ID",
      "VERSION_ID",
      "FILE_TYPE",
      "FILE_PREVIEW_TYPE",
      "SIZE_BYTES",
      ...WHEN,
      "DOCUMENT_ID_DERIVED",
      "VERSION_ID_DERIVED",
    ],
  }),
  accessType({
    name: "ContentDistribution",
    tells: "Each public link to a file that was made, changed or opened.",
    columns: [
      ...WHO,
      "ACTION",
      "DELIVERY_ID",
      "DELIVERY_LOCATION",
      "RELATED_ENTITY_ID",
      "VERSION_ID",
      ...WHEN,
      "VERSION_ID_DERIVED",
    ],
  }),
  accessType({
    name: "DocumentAttachmentDownloads",
    page: objectReference("eventlogfile_documentattach"),
    tells: "Each download of a document or an attachment, with its record.",
    columns: [...WHO, "ENTITY_ID", "FILE_TYPE", ...WHEN],
  }),
  accessType({
    name: "Search",
    onlyByName: true,
    tells: "Each search: its words, the sObjects and the number of results.",
    columns: [...WHO, "QUERY_ID", "SEARCH_QUERY", "NUM_RESULTS", "PREFIXES_SEARCHED", ...WHEN],
  }),
  accessType({
    name: "SearchClick",
    onlyByName: true,
    tells: "Each result of a search that was opened.",
    columns: [...WHO, "QUERY_ID", "CLICKED_RECORD_ID", "RANK", ...WHEN],
  }),
  accessType({
    name: "URI",
    onlyByName: true,
    tells: "Each page that was opened in Salesforce Classic, and what led to it.",
    columns: [...TRANSACTION, ...REQUEST, "DB_BLOCKS", "DB_CPU_TIME", "REFERRER_URI", ...ENDING],
  }),
  accessType({
    name: "LightningPageView",
    onlyByName: true,
    tells:
      "Each page that was opened in Lightning Experience or the mobile app: record, application, device and times.",
    columns: [
      ...WHO,
      "CLIENT_ID",
      "SESSION_KEY",
      "LOGIN_KEY",
      "USER_TYPE",
      "APP_NAME",
      "DEVICE_PLATFORM",
      "SDK_APP_VERSION",
      "OS_NAME",
      "OS_VERSION",
      "USER_AGENT",
      "BROWSER_NAME",
      "BROWSER_VERSION",
      "SDK_VERSION",
      "DEVICE_MODEL",
      "DEVICE_ID",
      "SDK_APP_TYPE",
      "CLIENT_GEO",
      "CONNECTION_TYPE",
      "UI_EVENT_ID",
      "UI_EVENT_SOURCE",
      "UI_EVENT_TIMESTAMP",
      "PAGE_START_TIME",
      "DURATION",
      "EFFECTIVE_PAGE_TIME_DEVIATION",
      "EFFECTIVE_PAGE_TIME_DEVIATION_REASON",
      "EFFECTIVE_PAGE_TIME_DEVIATION_ERROR_TYPE",
      "EFFECTIVE_PAGE_TIME",
      "DEVICE_SESSION_ID",
      "UI_EVENT_SEQUENCE_NUM",
      "PAGE_ENTITY_ID",
      "PAGE_ENTITY_TYPE",
      "PAGE_CONTEXT",
      "PAGE_URL",
      "PAGE_APP_NAME",
      "PAGE_FLEXI_PAGE_NAME_OR_ID",
      "PAGE_FLEXI_PAGE_TYPE",
      "PREVPAGE_ENTITY_ID",
      "PREVPAGE_ENTITY_TYPE",
      "PREVPAGE_CONTEXT",
      "PREVPAGE_URL",
      "PREVPAGE_APP_NAME",
      "TARGET_UI_ELEMENT",
      "PARENT_UI_ELEMENT",
      "GRANDPARENT_UI_ELEMENT",
      ...WHEN,
      "CLIENT_IP",
    ],
  }),
  accessType({
    name: "AuraRequest",
    home: AURA_HOME,
    onlyByName: true,
    tells: "Each request of a Lightning page to Apex methods: which, for how long, from where, and how it ended.",
    columns: [
      ...TRANSACTION,
      ...REQUEST,
      "USER_AGENT",
      "REQUEST_METHOD",
      "ACTION_MESSAGE",
      "EASY_SUITE_VALUE",
      ...ENDING,
    ],
  }),
];

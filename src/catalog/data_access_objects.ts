import { type Column, type Columns, type ObjectType, platformEventsGuide } from "./column.ts";
import { DATA_ACCESS_HOME } from "./data_access.ts";
import {
  EVENT_IDENTIFIER,
  HISTORY_ID,
  POLICY,
  REAL_TIME,
  RELATED_EVENT_IDENTIFIER,
  SOURCE_IP,
  sameAs,
  sessionLevel,
  userName,
} from "./object_columns.ts";

const access = (name: string) => sameAs(DATA_ACCESS_HOME, name);
const keyword = (field: string, description: string): Column => ({ field, kind: "keyword", description });
const text = (field: string, description: string): Column => ({ field, kind: "text", description });

/** What every real-time object has. */
const COMMON: Columns = {
  EventIdentifier: EVENT_IDENTIFIER,
  LoginKey: access("LOGIN_KEY"),
  SessionKey: access("SESSION_KEY"),
  SourceIp: SOURCE_IP,
  UserId: access("USER_ID_DERIVED"),
};

const SESSION: Columns = {
  LoginHistoryId: HISTORY_ID,
  RelatedEventIdentifier: RELATED_EVENT_IDENTIFIER,
  SessionLevel: sessionLevel("session_level"),
};

const QUERIED_ENTITIES: Column = {
  field: "queried_entities",
  kind: "set",
  description: "Names of the sObjects that were queried.",
};
const RECORD_ID: Column = access("CLICKED_RECORD_ID");
const USER_TYPE: Column = access("USER_TYPE");
const OPERATION = keyword(
  "operation",
  "What was done: how a report was run, what was done with a record or with permissions.",
);
const EVENT_SOURCE = keyword("event_source", "Where it was done: API, Classic or Lightning.");

/** A large result comes in pieces, each an event. */
const PIECES: Columns = {
  ExecutionIdentifier: keyword("execution_identifier", "Id that the events of one run share."),
  Sequence: { field: "sequence", kind: "long", description: "Number of the event in its run; 0 if it was blocked." },
};

const SHOWN: Columns = {
  ColumnHeaders: text("column_headers", "Headers of the columns, as Salesforce lists them."),
  NumberOfColumns: access("NUMBER_COLUMNS"),
  OwnerId: { field: "owner_id", kind: "id", description: "Id of the owner of the report or list, 18 characters." },
  Records: text("records", "Ids of the records that were read, as JSON."),
  RowsProcessed: access("ROW_COUNT"),
  Scope: keyword("scope", "Whose records were asked for."),
};

function realTime(type: Pick<ObjectType, "name" | "tells" | "page" | "columns"> & Partial<ObjectType>): ObjectType {
  return {
    provider: "Object",
    stream: "data_access",
    home: DATA_ACCESS_HOME,
    free: false,
    ...REAL_TIME,
    ...type,
  };
}

export const DATA_ACCESS_OBJECTS: readonly ObjectType[] = [
  realTime({
    name: "ReportEvent",
    topic: { name: "ReportEventStream" },
    tells:
      "Each run and export of a report, a minute or two after it happened: report, rows, sObjects and policy outcome.",
    page: platformEventsGuide("reportevent"),
    columns: {
      ...COMMON,
      ...SESSION,
      ...POLICY,
      ...PIECES,
      ...SHOWN,
      Username: userName("user"),
      DashboardId: { field: "dashboard_id", kind: "id", description: "Id of the dashboard, 18 characters." },
      DashboardName: keyword("dashboard_name", "Title of the dashboard."),
      Description: access("REPORT_DESCRIPTION"),
      DisplayedFieldEntities: {
        field: "displayed_field_entities",
        kind: "set",
        description: "Names of the sObjects whose fields were shown.",
      },
      EventSource: EVENT_SOURCE,
      ExportFileFormat: keyword("export_file_format", "Format of the exported file; only exports have one."),
      Format: keyword("report_format", "Format of the report: Tabular, Summary, Matrix or MultiBlock."),
      GroupedColumnHeaders: text("grouped_column_headers", "Headers of the columns that the report is grouped by."),
      IsScheduled: { field: "is_scheduled", kind: "boolean", description: "Whether the run was scheduled." },
      Name: keyword("name", "Title of the report or list, or name of the record."),
      Operation: OPERATION,
      QueriedEntities: QUERIED_ENTITIES,
      ReportId: access("REPORT_ID_DERIVED"),
    },
  }),
  realTime({
    name: "ListViewEvent",
    topic: { name: "ListViewEventStream" },
    tells: "Each list view that was opened or printed, a minute or two after it happened: filter, rows and sObjects.",
    page: platformEventsGuide("listviewevent"),
    columns: {
      ...COMMON,
      ...SESSION,
      ...POLICY,
      ...PIECES,
      ...SHOWN,
      Username: userName("user"),
      AppName: access("APP_NAME"),
      DeveloperName: keyword("developer_name", "Name of the list in code."),
      EventSource: EVENT_SOURCE,
      FilterCriteria: text("filter_criteria", "Filter of the list, as JSON."),
      ListViewId: { field: "list_view_id", kind: "id", description: "Id of the list view, 18 characters." },
      Name: keyword("name", "Title of the report or list, or name of the record."),
      OrderBy: keyword("order_by", "Column and order that the list was sorted by."),
      QueriedEntities: QUERIED_ENTITIES,
    },
  }),
  realTime({
    name: "FileEventStore",
    topic: { name: "FileEvent" },
    tells:
      "Each download, preview and upload of a file, a minute or two after it happened: name, size and policy outcome.",
    page: platformEventsGuide("fileevent"),
    columns: {
      ...COMMON,
      ...POLICY,
      Username: userName("user"),
      CanDownloadPdf: {
        field: "can_download_pdf",
        kind: "boolean",
        description: "Whether the file can be downloaded as PDF.",
      },
      ContentSize: access("SIZE_BYTES"),
      DocumentId: access("DOCUMENT_ID_DERIVED"),
      FileAction: keyword("file_action", "What was done with the file: UI_DOWNLOAD, API_DOWNLOAD, PREVIEW or UPLOAD."),
      FileName: { field: "file_name", ecs: "file.name", kind: "long_keyword", description: "Name of the file." },
      FileSource: keyword("file_source", "Where the file is kept: S for Salesforce, E and L for elsewhere."),
      FileType: access("FILE_TYPE"),
      IsLatestVersion: {
        field: "is_latest_version",
        kind: "boolean",
        description: "Whether it is the file's newest version.",
      },
      ProcessDuration: {
        field: "process_duration",
        kind: "double",
        unit: "ms",
        description: "Time that it took.",
      },
      SessionLevel: sessionLevel("session_level"),
      VersionId: access("VERSION_ID_DERIVED"),
      VersionNumber: keyword("version_number", "Number of the file's version."),
    },
  }),
  realTime({
    name: "PermissionSetEventStore",
    topic: { name: "PermissionSetEvent" },
    tells: "Each grant or withdrawal of a critical permission, a minute or two after it happened: by whom, to whom.",
    page: platformEventsGuide("permissionsetevent"),
    columns: {
      ...COMMON,
      ...SESSION,
      ...POLICY,
      Username: userName("user"),
      EventSource: EVENT_SOURCE,
      HasExternalUsers: {
        field: "has_external_users",
        kind: "boolean",
        description: "Whether users from outside of the org are among those concerned.",
      },
      ImpactedUserIds: {
        field: "impacted_user_ids",
        kind: "set",
        description: "Ids of the users concerned, up to 1,000.",
      },
      Operation: OPERATION,
      ParentIdList: text("parent_ids", "Ids of the permission sets, as JSON."),
      ParentNameList: text("parent_names", "Names of the permission sets, as JSON."),
      PermissionExpirationList: text("permission_expirations", "When the permissions end, as JSON."),
      PermissionList: text("permissions", "The permissions, as JSON."),
      PermissionType: keyword("permission_type", "Kind of the permissions."),
      UserCount: { field: "users_count", kind: "long", description: "Users concerned, up to 1,000." },
    },
  }),
  realTime({
    name: "UriEvent",
    topic: { name: "UriEventStream" },
    onlyByName: true,
    tells: "Each record that was read or changed in Salesforce Classic, a minute or two after it happened.",
    page: platformEventsGuide("urievent"),
    columns: {
      ...COMMON,
      RelatedEventIdentifier: RELATED_EVENT_IDENTIFIER,
      SessionLevel: sessionLevel("session_level"),
      UserName: userName("user"),
      UserType: USER_TYPE,
      Message: text("message", "Message about the operation."),
      Name: keyword("name", "Title of the report or list, or name of the record."),
      Operation: OPERATION,
      OperationStatus: keyword("operation_status", "How it ended: Initiated, Success or Failure."),
      QueriedEntities: QUERIED_ENTITIES,
      RecordId: RECORD_ID,
    },
  }),
  realTime({
    name: "LightningUriEvent",
    topic: { name: "LightningUriEventStream" },
    onlyByName: true,
    tells: "Each record that was read or changed in Lightning Experience, minutes after it happened.",
    page: platformEventsGuide("lightningurievent"),
    columns: {
      ...COMMON,
      RelatedEventIdentifier: RELATED_EVENT_IDENTIFIER,
      SessionLevel: sessionLevel("session_level"),
      UserName: userName("user"),
      UserType: USER_TYPE,
      AppName: access("APP_NAME"),
      ConnectionType: access("CONNECTION_TYPE"),
      DeviceId: access("DEVICE_ID"),
      DeviceModel: access("DEVICE_MODEL"),
      DevicePlatform: access("DEVICE_PLATFORM"),
      DeviceSessionId: access("DEVICE_SESSION_ID"),
      Duration: access("DURATION"),
      EffectivePageTime: access("EFFECTIVE_PAGE_TIME"),
      Name: keyword("name", "Title of the report or list, or name of the record."),
      Operation: OPERATION,
      OsName: access("OS_NAME"),
      OsVersion: access("OS_VERSION"),
      PageStartTime: {
        field: "page.started",
        kind: "timestamp",
        description: "When the page began to load.",
      },
      PageUrl: access("PAGE_URL"),
      PreviousPageAppName: access("PREVPAGE_APP_NAME"),
      PreviousPageEntityId: access("PREVPAGE_ENTITY_ID"),
      PreviousPageEntityType: access("PREVPAGE_ENTITY_TYPE"),
      PreviousPageUrl: access("PREVPAGE_URL"),
      QueriedEntities: QUERIED_ENTITIES,
      RecordId: RECORD_ID,
      SdkAppType: access("SDK_APP_TYPE"),
      SdkAppVersion: access("SDK_APP_VERSION"),
      SdkVersion: access("SDK_VERSION"),
      UserAgent: { ...access("USER_AGENT"), since: 58 },
    },
  }),
];

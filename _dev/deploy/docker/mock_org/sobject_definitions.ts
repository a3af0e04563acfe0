import type { Field, FieldType, SObject } from "./sobject.ts";

export interface FieldTraits {
  readonly length?: number;
  readonly filter?: boolean;
  readonly sort?: boolean;
  readonly group?: boolean;
  readonly nillable?: boolean;
  readonly hourlyFilesOnly?: boolean;
}

export function field(name: string, type: FieldType, traits: FieldTraits = {}): Field {
  return {
    name,
    type,
    filterable: traits.filter ?? true,
    sortable: traits.sort ?? true,
    groupable: traits.group ?? false,
    nillable: traits.nillable ?? false,
    length: traits.length ?? (type === "string" ? 255 : 0),
    hourlyFilesOnly: traits.hourlyFilesOnly ?? false,
  };
}

/** Of a field that can only be read. */
export const unfiltered = { filter: false, sort: false, nillable: true } as const;

/** Fields of an event that can be read but neither filtered nor sorted on. */
function readOnly(type: FieldType, names: string): Field[] {
  return names.split(" ").map((name) => field(name, type, unfiltered));
}

/** The index of every Real-Time Event Monitoring big object: EventDate, then EventIdentifier. */
const EVENT_INDEX = [field("EventDate", "datetime"), field("EventIdentifier", "string", { sort: false })];

const REAL_TIME = { bigObject: true, permission: "ViewRealTimeEventMonitoringData" } as const;

const EVENT_LOG_FILE: SObject = {
  name: "EventLogFile",
  label: "Event Log File",
  keyPrefix: "0AT",
  bigObject: false,
  permission: "ViewEventLogFiles",
  fields: [
    field("Id", "id"),
    field("IsDeleted", "boolean", { group: true }),
    field("CreatedById", "reference", { group: true }),
    field("CreatedDate", "datetime"),
    field("LastModifiedDate", "datetime"),
    field("LastModifiedById", "reference", { group: true }),
    field("SystemModstamp", "datetime"),
    field("EventType", "picklist", { group: true }),
    field("Interval", "picklist", { group: true, nillable: true, hourlyFilesOnly: true }),
    field("Sequence", "int", { group: true, nillable: true, hourlyFilesOnly: true }),
    field("LogDate", "datetime"),
    field("LogFileLength", "double"),
    field("LogFileContentType", "string", { group: true }),
    field("ApiVersion", "double"),
    field("LogFileFieldNames", "string", unfiltered),
    field("LogFileFieldTypes", "string", unfiltered),
    field("LogFile", "base64", unfiltered),
  ],
};

const LOGIN_EVENT: SObject = {
  name: "LoginEvent",
  label: "Login Event",
  keyPrefix: "0Yw",
  ...REAL_TIME,
  fields: [
    ...EVENT_INDEX,
    ...readOnly("datetime", "CreatedDate"),
    ...readOnly("reference", "AuthServiceId LoginGeoId LoginHistoryId NetworkId PolicyId UserId"),
    ...readOnly("double", "EvaluationTime LoginLatitude LoginLongitude"),
    ...readOnly(
      "string",
      "AdditionalInfo ApiType ApiVersion Application AuthContextClassRef AuthMethodReference Browser CipherSuite City ClientVersion Country " +
        "CountryIso ForwardedForIp HttpMethod HttpReferer LoginKey LoginSubType LoginType LoginUrl Platform PolicyOutcome " +
        "PostalCode RelatedEventIdentifier SessionKey SessionLevel SourceIp Status Subdivision TlsProtocol Username UserType",
    ),
  ],
};

const LOGOUT_EVENT: SObject = {
  name: "LogoutEvent",
  label: "Logout Event",
  keyPrefix: "0Yx",
  ...REAL_TIME,
  fields: [
    ...EVENT_INDEX,
    ...readOnly("reference", "UserId"),
    ...readOnly("string", "LoginKey RelatedEventIdentifier SessionKey SessionLevel SourceIp Username"),
  ],
};

const LOGIN_AS_EVENT: SObject = {
  name: "LoginAsEvent",
  label: "Login As Event",
  keyPrefix: "0Yy",
  ...REAL_TIME,
  fields: [
    ...EVENT_INDEX,
    ...readOnly("reference", "DelegatedOrganizationId LoginHistoryId UserId"),
    ...readOnly(
      "string",
      "Application Browser DelegatedUsername LoginAsCategory LoginKey LoginType Platform RelatedEventIdentifier SessionKey " +
        "SessionLevel SourceIp TargetUrl Username UserType",
    ),
  ],
};

const API_EVENT: SObject = {
  name: "ApiEvent",
  label: "API Event",
  keyPrefix: "0Yz",
  ...REAL_TIME,
  fields: [
    ...EVENT_INDEX,
    ...readOnly("reference", "ConnectedAppId LoginHistoryId PolicyId UserId"),
    ...readOnly("double", "ApiVersion ElapsedTime EvaluationTime RowsProcessed RowsReturned"),
    ...readOnly(
      "string",
      "AdditionalInfo ApiType Application Client LoginKey Operation Platform PolicyOutcome QueriedEntities Query Records " +
        "RelatedEventIdentifier RequestIdentifier SessionKey SessionLevel SourceIp UserAgent Username",
    ),
  ],
};

const IDENTITY_VERIFICATION_EVENT: SObject = {
  name: "IdentityVerificationEvent",
  label: "Identity Verification Event",
  keyPrefix: "0Yv",
  ...REAL_TIME,
  fields: [
    ...EVENT_INDEX,
    ...readOnly("reference", "LoginHistoryId ResourceId UserId"),
    ...readOnly("double", "Latitude Longitude"),
    ...readOnly(
      "string",
      "Activity City Country CountryIso EventGroup LoginKey Policy PostalCode Remarks SessionKey SessionLevel SourceIp Status " +
        "Subdivision Username VerificationMethod",
    ),
  ],
};

const BULK_API_RESULT_EVENT: SObject = {
  name: "BulkApiResultEventStore",
  label: "Bulk API Result Event Store",
  keyPrefix: "0Yt",
  ...REAL_TIME,
  fields: [
    ...EVENT_INDEX,
    ...readOnly("reference", "LoginHistoryId PolicyId UserId"),
    ...readOnly("double", "EvaluationTime"),
    ...readOnly(
      "string",
      "LoginKey PolicyOutcome Query RelatedEventIdentifier SessionKey SessionLevel SourceIp Username",
    ),
  ],
};

/** What took data out, or looked at it. */
const DATA_ACCESS_EVENTS: readonly SObject[] = [
  {
    name: "ReportEvent",
    label: "Report Event",
    keyPrefix: "0YR",
    ...REAL_TIME,
    fields: [
      ...EVENT_INDEX,
      ...readOnly("reference", "DashboardId LoginHistoryId OwnerId PolicyId ReportId UserId"),
      ...readOnly("boolean", "IsScheduled"),
      ...readOnly("double", "EvaluationTime NumberOfColumns RowsProcessed Sequence"),
      ...readOnly(
        "string",
        "ColumnHeaders DashboardName Description DisplayedFieldEntities EventSource ExecutionIdentifier ExportFileFormat Format " +
          "GroupedColumnHeaders LoginKey Name Operation PolicyOutcome QueriedEntities Records RelatedEventIdentifier Scope " +
          "SessionKey SessionLevel SourceIp Username",
      ),
    ],
  },
  {
    name: "ListViewEvent",
    label: "List View Event",
    keyPrefix: "0YL",
    ...REAL_TIME,
    fields: [
      ...EVENT_INDEX,
      ...readOnly("reference", "ListViewId LoginHistoryId OwnerId PolicyId UserId"),
      ...readOnly("double", "EvaluationTime NumberOfColumns RowsProcessed Sequence"),
      ...readOnly(
        "string",
        "AppName ColumnHeaders DeveloperName EventSource ExecutionIdentifier FilterCriteria LoginKey Name OrderBy PolicyOutcome " +
          "QueriedEntities Records RelatedEventIdentifier Scope SessionKey SessionLevel SourceIp Username",
      ),
    ],
  },
  {
    name: "FileEventStore",
    label: "File Event Store",
    keyPrefix: "0YF",
    ...REAL_TIME,
    fields: [
      ...EVENT_INDEX,
      ...readOnly("reference", "DocumentId PolicyId UserId VersionId"),
      ...readOnly("boolean", "CanDownloadPdf IsLatestVersion"),
      ...readOnly("double", "ContentSize EvaluationTime ProcessDuration"),
      ...readOnly(
        "string",
        "FileAction FileName FileSource FileType LoginKey PolicyOutcome SessionKey SessionLevel SourceIp Username VersionNumber",
      ),
    ],
  },
  {
    name: "PermissionSetEventStore",
    label: "Permission Set Event Store",
    keyPrefix: "0YP",
    ...REAL_TIME,
    fields: [
      ...EVENT_INDEX,
      ...readOnly("reference", "LoginHistoryId PolicyId UserId"),
      ...readOnly("boolean", "HasExternalUsers"),
      ...readOnly("double", "EvaluationTime"),
      ...readOnly(
        "string",
        "EventSource ImpactedUserIds LoginKey Operation ParentIdList ParentNameList PermissionExpirationList PermissionList " +
          "PermissionType PolicyOutcome RelatedEventIdentifier SessionKey SessionLevel SourceIp UserCount Username",
      ),
    ],
  },
  {
    name: "UriEvent",
    label: "URI Event",
    keyPrefix: "0YU",
    ...REAL_TIME,
    fields: [
      ...EVENT_INDEX,
      ...readOnly("reference", "RecordId UserId"),
      ...readOnly(
        "string",
        "LoginKey Message Name Operation OperationStatus QueriedEntities RelatedEventIdentifier SessionKey SessionLevel SourceIp " +
          "UserName UserType",
      ),
    ],
  },
  {
    name: "LightningUriEvent",
    label: "Lightning URI Event",
    keyPrefix: "0YW",
    ...REAL_TIME,
    fields: [
      ...EVENT_INDEX,
      ...readOnly("reference", "PreviousPageEntityId RecordId UserId"),
      ...readOnly("datetime", "PageStartTime"),
      ...readOnly("double", "Duration EffectivePageTime"),
      ...readOnly(
        "string",
        "AppName ConnectionType DeviceId DeviceModel DevicePlatform DeviceSessionId LoginKey Name Operation OsName OsVersion " +
          "PageUrl PreviousPageAppName PreviousPageEntityType PreviousPageUrl QueriedEntities RelatedEventIdentifier SdkAppType " +
          "SdkAppVersion SdkVersion SessionKey SessionLevel SourceIp UserAgent UserName UserType",
      ),
    ],
  },
];

const LOGIN_HISTORY: SObject = {
  name: "LoginHistory",
  label: "Login History",
  keyPrefix: "0Ya",
  bigObject: false,
  fields: [
    field("Id", "id"),
    field("UserId", "reference", { group: true }),
    field("LoginTime", "datetime"),
    field("LoginType", "picklist", { group: true }),
    field("LoginUrl", "string", { group: true, nillable: true }),
    field("AuthenticationServiceId", "reference", { group: true, nillable: true }),
    field("CipherSuite", "picklist", { group: true, nillable: true }),
    field("CountryIso", "string", { group: true, nillable: true }),
    field("NetworkId", "reference", { group: true, nillable: true }),
    field("OptionsIsGet", "boolean", { group: true }),
    field("OptionsIsPost", "boolean", { group: true }),
    field("TlsProtocol", "picklist", { group: true, nillable: true }),
    ...readOnly("reference", "LoginGeoId"),
    ...readOnly(
      "string",
      "ApiType ApiVersion Application AuthMethodReference Browser ClientVersion ForwardedForIp LoginSubType Platform SourceIp " +
        "Status",
    ),
  ],
};

const SETUP_AUDIT_TRAIL: SObject = {
  name: "SetupAuditTrail",
  label: "Setup Audit Trail Entry",
  keyPrefix: "0Ym",
  bigObject: false,
  permission: "ViewSetup",
  fields: [
    field("Id", "id"),
    field("Action", "string", { length: 120, group: true }),
    field("CreatedById", "reference", { group: true }),
    field("CreatedDate", "datetime"),
    field("CreatedByContext", "string", { length: 80, nillable: true }),
    field("CreatedByIssuer", "string", unfiltered),
    field("DelegateUser", "string", { length: 80, nillable: true }),
    field("Display", "string", { length: 1_000, filter: false, nillable: true }),
    field("ResponsibleNamespacePrefix", "string", { length: 15, nillable: true }),
    field("Section", "string", { length: 40, filter: false, nillable: true }),
  ],
};

/** A standard object of Threat Detection: every field that is no long text can be filtered. */
function detection(name: string, label: string, keyPrefix: string, fields: readonly Field[]): SObject {
  return {
    name,
    label,
    keyPrefix,
    bigObject: false,
    permission: "ViewRealTimeEventMonitoringData",
    fields: [
      field("Id", "id"),
      field("CreatedDate", "datetime"),
      field("LastModifiedDate", "datetime"),
      field("LastReferencedDate", "datetime", { nillable: true }),
      field("LastViewedDate", "datetime", { nillable: true }),
      field("SystemModstamp", "datetime"),
      field(name.replace(/Store$/, "Number"), "string"),
      field("EventDate", "datetime"),
      field("EventIdentifier", "string", { length: 80 }),
      field("EvaluationTime", "double", { nillable: true }),
      field("LoginKey", "string", { length: 24, group: true, nillable: true }),
      field("PolicyId", "reference", { group: true, nillable: true }),
      field("PolicyOutcome", "picklist", { group: true, nillable: true }),
      field("Score", "double", { nillable: true }),
      field("SessionKey", "string", { length: 24, group: true, nillable: true }),
      field("SourceIp", "string", { group: true, nillable: true }),
      field("Summary", "textarea", { ...unfiltered, length: 1_000 }),
      field("UserId", "reference", { group: true, nillable: true }),
      field("Username", "string", { group: true, nillable: true }),
      ...fields,
    ],
  };
}

const EVENT_DATA = field("SecurityEventData", "textarea", { ...unfiltered, length: 10_000 });

const DETECTIONS: readonly SObject[] = [
  detection("ApiAnomalyEventStore", "API Anomaly Event Store", "0fN", [
    EVENT_DATA,
    ...readOnly("string", "Operation RequestIdentifier Uri UserAgent"),
    ...readOnly("textarea", "QueriedEntities"),
    field("RowsProcessed", "double", { nillable: true }),
  ]),
  detection("ReportAnomalyEventStore", "Report Anomaly Event Store", "0hX", [
    EVENT_DATA,
    field("Report", "string", { length: 18, group: true, nillable: true }),
  ]),
  detection("LoginAnomalyEventStore", "Login Anomaly Event Store", "0lA", [EVENT_DATA]),
  detection("GuestUserAnomalyEventStore", "Guest User Anomaly Event Store", "0gU", [
    EVENT_DATA,
    ...readOnly("string", "UserAgent UserType"),
    ...readOnly("textarea", "RequestedEntities SoqlCommands"),
    field("TotalControllerEvents", "int", { nillable: true }),
  ]),
  detection("CredentialStuffingEventStore", "Credential Stuffing Event Store", "0cS", [
    ...readOnly("string", "AcceptLanguage LoginUrl UserAgent"),
    field("LoginType", "picklist", { group: true, nillable: true }),
  ]),
  detection("SessionHijackingEventStore", "Session Hijacking Event Store", "0sH", [
    EVENT_DATA,
    ...readOnly(
      "string",
      "CurrentIp CurrentPlatform CurrentScreen CurrentUserAgent CurrentWindow PreviousIp PreviousPlatform PreviousScreen " +
        "PreviousUserAgent PreviousWindow",
    ),
  ]),
  detection("UniversalAnomalyEventStore", "Universal Anomaly Event Store", "0uA", [
    EVENT_DATA,
    field("AnomalySubType", "picklist", { group: true, nillable: true }),
  ]),
];

const ORGANIZATION: SObject = {
  name: "Organization",
  label: "Organization",
  keyPrefix: "00D",
  bigObject: false,
  fields: [
    field("Id", "id"),
    field("Name", "string", { group: true }),
    field("OrganizationType", "picklist", { group: true }),
    field("IsSandbox", "boolean", { group: true }),
    field("InstanceName", "string", { group: true, nillable: true }),
  ],
};

const USER: SObject = {
  name: "User",
  label: "User",
  keyPrefix: "005",
  bigObject: false,
  fields: [
    field("Id", "id"),
    field("Username", "string", { group: true }),
    field("Name", "string", { group: true }),
    field("Email", "string", { group: true }),
    field("IsActive", "boolean", { group: true }),
    field("UserType", "picklist", { group: true }),
    field("ProfileId", "reference", { group: true, nillable: true }),
    field("Profile.Name", "string", { group: true, nillable: true }),
    field("UserRole.Name", "string", { group: true, nillable: true }),
    field("CreatedDate", "datetime"),
  ],
};

const CONNECTED_APPLICATION: SObject = {
  name: "ConnectedApplication",
  label: "Connected App",
  keyPrefix: "0H4",
  bigObject: false,
  permission: "ViewSetup",
  fields: [field("Id", "id"), field("Name", "string", { group: true })],
};

/** Every object that this org knows. */
export const SOBJECT_DEFINITIONS: readonly SObject[] = [
  EVENT_LOG_FILE,
  LOGIN_EVENT,
  LOGOUT_EVENT,
  LOGIN_AS_EVENT,
  API_EVENT,
  IDENTITY_VERIFICATION_EVENT,
  BULK_API_RESULT_EVENT,
  ...DATA_ACCESS_EVENTS,
  LOGIN_HISTORY,
  SETUP_AUDIT_TRAIL,
  ...DETECTIONS,
  ORGANIZATION,
  USER,
  CONNECTED_APPLICATION,
];

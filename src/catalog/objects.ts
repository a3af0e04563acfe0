import { API_HOME } from "./api.ts";
import { type Column, type ObjectType, objectReference, platformEventsGuide } from "./column.ts";
import { LOGIN_HOME } from "./login.ts";
import { LOGIN_AS_HOME } from "./login_as.ts";
import { LOGOUT_HOME } from "./logout.ts";
import {
  APPLICATION,
  BROWSER,
  EVENT_IDENTIFIER,
  HISTORY_ID,
  LOGIN_COLUMNS,
  LOGIN_TYPE,
  PLATFORM,
  POLICY,
  REAL_TIME,
  RELATED_EVENT_IDENTIFIER,
  SOURCE_IP,
  sameAs,
  sessionLevel,
  userName,
} from "./object_columns.ts";

const login = (name: string) => sameAs(LOGIN_HOME, name);
const logout = (name: string) => sameAs(LOGOUT_HOME, name);
const loginAs = (name: string) => sameAs(LOGIN_AS_HOME, name);
const api = (name: string) => sameAs(API_HOME, name);

export const LOGIN_EVENT: ObjectType = {
  name: "LoginEvent",
  provider: "Object",
  stream: "login",
  home: LOGIN_HOME,
  free: false,
  tells: "Each login a minute or two after it happened, with place, policy outcome and the ids of other events.",
  page: platformEventsGuide("loginevent"),
  ...REAL_TIME,
  topic: {
    name: "LoginEventStream",
    columns: {
      RemoteIdentifier: {
        field: "remote_identifier",
        kind: "keyword",
        description: "Reserved by Salesforce. Live events alone have it.",
      },
    },
  },
  columns: {
    EventIdentifier: EVENT_IDENTIFIER,
    RelatedEventIdentifier: RELATED_EVENT_IDENTIFIER,
    AdditionalInfo: {
      field: "additional_info",
      kind: "text",
      description: "Further headers of the login request, as JSON.",
    },
    ...LOGIN_COLUMNS,
    AuthServiceId: login("AUTHENTICATION_SERVICE_ID"),
    City: { field: "geo.city_name", kind: "keyword", description: "City of the address, as Salesforce looks it up." },
    Country: {
      field: "geo.country_name",
      kind: "keyword",
      description: "Country of the address, as Salesforce looks it up.",
    },
    HttpMethod: {
      field: "http_method",
      ecs: "http.request.method",
      kind: "keyword",
      description: "HTTP method of the login request.",
    },
    HttpReferer: login("HTTP_REFERER"),
    LoginHistoryId: HISTORY_ID,
    LoginKey: login("LOGIN_KEY"),
    LoginLatitude: {
      field: "geo.latitude",
      kind: "degrees",
      description: "Latitude of the address, in degrees.",
    },
    LoginLongitude: {
      field: "geo.longitude",
      kind: "degrees",
      description: "Longitude of the address, in degrees.",
    },
    PostalCode: {
      field: "geo.postal_code",
      kind: "keyword",
      description: "Postal code of the address, as Salesforce looks it up.",
    },
    SessionKey: login("SESSION_KEY"),
    SessionLevel: sessionLevel("session.level"),
    Subdivision: {
      field: "geo.region_name",
      kind: "keyword",
      description: "Region of the address, as Salesforce looks it up.",
    },
    Username: login("USER_NAME"),
    UserType: login("USER_TYPE"),
    ...POLICY,
  },
};

export const LOGIN_HISTORY: ObjectType = {
  name: "LoginHistory",
  provider: "Object",
  stream: "login",
  home: LOGIN_HOME,
  free: true,
  tells: "Each login, in every edition: status, kind, application, address and TLS version.",
  page: objectReference("loginhistory"),
  storage: "standard object",
  permission: {
    name: "MonitorLoginHistory",
    label: "Monitor Login History",
    without: "only the integration user's own logins",
  },
  timeColumn: "LoginTime",
  identityColumn: "Id",
  columns: {
    Id: HISTORY_ID,
    ...LOGIN_COLUMNS,
    AuthContextClassRef: { ...login("AUTHENTICATION_CONTEXT_CLASS_REFERENCE"), since: 67 },
    AuthenticationServiceId: login("AUTHENTICATION_SERVICE_ID"),
    OptionsIsGet: { field: "options.is_get", kind: "boolean", description: "Whether the login came by HTTP GET." },
    OptionsIsPost: { field: "options.is_post", kind: "boolean", description: "Whether the login came by HTTP POST." },
  },
};

export const LOGOUT_EVENT: ObjectType = {
  name: "LogoutEvent",
  provider: "Object",
  stream: "login",
  home: LOGOUT_HOME,
  free: false,
  tells: "Each logout in the user interface, a minute or two after it happened.",
  page: platformEventsGuide("logoutevent"),
  ...REAL_TIME,
  topic: {
    name: "LogoutEventStream",
    permission: { name: "CustomizeApplication", label: "Customize Application" },
    onlyByName: true,
  },
  columns: {
    EventIdentifier: EVENT_IDENTIFIER,
    RelatedEventIdentifier: RELATED_EVENT_IDENTIFIER,
    LoginKey: logout("LOGIN_KEY"),
    SessionKey: logout("SESSION_KEY"),
    SessionLevel: logout("SESSION_LEVEL"),
    SourceIp: SOURCE_IP,
    UserId: logout("USER_ID_DERIVED"),
    Username: userName("user"),
  },
};

export const LOGIN_AS_EVENT: ObjectType = {
  name: "LoginAsEvent",
  provider: "Object",
  stream: "login",
  home: LOGIN_AS_HOME,
  free: false,
  tells: "Each login of an administrator as another user, a minute or two after it happened.",
  page: platformEventsGuide("loginasevent"),
  ...REAL_TIME,
  topic: { name: "LoginAsEventStream" },
  columns: {
    EventIdentifier: EVENT_IDENTIFIER,
    RelatedEventIdentifier: RELATED_EVENT_IDENTIFIER,
    Application: APPLICATION,
    Browser: BROWSER,
    DelegatedOrganizationId: {
      field: "delegated_user.organization_id",
      kind: "id",
      description: "Id of the org of the administrator who acts as the user, 18 characters.",
    },
    DelegatedUsername: loginAs("DELEGATED_USER_NAME"),
    LoginAsCategory: {
      field: "category",
      kind: "keyword",
      description: "How the login as the user came about: OrgAdmin, Community and others.",
    },
    LoginHistoryId: HISTORY_ID,
    LoginKey: loginAs("LOGIN_KEY"),
    LoginType: LOGIN_TYPE,
    Platform: PLATFORM,
    SessionKey: loginAs("SESSION_KEY"),
    SessionLevel: sessionLevel("session.level"),
    SourceIp: SOURCE_IP,
    TargetUrl: {
      field: "target_url",
      kind: "url",
      description: "Page to which the login as the user led.",
    },
    UserId: loginAs("USER_ID_DERIVED"),
    Username: userName("user.effective"),
    UserType: loginAs("USER_TYPE"),
  },
};

const verification = (field: string, description: string): Column => ({
  field: `verification.${field}`,
  kind: "keyword",
  description,
});

export const IDENTITY_VERIFICATION_EVENT: ObjectType = {
  name: "IdentityVerificationEvent",
  provider: "Object",
  stream: "login",
  home: LOGIN_HOME,
  free: false,
  tells:
    "Each attempt to verify who a user is, by a second factor: what for, how, and how it ended. Collected where objects.names has it.",
  page: platformEventsGuide("identityverificationevent"),
  ...REAL_TIME,
  onlyByName: true,
  morePermissions: ["Manage Multi-Factor Authentication in User Interface"],
  columns: {
    EventIdentifier: EVENT_IDENTIFIER,
    Activity: verification(
      "activity",
      "What the verification was for: Login, ConnectedApp, ExportPrintReports and others.",
    ),
    City: LOGIN_EVENT.columns.City as Column,
    Country: LOGIN_EVENT.columns.Country as Column,
    CountryIso: login("COUNTRY_CODE"),
    EventGroup: verification("event_group", "Id that the tries of one attempt share."),
    Latitude: LOGIN_EVENT.columns.LoginLatitude as Column,
    LoginHistoryId: HISTORY_ID,
    LoginKey: login("LOGIN_KEY"),
    Longitude: LOGIN_EVENT.columns.LoginLongitude as Column,
    Policy: verification("policy", "Policy that asked for the verification."),
    PostalCode: LOGIN_EVENT.columns.PostalCode as Column,
    Remarks: { field: "verification.remarks", kind: "text", description: "What the user was shown, or said." },
    ResourceId: {
      field: "verification.resource_id",
      kind: "id",
      description: "Id of what was asked for, such as a connected app, 18 characters.",
    },
    SessionKey: login("SESSION_KEY"),
    SessionLevel: sessionLevel("session.level"),
    SourceIp: login("SOURCE_IP"),
    Status: verification("status", "How it ended: Succeeded, Denied, ReportedDenied, FailedInvalidCode and others."),
    Subdivision: LOGIN_EVENT.columns.Subdivision as Column,
    UserId: login("USER_ID_DERIVED"),
    Username: login("USER_NAME"),
    VerificationMethod: verification(
      "method",
      "How it was verified: Totp, Sms, Email, SalesforceAuthenticator and others.",
    ),
  },
};

export const BULK_API_RESULT_EVENT: ObjectType = {
  name: "BulkApiResultEventStore",
  provider: "Object",
  stream: "api",
  home: API_HOME,
  free: false,
  tells: "Each download of a Bulk job's results, a minute or two after it happened, with the job's query.",
  page: platformEventsGuide("bulkapiresultevent"),
  ...REAL_TIME,
  topic: { name: "BulkApiResultEvent" },
  columns: {
    EventIdentifier: EVENT_IDENTIFIER,
    RelatedEventIdentifier: RELATED_EVENT_IDENTIFIER,
    LoginHistoryId: HISTORY_ID,
    LoginKey: api("LOGIN_KEY"),
    Query: api("QUERY"),
    SessionKey: api("SESSION_KEY"),
    SessionLevel: sessionLevel("session_level"),
    SourceIp: SOURCE_IP,
    UserId: api("USER_ID_DERIVED"),
    Username: api("USER_NAME"),
    ...POLICY,
  },
};

export const API_EVENT: ObjectType = {
  name: "ApiEvent",
  provider: "Object",
  stream: "api",
  home: API_HOME,
  free: false,
  tells: "Each API request that reads data, a minute or two after it happened: the query, its objects and its rows.",
  page: platformEventsGuide("apievent"),
  ...REAL_TIME,
  topic: {
    name: "ApiEventStream",
    columns: {
      ActionName: {
        field: "action_name",
        kind: "keyword",
        description: "ActionName as Salesforce gives it. Live events alone have it.",
      },
      OperationStatus: {
        field: "operation_status",
        kind: "keyword",
        description: "OperationStatus as Salesforce gives it. Live events alone have it.",
      },
    },
  },
  columns: {
    EventIdentifier: EVENT_IDENTIFIER,
    RelatedEventIdentifier: RELATED_EVENT_IDENTIFIER,
    AdditionalInfo: { field: "additional_info", kind: "text", description: "Further headers of the request, as JSON." },
    ApiType: api("API_TYPE"),
    ApiVersion: api("API_VERSION"),
    Application: APPLICATION,
    Client: { field: "client_service", kind: "keyword", description: "Service that made the request." },
    ConnectedAppId: api("CONNECTED_APP_ID"),
    ElapsedTime: api("RUN_TIME"),
    LoginHistoryId: HISTORY_ID,
    LoginKey: api("LOGIN_KEY"),
    Operation: api("OPERATION"),
    Platform: PLATFORM,
    QueriedEntities: {
      field: "queried_entities",
      kind: "set",
      description: "Names of the sObjects that were queried.",
    },
    Query: api("QUERY"),
    Records: { field: "records", kind: "text", description: "Ids of the records that were read, as JSON." },
    RequestIdentifier: api("REQUEST_ID"),
    RowsProcessed: api("ROWS_PROCESSED"),
    RowsReturned: { field: "rows_returned", kind: "long", description: "Rows that the answer has." },
    SessionKey: api("SESSION_KEY"),
    SessionLevel: sessionLevel("session_level"),
    SourceIp: SOURCE_IP,
    UserAgent: {
      field: "user_agent",
      ecs: "user_agent.original",
      kind: "long_keyword",
      description: "User-Agent header of the request.",
    },
    UserId: api("USER_ID_DERIVED"),
    Username: api("USER_NAME"),
    ...POLICY,
  },
};

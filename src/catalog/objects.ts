import { API_HOME } from "./api.ts";
import {
  type Column,
  type Columns,
  type Home,
  type ObjectType,
  objectReference,
  platformEventsGuide,
} from "./column.ts";
import { LOGIN_HOME } from "./login.ts";
import { LOGIN_AS_HOME } from "./login_as.ts";
import { LOGOUT_HOME } from "./logout.ts";

/**
 * The column of a log file that says the same as an object's field, so that both fill one field. Objects give names where log files
 * give codes, and one value where those give several.
 */
function sameAs(home: Home, name: string): Column {
  const column = home.columns[name];
  if (column === undefined) {
    throw new TypeError(`No column ${name} in ${home.name}.`);
  }
  const { field, kind, description, unit } = column;
  return unit === undefined ? { field, kind, description } : { field, kind, description, unit };
}

const login = (name: string) => sameAs(LOGIN_HOME, name);
const logout = (name: string) => sameAs(LOGOUT_HOME, name);
const loginAs = (name: string) => sameAs(LOGIN_AS_HOME, name);
const api = (name: string) => sameAs(API_HOME, name);

const EVENT_IDENTIFIER: Column = {
  field: "event_identifier",
  kind: "keyword",
  description: "Id of the event in Salesforce.",
};

const RELATED_EVENT_IDENTIFIER: Column = {
  field: "related_event_identifier",
  kind: "keyword",
  description: "Id of the event in Salesforce that this one follows from.",
};

const SOURCE_IP: Column = { field: "source.ip", kind: "ip", description: "Address from which it was done." };
const APPLICATION: Column = { field: "application", kind: "keyword", description: "Application that was used." };
const BROWSER: Column = { field: "browser", kind: "keyword", description: "Name and version of the browser." };
const PLATFORM: Column = { field: "platform", kind: "keyword", description: "Operating system of the client." };
const USER_NAME: Column = { field: "user_name", kind: "keyword", description: "Username of the user." };

const HISTORY_ID: Column = {
  field: "history_id",
  kind: "id",
  description: "Id of the LoginHistory record of the session's login, 18 characters.",
};

const LOGIN_TYPE: Column = { field: "login_type", kind: "keyword", description: "Kind of login." };

function sessionLevel(field: string): Column {
  return {
    field,
    kind: "keyword",
    description: "Security level of the session: STANDARD, HIGH_ASSURANCE or LOW.",
  };
}

const POLICY: Columns = {
  EvaluationTime: {
    field: "evaluation_time",
    kind: "double",
    unit: "ms",
    description: "Time that it took to evaluate the transaction security policy.",
  },
  PolicyId: {
    field: "transaction_security.policy.id",
    kind: "id",
    description: "Id of the transaction security policy that applied, 18 characters.",
  },
  PolicyOutcome: {
    field: "transaction_security.policy.outcome",
    kind: "keyword",
    description: "What the transaction security policy did: Block, Notified, TwoFAInitiated, NoAction and others.",
  },
};

/** What LoginEvent and LoginHistory have in common. */
const LOGIN_COLUMNS: Columns = {
  ApiType: login("API_TYPE"),
  ApiVersion: login("API_VERSION"),
  Application: APPLICATION,
  AuthMethodReference: login("AUTHENTICATION_METHOD_REFERENCE"),
  Browser: BROWSER,
  CipherSuite: login("CIPHER_SUITE"),
  ClientVersion: { field: "client_version", kind: "keyword", description: "Version of the client." },
  CountryIso: login("COUNTRY_CODE"),
  ForwardedForIp: login("FORWARDED_FOR_IP"),
  LoginGeoId: {
    field: "geo_id",
    kind: "id",
    description: "Id of the LoginGeo record of the address, 18 characters.",
  },
  LoginSubType: login("LOGIN_SUB_TYPE"),
  LoginType: login("LOGIN_TYPE"),
  LoginUrl: login("LOGIN_URL"),
  NetworkId: { field: "network_id", kind: "id", description: "Id of the Experience Cloud site, 18 characters." },
  Platform: PLATFORM,
  SourceIp: login("SOURCE_IP"),
  Status: {
    field: "status_description",
    kind: "keyword",
    description: "Result of the login as text: Success or the reason of the failure.",
  },
  TlsProtocol: login("TLS_PROTOCOL"),
  UserId: login("USER_ID_DERIVED"),
};

export const LOGIN_EVENT: ObjectType = {
  name: "LoginEvent",
  provider: "Object",
  stream: "login",
  home: LOGIN_HOME,
  free: false,
  tells: "Each login a minute or two after it happened, with place, policy outcome and the ids of other events.",
  page: platformEventsGuide("loginevent"),
  storage: "big object",
  timeColumn: "EventDate",
  identityColumn: "EventIdentifier",
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
    HttpMethod: { field: "http_method", kind: "keyword", description: "HTTP method of the login request." },
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
  timeColumn: "LoginTime",
  identityColumn: "Id",
  columns: {
    Id: HISTORY_ID,
    ...LOGIN_COLUMNS,
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
  storage: "big object",
  timeColumn: "EventDate",
  identityColumn: "EventIdentifier",
  columns: {
    EventIdentifier: EVENT_IDENTIFIER,
    LoginKey: logout("LOGIN_KEY"),
    SessionKey: logout("SESSION_KEY"),
    SessionLevel: logout("SESSION_LEVEL"),
    SourceIp: SOURCE_IP,
    UserId: logout("USER_ID_DERIVED"),
    Username: USER_NAME,
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
  storage: "big object",
  timeColumn: "EventDate",
  identityColumn: "EventIdentifier",
  columns: {
    EventIdentifier: EVENT_IDENTIFIER,
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
      kind: "long_keyword",
      description: "Page to which the login as the user led.",
    },
    UserId: loginAs("USER_ID_DERIVED"),
    Username: USER_NAME,
    UserType: loginAs("USER_TYPE"),
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
  storage: "big object",
  timeColumn: "EventDate",
  identityColumn: "EventIdentifier",
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
    UserAgent: { field: "user_agent", kind: "long_keyword", description: "User-Agent header of the request." },
    UserId: api("USER_ID_DERIVED"),
    Username: api("USER_NAME"),
    ...POLICY,
  },
};

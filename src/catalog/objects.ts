import type { Column, Columns, ObjectType } from "./column.ts";
import { LOGIN_HOME } from "./login.ts";

/** The field of a log file's column, for the object's field that says the same. Objects give names where log files give codes. */
function same(columns: Columns, name: string): Column {
  const column = columns[name];
  if (column === undefined) {
    throw new TypeError(`No column ${name}.`);
  }
  const { codes, decoded, aliases, fallback, several, ...rest } = column;
  return rest;
}

const login = (name: string) => same(LOGIN_HOME.columns, name);

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

/** Source: Platform Events Developer Guide, LoginEvent (sforce_api_objects_loginevent.htm). */
export const LOGIN_EVENT: ObjectType = {
  name: "LoginEvent",
  provider: "Object",
  stream: "login",
  home: LOGIN_HOME,
  free: false,
  tells: "Each login within a minute or two, with place, policy outcome and the ids that tie it to other events.",
  page: "sforce_api_objects_loginevent.htm",
  storage: "big object",
  timeColumn: "EventDate",
  identityColumn: "EventIdentifier",
  columns: {
    EventIdentifier: { field: "event_identifier", kind: "keyword", description: "Id of the event in Salesforce." },
    AdditionalInfo: {
      field: "additional_info",
      kind: "text",
      description: "Further headers of the login request, as JSON.",
    },
    ApiType: login("API_TYPE"),
    ApiVersion: login("API_VERSION"),
    Application: { field: "application", kind: "keyword", description: "Application that was logged in to." },
    AuthMethodReference: login("AUTHENTICATION_METHOD_REFERENCE"),
    AuthServiceId: login("AUTHENTICATION_SERVICE_ID"),
    Browser: { field: "browser", kind: "keyword", description: "Name and version of the browser." },
    CipherSuite: login("CIPHER_SUITE"),
    City: { field: "geo.city_name", kind: "keyword", description: "City of the address, as Salesforce looks it up." },
    ClientVersion: { field: "client_version", kind: "keyword", description: "Version of the client." },
    Country: {
      field: "geo.country_name",
      kind: "keyword",
      description: "Country of the address, as Salesforce looks it up.",
    },
    CountryIso: login("COUNTRY_CODE"),
    ForwardedForIp: login("FORWARDED_FOR_IP"),
    HttpMethod: { field: "http_method", kind: "keyword", description: "HTTP method of the login request." },
    HttpReferer: login("HTTP_REFERER"),
    LoginGeoId: {
      field: "geo_id",
      kind: "id",
      description: "Id of the LoginGeo record of the address, 18 characters.",
    },
    LoginHistoryId: { field: "history_id", kind: "id", description: "Id of the LoginHistory record, 18 characters." },
    LoginKey: login("LOGIN_KEY"),
    LoginLatitude: { field: "geo.latitude", kind: "double", description: "Latitude of the address, in degrees." },
    LoginLongitude: { field: "geo.longitude", kind: "double", description: "Longitude of the address, in degrees." },
    LoginSubType: login("LOGIN_SUB_TYPE"),
    LoginType: login("LOGIN_TYPE"),
    LoginUrl: login("LOGIN_URL"),
    NetworkId: { field: "network_id", kind: "id", description: "Id of the Experience Cloud site, 18 characters." },
    Platform: { field: "platform", kind: "keyword", description: "Operating system of the client." },
    PostalCode: {
      field: "geo.postal_code",
      kind: "keyword",
      description: "Postal code of the address, as Salesforce looks it up.",
    },
    RelatedEventIdentifier: {
      field: "related_event_identifier",
      kind: "keyword",
      description: "Id of the event in Salesforce that this one follows from.",
    },
    SessionKey: login("SESSION_KEY"),
    SessionLevel: {
      field: "session.level",
      kind: "keyword",
      description: "Security level of the session: STANDARD, HIGH_ASSURANCE or LOW.",
    },
    SourceIp: login("SOURCE_IP"),
    Status: {
      field: "status_description",
      kind: "keyword",
      description: "Result of the login as text: Success or the reason of the failure.",
    },
    Subdivision: {
      field: "geo.region_name",
      kind: "keyword",
      description: "Region of the address, as Salesforce looks it up.",
    },
    TlsProtocol: login("TLS_PROTOCOL"),
    UserId: login("USER_ID_DERIVED"),
    Username: login("USER_NAME"),
    UserType: login("USER_TYPE"),
    ...POLICY,
  },
};

import type { Column, Columns, Home } from "./column.ts";
import { LOGIN_HOME } from "./login.ts";

/**
 * The column of a log file that says the same as an object's field, so that both fill one field. Objects give names where log files
 * give codes, and one value where those give several.
 */
export function sameAs(home: Home, name: string): Column {
  const column = home.columns[name];
  if (column === undefined) {
    throw new TypeError(`No column ${name} in ${home.name}.`);
  }
  const { field, kind, description, unit, forms, ecs } = column;
  return {
    field,
    kind,
    description,
    ...(ecs === undefined ? {} : { ecs }),
    ...(unit === undefined ? {} : { unit }),
    ...(forms === undefined ? {} : { forms }),
  };
}

/** What the stored objects of Real-Time Event Monitoring share. */
export const REAL_TIME = {
  storage: "big object",
  permission: { name: "ViewRealTimeEventMonitoringData", label: "View Real-Time Event Monitoring Data" },
  timeColumn: "EventDate",
  identityColumn: "EventIdentifier",
} as const;

const login = (name: string) => sameAs(LOGIN_HOME, name);

export const EVENT_IDENTIFIER: Column = {
  field: "event_identifier",
  kind: "keyword",
  description: "Id of the event in Salesforce.",
};

export const RELATED_EVENT_IDENTIFIER: Column = {
  field: "related_event_identifier",
  kind: "keyword",
  description: "Id of the event in Salesforce that this one follows from.",
};

export const SOURCE_IP: Column = {
  field: "source.ip",
  ecs: "source.ip",
  kind: "ip",
  description: "Address from which it was done.",
};
export const APPLICATION: Column = { field: "application", kind: "keyword", description: "Application that was used." };
export const BROWSER: Column = { field: "browser", kind: "keyword", description: "Name and version of the browser." };
export const PLATFORM: Column = { field: "platform", kind: "keyword", description: "Operating system of the client." };

export function userName(user: "user" | "user.effective"): Column {
  return { field: "user_name", ecs: `${user}.name`, kind: "keyword", description: "Username of the user." };
}

export const HISTORY_ID: Column = {
  field: "history_id",
  kind: "id",
  description: "Id of the LoginHistory record of the session's login, 18 characters.",
};

export const LOGIN_TYPE: Column = { field: "login_type", kind: "keyword", description: "Kind of login." };

export function sessionLevel(field: string): Column {
  return {
    field,
    kind: "keyword",
    description: "Security level of the session: STANDARD, HIGH_ASSURANCE or LOW.",
  };
}

export const POLICY: Columns = {
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
export const LOGIN_COLUMNS: Columns = {
  ApiType: login("API_TYPE"),
  ApiVersion: login("API_VERSION"),
  Application: APPLICATION,
  AuthContextClassRef: login("AUTHENTICATION_CONTEXT_CLASS_REFERENCE"),
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

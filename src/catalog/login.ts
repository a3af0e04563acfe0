import { API_TYPES, CREDENTIALS, LOGIN_TYPES } from "./code_tables/login_codes.ts";
import { LOGIN_STATUSES } from "./code_tables/login_status.ts";
import { type Home, type LogFileType, logFileTypesOf } from "./column.ts";
import { ENDING, REQUEST, requestColumns, TRANSACTION } from "./request_columns.ts";

export const LOGIN_HOME: Home = {
  name: "login",
  stream: "login",
  description: "Logins, successful and failed, from event log files, LoginEvent and LoginHistory.",
  fieldAliases: { event_type: "event.code", organization_id: "organization.id" },
  columns: {
    ...requestColumns({
      requestId: "request.id",
      requestStatus: "request.status",
      requestStatusAs: "name",
      loginKey: "key",
      sessionKey: "session.key",
      uri: "uri.original",
      uriId: "uri.id",
      url: "url.original",
    }),
    LOGIN_TYPE: { field: "type", kind: "keyword", codes: LOGIN_TYPES, description: "Kind of login." },
    BROWSER_TYPE: {
      field: "browser_type",
      ecs: "user_agent.original",
      kind: "encoded",
      description: "How the browser or client names itself: its User-Agent header, percent-decoded.",
    },
    API_TYPE: {
      field: "api.type",
      kind: "keyword",
      codes: API_TYPES,
      description: "Kind of API that was logged in to.",
    },
    API_VERSION: {
      field: "api.version",
      kind: "version",
      description: "Version of the API; 9998.0 stands for a login that used no API.",
    },
    USER_NAME: {
      field: "user_name",
      ecs: "user.name",
      kind: "keyword",
      description: "Username that was given, also where no such user exists.",
    },
    TLS_PROTOCOL: {
      field: "tls_protocol",
      ecs: "tls.version",
      kind: "keyword",
      description: "Version of TLS, as Salesforce names it.",
    },
    CIPHER_SUITE: {
      field: "cipher_suite",
      ecs: "tls.cipher",
      kind: "keyword",
      description: "TLS cipher suite in OpenSSL's naming.",
    },
    USE_API_TOKEN: {
      field: "credential",
      kind: "keyword",
      codes: CREDENTIALS,
      description: "Whether the password came with an API security token.",
    },
    HTTP_REFERER: {
      field: "http_referer",
      ecs: "http.request.referrer",
      kind: "url",
      description: "Page from which the login came.",
    },
    LOGIN_URL: {
      field: "login_url",
      kind: "url",
      description: "URL of the login page, or host of the login.",
    },
    COUNTRY_CODE: {
      field: "geo.country_iso_code",
      kind: "keyword",
      description: "Country of the address, as Salesforce looks it up.",
    },
    AUTHENTICATION_METHOD_REFERENCE: {
      field: "auth.method_reference",
      kind: "keyword",
      description: "How a third-party identity provider authenticated the user (its amr claim).",
    },
    AUTHENTICATION_CONTEXT_CLASS_REFERENCE: {
      field: "auth.context_class_reference",
      kind: "keyword",
      description: "Strength of the authentication that a third-party identity provider states (its acr claim).",
    },
    AUTHENTICATION_SERVICE_ID: {
      field: "auth.service_id",
      kind: "id",
      description: "Id of the single sign-on provider or token exchange handler, 18 characters.",
    },
    LOGIN_SUB_TYPE: { field: "sub_type", kind: "keyword", description: "Login flow within the kind of login." },
    LOGIN_STATUS: {
      field: "status",
      kind: "keyword",
      codes: LOGIN_STATUSES,
      decoded: { code: "status", name: "status_description" },
      description: "Result of the login: LOGIN_NO_ERROR or the reason of the failure, as Salesforce codes it.",
    },
    SOURCE_IP: {
      field: "source.ip",
      ecs: "source.ip",
      kind: "ip",
      description: "Address from which the login reached Salesforce: the client's, or that of its last proxy.",
    },
    FORWARDED_FOR_IP: {
      field: "forwarded_for.ip",
      kind: "ip",
      description: "Addresses of the X-Forwarded-For header, which the client may have made up.",
    },
  },
};

export const LOGIN: LogFileType = logFileTypesOf(LOGIN_HOME)({
  name: "Login",
  free: true,
  tells: "Who logged in or tried to, from where, with which client and TLS version, and why it failed.",
  columns: [
    ...TRANSACTION,
    ...REQUEST,
    "BROWSER_TYPE",
    "API_TYPE",
    "API_VERSION",
    "USER_NAME",
    "TLS_PROTOCOL",
    "CIPHER_SUITE",
    "AUTHENTICATION_METHOD_REFERENCE",
    "AUTHENTICATION_CONTEXT_CLASS_REFERENCE",
    "AUTHENTICATION_SERVICE_ID",
    "LOGIN_TYPE",
    "LOGIN_SUB_TYPE",
    "LOGIN_URL",
    "USE_API_TOKEN",
    "HTTP_REFERER",
    "COUNTRY_CODE",
    ...ENDING,
    "LOGIN_STATUS",
    "SOURCE_IP",
    "FORWARDED_FOR_IP",
  ],
});

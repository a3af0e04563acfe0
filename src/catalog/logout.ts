import { API_TYPES } from "./code_tables/login_codes.ts";
import { APP_TYPES, PLATFORM_TYPES, SESSION_LEVELS, SESSION_TYPES, USER_TYPES } from "./code_tables/logout_codes.ts";
import { type Home, type LogFileType, logFileTypesOf } from "./column.ts";
import { requestColumns, USUAL_FIELDS, WHEN, WHO } from "./request_columns.ts";

export const LOGOUT_HOME: Home = {
  name: "logout",
  stream: "login",
  description: "Ends of sessions: logouts, time-outs and revocations.",
  fieldAliases: {
    event_type: "event.code",
    organization_id: "organization.id",
    user_id_derived: "user.id",
  },
  columns: {
    ...requestColumns({ ...USUAL_FIELDS, sessionKey: "session.key" }),
    USER_TYPE: { field: "user_type", kind: "keyword", codes: USER_TYPES, description: "Kind of user licence." },
    SESSION_TYPE: { field: "session.type", kind: "keyword", codes: SESSION_TYPES, description: "Kind of session." },
    SESSION_LEVEL: {
      field: "session.level",
      kind: "keyword",
      codes: SESSION_LEVELS,
      decoded: { code: "session.level_code", name: "session.level" },
      description: "Security level of the session: STANDARD, HIGH_ASSURANCE or LOW.",
    },
    BROWSER_TYPE: {
      field: "browser_type",
      ecs: "user_agent.original",
      kind: "encoded",
      description: "How the browser or client named itself at login: its User-Agent header, percent-decoded.",
    },
    PLATFORM_TYPE: {
      field: "platform_type",
      kind: "keyword",
      codes: PLATFORM_TYPES,
      description: "Operating system of the client; nothing after a time-out.",
    },
    RESOLUTION_TYPE: {
      field: "resolution_type",
      kind: "keyword",
      description: "Screen resolution of the client, as a code; nothing after a time-out.",
    },
    APP_TYPE: { field: "app_type", kind: "keyword", codes: APP_TYPES, description: "Application that was in use." },
    CLIENT_VERSION: { field: "client_version", kind: "keyword", description: "Version of the client." },
    API_TYPE: { field: "api.type", kind: "keyword", codes: API_TYPES, description: "Kind of API of the session." },
    API_VERSION: {
      field: "api.version",
      kind: "version",
      description: "Version of the API; 9998.0 stands for a session that used no API.",
    },
    USER_INITIATED_LOGOUT: {
      field: "user_initiated_logout",
      kind: "boolean",
      description: "Whether the user logged out; false for a time-out or another implicit end.",
    },
  },
};

export const LOGOUT: LogFileType = logFileTypesOf(LOGOUT_HOME)({
  name: "Logout",
  free: true,
  tells: "Whose session ended, of which kind, and whether the user ended it.",
  columns: [
    ...WHO,
    "USER_TYPE",
    "SESSION_TYPE",
    "SESSION_LEVEL",
    "BROWSER_TYPE",
    "PLATFORM_TYPE",
    "RESOLUTION_TYPE",
    "APP_TYPE",
    "CLIENT_VERSION",
    "API_TYPE",
    "API_VERSION",
    "USER_INITIATED_LOGOUT",
    "SESSION_KEY",
    "LOGIN_KEY",
    ...WHEN,
    "CLIENT_IP",
  ],
});

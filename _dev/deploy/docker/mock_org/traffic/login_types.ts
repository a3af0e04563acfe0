import { to15 } from "../salesforce_id.ts";
import { bit, type Cells, databaseNanos, type EventType, eventType } from "./event_type.ts";
import { FOREIGN_PLACE, ROAMING_PLACE } from "./world.ts";

export const LOGIN_HEADER =
  "T U LOGIN_TYPE BROWSER_TYPE API_TYPE API_VERSION USER_NAME TLS_PROTOCOL CIPHER_SUITE USE_API_TOKEN HTTP_REFERER LOGIN_URL " +
  "COUNTRY_CODE AUTHENTICATION_METHOD_REFERENCE LOGIN_SUB_TYPE AUTHENTICATION_SERVICE_ID AUTHENTICATION_CONTEXT_CLASS_REFERENCE " +
  "E LOGIN_STATUS SOURCE_IP FORWARDED_FOR_IP";

const FAILURES = [
  "LOGIN_ERROR_INVALID_PASSWORD",
  "LOGIN_ERROR_INVALID_PASSWORD",
  "LOGIN_ERROR_PASSWORD_LOCKOUT",
  "LOGIN_ERROR_USER_INACTIVE",
  "LOGIN_ERROR_RESTRICTED_DOMAIN",
  "LOGIN_ERROR_MUST_USE_API_TOKEN",
  "LOGIN_TWOFACTOR_REQ",
  "LOGIN_CHALLENGE_ISSUED",
  "LOGIN_OAUTH_API_DISABLED",
];

/** What every login has, whoever tries it. */
export const LOGIN_CELLS: Cells = {
  TLS_PROTOCOL: "TLSv1.3",
  CIPHER_SUITE: "TLS_AES_256_GCM_SHA384",
  LOGIN_URL: "acme.my.salesforce.com",
  SESSION_KEY: "",
};

const login = eventType("Login", "login", LOGIN_HEADER, (draws, actor) => {
  const { person, integration } = actor;
  const failed = draws.chance(0.06);
  const runTime = draws.skewed(40, 2_500);
  const roaming = draws.chance(0.02);
  const oauth = integration !== undefined;
  const kinds = oauth ? ["i", "6"] : ["A", "A", "A", "s", "j", "8"];
  return {
    ...LOGIN_CELLS,
    RUN_TIME: String(runTime),
    DB_TOTAL_TIME: databaseNanos(draws, runTime),
    URI: oauth ? "/services/oauth2/token" : "/index.jsp",
    REQUEST_STATUS: failed ? "F" : "S",
    ...(failed && { LOGIN_KEY: "" }),
    LOGIN_TYPE: draws.pick(kinds),
    // Part of the browsers arrive percent-encoded.
    BROWSER_TYPE: oauth ? "Unknown" : draws.chance(0.3) ? encodeURIComponent(person.browser) : person.browser,
    API_TYPE: oauth ? draws.pick(["P", "E", "T"]) : "",
    API_VERSION: oauth ? `${draws.between(58, 68)}.0` : "9998.0",
    USER_NAME: person.username,
    USE_API_TOKEN: oauth ? "" : "P",
    HTTP_REFERER: oauth ? "" : "https://acme.my.salesforce.com/",
    COUNTRY_CODE: roaming ? ROAMING_PLACE.countryIso : person.home.countryIso,
    AUTHENTICATION_METHOD_REFERENCE: draws.chance(0.2) ? "mfa" : "",
    LOGIN_SUB_TYPE: oauth ? "OauthJwtBearerToken" : "",
    CLIENT_IP: roaming ? ROAMING_PLACE.ip : oauth ? "Salesforce.com IP" : actor.ip,
    LOGIN_STATUS: failed ? draws.pickEarly(FAILURES) : "LOGIN_NO_ERROR",
    SOURCE_IP: roaming ? ROAMING_PLACE.ip : actor.ip,
    FORWARDED_FOR_IP:
      oauth || draws.chance(0.7) ? "" : `${actor.ip}, 10.0.${draws.between(0, 9)}.${draws.between(1, 254)}`,
  };
});

const LOGIN_AS_HEADER = "T DELEGATED_USER_NAME DELEGATED_USER_ID E DELEGATED_USER_ID_DERIVED";

const loginAs = eventType("LoginAs", "login", LOGIN_AS_HEADER, (draws, actor, world) => {
  const admin = draws.pick(world.admins);
  return {
    URI: "/servlet/servlet.su",
    CLIENT_IP: admin.home.ip,
    DELEGATED_USER_NAME: admin.username,
    DELEGATED_USER_ID: to15(admin.id),
    DELEGATED_USER_ID_DERIVED: admin.id,
    URI_ID_DERIVED: actor.person.id,
  };
});

export const LOGOUT_HEADER =
  "EVENT_TYPE TIMESTAMP REQUEST_ID ORGANIZATION_ID USER_ID SESSION_KEY LOGIN_KEY USER_TYPE SESSION_TYPE SESSION_LEVEL " +
  "BROWSER_TYPE PLATFORM_TYPE RESOLUTION_TYPE APP_TYPE CLIENT_VERSION API_TYPE API_VERSION USER_INITIATED_LOGOUT " +
  "TIMESTAMP_DERIVED USER_ID_DERIVED CLIENT_IP";

const logout = eventType("Logout", "login", LOGOUT_HEADER, (draws, actor) => {
  const batchRevoke = draws.chance(0.01);
  const timedOut = draws.chance(0.35);
  return {
    ...(batchRevoke && { USER_ID: "", USER_ID_DERIVED: "" }),
    USER_TYPE: draws.pickEarly(["S", "S", "b", "p", "G"]),
    SESSION_TYPE: draws.pickEarly(["U", "U", "A", "O", "V", "S"]),
    SESSION_LEVEL: draws.chance(0.8) ? "1" : "10",
    BROWSER_TYPE: String(draws.pick([13_141, 16_018, 14_143])),
    PLATFORM_TYPE: draws.pick(["1015", "2003", "4000", "5006"]),
    RESOLUTION_TYPE: draws.pick(["9999", "1920", "2560"]),
    APP_TYPE: draws.pickEarly(["1007", "1000", "2514"]),
    CLIENT_VERSION: "9998",
    API_TYPE: "",
    API_VERSION: "9998.0",
    USER_INITIATED_LOGOUT: bit(!timedOut),
    CLIENT_IP: timedOut ? "" : actor.ip,
  };
});

const salesforceLoginAs = eventType(
  "SalesforceLoginAs",
  "login",
  "EVENT_TYPE TIMESTAMP REQUEST_ID ORGANIZATION_ID USER_ID ACTUAL_USER_ID OPERATION IP_ADDRESS CASE_ID TIMESTAMP_DERIVED USER_ID_DERIVED",
  (draws) => ({
    ACTUAL_USER_ID: `005${draws.text(12)}`,
    OPERATION: draws.pick(["LOGIN", "LOGOUT"]),
    IP_ADDRESS: "Salesforce.com IP",
    CASE_ID: `500${draws.text(12)}`,
  }),
);

export const LOGIN_TYPES: readonly EventType[] = [login, loginAs, logout, salesforceLoginAs];

/** Many usernames from one address, each tried with a wrong password; the last one fits. */
export function passwordSpraying(success: boolean): EventType {
  return eventType("Login", "incident", LOGIN_HEADER, (draws, actor) => ({
    ...LOGIN_CELLS,
    RUN_TIME: String(draws.between(30, 90)),
    DB_TOTAL_TIME: databaseNanos(draws, 40),
    URI: "/index.jsp",
    REQUEST_STATUS: success ? "S" : "F",
    ...(!success && { LOGIN_KEY: "" }),
    LOGIN_TYPE: "A",
    BROWSER_TYPE: "python-requests/2.32.3",
    API_VERSION: "9998.0",
    USER_NAME: actor.person.username,
    USE_API_TOKEN: "P",
    COUNTRY_CODE: FOREIGN_PLACE.countryIso,
    CLIENT_IP: FOREIGN_PLACE.ip,
    LOGIN_STATUS: success ? "LOGIN_NO_ERROR" : "LOGIN_ERROR_INVALID_PASSWORD",
    SOURCE_IP: FOREIGN_PLACE.ip,
  }));
}

/** One administrator logs in as one other administrator, from an unusual place. */
export const adminImpersonation = eventType("LoginAs", "incident", LOGIN_AS_HEADER, (_draws, _actor, { admins }) => {
  const [impersonator, target] = admins;
  if (impersonator === undefined || target === undefined) {
    throw new Error("the world needs two administrators");
  }
  return {
    URI: "/servlet/servlet.su",
    USER_ID: to15(target.id),
    USER_ID_DERIVED: target.id,
    CLIENT_IP: ROAMING_PLACE.ip,
    DELEGATED_USER_NAME: impersonator.username,
    DELEGATED_USER_ID: to15(impersonator.id),
    DELEGATED_USER_ID_DERIVED: impersonator.id,
    URI_ID_DERIVED: target.id,
  };
});

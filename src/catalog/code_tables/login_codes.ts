import type { CodeTable } from "../column.ts";

/** LOGIN_TYPE. Source: Object Reference, "Login Event Type" (sforce_api_objects_eventlogfile_login.htm). */
export const LOGIN_TYPES: CodeTable = {
  "3": "Customer Service Portal",
  "5": "SAML Idp Initiated SSO",
  "6": "Remote Access Client",
  "7": "AppExchange",
  "8": "SAML Sfdc Initiated SSO",
  "9": "Partner Portal",
  A: "Application",
  E: "SelfService",
  I: "Other Apex API",
  R: "Partner Product",
  b: "SAML Customer Service Portal SSO",
  c: "SAML Partner Portal SSO",
  h: "SAML Site SSO",
  i: "Remote Access 2.0",
  j: "Third Party SSO",
  k: "Chatter Communities External User",
  l: "Networks Portal API Only",
  m: "SAML Chatter Communities External User SSO",
  n: "Chatter Communities External User Third Party SSO",
  q: "Partner Portal Third-Party SSO",
  r: "Employee Login to Community",
  s: "Certificate-based login",
  w: "Passwordless Login",
  x: "Cross Tenant Login",
  z: "Lightning Login",
};

/** API_TYPE of Login, Logout and API; I, O and X are in older files. Source: as above and "API Event Type". */
export const API_TYPES: CodeTable = {
  D: "Apex Class",
  E: "SOAP Enterprise",
  I: "SOAP Cross Instance",
  M: "SOAP Metadata",
  O: "Old SOAP",
  P: "SOAP Partner",
  S: "SOAP Apex",
  T: "SOAP Tooling",
  X: "XmlRPC",
  f: "Feed",
  l: "Live Agent",
  p: "SOAP ClientSync",
};

/** USE_API_TOKEN. Source: Object Reference, "Login Event Type". */
export const CREDENTIALS: CodeTable = { P: "Password", T: "API token" };

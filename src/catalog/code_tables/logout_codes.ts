import type { CodeTable } from "../column.ts";

/*
 * Codes of the Logout event type. Source: Object Reference, "Logout Event Type" (sforce_api_objects_eventlogfile_logout.htm), which
 * gives examples only for APP_TYPE and PLATFORM_TYPE.
 */

export const SESSION_TYPES: CodeTable = {
  A: "API",
  B: "TempContentExchange",
  C: "Content",
  E: "UserSite",
  F: "TempUIFrontdoor",
  G: "TempOauthAccessTokenFrontdoor",
  I: "APIOnlyUser",
  N: "ChatterNetworks",
  O: "Oauth2",
  P: "OauthApprovalUI",
  R: "SitePreview",
  S: "SubstituteUser",
  T: "SiteStudio",
  U: "UI",
  V: "Visualforce",
  W: "WDC_API",
  Y: "TempVisualforceExchange",
  Z: "ChatterNetworksAPIOnly",
};

/** The names are those that LoginEvent and LogoutEvent give. */
export const SESSION_LEVELS: CodeTable = { "1": "STANDARD", "2": "HIGH_ASSURANCE", "10": "HIGH_ASSURANCE" };

export const PLATFORM_TYPES: CodeTable = {
  "1000": "Windows",
  "1008": "Windows 2003",
  "1013": "Windows 8.1",
  "1015": "Windows 10",
  "2003": "Macintosh/Apple OSX",
  "4000": "Linux",
  "5005": "Android",
  "5006": "iPhone",
  "5007": "iPad",
  "5200": "Android 10.0",
};

export const APP_TYPES: CodeTable = {
  "1000": "Application",
  "1007": "SFDC Application",
  "1014": "Chat",
  "2501": "CTI",
  "2514": "OAuth",
  "3475": "SFDC Partner Portal",
};

/** USER_TYPE of Logout has one letter where the other types have the name; the names are theirs where they have one. */
export const USER_TYPES: CodeTable = {
  A: "AutomatedProcess",
  C: "CustomerPortalUser",
  D: "ExternalWho",
  F: "SelfService",
  G: "Guest",
  L: "PackageLicenseManager",
  N: "SalesforceToSalesforce",
  O: "PowerCustom",
  P: "Partner",
  S: "Standard",
  X: "SalesforceAdministrator",
  b: "HighVolumePortal",
  n: "CsnOnly",
  o: "Custom",
  p: "CustomerPortalManager",
};

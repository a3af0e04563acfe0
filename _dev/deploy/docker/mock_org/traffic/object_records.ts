import type { SObjectRecord } from "../sobject.ts";
import { DETECTIONS } from "./detections.ts";
import { Draws } from "./draws.ts";
import { FOREIGN_PLACE, type Place, type World } from "./world.ts";

type RecordMaker = (draws: Draws, world: World, at: string) => SObjectRecord;

const STATUSES = [
  "Invalid Password",
  "Invalid Password",
  "Password Lockout",
  "Failed: Computer activation required",
  "User is Inactive",
];

function session(draws: Draws): SObjectRecord {
  return {
    LoginKey: draws.text(16),
    SessionKey: draws.text(16),
    SessionLevel: draws.pickEarly(["STANDARD", "HIGH_ASSURANCE"]),
  };
}

const LATITUDES: Readonly<Record<string, readonly [number, number]>> = {
  GB: [51.51, -0.13],
  SE: [58.41, 15.62],
  US: [47.25, -122.31],
  CN: [43.88, 125.32],
};

function location({ countryIso, country, city }: Place): SObjectRecord {
  const [latitude, longitude] = LATITUDES[countryIso] ?? [null, null];
  return {
    CountryIso: countryIso,
    Country: country,
    City: city || null,
    LoginLatitude: latitude,
    LoginLongitude: longitude,
  };
}

const login: RecordMaker = (draws, world, at) => {
  const person = draws.pickEarly(world.people);
  const place = draws.chance(0.01) ? FOREIGN_PLACE : person.home;
  const failed = draws.chance(0.06);
  return {
    EventDate: at,
    ...session(draws),
    ...location(place),
    UserId: person.id,
    Username: person.username,
    UserType: person.userType,
    SourceIp: place.ip,
    Status: failed ? draws.pickEarly(STATUSES) : "Success",
    LoginType: draws.pickEarly(["Application", "SAML Sfdc Initiated SSO", "Remote Access 2.0"]),
    Application: "Browser",
    Browser: draws.pick(["Chrome 141", "Safari 18", "Firefox 143", "Unknown"]),
    Platform: draws.pick(["Windows 10", "Mac OSX", "Linux", "iPhone"]),
    ApiType: "N/A",
    ApiVersion: "N/A",
    ClientVersion: "N/A",
    HttpMethod: "POST",
    LoginUrl: "acme.my.salesforce.com",
    TlsProtocol: "TLS 1.3",
    CipherSuite: "TLS_AES_256_GCM_SHA384",
    EvaluationTime: 0,
    AdditionalInfo: "{}",
  };
};

const logout: RecordMaker = (draws, world, at) => {
  const person = draws.pickEarly(world.people);
  return { EventDate: at, ...session(draws), UserId: person.id, Username: person.username, SourceIp: person.home.ip };
};

const loginAs: RecordMaker = (draws, world, at) => {
  const [admin, target] = [draws.pick(world.admins), draws.pick(world.people)];
  return {
    EventDate: at,
    ...session(draws),
    Application: "Browser",
    Browser: "Chrome 141",
    Platform: "Windows 10",
    DelegatedUsername: target.username,
    LoginAsCategory: "OrgAdmin",
    LoginType: "Login-As",
    SourceIp: admin.home.ip,
    TargetUrl: "/home/home.jsp",
    UserId: admin.id,
    Username: admin.username,
    UserType: admin.userType,
  };
};

const apiCall: RecordMaker = (draws, world, at) => {
  const integration = draws.pick(world.integrations);
  const rows = draws.skewed(0, 2_000);
  const entity = draws.pick(["Account", "Contact", "Opportunity", "Case"]);
  return {
    EventDate: at,
    ...session(draws),
    ApiType: draws.pickEarly(["REST", "SOAP Partner"]),
    ApiVersion: draws.between(58, 68),
    Application: integration.clientName,
    Client: integration.clientName,
    ConnectedAppId: integration.connectedAppId,
    ElapsedTime: draws.skewed(5, 9_000),
    EvaluationTime: 0,
    Operation: draws.pickEarly(["Query", "QueryMore", "QueryAll"]),
    QueriedEntities: entity,
    Query: `SELECT Id, Name FROM ${entity}`,
    RequestIdentifier: draws.text(22),
    // More rows than one batch holds are told as -1.
    RowsProcessed: draws.chance(0.05) ? -1 : rows,
    RowsReturned: rows,
    SourceIp: integration.home.ip,
    UserAgent: "9999",
    UserId: integration.id,
    Username: integration.username,
  };
};

const identityVerification: RecordMaker = (draws, world, at) => {
  const person = draws.pickEarly(world.people);
  return {
    EventDate: at,
    ...session(draws),
    Activity: draws.pickEarly(["Login", "ConnectedApp", "ExportPrintReports"]),
    City: person.home.city,
    Country: person.home.country,
    CountryIso: person.home.countryIso,
    EventGroup: draws.text(16),
    Policy: "DeviceActivation",
    SourceIp: person.home.ip,
    Status: draws.pickEarly(["Succeeded", "Initiated", "FailedInvalidCode", "Denied"]),
    UserId: person.id,
    Username: person.username,
    VerificationMethod: draws.pickEarly(["SalesforceAuthenticator", "Totp", "Sms"]),
  };
};

const bulkResult: RecordMaker = (draws, world, at) => {
  const integration = draws.pick(world.integrations);
  return {
    EventDate: at,
    ...session(draws),
    EvaluationTime: 0,
    Query: `SELECT Id, Name FROM ${draws.pick(["Account", "Contact", "Opportunity"])}`,
    SourceIp: integration.home.ip,
    UserId: integration.id,
    Username: integration.username,
  };
};

const loginHistory: RecordMaker = (draws, world, at) => {
  const person = draws.pickEarly(world.people);
  return {
    LoginTime: at,
    UserId: person.id,
    SourceIp: person.home.ip,
    CountryIso: person.home.countryIso,
    Status: draws.chance(0.06) ? draws.pickEarly(STATUSES) : "Success",
    LoginType: draws.pickEarly(["Application", "Remote Access 2.0"]),
    Application: "Browser",
    Browser: draws.pick(["Chrome 141", "Safari 18", "Firefox 143"]),
    Platform: draws.pick(["Windows 10", "Mac OSX", "Linux"]),
    LoginUrl: "acme.my.salesforce.com",
    TlsProtocol: "TLS 1.3",
    CipherSuite: "TLS_AES_256_GCM_SHA384",
    OptionsIsGet: false,
    OptionsIsPost: true,
  };
};

const SETUP_CHANGES: readonly (readonly [action: string, section: string | null, display: string])[] = [
  ["changedpagelayout", "Customize Accounts", "Changed Account page layout Account Layout"],
  ["createdReport", null, "Created report Open pipeline"],
  ["changedprofileforuser", "Manage Users", "Changed profile for user Ann Lee from Standard User to Sales User"],
  ["resetpassword", "Manage Users", "Reset password for user Ann Lee"],
  ["PermSetAssign", "Manage Users", "Permission set Report Builder: assigned to user Ann Lee"],
  ["createduser", "Manage Users", "Created new User Bo Ek"],
  ["changedApexClass", "Apex Class", "Changed InvoiceService Apex Class code"],
  ["insertSharingRule", "Sharing Rules", "Added sharing rule for Opportunities"],
];

const setupChange: RecordMaker = (draws, world, at) => {
  const admin = draws.pick(world.admins);
  const [Action, Section, Display] = draws.pickEarly(SETUP_CHANGES);
  return {
    Action,
    CreatedById: admin.id,
    // Salesforce keeps whole seconds.
    CreatedDate: `${at.slice(0, 19)}Z`,
    DelegateUser: draws.chance(0.02) ? draws.pick(world.admins).username : null,
    Display,
    Section,
  };
};

const MAKERS: Readonly<Record<string, RecordMaker>> = {
  LoginEvent: login,
  LogoutEvent: logout,
  LoginAsEvent: loginAs,
  ApiEvent: apiCall,
  IdentityVerificationEvent: identityVerification,
  BulkApiResultEventStore: bulkResult,
  LoginHistory: loginHistory,
  SetupAuditTrail: setupChange,
  ...DETECTIONS,
};

/** Believable records of an object, spread evenly from `from` to `until` (milliseconds since the epoch), oldest first. */
export function generatedRecords(
  object: string,
  count: number,
  from: number,
  until: number,
  world: World,
): SObjectRecord[] {
  const maker = MAKERS[object];
  if (maker === undefined) {
    throw new Error(`no traffic for object ${object}; there is: ${Object.keys(MAKERS).join(", ")}`);
  }
  const draws = new Draws(`${world.seed}/${object}/${from}`);
  return Array.from({ length: count }, (_, index) => {
    const at = new Date(from + Math.floor(((index + draws.next()) / count) * (until - from))).toISOString();
    return maker(draws, world, at);
  });
}

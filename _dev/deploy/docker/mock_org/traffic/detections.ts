/** What Threat Detection of Salesforce would report, some hours after it happened. */
import type { SObjectRecord } from "../sobject.ts";
import type { Draws } from "./draws.ts";
import { FOREIGN_PLACE, type Person, type World } from "./world.ts";

type DetectionMaker = (draws: Draws, world: World, at: string) => SObjectRecord;

const HOUR_MS = 3_600_000;
const CHROME =
  "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36";
const LINUX = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36";

function reported(draws: Draws, { id, username }: Person, at: string, score: number): SObjectRecord {
  return {
    // Salesforce keeps whole seconds of what it writes itself.
    CreatedDate: `${at.slice(0, 19)}Z`,
    EventDate: new Date(Date.parse(at) - draws.between(1, 6) * HOUR_MS).toISOString(),
    EvaluationTime: draws.between(0, 40),
    LoginKey: draws.text(16),
    SessionKey: draws.text(16),
    PolicyId: null,
    PolicyOutcome: "NoAction",
    Score: score,
    UserId: id,
    Username: username,
  };
}

/** Features and their shares of the score, as SecurityEventData has them. */
function evidence(features: Readonly<Record<string, readonly [share: number, value: string]>>): string {
  return JSON.stringify(
    Object.entries(features).map(([featureName, [share, featureValue]]) => ({
      featureName,
      featureValue,
      featureContribution: `${share.toFixed(2)} %`,
    })),
  );
}

const apiAnomaly: DetectionMaker = (draws, world, at) => {
  const person = draws.pick(world.people);
  const rows = draws.between(40_000, 900_000);
  return {
    ...reported(draws, person, at, draws.between(50, 99) / 100),
    Operation: "Query",
    QueriedEntities: draws.pick(["Account", "Contact", "Contact, Case", "Opportunity"]),
    RequestIdentifier: draws.text(22),
    RowsProcessed: rows,
    SecurityEventData: evidence({
      rowsProcessed: [71.4, String(rows)],
      userAgent: [18.2, "python-requests/2.32.3"],
      dayOfWeek: [4.1, "Sunday"],
    }),
    SourceIp: person.home.ip,
    Summary: "API was used in an infrequent way: rowsProcessed and userAgent contributed most",
    Uri: "/services/data/v61.0/query",
    UserAgent: "python-requests/2.32.3",
  };
};

const reportAnomaly: DetectionMaker = (draws, world, at) => {
  const person = draws.pick(world.people);
  const rows = draws.between(50_000, 2_000_000);
  return {
    ...reported(draws, person, at, draws.between(55, 98)),
    Report: "00OHs000001leVCMAY",
    SecurityEventData: evidence({
      rowCount: [95, String(rows)],
      autonomousSystem: [1.62, "Example Networks"],
      dayOfWeek: [1.42, "Sunday"],
      averageRowSize: [0.73, "744"],
    }),
    SourceIp: person.home.ip,
    Summary: "Report was exported with an infrequent rowCount",
  };
};

const loginAnomaly: DetectionMaker = (draws, world, at) => {
  const person = draws.pick(world.people);
  return {
    ...reported(draws, person, at, draws.between(50, 95) / 100),
    // The page says that it has no time portion.
    EventDate: `${at.slice(0, 10)}T00:00:00Z`,
    SecurityEventData: evidence({ country: [62.5, FOREIGN_PLACE.country], browser: [21, "Chrome 126"] }),
    SourceIp: FOREIGN_PLACE.ip,
    Summary: "Login from an infrequent country",
  };
};

const guestUserAnomaly: DetectionMaker = (draws, world, at) => {
  const guest = draws.pick(world.people);
  return {
    ...reported(draws, guest, at, draws.between(60, 100) / 100),
    RequestedEntities: "Account, Contact",
    SecurityEventData: evidence({ totalControllerEvents: [88, "4210"], soqlCommands: [9.5, "SELECT"] }),
    SoqlCommands: "SELECT Id, Name FROM Account",
    SourceIp: FOREIGN_PLACE.ip,
    Summary: "Guest user asked for more records than usual",
    TotalControllerEvents: 4_210,
    UserAgent: LINUX,
    UserType: "Guest",
  };
};

const credentialStuffing: DetectionMaker = (draws, world, at) => {
  const person = draws.pick(world.people);
  return {
    ...reported(draws, person, at, 1),
    AcceptLanguage: "en-US;q=0.8",
    LoginType: "Application",
    LoginUrl: "login.salesforce.com",
    SourceIp: FOREIGN_PLACE.ip,
    Summary: `Successful login from Credential Stuffing attack with these unusual features: ${FOREIGN_PLACE.ip}`,
    UserAgent: LINUX,
  };
};

/** The session of a person goes on in another browser, at another place. */
function sessionHijacking(draws: Draws, person: Person, at: string): SObjectRecord {
  const changed = (featureName: string, share: number, previousValue: string, currentValue: string) => ({
    featureName,
    featureContribution: `${share.toFixed(2)} %`,
    previousValue,
    currentValue,
  });
  return {
    ...reported(draws, person, at, draws.between(90, 99) / 100),
    CurrentIp: FOREIGN_PLACE.ip,
    CurrentPlatform: "Linux x86_64",
    CurrentScreen: "(1080.0,1920.0)",
    CurrentUserAgent: LINUX,
    CurrentWindow: "1200x1920",
    PreviousIp: person.home.ip,
    PreviousPlatform: "Win32",
    PreviousScreen: "(1440.0,2560.0)",
    PreviousUserAgent: CHROME,
    PreviousWindow: "1363x1717",
    SecurityEventData: JSON.stringify([
      changed("userAgent", 0.45, CHROME, LINUX),
      changed("ipAddress", 0.23, person.home.ip, FOREIGN_PLACE.ip),
      changed("platform", 0.23, "Win32", "Linux x86_64"),
    ]),
    SourceIp: FOREIGN_PLACE.ip,
    Summary: "User agent, IP address and platform of the session have changed",
  };
}

export const DETECTIONS: Readonly<Record<string, DetectionMaker>> = {
  ApiAnomalyEventStore: apiAnomaly,
  ReportAnomalyEventStore: reportAnomaly,
  LoginAnomalyEventStore: loginAnomaly,
  GuestUserAnomalyEventStore: guestUserAnomaly,
  CredentialStuffingEventStore: credentialStuffing,
  SessionHijackingEventStore: (draws, world, at) => sessionHijacking(draws, draws.pick(world.people), at),
  UniversalAnomalyEventStore: (draws, world, at) => ({
    ...reported(draws, draws.pick(world.people), at, draws.between(50, 99) / 100),
    AnomalySubType: "MCPAnomaly",
    SecurityEventData: evidence({ toolCalls: [77, "412"] }),
    Summary: "An MCP server was used in an infrequent way",
  }),
};

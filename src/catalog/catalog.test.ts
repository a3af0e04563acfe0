import { describe, expect, it } from "vitest";
import { EVENT_TYPES, findEventType, HOMES, logFileType, OBJECTS } from "./catalog.ts";
import { LOGIN_STATUSES } from "./code_tables/login_status.ts";
import { ENVELOPE_COLUMNS } from "./column.ts";
import { fieldsOf } from "./member_writer.ts";

it("has every event type and object once, in the stream that it is about", () => {
  const streams = Object.groupBy([...EVENT_TYPES, ...OBJECTS], (type) => type.stream);
  const names = (stream: keyof typeof streams) => streams[stream]?.map((type) => type.name).toSorted();
  expect(names("login")).toEqual([
    "IdentityVerificationEvent",
    "Login",
    "LoginAs",
    "LoginAsEvent",
    "LoginEvent",
    "LoginHistory",
    "Logout",
    "LogoutEvent",
    "SalesforceLoginAs",
  ]);
  expect(names("apex")).toEqual([
    "ApexCallout",
    "ApexExecution",
    "ApexRestApi",
    "ApexSoap",
    "ApexTrigger",
    "ApexUnexpectedException",
    "ConcurrentLongRunningApexLimit",
    "ContinuationCalloutSummary",
    "ExternalCustomApexCallout",
    "NamedCredential",
    "QueuedExecution",
  ]);
  expect(names("api")).toEqual([
    "API",
    "ApiEvent",
    "ApiTotalUsage",
    "BulkApi",
    "BulkApi2",
    "BulkApiRequest",
    "BulkApiResultEventStore",
    "CompositeApi",
    "CompositeApiSubrequest",
    "GraphQLQuery",
    "MetadataApiOperation",
    "RestApi",
  ]);
  expect(names("setup_audit_trail")).toEqual(["SetupAuditTrail"]);
  expect(names("threat")).toEqual([
    "ApiAnomalyEventStore",
    "CredentialStuffingEventStore",
    "GuestUserAnomalyEventStore",
    "LoginAnomalyEventStore",
    "ReportAnomalyEventStore",
    "SessionHijackingEventStore",
    "UniversalAnomalyEventStore",
  ]);
  expect(names("data_access")).toEqual([
    "AuraRequest",
    "ContentDistribution",
    "ContentTransfer",
    "DocumentAttachmentDownloads",
    "FileEventStore",
    "LightningPageView",
    "LightningUriEvent",
    "ListViewEvent",
    "PermissionSetEventStore",
    "Report",
    "ReportEvent",
    "ReportExport",
    "Search",
    "SearchClick",
    "URI",
    "UriEvent",
  ]);
});

it("has only by name what needs more permissions or tells of every page, search and request", () => {
  const apart = [...EVENT_TYPES, ...OBJECTS].filter(({ onlyByName }) => onlyByName === true).map(({ name }) => name);
  expect(apart.toSorted()).toEqual([
    "AuraRequest",
    "IdentityVerificationEvent",
    "LightningPageView",
    "LightningUriEvent",
    "Search",
    "SearchClick",
    "URI",
    "UriEvent",
  ]);
  expect(EVENT_TYPES.filter(({ free, onlyByName }) => free && onlyByName === true)).toEqual([]);
});

it("finds both kinds by name", () => {
  expect(findEventType("Login")).toMatchObject({ provider: "EventLogFile", stream: "login", free: true });
  expect(findEventType("ApiEvent")).toMatchObject({ provider: "Object", stream: "api", free: false });
  expect(findEventType("toString")).toBeUndefined();
});

it("has a place for an event type of any other name", () => {
  expect(logFileType("Login")).toBe(findEventType("Login"));
  expect(logFileType("toString")).toMatchObject({ name: "toString", stream: "other", provider: "EventLogFile" });
});

describe.each(EVENT_TYPES.map((type) => [type.name, type] as const))("%s", (_name, type) => {
  it("has columns of its home, each once", () => {
    const unknown = type.columns.filter(
      (name) => type.home.columns[name] === undefined && ENVELOPE_COLUMNS[name] === undefined,
    );
    expect(unknown).toEqual([]);
    expect(new Set(type.columns).size).toBe(type.columns.length);
    expect(type.home.stream).toBe(type.stream);
  });

  it("varies columns of its home, and a field has one meaning", () => {
    for (const [name, column] of Object.entries(type.variants ?? {})) {
      const usual = type.home.columns[name];
      expect(usual).toBeDefined();
      expect(column.field === usual?.field).toBe(column.description === usual?.description);
    }
  });
});

describe.each(HOMES.map((home) => [home.name, home] as const))("home %s", (_name, home) => {
  const columns = [
    ...Object.values(home.columns),
    ...OBJECTS.filter((type) => type.home === home).flatMap((type) => Object.values(type.columns)),
  ];
  const fields = new Set(columns.flatMap(fieldsOf));

  it("has no field below another field", () => {
    const below = [...fields].filter((field) =>
      [...fields].some((other) => field.startsWith(`${other}.`) || field === "unmapped"),
    );
    expect(below).toEqual([]);
  });

  it("has names in snake case and no alias in the place of a field", () => {
    for (const field of fields) {
      expect(field).toMatch(/^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*$/);
    }
    expect(Object.keys(home.fieldAliases).filter((name) => fields.has(name))).toEqual([]);
  });

  it("describes every column as a sentence", () => {
    for (const { description } of columns) {
      expect(description).toMatch(/^[A-Z].*\.$/);
    }
  });
});

it("has a text for every login status, and one that is success", () => {
  expect(Object.keys(LOGIN_STATUSES).length).toBeGreaterThanOrEqual(119);
  expect(Object.values(LOGIN_STATUSES).every((text) => text.trim() === text && text !== "")).toBe(true);
  expect(Object.entries(LOGIN_STATUSES).filter(([, text]) => text === "Success")).toEqual([
    ["LOGIN_NO_ERROR", "Success"],
  ]);
});

it("no two codes that are told by their name alone have the same name", () => {
  for (const { codes, decoded, field } of HOMES.flatMap((home) => Object.values(home.columns))) {
    const names = Object.values(codes ?? {});
    expect(decoded !== undefined || new Set(names).size === names.length, field).toBe(true);
  }
});

describe("times have the unit that the page of their type gives", () => {
  const NANOSECONDS = [
    "Login",
    "ApexRestApi",
    "QueuedExecution",
    "API",
    "RestApi",
    "CompositeApiSubrequest",
    "GraphQLQuery",
    "Report",
    "URI",
    "AuraRequest",
  ];
  /** By column, the unit that Salesforce documents, and the types that have another one. */
  const DOCUMENTED: Readonly<Record<string, { unit: string; except?: Readonly<Record<string, string>> }>> = {
    RUN_TIME: { unit: "milliseconds" },
    CPU_TIME: { unit: "milliseconds" },
    DB_CPU_TIME: { unit: "milliseconds" },
    EXEC_TIME: { unit: "milliseconds" },
    CALLOUT_TIME: { unit: "milliseconds" },
    TIME: { unit: "milliseconds" },
    DURATION: { unit: "milliseconds" },
    TOTAL_MS: { unit: "milliseconds" },
    EXECUTE_MS: { unit: "milliseconds" },
    FETCH_MS: { unit: "milliseconds" },
    Duration: { unit: "milliseconds" },
    ElapsedTime: { unit: "milliseconds" },
    // Milliseconds on the pages of three types, which some orgs get in nanoseconds all the same; nanoseconds on all others.
    DB_TOTAL_TIME: {
      unit: "database_time",
      except: Object.fromEntries(NANOSECONDS.map((type) => [type, "nanoseconds"])),
    },
  };
  const TIMES = new Set(["milliseconds", "nanoseconds", "database_time"]);

  it.each([...EVENT_TYPES, ...OBJECTS].map((type) => [type.name, type] as const))("%s", (name, type) => {
    const columns =
      type.provider === "Object"
        ? Object.entries(type.columns)
        : type.columns.map((column) => [column, type.variants?.[column] ?? type.home.columns[column]] as const);
    for (const [column, declared] of columns) {
      const documented = DOCUMENTED[column];
      const unit = documented?.except?.[name] ?? documented?.unit;
      if (unit !== undefined || TIMES.has(declared?.kind ?? "")) {
        expect(declared?.kind, `${column}, see ${type.page}`).toBe(unit);
      }
    }
    expect(type.page).toMatch(/^https:\/\/developer\.salesforce\.com\/docs\//);
  });
});

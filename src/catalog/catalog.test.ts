import { describe, expect, it } from "vitest";
import { EVENT_TYPES, findEventType, HOMES, OBJECTS } from "./catalog.ts";
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
});

it("finds both kinds by name", () => {
  expect(findEventType("Login")).toMatchObject({ provider: "EventLogFile", stream: "login", free: true });
  expect(findEventType("ApiEvent")).toMatchObject({ provider: "Object", stream: "api", free: false });
  expect(findEventType("toString")).toBeUndefined();
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

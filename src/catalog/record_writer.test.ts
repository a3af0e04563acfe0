import { describe, expect, it } from "vitest";
import { EventBytes } from "../core/event_bytes.ts";
import { OBJECTS, PUBLISHED_OBJECTS, selectFields } from "./catalog.ts";
import { compileRecordWriter, type RecordWriter, type SalesforceRecord } from "./record_writer.ts";

const ATTRIBUTES = { type: "LoginEvent", url: "/services/data/v66.0/sobjects/LoginEvent/000000000000000AAA" };

/** What the writer adds, without the comma behind it. */
function fieldsText(writer: RecordWriter, record: SalesforceRecord): string {
  const text = new EventBytes();
  writer.fields(record, text);
  return text.bytes.toString().replace(/,$/, "");
}

function written(objectName: string, record: SalesforceRecord): unknown {
  return JSON.parse(`{${fieldsText(compileRecordWriter(objectName), record)}}`);
}

describe("fields of a record", () => {
  it.each<[string, string, SalesforceRecord, unknown]>([
    ["nothing for null", "LoginEvent", { attributes: ATTRIBUTES, City: null, Country: "" }, {}],
    [
      "names, not codes",
      "LoginEvent",
      {
        LoginType: "Remote Access 2.0",
        ApiType: "SOAP Partner",
        Status: "Invalid Password",
        LoginSubType: "OauthTokenExchange",
      },
      {
        login: {
          type: "Remote Access 2.0",
          api: { type: "SOAP Partner" },
          status_description: "Invalid Password",
          sub_type: "OauthTokenExchange",
        },
      },
    ],
    [
      "a place, west and south",
      "LoginEvent",
      { City: "San Francisco", CountryIso: "US", LoginLatitude: 37.7749, LoginLongitude: -122.4194 },
      {
        login: {
          geo: { city_name: "San Francisco", country_iso_code: "US", latitude: 37.7749, longitude: -122.4194 },
        },
      },
    ],
    [
      "a policy that took a part of a millisecond",
      "LoginEvent",
      { PolicyId: "0NI000000000001", PolicyOutcome: "Block", EvaluationTime: 0.25 },
      {
        login: {
          transaction_security: { policy: { id: "0NI000000000001GAA", outcome: "Block" } },
          evaluation_time: 0.25,
        },
      },
    ],
    [
      "text in place of an address",
      "LogoutEvent",
      { SourceIp: "Salesforce.com IP" },
      { logout: { source: { address: "Salesforce.com IP" } } },
    ],
    [
      "who acts as whom",
      "LoginAsEvent",
      { DelegatedUsername: "admin@example.com", Username: "user@example.com", UserId: "0053000000Ank29AAB" },
      {
        login_as: {
          delegated_user: { name: "admin@example.com" },
          user_id: "0053000000Ank29AAB",
          user_name: "user@example.com",
        },
      },
    ],
    [
      "booleans and ids of a standard object",
      "LoginHistory",
      { Id: "0Ya000000000001AAA", OptionsIsGet: true, OptionsIsPost: false },
      { login: { history_id: "0Ya000000000001AAA", options: { is_get: true, is_post: false } } },
    ],
    [
      "rows that Salesforce does not know, and sObjects in a list",
      "ApiEvent",
      { RowsProcessed: -1, RowsReturned: 200, QueriedEntities: "Account, Contact", ElapsedTime: 12 },
      {
        api: {
          rows_returned: 200,
          queried_entities: ["Account", "Contact"],
          run_time: 12,
          unmapped: { RowsProcessed: "-1" },
        },
      },
    ],
    ["quotes of a query", "ApiEvent", { Query: '"x"' }, { api: { query: '"x"' } }],
    [
      "a field that was not asked for",
      "LogoutEvent",
      { NewField: { a: 1 } },
      { logout: { unmapped: { NewField: '{"a":1}' } } },
    ],
  ])("%s", (_name, objectName, record, expected) => {
    expect(written(objectName, record)).toEqual(expected);
  });
});

it("takes time and identity from the record", () => {
  const login = compileRecordWriter("LoginEvent");
  const record = { EventDate: "2026-07-17T09:22:41.123+0000", EventIdentifier: "f0b28782-1ec2-424c-8d37-8f783e0a3754" };
  expect(login.time(record)).toBe(Date.parse("2026-07-17T09:22:41.123Z"));
  expect(login.identity(record)).toBe("f0b28782-1ec2-424c-8d37-8f783e0a3754");
  expect(compileRecordWriter("LoginHistory").identity({ Id: "0Ya000000000001AAA" })).toBe("0Ya000000000001AAA");
  expect(login.time({})).toBeUndefined();
  expect(login.identity({ EventIdentifier: null })).toBeUndefined();
});

it.each(OBJECTS.map(({ name, timeColumn, identityColumn }) => [name, timeColumn, identityColumn]))(
  "asks %s for its time and identity, each field once",
  (name, timeColumn, identityColumn) => {
    const fields = selectFields(name);
    expect(fields).toContain(timeColumn);
    expect(fields).toContain(identityColumn);
    expect(new Set(fields).size).toBe(fields.length);
  },
);

it("asks no query for what the published events alone have", () => {
  const published = PUBLISHED_OBJECTS.flatMap(({ name, topic }) =>
    Object.keys(topic.columns ?? {}).map((column) => [name, column]),
  );
  expect(published).toEqual([
    ["LoginEvent", "RemoteIdentifier"],
    ["ApiEvent", "ActionName"],
    ["ApiEvent", "OperationStatus"],
  ]);
  expect(published.filter(([name = "", column = ""]) => selectFields(name).includes(column))).toEqual([]);
});

it("refuses an object that it does not know", () => {
  expect(() => compileRecordWriter("Account")).toThrow(TypeError);
  expect(() => selectFields("Account")).toThrow(TypeError);
});

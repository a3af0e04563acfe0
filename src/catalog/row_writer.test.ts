import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "csv-parse/sync";
import { describe, expect, it } from "vitest";
import { isoDay } from "../core/clock.ts";
import { EventBytes } from "../core/event_bytes.ts";
import { RowCells } from "../core/row_cells.ts";
import type { CellsWriter } from "./cells_writer.ts";
import { LOGIN } from "./login.ts";
import { AI_AGENT } from "./request_columns.ts";
import { compileRowWriter } from "./row_writer.ts";

const EVENT_LOG_FILES = join(import.meta.dirname, "../../_dev/shared/event_log_files");

/** What the writer adds, without the comma behind it. */
function fields(writer: CellsWriter, cells: readonly string[]): string {
  const text = new EventBytes();
  writer.fields(RowCells.of(cells), text);
  return text.bytes.toString().replace(/,$/, "");
}

/** The home's object of a row that is written from these cells. */
function written(eventType: string, cells: Readonly<Record<string, string>>): unknown {
  const writer = compileRowWriter(eventType, Object.keys(cells));
  const document: unknown = JSON.parse(`{${fields(writer, Object.values(cells))}}`);
  return Object.values(document as Record<string, unknown>)[0];
}

describe("fields of a row", () => {
  it.each<[string, string, Record<string, string>, unknown]>([
    ["nothing for blank cells", "Login", { RUN_TIME: "", USER_NAME: "", EVENT_TYPE: "Login" }, undefined],
    [
      "nested objects",
      "Login",
      { API_VERSION: "9998.0", REQUEST_ID: "4x" },
      { api: { version: "9998.0" }, request: { id: "4x" } },
    ],
    ["the name of a known code", "Login", { LOGIN_TYPE: "i" }, { type: "Remote Access 2.0" }],
    ["a code without a name", "Login", { LOGIN_TYPE: "~" }, { type: "~" }],
    [
      "a login status with its text",
      "Login",
      { LOGIN_STATUS: "LOGIN_ERROR_INVALID_PASSWORD" },
      { status: "LOGIN_ERROR_INVALID_PASSWORD", status_description: "Invalid password" },
    ],
    ["an address", "Login", { CLIENT_IP: "2001:db8::1" }, { client: { ip: "2001:db8::1" } }],
    [
      "text in place of an address",
      "Login",
      { CLIENT_IP: "Salesforce.com IP" },
      { client: { address: "Salesforce.com IP" } },
    ],
    [
      "a list of proxies",
      "Login",
      { FORWARDED_FOR_IP: "203.0.113.9, 10.0.0.1" },
      { forwarded_for: { ip: ["203.0.113.9", "10.0.0.1"] } },
    ],
    [
      "a made-up list of proxies",
      "Login",
      { FORWARDED_FOR_IP: "unknown, 10.0.0.1" },
      { forwarded_for: { ip: "10.0.0.1", address: "unknown, 10.0.0.1" } },
    ],
    [
      "a list of addresses",
      "RestApi",
      { CLIENT_IP: "203.0.113.9, 10.0.0.1" },
      { client: { ip: ["203.0.113.9", "10.0.0.1"] } },
    ],
    [
      "an address with a port",
      "RestApi",
      { CLIENT_IP: "[2001:db8::1]:443" },
      { client: { ip: "2001:db8::1", port: 443, address: "[2001:db8::1]:443" } },
    ],
    [
      "user and password of an address",
      "ApexCallout",
      { URL: '"https://u:p@a.example/x"' },
      { url: "https://a.example/x" },
    ],
    [
      "the id of a session in an address",
      "RestApi",
      { URI: "/secur/frontdoor.jsp?sid=00D300!AQ4" },
      { uri: "/secur/frontdoor.jsp?sid=REDACTED" },
    ],
    [
      "a token in a column that is not known",
      "RestApi",
      { CALLBACK: "https://u:p@a.example/?access_token=abc" },
      { unmapped: { CALLBACK: "https://a.example/?access_token=REDACTED" } },
    ],
    ["the version of an API without its fraction", "API", { API_VERSION: "66" }, { api_version: "66.0" }],
    ["a status in lower case", "API", { REQUEST_STATUS: "f" }, { request_status: "F" }],
    ["a status by its name", "API", { REQUEST_STATUS: "Success" }, { request_status: "S" }],
    ["a status as Elastic's package names it", "Login", { REQUEST_STATUS: "s" }, { request: { status: "Success" } }],
    [
      "a code by its name",
      "Logout",
      { SESSION_LEVEL: "STANDARD" },
      { session: { level: "STANDARD", level_code: "1" } },
    ],
    ["how Apex was started", "ApexExecution", { QUIDDITY: "L" }, { quiddity: "L", quiddity_name: "Lightning" }],
    ["when a trigger fired", "ApexTrigger", { TRIGGER_TYPE: "AfterInsert" }, { trigger_type: "AfterInsert" }],
    ["percent-encoded text", "Login", { BROWSER_TYPE: "rv%3A50.0" }, { browser_type: "rv:50.0" }],
    ["text that only looks percent-encoded", "Login", { BROWSER_TYPE: "100%zz" }, { browser_type: "100%zz" }],
    ["a short id with 18 characters", "Login", { USER_ID: "0053000000Ank29" }, { user_id: "0053000000Ank29AAB" }],
    [
      "the derived id, if there is one",
      "Login",
      { USER_ID: "005000000000001", USER_ID_DERIVED: "0053000000Ank29AAB" },
      { user_id: "0053000000Ank29AAB" },
    ],
    [
      "the short id where the derived one is blank",
      "Login",
      { USER_ID: "0053000000Ank29", USER_ID_DERIVED: "" },
      { user_id: "0053000000Ank29AAB" },
    ],
    [
      "a number that is none",
      "Login",
      { RUN_TIME: "n/a", CPU_TIME: "5" },
      { cpu_time: 5, unmapped: { RUN_TIME: "n/a" } },
    ],
    ["a number beyond 2^53", "Login", { RUN_TIME: "9007199254740993" }, { unmapped: { RUN_TIME: "9007199254740993" } }],
    ["-1 for not known", "RestApi", { ROWS_PROCESSED: "-1" }, { unmapped: { ROWS_PROCESSED: "-1" } }],
    ["a column that nobody knows", "Login", { NEW_COLUMN: "x" }, { unmapped: { NEW_COLUMN: "x" } }],
    ["1 for true", "ApexExecution", { IS_LONG_RUNNING_REQUEST: "1" }, { is_long_running_request: true }],
    ["quotes inside the value", "RestApi", { QUERY: '"SELECT Id FROM Account"' }, { query: "SELECT Id FROM Account" }],
    ["quotes in the midst of the value", "RestApi", { QUERY: 'a "b" c' }, { query: 'a "b" c' }],
    ["line breaks", "ApexUnexpectedException", { STACK_TRACE: "a\nb\tc" }, { stack_trace: "a\nb\tc" }],
    [
      "up to three values",
      "ContinuationCalloutSummary",
      { STATUS_CODE: "200 2000 500" },
      { status_codes: [200, 2000, 500] },
    ],
    ["one of up to three values", "ContinuationCalloutSummary", { RESPONSE_SIZE: "12" }, { response_sizes: 12 }],
    [
      "three addresses, one of several",
      "ContinuationCalloutSummary",
      { URL: '"https://a.example/x https://b.example/y"' },
      { urls: ["https://a.example/x", "https://b.example/y"] },
    ],
    ["an address with a blank", "ApexCallout", { URL: "https://a.example/x y" }, { url: "https://a.example/x y" }],
    [
      "a short connected app id",
      "RestApi",
      { CONNECTED_APP_ID: "0H4RM00000000Kr" },
      { connected_app_id: "0H4RM00000000Kr0AI" },
    ],
    ["no record", "RestApi", { URI_ID_DERIVED: "000000000000000AAA", METHOD: "GET" }, { method: "GET" }],
    ["the documented name of a column", "ApexCallout", { BOT_IDENTIFIER: "0Xx1" }, { bot_id: "0Xx1" }],
    ["the delivered name of a column", "ApexCallout", { BOT_ID: "0Xx1" }, { bot_id: "0Xx1" }],
    ["a column of another type of the home", "ApexCallout", { ENTRY_POINT: "A.b" }, { entry_point: "A.b" }],
    ["a column without a name", "Login", { " ": "x" }, { unmapped: { column_1: "x" } }],
    [
      "a user type of one letter",
      "Logout",
      { USER_TYPE: "S", SESSION_LEVEL: "10", APP_TYPE: "4242" },
      {
        user_type: "Standard",
        session: { level: "HIGH_ASSURANCE", level_code: "10" },
        app_type: "4242",
      },
    ],
    [
      "who acts as whom",
      "LoginAs",
      { USER_ID: "0053000000Ank29", DELEGATED_USER_ID: "0013000000I3zJA", DELEGATED_USER_NAME: "admin@example.com" },
      { user_id: "0053000000Ank29AAB", delegated_user: { id: "0013000000I3zJAAAZ", name: "admin@example.com" } },
    ],
    [
      "a derived id that is none",
      "Login",
      { USER_ID: "0053000000Ank29", USER_ID_DERIVED: "Guest" },
      { user_id: "0053000000Ank29AAB", unmapped: { USER_ID_DERIVED: "Guest" } },
    ],
    [
      "a time that is none",
      "Login",
      { TIMESTAMP: "yesterday", TIMESTAMP_DERIVED: "", RUN_TIME: "1" },
      { run_time: 1, unmapped: { TIMESTAMP: "yesterday" } },
    ],
    [
      "names that JavaScript objects have already",
      "Login",
      { constructor: "x", toString: "y" },
      { unmapped: { constructor: "x", toString: "y" } },
    ],
    ["a set", "RestApi", { ENTITY_NAME: '"Account|Contact"' }, { entity_name: ["Account", "Contact"] }],
    [
      "database time in milliseconds",
      "ApexExecution",
      { RUN_TIME: "100", DB_TOTAL_TIME: "12" },
      { run_time: 100, db_total_time: 12_000_000 },
    ],
    [
      "database time in nanoseconds",
      "RestApi",
      { RUN_TIME: "100", DB_TOTAL_TIME: "12345678" },
      { run_time: 100, db_total_time: 12345678 },
    ],
    [
      "five minutes of database time beside no length of the request",
      "ApexExecution",
      { DB_TOTAL_TIME: "300000" },
      { db_total_time: 300_000_000_000 },
    ],
    [
      "more than a transaction may take, beside no length of the request",
      "ApexExecution",
      { DB_TOTAL_TIME: "81604961" },
      { db_total_time: 81_604_961 },
    ],
    [
      "nanoseconds where milliseconds are documented",
      "ApexExecution",
      { RUN_TIME: "322", DB_TOTAL_TIME: "81604961" },
      { run_time: 322, db_total_time: 81_604_961 },
    ],
  ])("%s", (_name, eventType, cells, expected) => {
    expect(written(eventType, cells)).toEqual(expected);
  });
});

describe("time of a row", () => {
  it.each([
    [
      "derived",
      { TIMESTAMP: "20150726000001.397", TIMESTAMP_DERIVED: "2015-07-26T00:00:01.398Z" },
      "2015-07-26T00:00:01.398Z",
    ],
    ["older files", { TIMESTAMP: "20150726000001.397" }, "2015-07-26T00:00:01.397Z"],
    ["derived is blank", { TIMESTAMP: "20150726000001.397", TIMESTAMP_DERIVED: "" }, "2015-07-26T00:00:01.397Z"],
    ["neither", { TIMESTAMP: "yesterday", TIMESTAMP_DERIVED: "" }, undefined],
  ])("%s", (_name, cells, expected) => {
    expect(compileRowWriter("Login", Object.keys(cells)).time(RowCells.of(Object.values(cells)))).toBe(
      expected === undefined ? undefined : Date.parse(expected),
    );
  });
});

it("says which columns are unknown and which are missing", () => {
  const header = [...LOGIN.columns.filter((name) => name !== "SOURCE_IP"), "NEW_COLUMN"];
  const writer = compileRowWriter("Login", header);
  expect(writer.unknownColumns).toEqual(["NEW_COLUMN"]);
  expect(writer.missingColumns).toEqual(["SOURCE_IP"]);
});

it("keeps a long value whole, and only its beginning where Elasticsearch would refuse it as too long", () => {
  const writer = compileRowWriter("Login", ["NEW_COLUMN"]);
  const value = "é".repeat(20_000);
  const { unmapped, unmapped_whole } = JSON.parse(`{${fields(writer, [value])}}`).login;
  expect(Buffer.byteLength(unmapped.NEW_COLUMN)).toBeLessThan(32_766);
  expect(unmapped.NEW_COLUMN).toBe(`${"é".repeat(8_000)}…`);
  expect(unmapped_whole).toEqual({ NEW_COLUMN: value });
});

describe("a column that the header has twice", () => {
  it.each([
    ["both say the same", ["1", "1"], { run_time: 1 }],
    ["the second says something else", ["1", "2"], { run_time: 1, unmapped: { RUN_TIME_2: "2" } }],
    ["only the second says something", ["", "2"], { run_time: 2 }],
  ])("%s", (_, cells, expected) => {
    const text = fields(compileRowWriter("Login", ["RUN_TIME", "RUN_TIME"]), cells);
    expect(JSON.parse(`{${text}}`).login).toEqual(expected);
  });

  it("and nobody knows", () => {
    const writer = compileRowWriter("Login", ["NEW_COLUMN", "NEW_COLUMN"]);
    expect(fields(writer, ["x", "y"])).toBe('"login":{"unmapped":{"NEW_COLUMN":"x","NEW_COLUMN_2":"y"}}');
    expect(writer.unknownColumns).toEqual(["NEW_COLUMN", "NEW_COLUMN (2)"]);
  });
});

it("writes each row by itself", () => {
  const writer = compileRowWriter("Login", ["RUN_TIME", "NEW_COLUMN"]);
  expect(fields(writer, ["soon", "x"])).toBe('"login":{"unmapped":{"RUN_TIME":"soon","NEW_COLUMN":"x"}}');
  expect(fields(writer, ["1", ""])).toBe('"login":{"run_time":1}');
  expect(fields(writer, ["", ""])).toBe("");
});

describe("files of 2015", () => {
  it.each([
    ["login-2015.csv", "Login", 1_466],
    ["rest_api-2015.csv", "RestApi", 308],
  ])("every cell of %s has its field", (name, eventType, count) => {
    const [header = [], ...rows]: string[][] = parse(readFileSync(join(EVENT_LOG_FILES, name)));
    const writer = compileRowWriter(eventType, header);
    expect(rows).toHaveLength(count);
    expect(writer.unknownColumns).toEqual([]);
    for (const cells of rows) {
      const text = `{${fields(writer, cells)}}`;
      expect(text).not.toContain('"unmapped"');
      expect(Object.keys(JSON.parse(text))).toEqual([eventType === "Login" ? "login" : "api"]);
      expect(isoDay(writer.time(RowCells.of(cells)) ?? 0)).toBe("2015-07-26");
    }
  });
});

describe("header rows of 2026", () => {
  const begin = "EVENT_TYPE,TIMESTAMP,REQUEST_ID,ORGANIZATION_ID,USER_ID,RUN_TIME,CPU_TIME,URI,SESSION_KEY,LOGIN_KEY";
  const request = "USER_TYPE,REQUEST_STATUS,DB_TOTAL_TIME";
  const end = "TIMESTAMP_DERIVED,USER_ID_DERIVED,CLIENT_IP,URI_ID_DERIVED";
  it.each([
    [
      "ApexRestApi",
      `${begin},${request},METHOD,MEDIA_TYPE,STATUS_CODE,USER_AGENT,ROWS_PROCESSED,NUMBER_FIELDS,DB_BLOCKS,DB_CPU_TIME,` +
        `REQUEST_SIZE,RESPONSE_SIZE,ENTITY_NAME,CONNECTED_APP_ID,CLIENT_NAME,EXCEPTION_MESSAGE,QUERY,${end}`,
    ],
    [
      "BulkApiRequest",
      `${begin},REQUEST_PATH,API_VERSION,JOB_ID,BATCH_ID,OPERATION_TYPE,SUCCESS,ERROR_MESSAGE,CONNECTED_APP_ID,CLIENT_NAME,` +
        `CONCURRENCY_MODE,STATUS_CODE,${end}`,
    ],
    ["CompositeApi", `${begin},ALL_OR_NONE,FAILURE_REASON,IS_REQUEST_COLLATION_ON,NUM_RETRIES,NUM_GRAPH_DEPTH,${end}`],
    [
      "CompositeApiSubrequest",
      `${begin},${request},METHOD,IS_CANCELLED,CANCELLED_REASON,SUCCESS,STATUS_CODE,INITIAL_REFERENCE_IDS,${end}`,
    ],
    ["QueuedExecution", `${begin},${request},JOB_ID,ENTRY_POINT,${end}`],
  ])("%s", (eventType, header) => {
    const writer = compileRowWriter(eventType, header.split(","));
    expect(writer.unknownColumns).toEqual([]);
    expect(writer.missingColumns.filter((name) => !AI_AGENT.some((agent) => agent === name))).toEqual([]);
  });
});

it("has what types have in common of one that it does not know, and the rest by its columns' names", () => {
  const header = ["EVENT_TYPE", "USER_ID", "CLIENT_IP", "SOURCE_IP", "PAGE_NAME", "constructor"];
  const cells = ["VisualforceRequest", "0053000000Ank29", "203.0.113.9", "198.51.100.7", "Invoice", "a cell"];
  const writer = compileRowWriter("VisualforceRequest", header);
  expect(JSON.parse(`{${fields(writer, cells)}}`)).toEqual({
    other: {
      user_id: "0053000000Ank29AAB",
      client: { ip: "203.0.113.9" },
      unmapped: { SOURCE_IP: "198.51.100.7", PAGE_NAME: "Invoice", constructor: "a cell" },
    },
  });
  expect(writer.unknownColumns).toEqual([]);
});

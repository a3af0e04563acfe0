import { describe, expect, it } from "vitest";
import { LOGIN } from "./login.ts";
import { compileRowWriter } from "./row_writer.ts";

/** The home's object of a row that is written from these cells. */
function written(eventType: string, cells: Readonly<Record<string, string>>): unknown {
  const writer = compileRowWriter(eventType, Object.keys(cells));
  const values = Object.values(cells);
  const plain = !values.some((cell) => /["\\\u0000-\u001f]/.test(cell));
  const document: unknown = JSON.parse(`{${writer.fields(values, plain)}}`);
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
    ["a known code with its name", "Login", { LOGIN_TYPE: "i" }, { type: "Remote Access 2.0", type_code: "i" }],
    ["an unknown code in both fields", "Login", { LOGIN_TYPE: "~" }, { type: "~", type_code: "~" }],
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
      { forwarded_for: { address: "unknown, 10.0.0.1" } },
    ],
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
    expect(compileRowWriter("Login", Object.keys(cells)).timestamp(Object.values(cells))).toBe(expected);
  });
});

it("says which columns are unknown and which are missing", () => {
  const header = [...LOGIN.columns.filter((name) => name !== "SOURCE_IP"), "NEW_COLUMN"];
  const writer = compileRowWriter("Login", header);
  expect(writer.unknownColumns).toEqual(["NEW_COLUMN"]);
  expect(writer.missingColumns).toEqual(["SOURCE_IP"]);
});

it("refuses an event type that it does not know", () => {
  expect(() => compileRowWriter("Nothing", [])).toThrow(TypeError);
});

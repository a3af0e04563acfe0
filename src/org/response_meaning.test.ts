import { describe, expect, test } from "vitest";
import type { ErrorCode, NextStep } from "../core/errors.ts";
import { RunnerError } from "../core/errors.ts";
import { responseMeaning, shareUsed, unknownColumn } from "./response_meaning.ts";

const NOW = Date.UTC(2026, 6, 17, 9);
const MINUTE = 60_000;

function meaning(status: number, body: unknown, headers: Record<string, string> = {}): RunnerError {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  return responseMeaning({ status, headers, body: text, asked: "the question" }, NOW);
}

const RETRY: NextStep = { do: "retry" };
const GIVE_UP: NextStep = { do: "giveUp" };
const REFRESH: NextStep = { do: "refresh" };

describe("error codes of Salesforce", () => {
  test.each<[number, string, string, ErrorCode, NextStep]>([
    [401, "INVALID_SESSION_ID", "Session expired or invalid", "session_expired", REFRESH],
    [401, "INVALID_AUTH_HEADER", "INVALID_HEADER_TYPE", "session_expired", REFRESH],
    [403, "INVALID_SESSION_ID", "This session is not valid for use with the REST API", "session_expired", REFRESH],
    [
      403,
      "REQUEST_LIMIT_EXCEEDED",
      "TotalRequests Limit exceeded.",
      "request_limit_exceeded",
      { do: "waitUntil", at: NOW + 15 * MINUTE },
    ],
    [403, "REQUEST_LIMIT_EXCEEDED", "ConcurrentPerOrgLongTxn Limit exceeded.", "too_many_requests", RETRY],
    [403, "API_DISABLED_FOR_ORG", "The REST API is not enabled for this Organization.", "api_disabled", GIVE_UP],
    [503, "API_CURRENTLY_DISABLED", "API is currently disabled", "server_error", RETRY],
    [403, "API_CURRENTLY_DISABLED", "API is disabled for this User", "api_disabled", GIVE_UP],
    [403, "INSUFFICIENT_ACCESS", "insufficient access rights", "permission_missing", GIVE_UP],
    [403, "INSUFFICIENT_ACCESS_OR_READONLY", "insufficient access rights", "permission_missing", GIVE_UP],
    [400, "INVALID_FIELD", "No such column 'Interval' on entity 'EventLogFile'.", "column_unknown", GIVE_UP],
    [400, "INVALID_TYPE", "sObject type 'LoginEvent' is not supported.", "object_unknown", GIVE_UP],
    [400, "MALFORMED_QUERY", "unexpected token: FORM", "query_refused", GIVE_UP],
    [400, "INVALID_QUERY_FILTER_OPERATOR", "invalid ID field", "query_refused", GIVE_UP],
    [400, "BIG_OBJECT_UNSUPPORTED_OPERATION", "OFFSET not supported", "query_refused", GIVE_UP],
    [400, "INVALID_QUERY_LOCATOR", "invalid query locator", "query_timed_out", RETRY],
    [400, "QUERY_TIMEOUT", "Your query request was running for too long.", "query_timed_out", RETRY],
    [400, "OPERATION_TOO_LARGE", "exceeded 100000 distinct ids", "query_timed_out", RETRY],
    [500, "TXN_SECURITY_METERING_ERROR", "metering", "server_error", RETRY],
    [503, "SERVER_UNAVAILABLE", "Server Too Busy", "server_error", RETRY],
    [500, "UNKNOWN_EXCEPTION", "An unexpected error occurred.", "server_error", RETRY],
    [400, "UNABLE_TO_LOCK_ROW", "unable to obtain exclusive access", "server_error", RETRY],
    [400, "SOMETHING_NEW", "never seen before", "query_refused", GIVE_UP],
    [404, "NOT_FOUND", "The requested resource does not exist", "not_found", GIVE_UP],
  ])("%d %s: %s", (status, errorCode, message, code, next) => {
    const found = meaning(status, [{ errorCode, message }]);
    expect(found).toBeInstanceOf(RunnerError);
    expect({ code: found.code, next: found.next }).toEqual({ code, next });
    expect(found.message).toContain(`(the question; ${errorCode}: ${message})`);
  });

  test.each<[string, unknown]>([
    ["the first of several is meant", [{ errorCode: "QUERY_TIMEOUT", message: "a" }, { errorCode: "INVALID_TYPE" }]],
    ["also outside a list", { errorCode: "QUERY_TIMEOUT", message: "a" }],
    ["also without a message", [{ errorCode: "QUERY_TIMEOUT" }]],
  ])("%s", (_, body) => {
    expect(meaning(400, body).code).toBe("query_timed_out");
  });

  test("a message of several lines becomes one", () => {
    const message = "\nSELECT Id FORM X\n          ^\nERROR at Row:1:Column:11\nunexpected token: FORM";
    expect(meaning(400, [{ errorCode: "MALFORMED_QUERY", message }]).message).toBe(
      "Salesforce does not understand the query (the question; MALFORMED_QUERY: SELECT Id FORM X ^ ERROR at Row:1:Column:11 unexpected token: FORM).",
    );
  });
});

describe("statuses", () => {
  test.each<[number, ErrorCode, NextStep]>([
    [302, "answer_unreadable", RETRY],
    [400, "query_refused", GIVE_UP],
    [401, "session_expired", REFRESH],
    [403, "permission_missing", GIVE_UP],
    [404, "not_found", GIVE_UP],
    [408, "timed_out", RETRY],
    [410, "api_version_retired", GIVE_UP],
    [414, "server_error", GIVE_UP],
    [420, "server_error", RETRY],
    [429, "too_many_requests", RETRY],
    [500, "server_error", RETRY],
    [502, "server_error", RETRY],
    [503, "server_error", RETRY],
    [504, "server_error", RETRY],
  ])("%d without a body that says more", (status, code, next) => {
    for (const body of ["", "<html><body>Maintenance</body></html>", "[]", "{}", "null", '"text"', "[7]"]) {
      expect(meaning(status, body)).toMatchObject({ code, next });
    }
  });
});

describe("the wait", () => {
  test.each<[string, number, string, NextStep]>([
    ["a retry waits as long as the answer says", 429, "30", { do: "waitUntil", at: NOW + 30_000 }],
    ["a date is as good as seconds", 503, "Fri, 17 Jul 2026 09:02:00 GMT", { do: "waitUntil", at: NOW + 2 * MINUTE }],
    ["what is no time counts for nothing", 503, "soon", RETRY],
    ["what waiting can't mend is not retried", 403, "30", GIVE_UP],
    ["a dead session is renewed at once", 401, "30", REFRESH],
  ])("%s", (_, status, retryAfter, next) => {
    expect(meaning(status, "", { "retry-after": retryAfter }).next).toEqual(next);
  });

  test.each(["9999999999999", "9".repeat(400), "Fri, 31 Dec 9999 23:59:59 GMT"])(
    "no wait is longer than an hour (%s)",
    (said) => {
      expect(meaning(503, "", { "retry-after": said }).next).toEqual({ do: "waitUntil", at: NOW + 60 * MINUTE });
    },
  );

  test("the answer's own wait goes before the usual one", () => {
    const body = [{ errorCode: "REQUEST_LIMIT_EXCEEDED", message: "TotalRequests Limit exceeded." }];
    expect(meaning(403, body, { "retry-after": "60" }).next).toEqual({ do: "waitUntil", at: NOW + MINUTE });
  });
});

test.each([
  [
    "INVALID_FIELD",
    "\nERROR at Row:1:Column:8\nNo such column 'Interval' on entity 'EventLogFile'. If you",
    "Interval",
  ],
  ["INVALID_FIELD", "field 'LogFile' can not be filtered in a query call", undefined],
  ["MALFORMED_QUERY", "No such column 'Interval' on entity 'EventLogFile'.", undefined],
])("%s: %s names column %s", (errorCode, message, column) => {
  expect(unknownColumn(meaning(400, [{ errorCode, message }]))).toBe(column);
});

test.each<[string, number, string, RegExp]>([
  ["REQUEST_LIMIT_EXCEEDED", 403, "TotalRequests Limit exceeded.", /Company Information/],
  ["API_DISABLED_FOR_ORG", 403, "", /'API Enabled'/],
  ["INSUFFICIENT_ACCESS", 403, "", /'View Event Log Files'/],
  ["INVALID_TYPE", 400, "", /'View Real-Time Event Monitoring Data'/],
])("%s comes with its cure", (errorCode, status, message, cure) => {
  const found = meaning(status, [{ errorCode, message }]);
  expect(found.text).toBe(`${found.message} ${found.cure}`);
  expect(found.cure).toMatch(cure);
});

test("a used-up share names the time at which collection goes on, and when the org is asked again", () => {
  const soon = shareUsed({ calls: 3_000, share: 3_000, allocation: 15_000, freeAt: NOW + MINUTE, askAt: NOW + MINUTE });
  expect(soon).toMatchObject({ code: "request_limit_exceeded", next: { do: "waitUntil", at: NOW + MINUTE } });
  expect(soon.text).toMatch(
    /\(3,000 in 24 hours; .* of 15,000\)\. Collection goes on at 2026-07-17T\d\d:\d\dZ\. To collect/,
  );
  const late = shareUsed({ calls: 3, share: 3, allocation: 15, freeAt: NOW + 300 * MINUTE, askAt: NOW + 60 * MINUTE });
  expect(late.next).toEqual({ do: "waitUntil", at: NOW + 60 * MINUTE });
  expect(late.message).toMatch(/goes on at 2026-07-17T\d\d:\d\dZ\. At 2026-07-17T\d\d:\d\dZ it asks the org/);
});

test.each(["constructor", "toString", "__proto__", "hasOwnProperty"])(
  "an error code %s is no known one",
  (errorCode) => {
    expect(meaning(503, [{ errorCode, message: "" }])).toMatchObject({ code: "server_error", next: RETRY });
  },
);

test.each([
  [500, "", /status 500 of acme\.example\)\.$/, /^The runner tries again\. https:\/\/status/],
  [503, "<html>Maintenance</html>", /status 503, a web page of acme\.example\)\.$/, /^A page in place of data/],
  [403, "<html>Sign in</html>", /status 403, a web page of acme\.example\)\.$/, /check api\.proxy_url/],
])("%i with %j says who answered what, and what to do", (status, body, message, cure) => {
  const error = responseMeaning({ status, headers: {}, body, asked: "the question", host: "acme.example" }, NOW);
  expect(error.message).toMatch(message);
  expect(error.cure).toMatch(cure);
});

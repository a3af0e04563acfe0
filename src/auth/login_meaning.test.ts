import { describe, expect, test } from "vitest";
import { RunnerError } from "../core/errors.ts";
import type { HttpAnswer } from "../core/http.ts";
import { loginError, tokenOf } from "./login_meaning.ts";

const NOW = Date.UTC(2026, 6, 17, 9, 0, 0);
const HOUR = 3_600_000;
const LOGIN_URL = "https://acme.my.salesforce.com";
const GIVE_UP = { do: "giveUp" };

function answer(status: number, body: unknown, headers: Record<string, string> = {}): HttpAnswer {
  return { status, headers, body: typeof body === "string" ? body : JSON.stringify(body) };
}

describe("refusals of Salesforce", () => {
  const grant = "invalid_grant";
  const cases: ReadonlyArray<readonly [string, string | undefined, string, unknown, RegExp]> = [
    [grant, "user hasn't approved this consumer", "login_refused", GIVE_UP, /^Set Permitted Users to 'Admin approved/],
    [
      "invalid_app_access",
      "user is not admin approved to access this app",
      "login_refused",
      GIVE_UP,
      /App Policies, and assign it to the user/,
    ],
    [grant, "invalid assertion", "login_refused", GIVE_UP, /does not belong to the app's certificate/],
    [grant, "audience is invalid", "login_refused", GIVE_UP, /^Set auth\.audience/],
    [grant, "Audience is invalid", "login_refused", GIVE_UP, /^Set auth\.audience/],
    [grant, "expired authorization code", "clock_off", GIVE_UP, /NTP/],
    [grant, "user is invalid", "login_refused", GIVE_UP, /^Check username/],
    [grant, "inactive user", "login_refused", GIVE_UP, /deactivated or frozen.*high-risk address.*Login History/],
    ["inactive_user", "User is inactive", "login_refused", GIVE_UP, /deactivated or frozen/],
    ["inactive_org", "organization is locked", "login_refused", GIVE_UP, /The org is locked/],
    [grant, "ip restricted or invalid login hours", "login_refused", GIVE_UP, /Login IP Ranges/],
    ["invalid_client_id", "client identifier invalid", "login_refused", GIVE_UP, /Consumer Key/],
    ["invalid_client", "invalid client credentials", "login_refused", GIVE_UP, /^Check client_id/],
    ["invalid_client", "app must be installed into org", "login_refused", GIVE_UP, /^Install the app/],
    [grant, "External client app is not installed in this org", "login_refused", GIVE_UP, /^Install the app/],
    ["unsupported_grant_type", "grant type not supported", "login_refused", GIVE_UP, /Enable JWT Bearer Flow/],
    [
      "rate_limit_exceeded",
      "Number of logins exceeded",
      "login_rate_exceeded",
      { do: "waitUntil", at: NOW + HOUR },
      /3,600/,
    ],
    [
      "unknown_error",
      "retry your request",
      "server_error",
      { do: "retry" },
      /^If it stays so, set login_url to the org's My Domain/,
    ],
    [grant, "authentication failure", "login_refused", GIVE_UP, /API Enabled/],
    ["something_new", "never seen before", "login_refused", GIVE_UP, /Login History/],
    ["something_new", undefined, "login_refused", GIVE_UP, /Login History/],
  ];
  test.each(cases)("%s / %s", (error, description, code, next, cure) => {
    const found = loginError(answer(400, { error, error_description: description }), LOGIN_URL, NOW);
    expect(found).toBeInstanceOf(RunnerError);
    expect(found.message).toBe(`Salesforce refused the login: ${description ?? error}.`);
    expect({ code: found.code, next: found.next }).toEqual({ code, next });
    expect(found.cure).toMatch(cure);
  });

  test("name the cause and the cure in one text", () => {
    const body = { error: "invalid_grant", error_description: "user hasn't approved this consumer" };
    expect(loginError(answer(400, body), LOGIN_URL, NOW).text).toContain(
      "Salesforce refused the login: user hasn't approved this consumer. " +
        "Set Permitted Users to 'Admin approved users are pre-authorized' and assign the permission set.",
    );
  });

  test("are told on one line, shortly, and without anything that may be a secret", () => {
    const assertion = `eyJhbGciOiJSUzI1NiJ9.${"x".repeat(300)}`;
    const body = { error: "invalid_grant", error_description: `bad\n  thing ${assertion} ${"word ".repeat(100)}` };
    const { message } = loginError(answer(400, body), LOGIN_URL, NOW);
    expect(message).toMatch(/^Salesforce refused the login: bad thing \[…\] word word/);
    expect(message.length).toBeLessThan(250);
  });
});

describe("other answers", () => {
  const page = "<html><body>Down for maintenance</body></html>";
  const cases: ReadonlyArray<readonly [string, HttpAnswer, string, unknown, RegExp]> = [
    ["busy", answer(429, ""), "too_many_requests", { do: "waitUntil", at: NOW + 60_000 }, /no more logins/],
    [
      "busy for a known time",
      answer(429, "", { "retry-after": "120" }),
      "too_many_requests",
      { do: "waitUntil", at: NOW + 120_000 },
      /no more logins/,
    ],
    [
      "busy for an absurd time",
      answer(429, "", { "retry-after": "9999999" }),
      "too_many_requests",
      { do: "waitUntil", at: NOW + HOUR },
      /no more logins/,
    ],
    ["maintenance", answer(503, page), "server_error", { do: "retry" }, /at the moment \(503, a web page\)/],
    ["a broken server", answer(500, ""), "server_error", { do: "retry" }, /\(500\)/],
    [
      "a redirect",
      answer(302, "", { location: "https://acme--new.my.salesforce.com/services?secret=1" }),
      "login_refused",
      GIVE_UP,
      /Set login_url to https:\/\/acme--new\.my\.salesforce\.com\.$/,
    ],
    ["a redirect to nowhere", answer(301, ""), "login_refused", GIVE_UP, /Set login_url to the org's My Domain/],
    ["no such page", answer(404, page), "login_refused", GIVE_UP, /no Salesforce login at acme/],
    ["a proxy that wants a login", answer(407, page), "login_refused", GIVE_UP, /api\.proxy_url/],
    ["a web page as a refusal", answer(400, page), "answer_unreadable", { do: "retry" }, /a web page \(400\)/],
    ["an unknown body", answer(401, "[]"), "answer_unreadable", { do: "retry" }, /other than JSON \(401\)/],
  ];
  test.each(cases)("%s", (_name, given, code, next, words) => {
    const found = loginError(given, LOGIN_URL, NOW);
    expect({ code: found.code, next: found.next }).toEqual({ code, next });
    expect(found.text).toMatch(words);
    expect(found.text).not.toContain("secret");
  });
});

const granted = {
  access_token: "00D000000000001!AQsecret.token",
  scope: "api",
  instance_url: "https://acme.my.salesforce.com",
  id: "https://login.salesforce.com/id/00D000000000001AAA/005000000000002BBB",
  token_type: "Bearer",
};

describe("a granted login", () => {
  test("is a token with the org's ids and address", () => {
    const token = tokenOf(answer(200, granted), LOGIN_URL, NOW, 0);
    expect(token.accessToken.reveal()).toBe("00D000000000001!AQsecret.token");
    expect(token).toMatchObject({
      instanceUrl: "https://acme.my.salesforce.com",
      organizationId: "00D000000000001AAA",
      userId: "005000000000002BBB",
      expiresAt: undefined,
    });
  });

  test.each([
    ["https://acme.my.salesforce.com/", "https://acme.my.salesforce.com"],
    ["http://127.0.0.1:4711", "http://127.0.0.1:4711"],
  ])("with instance address %s", (instanceUrl, expected) => {
    const token = tokenOf(answer(200, { ...granted, instance_url: instanceUrl }), LOGIN_URL, NOW, 0);
    expect(token.instanceUrl).toBe(expected);
  });

  test("knows its end if the token is a JWT, by this machine's clock", () => {
    const exp = NOW / 1_000 + 7_200;
    const jwt = ["eyJhbGciOiJSUzI1NiJ9", Buffer.from(JSON.stringify({ exp })).toString("base64url"), "c2ln"].join(".");
    const token = tokenOf(answer(200, { ...granted, access_token: jwt }), LOGIN_URL, NOW, 90_000);
    expect(token.expiresAt).toBe(NOW + 7_200_000 - 90_000);
  });

  test("does not know the end of a token that only looks like a JWT", () => {
    const token = tokenOf(answer(200, { ...granted, access_token: "eyJx.y.z" }), LOGIN_URL, NOW, 0);
    expect(token.expiresAt).toBeUndefined();
  });

  test.each([
    ["a web page", "<!doctype html><p>Sign in to the hotel's network</p>", "answer_unreadable", "retry"],
    ["no token", { ...granted, access_token: undefined }, "answer_unreadable", "retry"],
    ["no org id", { ...granted, id: "https://login.salesforce.com/id/" }, "answer_unreadable", "retry"],
    ["an instance over plain http", { ...granted, instance_url: "http://acme.example" }, "answer_unreadable", "giveUp"],
    ["an instance that is no address", { ...granted, instance_url: "acme" }, "answer_unreadable", "giveUp"],
  ])("is refused with %s", (_name, body, code, next) => {
    let caught: unknown;
    try {
      tokenOf(answer(200, body), LOGIN_URL, NOW, 0);
    } catch (error) {
      caught = error;
    }
    expect(caught).toMatchObject({ code, next: { do: next } });
    expect((caught as RunnerError).text).not.toContain("AQsecret");
  });
});

test.each([
  [500, "", "acme.my.salesforce.com can't log anyone in at the moment (500)."],
  [502, "<html>Bad gateway</html>", "acme.my.salesforce.com can't log anyone in at the moment (502, a web page)."],
])("a login that fails with %i says who answered what, and what to do", (status, body, message) => {
  const error = loginError(answer(status, body), LOGIN_URL, NOW);
  expect(error.message).toBe(message);
  expect(error.cure).toMatch(/^The runner tries again\. https:\/\/status\.salesforce\.com .*check login_url/);
});

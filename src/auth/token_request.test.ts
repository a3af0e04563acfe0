import { generateKeyPairSync, verify } from "node:crypto";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { inspect } from "node:util";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { ManualClock } from "../../_dev/shared/testing/manual_clock.ts";
import type { RunnerError } from "../core/errors.ts";
import { createHttp } from "../core/http.ts";
import { createLog } from "../core/log.ts";
import { type Login, requestToken } from "./token_request.ts";

const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 });
const ACCESS_TOKEN = "00D000000000001!AQsecret.token";
const NOW = Date.UTC(2026, 6, 17, 9, 0, 0);
const MINUTE = 60_000;

interface Posted {
  readonly url: string | undefined;
  readonly contentType: string | undefined;
  readonly form: URLSearchParams;
  readonly claims: Record<string, unknown>;
}

/** A token endpoint that checks the signature and the expiry against its own clock, and keeps what was posted. */
let server: Server;
let loginUrl: string;
let salesforceNow = NOW;
let refusal: { readonly status: number; readonly body: string } | undefined;
let posted: Posted[] = [];

beforeAll(async () => {
  server = createServer(async (request, response) => {
    const form = new URLSearchParams(await new Response(request).text());
    const [header, payload, signature] = (form.get("assertion") ?? "").split(".");
    const claims = JSON.parse(Buffer.from(payload ?? "", "base64url").toString());
    posted.push({ url: request.url, contentType: request.headers["content-type"], form, claims });
    const isSigned = verify(
      "sha256",
      Buffer.from(`${header}.${payload}`),
      rsa.publicKey,
      Buffer.from(signature ?? "", "base64url"),
    );
    const left = claims.exp * 1_000 - salesforceNow;
    const error = !isSigned ? "invalid assertion" : left <= 0 || left > 5 * MINUTE ? "expired authorization code" : "";
    response.setHeader("date", new Date(salesforceNow).toUTCString());
    if (refusal !== undefined) {
      response.writeHead(refusal.status).end(refusal.body);
    } else if (error !== "") {
      response.writeHead(400).end(JSON.stringify({ error: "invalid_grant", error_description: error }));
    } else {
      response.end(
        JSON.stringify({
          access_token: ACCESS_TOKEN,
          instance_url: loginUrl,
          id: `${loginUrl}/id/00D000000000001AAA/005000000000002BBB`,
        }),
      );
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  loginUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => server.close());
beforeEach(() => {
  salesforceNow = NOW;
  refusal = undefined;
  posted = [];
});

const http = createHttp();
afterAll(() => http.close());

function surroundings() {
  const lines: string[] = [];
  let ids = 0;
  return {
    lines,
    http,
    clock: new ManualClock(NOW),
    log: createLog((level, message) => lines.push(`${level}: ${message}`)),
    randomId: () => `id-${++ids}`,
  };
}

function login(changes: Partial<Login> = {}): Login {
  return {
    loginUrl,
    audience: "https://login.salesforce.com",
    clientId: "3MVG9.consumer",
    username: "elastic@acme.com",
    key: async () => rsa.privateKey,
    requestTimeout: 10_000,
    ...changes,
  };
}

async function failureOf(outcome: Promise<unknown>): Promise<RunnerError> {
  return await outcome.then(
    () => {
      throw new Error("the login did not fail");
    },
    (error: RunnerError) => error,
  );
}

test("posts a form with the assertion in its body", async () => {
  const { token, clockOffset } = await requestToken(login(), surroundings(), 0);
  expect(token.accessToken.reveal()).toBe(ACCESS_TOKEN);
  expect(clockOffset).toBe(0);
  expect(posted).toHaveLength(1);
  expect(posted[0]).toMatchObject({
    url: "/services/oauth2/token",
    contentType: "application/x-www-form-urlencoded",
    claims: {
      iss: "3MVG9.consumer",
      sub: "elastic@acme.com",
      aud: "https://login.salesforce.com",
      exp: (NOW + 3 * MINUTE) / 1_000,
      jti: "id-1",
    },
  });
  expect([...(posted[0]?.form.keys() ?? [])]).toEqual(["grant_type", "assertion"]);
  expect(posted[0]?.form.get("grant_type")).toBe("urn:ietf:params:oauth:grant-type:jwt-bearer");
});

test.each([
  ["behind", 12 * MINUTE, /clock is 12m behind Salesforce's/],
  ["ahead", -7 * MINUTE, /clock is 7m ahead of Salesforce's/],
])("logs in with Salesforce's time if this machine's clock is %s", async (_name, offset, words) => {
  salesforceNow = NOW + offset;
  const around = surroundings();
  const { clockOffset } = await requestToken(login(), around, 0);
  expect(clockOffset).toBe(offset);
  expect(posted.map(({ claims }) => claims.jti)).toEqual(["id-1", "id-2"]);
  expect(posted[1]?.claims.exp).toBe((NOW + offset + 3 * MINUTE) / 1_000);
  expect(around.lines).toHaveLength(1);
  expect(around.lines[0]).toMatch(words);
});

test("signs with the known difference of the clocks at once", async () => {
  salesforceNow = NOW + 12 * MINUTE;
  await requestToken(login(), surroundings(), 12 * MINUTE);
  expect(posted).toHaveLength(1);
});

test("repeats a login for the clock only once", async () => {
  salesforceNow = NOW + 12 * MINUTE;
  refusal = { status: 400, body: '{"error":"invalid_grant","error_description":"expired authorization code"}' };
  const error = await failureOf(requestToken(login(), surroundings(), 0));
  expect(error).toMatchObject({ code: "clock_off", next: { do: "giveUp" } });
  expect(error.message).toContain("This machine's clock is 12m behind Salesforce's.");
  expect(posted).toHaveLength(2);
});

test("does not repeat a login whose clock is right", async () => {
  refusal = { status: 400, body: '{"error":"invalid_grant","error_description":"expired authorization code"}' };
  const error = await failureOf(requestToken(login(), surroundings(), 0));
  expect(error.code).toBe("clock_off");
  expect(posted).toHaveLength(1);
});

test("a wrong key is refused by Salesforce, with the cure", async () => {
  const other = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const error = await failureOf(requestToken(login({ key: async () => other.privateKey }), surroundings(), 0));
  expect(error.text).toMatch(/^Salesforce refused the login: invalid assertion\. The private key does not belong/);
});

test.each([
  ["a web page", { status: 200, body: "<html>" }, "answer_unreadable"],
  ["maintenance", { status: 503, body: "<html>" }, "server_error"],
  ["too many logins", { status: 429, body: "" }, "too_many_requests"],
  ["a redirect", { status: 302, body: "" }, "login_refused"],
])("%s instead of a token", async (_name, answer, code) => {
  refusal = answer;
  expect((await failureOf(requestToken(login(), surroundings(), 0))).code).toBe(code);
  expect(posted).toHaveLength(1);
});

test("stops as soon as the signal aborts", async () => {
  const stop = new AbortController();
  stop.abort(new Error("stopped"));
  await expect(requestToken(login(), surroundings(), 0, stop.signal)).rejects.toThrow("stopped");
  expect(posted).toHaveLength(0);
});

test("shows neither the assertion nor the token, whatever happens", async () => {
  const around = surroundings();
  const granted = await requestToken(login(), around, 0);
  refusal = { status: 400, body: '{"error":"invalid_grant","error_description":"inactive user"}' };
  const refused = await failureOf(requestToken(login(), around, 0));
  const unreached = await failureOf(requestToken(login({ loginUrl: "http://127.0.0.1:1" }), around, 0));
  expect(unreached.code).toBe("host_unreachable");

  const everything = { depth: 20, showHidden: true };
  const shown = [
    inspect(granted, everything),
    JSON.stringify(granted),
    inspect(refused, everything),
    inspect(unreached, everything),
    JSON.stringify({ refused, unreached }),
    ...around.lines,
  ].join("\n");
  expect(shown).not.toContain(ACCESS_TOKEN);
  for (const { form } of posted) {
    expect(shown).not.toContain(form.get("assertion"));
  }
  expect(shown).not.toMatch(/assertion=|eyJhbGciOiJSUzI1NiJ9/);
});

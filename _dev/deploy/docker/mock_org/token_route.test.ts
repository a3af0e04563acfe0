import { generateKeyPairSync } from "node:crypto";
import { describe, expect, test } from "vitest";
import type { Given } from "./given.ts";
import { DEFAULT_CLIENT_ID, DEFAULT_USERNAME } from "./mock_org.ts";
import { assertion, loggedIn, postToken, startedOrg, type TestOrg, tokenAnswer } from "./test_client.ts";

const now = () => Math.floor(Date.now() / 1000);
const app = { clientId: DEFAULT_CLIENT_ID };
const user = { username: DEFAULT_USERNAME };

interface Case {
  readonly name: string;
  readonly given?: (given: Given) => Promise<unknown>;
  readonly assertion?: (org: TestOrg) => string;
  readonly error: string;
  readonly description: string;
}

const otherKey = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey;

const REFUSALS: readonly Case[] = [
  {
    name: "not a JWT",
    assertion: () => "-----BEGIN PRIVATE KEY-----",
    error: "invalid_grant",
    description: "invalid assertion",
  },
  {
    name: "an algorithm other than RS256",
    assertion: (org) => assertion(org, {}, { alg: "RS512" }),
    error: "invalid_grant",
    description: "invalid assertion",
  },
  {
    name: "another key's signature",
    assertion: (org) => assertion(org, {}, { alg: "RS256" }, otherKey),
    error: "invalid_grant",
    description: "invalid assertion",
  },
  {
    name: "an unknown consumer key",
    assertion: (org) => assertion(org, { iss: "3MVGother" }),
    error: "invalid_client_id",
    description: "client identifier invalid",
  },
  {
    name: "a sandbox audience",
    assertion: (org) => assertion(org, { aud: "https://test.salesforce.com" }),
    error: "invalid_grant",
    description: "audience is invalid",
  },
  {
    name: "an end in the past",
    assertion: (org) => assertion(org, { exp: now() - 1 }),
    error: "invalid_grant",
    description: "expired authorization code",
  },
  {
    name: "an end more than 5 minutes ahead",
    assertion: (org) => assertion(org, { exp: now() + 310 }),
    error: "invalid_grant",
    description: "expired authorization code",
  },
  {
    name: "an end in milliseconds",
    assertion: (org) => assertion(org, { exp: Date.now() + 60_000 }),
    error: "invalid_grant",
    description: "expired authorization code",
  },
  {
    name: "an end that the org's clock has passed",
    given: (given) => given.org({ clockOffsetMs: 600_000 }),
    error: "invalid_grant",
    description: "expired authorization code",
  },
  {
    name: "an unknown user",
    assertion: (org) => assertion(org, { sub: "nobody@acme.example" }),
    error: "invalid_grant",
    description: "user is invalid",
  },
  {
    name: "prn before sub",
    assertion: (org) => assertion(org, { prn: "nobody@acme.example" }),
    error: "invalid_grant",
    description: "user is invalid",
  },
  {
    name: "an inactive user",
    given: (given) => given.user({ ...user, active: false }),
    error: "invalid_grant",
    description: "inactive user",
  },
  {
    name: "a frozen user",
    given: (given) => given.user({ ...user, frozen: true }),
    error: "invalid_grant",
    description: "inactive user",
  },
  {
    name: "an address outside the login ranges",
    given: (given) => given.user({ ...user, ipRestricted: true }),
    error: "invalid_grant",
    description: "ip restricted or invalid login hours",
  },
  {
    name: "a user who has not approved the app",
    given: (given) => given.app({ ...app, permittedUsers: "selfAuthorize", approvedUsers: [] }),
    error: "invalid_grant",
    description: "user hasn't approved this consumer",
  },
  {
    name: "a user whom no administrator has approved",
    given: (given) => given.app({ ...app, approvedUsers: ["someone@acme.example"] }),
    error: "invalid_app_access",
    description: "user is not admin approved to access this app",
  },
  {
    name: "an uninstalled external client app",
    given: (given) => given.app({ ...app, installed: false }),
    error: "invalid_client",
    description: "External client app is not installed in this org",
  },
  {
    name: "an uninstalled connected app",
    given: (given) => given.app({ ...app, kind: "connected", installed: false }),
    error: "invalid_client",
    description: "app must be installed into org",
  },
  {
    name: "an inactive org",
    given: (given) => given.org({ active: false }),
    error: "inactive_org",
    description: "organization is locked, closed or suspended",
  },
  {
    name: "too many logins",
    given: (given) => given.org({ loginsPerHour: 0 }),
    error: "rate_limit_exceeded",
    description: "Number of logins exceeded",
  },
];

describe("token endpoint", () => {
  test.each(REFUSALS)("refuses $name", async ({ given, assertion: made = assertion, error, description }) => {
    await using org = await startedOrg();
    await given?.(org.given);
    expect(await tokenAnswer(org, made(org))).toEqual({ status: 400, body: { error, error_description: description } });
    expect((await org.given.counters()).refusedLogins).toBe(1);
  });

  test("refuses an assertion that it has seen", async () => {
    await using org = await startedOrg();
    const text = assertion(org);
    expect((await tokenAnswer(org, text)).status).toBe(200);
    expect((await tokenAnswer(org, text)).body.error_description).toBe("invalid assertion");
  });

  test("reads neither the address nor a JSON body", async () => {
    await using org = await startedOrg();
    const form = { grant_type: "urn:ietf:params:oauth:grant-type:jwt-bearer", assertion: assertion(org) };
    const address = `${org.url}/services/oauth2/token`;
    const inAddress = await fetch(`${address}?${new URLSearchParams(form)}`, { method: "POST" });
    const asJson = await fetch(address, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(form),
    });
    const otherGrant = await postToken(org, { ...form, grant_type: "password" });
    for (const response of [inAddress, asJson, otherGrant]) {
      expect(response.status).toBe(400);
      expect(await response.json()).toEqual({
        error: "unsupported_grant_type",
        error_description: "grant type not supported",
      });
    }
  });

  test("answers the same live token to a repeated login, and a new one after its death", async () => {
    await using org = await startedOrg();
    const first = (await tokenAnswer(org, assertion(org))).body;
    expect(first).toMatchObject({ instance_url: org.url, token_type: "Bearer", scope: "id api" });
    expect(first.id).toMatch(new RegExp(`^https://login\\.salesforce\\.com/id/${org.orgId}/005\\w{15}$`));
    expect(first).not.toHaveProperty("expires_in");
    expect((await tokenAnswer(org, assertion(org))).body.access_token).toBe(first.access_token);
    expect(await org.given.killedTokens()).toBe(1);
    expect((await tokenAnswer(org, assertion(org))).body.access_token).not.toBe(first.access_token);
  });

  test.each(["https://test.salesforce.com", "https://acme.my.salesforce.com", "own"])(
    "a sandbox accepts audience %s",
    async (aud) => {
      await using org = await startedOrg({ sandbox: true });
      const { status, body } = await tokenAnswer(org, assertion(org, { aud: aud === "own" ? org.url : aud }));
      expect(status).toBe(200);
      expect(body.id).toContain("https://test.salesforce.com/id/");
    },
  );

  test.each([
    { jwtAccessTokens: false, error: { message: "Session expired or invalid", errorCode: "INVALID_SESSION_ID" } },
    { jwtAccessTokens: true, error: { message: "INVALID_JWT_FORMAT", errorCode: "INVALID_AUTH_HEADER" } },
  ])("an expired token is refused (JWT-based: $jwtAccessTokens)", async ({ jwtAccessTokens, error }) => {
    let offset = 0;
    await using org = await startedOrg({ tokenLifetimeMs: 60_000, now: () => Date.now() + offset });
    await org.given.app({ ...app, jwtAccessTokens });
    const get = await loggedIn(org);
    expect((await get("/services/data/v66.0/limits")).status).toBe(200);
    offset = 60_001;
    const refused = await get("/services/data/v66.0/limits");
    expect(refused.status).toBe(401);
    expect(await refused.json()).toEqual([error]);
  });

  test("an app takes RSA keys only", async () => {
    await using org = await startedOrg();
    const ec = generateKeyPairSync("ec", { namedCurve: "P-256" }).publicKey.export({ type: "spki", format: "pem" });
    await expect(org.given.certificate(org.clientId, String(ec))).rejects.toThrow("needs an RSA certificate, not ec");
    await expect(org.given.app({ clientId: "other", certificate: "not PEM" })).rejects.toThrow();
  });

  test("a JWT-based token tells its end", async () => {
    await using org = await startedOrg({ tokenLifetimeMs: 900_000 });
    await org.given.app({ ...app, jwtAccessTokens: true });
    const token = (await tokenAnswer(org, assertion(org))).body.access_token ?? "";
    const payload = JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString()) as { exp: number };
    expect(Math.abs(payload.exp - now() - 900)).toBeLessThan(10);
  });
});

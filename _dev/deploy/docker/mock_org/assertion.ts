import { createPublicKey, verify } from "node:crypto";
import type { App, OrgState, User } from "./org_state.ts";

/** A refusal of the token endpoint: status 400 with `{"error": …, "error_description": …}`. */
export class LoginRefusal extends Error {
  readonly error: string;

  constructor(error: string, description: string) {
    super(description);
    this.error = error;
  }
}

/** A login that may have its token. */
export interface Login {
  readonly app: App;
  readonly user: User;
  readonly audience: string;
}

/** Salesforce documents 3 minutes and accepts 5. */
const LONGEST_LIFE_S = 5 * 60;

const LOGIN_RATE_WINDOW_MS = 3_600_000;

interface Parts {
  readonly header: Readonly<Record<string, unknown>>;
  readonly claims: Readonly<Record<string, unknown>>;
  readonly signed: string;
  readonly signature: Buffer;
}

/**
 * Checks a JWT bearer assertion as the token endpoint does, in the order app, signature, claims, user, approval, rate. Throws a
 * `LoginRefusal` with the documented texts; records the assertion's `jti` and the login otherwise. `ownUrl` is the address that the
 * request was sent to: an org's own address is one of its audiences.
 * Source: "OAuth 2.0 JWT Bearer Flow for Server-to-Server Integration" and "OAuth Authorization Flow Errors", Salesforce Help.
 */
export function checkAssertion(assertion: string, org: OrgState, ownUrl: string): Login {
  const parts = partsOf(assertion);
  const { claims } = parts;
  const app = org.apps.get(String(claims.iss));
  if (app === undefined) {
    throw new LoginRefusal("invalid_client_id", "client identifier invalid");
  }
  if (!app.installed) {
    const reason =
      app.kind === "external" ? "External client app is not installed in this org" : "app must be installed into org";
    throw new LoginRefusal("invalid_client", reason);
  }
  if (!verify("sha256", Buffer.from(parts.signed), createPublicKey(app.certificate), parts.signature)) {
    throw invalidAssertion();
  }
  const audience = checkAudience(claims.aud, org, ownUrl);
  checkExpiry(claims.exp, org.now());
  checkReplay(claims.jti, org);
  if (!org.settings.active) {
    throw new LoginRefusal("inactive_org", "organization is locked, closed or suspended");
  }
  const user = checkUser(claims.prn ?? claims.sub, org);
  checkApproval(app, user);
  checkRate(user, org);
  return { app, user, audience };
}

function invalidAssertion(): LoginRefusal {
  return new LoginRefusal("invalid_grant", "invalid assertion");
}

function partsOf(assertion: string): Parts {
  const [header, claims, signature, ...rest] = assertion.split(".");
  if (header === undefined || claims === undefined || signature === undefined || rest.length > 0) {
    throw invalidAssertion();
  }
  const parts: Parts = {
    header: jsonPart(header),
    claims: jsonPart(claims),
    signed: `${header}.${claims}`,
    signature: Buffer.from(signature, "base64url"),
  };
  if (parts.header.alg !== "RS256") {
    throw invalidAssertion();
  }
  return parts;
}

function jsonPart(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(Buffer.from(text, "base64url").toString("utf8"));
    if (typeof value === "object" && value !== null && !Array.isArray(value)) {
      return { ...value };
    }
  } catch {
    // Not JSON: refused below like any other malformed assertion.
  }
  throw invalidAssertion();
}

function checkAudience(audience: unknown, org: OrgState, ownUrl: string): string {
  const { sandbox, myDomain } = org.settings;
  const accepted = [sandbox ? "https://test.salesforce.com" : "https://login.salesforce.com", myDomain, ownUrl];
  if (typeof audience !== "string" || !accepted.includes(audience)) {
    throw new LoginRefusal("invalid_grant", "audience is invalid");
  }
  return audience;
}

function checkExpiry(exp: unknown, now: number): void {
  const seconds = now / 1000;
  if (typeof exp !== "number" || exp <= seconds || exp > seconds + LONGEST_LIFE_S) {
    throw new LoginRefusal("invalid_grant", "expired authorization code");
  }
}

function checkReplay(jti: unknown, org: OrgState): void {
  if (jti === undefined) {
    return;
  }
  if (typeof jti !== "string" || org.seenAssertions.has(jti)) {
    throw invalidAssertion();
  }
  org.seenAssertions.add(jti);
}

function checkUser(username: unknown, org: OrgState): User {
  const user = typeof username === "string" ? org.users.get(username.toLowerCase()) : undefined;
  if (user === undefined) {
    throw new LoginRefusal("invalid_grant", "user is invalid");
  }
  if (!user.active || user.frozen) {
    throw new LoginRefusal("invalid_grant", "inactive user");
  }
  if (user.ipRestricted) {
    throw new LoginRefusal("invalid_grant", "ip restricted or invalid login hours");
  }
  return user;
}

function checkApproval(app: App, user: User): void {
  if (app.approvedUsers.some((name) => name === "*" || name.toLowerCase() === user.username.toLowerCase())) {
    return;
  }
  throw app.permittedUsers === "adminApproved"
    ? new LoginRefusal("invalid_app_access", "user is not admin approved to access this app")
    : new LoginRefusal("invalid_grant", "user hasn't approved this consumer");
}

function checkRate(user: User, org: OrgState): void {
  const since = org.now() - LOGIN_RATE_WINDOW_MS;
  const recent = (org.recentLogins.get(user.username) ?? []).filter((at) => at > since);
  if (recent.length >= org.settings.loginsPerHour) {
    throw new LoginRefusal("rate_limit_exceeded", "Number of logins exceeded");
  }
  recent.push(org.now());
  org.recentLogins.set(user.username, recent);
}

import type { KeyObject } from "node:crypto";
import { SignJWT } from "jose";
import { Secret } from "../core/secret.ts";

/** Salesforce takes assertions that expire within three minutes. */
const LIFE_SECONDS = 180;

export interface AssertionClaims {
  /** Consumer key of the app that holds the certificate. */
  readonly clientId: string;
  readonly username: string;
  readonly audience: string;
  /** Salesforce's time in milliseconds since the epoch. */
  readonly now: number;
  /** Never used before: Salesforce refuses an assertion that it has seen. */
  readonly jti: string;
}

/**
 * The signed assertion of the JWT bearer flow, with exactly the claims that Salesforce names: there is no `iat` or `nbf`,
 * which a clock that is ahead would turn into a refusal. Source: "OAuth 2.0 JWT Bearer Flow" in Salesforce Help.
 */
export async function signAssertion(key: KeyObject, claims: AssertionClaims): Promise<Secret> {
  const assertion = new SignJWT()
    .setProtectedHeader({ alg: "RS256" })
    .setIssuer(claims.clientId)
    .setSubject(claims.username)
    .setAudience(claims.audience)
    .setExpirationTime(Math.floor(claims.now / 1_000) + LIFE_SECONDS)
    .setJti(claims.jti);
  return new Secret(await assertion.sign(key));
}

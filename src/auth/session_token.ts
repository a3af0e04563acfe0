import type { RunnerError } from "../core/errors.ts";
import type { Secret } from "../core/secret.ts";

/** What a login to Salesforce gives. Source: "OAuth 2.0 JWT Bearer Flow for Server-to-Server Integration" in Salesforce Help. */
export interface Token {
  readonly accessToken: Secret;
  /** The org's own address for every later call, without a trailing slash; https, or http on a loopback host. */
  readonly instanceUrl: string;
  /** 18 characters. */
  readonly organizationId: string;
  /** 18 characters. */
  readonly userId: string;
  /** Milliseconds since the epoch by this machine's clock; known only for JWT-based access tokens. */
  readonly expiresAt: number | undefined;
}

/**
 * Where a session stands. `until` is in milliseconds since the epoch; until then every call fails with `error`, and nothing
 * is sent to Salesforce.
 */
export type SessionState =
  | { readonly is: "signedOut" }
  | { readonly is: "fresh"; readonly token: Token }
  | { readonly is: "reloading" }
  | { readonly is: "coolingDown"; readonly until: number; readonly error: RunnerError };

/**
 * The one token of an org, shared by all its streams.
 *
 * Both calls log in at most once at a time: callers that come while a login is under way get its outcome. A failed login
 * rejects with the RunnerError of token_request.ts or private_key.ts, whose `next` is `waitUntil`: until that moment both
 * calls fail at once with the same error. A caller whose signal aborts gets the signal's reason; the login itself is
 * abandoned only when nobody waits for it any more.
 *
 * The token is never revoked: Salesforce gives the same token to every program that logs in with the same app and user.
 */
export interface Session {
  /** The token to use now, after a login if there is none or the known one is about to expire. */
  token(signal?: AbortSignal): Promise<Token>;
  /**
   * To be called with the very token that Salesforce has refused (401). Gives the one that has already replaced it without a
   * login, otherwise logs in. If Salesforce hands out the same token again and that is refused too, the session cools down with
   * `session_expired`.
   */
  renew(dead: Token, signal?: AbortSignal): Promise<Token>;
  readonly state: SessionState;
}

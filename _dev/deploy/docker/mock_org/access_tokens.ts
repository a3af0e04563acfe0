import { generateKeyPairSync, type KeyObject, randomBytes, sign } from "node:crypto";
import { Refusal } from "./answer.ts";
import { to15 } from "./salesforce_id.ts";

export interface AccessToken {
  readonly text: string;
  readonly username: string;
  readonly clientId: string;
  /** Milliseconds since the epoch. */
  readonly expires: number;
  readonly jwt: boolean;
}

export interface TokenRequest {
  readonly orgId: string;
  readonly userId: string;
  readonly username: string;
  readonly clientId: string;
  readonly audience: string;
  readonly lifetimeMs: number;
  /** The app's setting to issue JWT-based access tokens, which carry their own end. */
  readonly jwt: boolean;
}

/** The sessions of one org. A repeated login of the same user and app gets the live token again. */
export class AccessTokens {
  readonly #now: () => number;
  #tokens = new Map<string, AccessToken>();
  #signingKey: KeyObject | undefined;

  constructor(now: () => number) {
    this.#now = now;
  }

  issue(request: TokenRequest): AccessToken {
    for (const token of this.#tokens.values()) {
      const same =
        token.username === request.username && token.clientId === request.clientId && token.jwt === request.jwt;
      if (same && token.expires > this.#now()) {
        return token;
      }
    }
    const expires = this.#now() + request.lifetimeMs;
    const text = request.jwt ? this.#jwt(request, expires) : opaque(request.orgId);
    const token: AccessToken = {
      text,
      username: request.username,
      clientId: request.clientId,
      expires,
      jwt: request.jwt,
    };
    this.#tokens.set(text, token);
    return token;
  }

  /** The live token of an Authorization header, or a refusal with 401. */
  check(authorization: string | undefined): AccessToken {
    const text = /^(?:Bearer|OAuth) (.+)$/i.exec(authorization ?? "")?.[1];
    const token = text === undefined ? undefined : this.#tokens.get(text);
    if (token !== undefined && token.expires > this.#now()) {
      return token;
    }
    throw text?.startsWith("eyJ") === true
      ? new Refusal(401, "INVALID_AUTH_HEADER", "INVALID_JWT_FORMAT")
      : new Refusal(401, "INVALID_SESSION_ID", "Session expired or invalid");
  }

  /** Ends every session. Answers how many there were. */
  kill(): number {
    const killed = this.#tokens.size;
    this.#tokens = new Map();
    return killed;
  }

  #jwt(request: TokenRequest, expires: number): string {
    this.#signingKey ??= generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey;
    const header = { tnk: `core/prod/${to15(request.orgId)}`, ver: "1.0", kid: "CORE_AT", typ: "JWT", alg: "RS256" };
    const payload = {
      scp: "id api refresh_token",
      aud: [request.audience],
      sub: `uid:${request.userId}`,
      nbf: Math.floor(this.#now() / 1000),
      mty: "oauth",
      sfi: randomBytes(16).toString("hex"),
      roles: [],
      iss: request.audience,
      exp: Math.floor(expires / 1000),
      client_id: request.clientId,
    };
    const signed = [header, payload].map((part) => Buffer.from(JSON.stringify(part)).toString("base64url")).join(".");
    return `${signed}.${sign("sha256", Buffer.from(signed), this.#signingKey).toString("base64url")}`;
  }
}

function opaque(orgId: string): string {
  return `${to15(orgId)}!AR8AQ${randomBytes(60).toString("base64url").replaceAll("-", ".")}`;
}

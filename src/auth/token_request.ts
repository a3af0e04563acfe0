import type { KeyObject } from "node:crypto";
import { randomUUID } from "node:crypto";
import type { Clock } from "../core/clock.ts";
import { formatDuration } from "../core/duration.ts";
import { RunnerError } from "../core/errors.ts";
import { httpDate } from "../core/header_values.ts";
import type { Http, HttpAnswer } from "../core/http.ts";
import type { Log } from "../core/log.ts";
import { signAssertion } from "./jwt_assertion.ts";
import { loginError, tokenOf } from "./login_meaning.ts";
import type { Token } from "./session_token.ts";

/** Who logs in, and where. */
export interface Login {
  /** Origin of the token endpoint's host. */
  readonly loginUrl: string;
  readonly audience: string;
  readonly clientId: string;
  readonly username: string;
  /** Called for each login. Rejects with the errors of private_key.ts. */
  readonly key: () => Promise<KeyObject>;
  /** Milliseconds for the whole request. */
  readonly requestTimeout: number;
}

export interface LoginSurroundings {
  readonly http: Http;
  readonly clock: Clock;
  readonly log: Log;
  /** A new unique text at each call; by default a random UUID. */
  readonly randomId?: () => string;
}

export interface LoginOutcome {
  readonly token: Token;
  /** Salesforce's time less this machine's, in milliseconds, as far as logins had to allow for it. */
  readonly clockOffset: number;
}

/** Bytes; a token with everything beside it takes a few thousand. */
const LONGEST_ANSWER = 64 * 1_024;

const GRANT_TYPE = "urn:ietf:params:oauth:grant-type:jwt-bearer";

/** A `Date` header has whole seconds and may be as old as the way of the answer; less than this is no wrong clock. */
const CLOCK_TOLERANCE_MS = 5_000;

/**
 * One login: a signed assertion for a token. If Salesforce finds the assertion expired and its `Date` header shows that this
 * machine's clock is off, the login is repeated once with Salesforce's time.
 * Rejects with the errors of login_meaning.ts, private_key.ts and transport_meaning.ts, or the signal's reason.
 */
export async function requestToken(
  login: Login,
  surroundings: LoginSurroundings,
  clockOffset: number,
  signal?: AbortSignal,
): Promise<LoginOutcome> {
  const { clock, log } = surroundings;
  const key = await login.key();
  const answer = await send(key, login, surroundings, clockOffset, signal);
  const now = clock.now();
  if (answer.status === 200 || loginError(answer, login.loginUrl, now).code !== "clock_off") {
    return { token: tokenOf(answer, login.loginUrl, now, clockOffset), clockOffset };
  }

  const seenOffset = (httpDate(answer.headers.date) ?? Number.NaN) - now;
  if (Number.isNaN(seenOffset) || Math.abs(seenOffset - clockOffset) < CLOCK_TOLERANCE_MS) {
    throw loginError(answer, login.loginUrl, now);
  }
  const difference = clockDifference(seenOffset);
  log.warn(
    `This machine's clock is ${difference} Salesforce's. Logging in with Salesforce's time; set the clock by a time server (NTP).`,
  );
  const second = await send(key, login, surroundings, seenOffset, signal);
  try {
    return { token: tokenOf(second, login.loginUrl, clock.now(), seenOffset), clockOffset: seenOffset };
  } catch (error) {
    throw error instanceof RunnerError && error.code === "clock_off"
      ? restated(error, `${error.message} This machine's clock is ${difference} Salesforce's.`)
      : error;
  }
}

async function send(
  key: KeyObject,
  login: Login,
  { http, clock, randomId = randomUUID }: LoginSurroundings,
  clockOffset: number,
  signal: AbortSignal | undefined,
): Promise<HttpAnswer> {
  const { clientId, username, audience } = login;
  const assertion = await signAssertion(key, {
    clientId,
    username,
    audience,
    now: clock.now() + clockOffset,
    jti: randomId(),
  });
  try {
    return await http.send({
      method: "POST",
      url: `${login.loginUrl}/services/oauth2/token`,
      headers: { "content-type": "application/x-www-form-urlencoded", accept: "application/json" },
      body: new URLSearchParams({ grant_type: GRANT_TYPE, assertion: assertion.reveal() }).toString(),
      timeout: login.requestTimeout,
      longest: LONGEST_ANSWER,
      signal,
    });
  } catch (error) {
    // The cause of a transport error holds the whole request, assertion included.
    throw error instanceof RunnerError ? restated(error, error.message) : error;
  }
}

function clockDifference(offset: number): string {
  return `${formatDuration(Math.abs(offset))} ${offset > 0 ? "behind" : "ahead of"}`;
}

/** The same error in other words, and without its cause. */
function restated(error: RunnerError, message: string): RunnerError {
  return new RunnerError(error.code, message, {
    next: error.next,
    cure: error.cure,
  });
}

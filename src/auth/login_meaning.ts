/**
 * What each answer of Salesforce's token endpoint means. Pure, and the only place that reads its statuses and error texts.
 * Sources: "OAuth 2.0 Authorization Errors" and "Preventing Connections from Anonymizing VPNs, Proxies and High-Risk IP Addresses" in
 * Salesforce Help, and answers seen in the field.
 */
import { decodeJwt } from "jose";
import { z } from "zod";
import { LONGEST_WAIT_MS, waitFor } from "../core/backoff.ts";
import { type ErrorCode, GIVE_UP, type NextStep, RETRY, RunnerError } from "../core/errors.ts";
import { retryAfterMs } from "../core/header_values.ts";
import type { HttpAnswer } from "../core/http.ts";
import { parsedJson } from "../core/json.ts";
import { isLoopback } from "../core/loopback.ts";
import { Secret } from "../core/secret.ts";
import { isPage, withPage } from "../core/web_page.ts";
import type { Token } from "./session_token.ts";

const MINUTE_MS = 60_000;

/** Salesforce's shortest session lasts 15 minutes. */
const SHORTEST_LIFE_MS = 10 * MINUTE_MS;

interface Refusal {
  /** The answer's `error`, a space and its `error_description`, in lower case. */
  readonly pattern: RegExp;
  readonly code?: ErrorCode;
  readonly cure: string;
  readonly next?: (now: number) => NextStep;
}

const POLICIES = "Setup > External Client App Manager > the app > Policies";
const TEN_MINUTES = "A change takes up to 10 minutes.";

/** The first row that fits counts. Without a code a refusal is `login_refused`, which only a person can mend. */
const REFUSALS: readonly Refusal[] = [
  {
    pattern: /hasn'?t approved this consumer/,
    cure: `Set Permitted Users to 'Admin approved users are pre-authorized' and assign the permission set. Both are under ${POLICIES}. ${TEN_MINUTES} If they are right, check that login_url is this org's.`,
  },
  {
    pattern: /not admin approved|^invalid_app_access/,
    cure: `Add a permission set to the app under ${POLICIES} > App Policies, and assign it to the user. ${TEN_MINUTES}`,
  },
  {
    pattern: /audience/,
    cure: "Set auth.audience: https://test.salesforce.com for a sandbox or scratch org, https://login.salesforce.com otherwise.",
  },
  {
    pattern: /expired authorization code/,
    code: "clock_off",
    cure: "Set this machine's clock by a time server (NTP).",
  },
  {
    pattern: /invalid assertion/,
    cure: "The private key does not belong to the app's certificate, or client_id is another app's. Upload the certificate of this key under Setup > External Client App Manager > the app > Settings > OAuth Settings.",
  },
  {
    pattern: /inactive[ _]org/,
    cure: "The org is locked, closed or suspended. Ask Salesforce or the org's administrator.",
  },
  {
    pattern: /inactive/,
    cure: "The user is deactivated or frozen: activate or unfreeze it under Setup > Users. Salesforce itself freezes a user that connects from an anonymizing VPN, proxy or other high-risk address; then let the runner out by another address first. The user's Login History in Setup shows the address it came from.",
  },
  {
    pattern: /ip restricted|login hours/,
    cure: `Add this machine's address to the Login IP Ranges of the user's profile, check its Login Hours, or set IP Relaxation under ${POLICIES}.`,
  },
  {
    pattern: /rate_limit_exceeded|login_rate_exceeded|number of logins exceeded/,
    code: "login_rate_exceeded",
    cure: "The user may log in 3,600 times an hour. Find the program that logs in so often, or give the runner a user of its own.",
    next: (now) => waitFor(LONGEST_WAIT_MS, now),
  },
  {
    pattern: /invalid_client_id|client identifier invalid/,
    cure: "Check client_id: it is the Consumer Key under Setup > External Client App Manager > the app > Settings > OAuth Settings. A new app is known after up to 10 minutes.",
  },
  {
    pattern: /not installed|must be installed/,
    cure: "Install the app in this org: since September 2025 Salesforce blocks apps that are not (Setup > Connected Apps OAuth Usage > Install; for an external client app, its package). Or make an external client app in the org itself.",
  },
  {
    pattern: /^invalid_client/,
    cure: "Check client_id, and that login_url is the org that holds the app.",
  },
  {
    pattern: /unsupported_grant_type|grant type not supported/,
    cure: "Switch on 'Enable JWT Bearer Flow' under Setup > External Client App Manager > the app > Settings. If it is on, a proxy changes the request.",
  },
  {
    pattern: /user\b.*\binvalid|invalid user/,
    cure: "Check username: it is the user name of a user of this org, not its email address.",
  },
  {
    pattern: /authentication failure/,
    cure: "Give the user the permission 'API Enabled', and check username.",
  },
  {
    pattern: /retry your request/,
    code: "server_error",
    cure: "If it stays so, set login_url to the org's My Domain (Setup > My Domain): an org may refuse logins at login.salesforce.com.",
    next: () => RETRY,
  },
];

const OUTAGE_CURE =
  "The runner tries again. https://status.salesforce.com says whether Salesforce is down; if it is not, check login_url, and whether a proxy answers in its place.";

const OTHER_CURE = "The user's Login History in Setup says more.";

const refusalBody = z.object({ error: z.string(), error_description: z.string().optional() });

/** A failed login as an error. `now` is this machine's time in milliseconds. */
export function loginError(answer: HttpAnswer, loginUrl: string, now: number): RunnerError {
  const host = new URL(loginUrl).host;
  const { status } = answer;
  if (status === 429) {
    const wait = retryAfterMs(answer.headers["retry-after"], now) || MINUTE_MS;
    return failure("too_many_requests", `${host} takes no more logins for now (429).`, waitFor(wait, now));
  }
  if (status >= 500) {
    const message = `${host} can't log anyone in at the moment (${status}${withPage(answer.body)}).`;
    return failure("server_error", message, RETRY, OUTAGE_CURE);
  }
  if (status >= 300 && status < 400) {
    const target = redirectHost(answer);
    return failure(
      "login_refused",
      `${host} sends logins to ${target ?? "another address"}.`,
      GIVE_UP,
      target === undefined ? "Set login_url to the org's My Domain." : `Set login_url to https://${target}.`,
    );
  }
  const refusal = refusalBody.safeParse(parsedJson(answer.body));
  if (!refusal.success) {
    return unreadable(answer, host);
  }
  return refusalError(refusal.data.error, refusal.data.error_description ?? "", now);
}

function refusalError(error: string, description: string, now: number): RunnerError {
  const reason = oneLine(description === "" ? error : description);
  const row = REFUSALS.find(({ pattern }) => pattern.test(`${error} ${description}`.toLowerCase()));
  return failure(
    row?.code ?? "login_refused",
    `Salesforce refused the login: ${reason}.`,
    row?.next?.(now) ?? GIVE_UP,
    row?.cure ?? OTHER_CURE,
  );
}

function unreadable(answer: HttpAnswer, host: string): RunnerError {
  if (answer.status === 404) {
    return failure(
      "login_refused",
      `There is no Salesforce login at ${host} (404).`,
      GIVE_UP,
      "Check login_url: https://login.salesforce.com, https://test.salesforce.com or the org's My Domain.",
    );
  }
  if (answer.status === 407) {
    return failure("login_refused", "The proxy asks for a login (407).", GIVE_UP, "Name its user in api.proxy_url.");
  }
  return failure(
    "answer_unreadable",
    `${host} answered the login with ${isPage(answer.body) ? "a web page" : "something other than JSON"} (${answer.status}).`,
    RETRY,
    "Check login_url, and whether a proxy or sign-in page answers in Salesforce's place.",
  );
}

const tokenBody = z.object({ access_token: z.string().min(1), instance_url: z.string(), id: z.string() });
const IDENTITY = /\/id\/(00D[A-Za-z0-9]{15})\/(005[A-Za-z0-9]{15})$/;

/**
 * The token in the answer of a login, or the error that it means. `clockOffset` is Salesforce's time less this machine's,
 * in milliseconds.
 */
export function tokenOf(answer: HttpAnswer, loginUrl: string, now: number, clockOffset: number): Token {
  if (answer.status !== 200) {
    throw loginError(answer, loginUrl, now);
  }
  const host = new URL(loginUrl).host;
  const body = tokenBody.safeParse(parsedJson(answer.body));
  const identity = IDENTITY.exec(body.data?.id ?? "");
  if (body.data === undefined || identity === null) {
    throw unreadable(answer, host);
  }
  return {
    accessToken: new Secret(body.data.access_token),
    instanceUrl: instanceOrigin(body.data.instance_url, host),
    organizationId: identity[1] ?? "",
    userId: identity[2] ?? "",
    expiresAt: expiry(body.data.access_token, now, clockOffset),
  };
}

function instanceOrigin(instanceUrl: string, host: string): string {
  const url = URL.canParse(instanceUrl) ? new URL(instanceUrl) : undefined;
  const safe = url?.protocol === "https:" || (url?.protocol === "http:" && isLoopback(url.hostname));
  if (url === undefined || !safe) {
    throw failure(
      "answer_unreadable",
      `${host} named an instance address that is not https.`,
      GIVE_UP,
      "Check login_url: a token is sent only over https.",
    );
  }
  return url.origin;
}

/**
 * Only JWT-based access tokens tell when they end; others are opaque. One that says it ends at once is used until Salesforce
 * refuses it: to believe it would be a login for every call.
 */
function expiry(accessToken: string, now: number, clockOffset: number): number | undefined {
  if (!accessToken.startsWith("eyJ")) {
    return undefined;
  }
  try {
    const end = Number(decodeJwt(accessToken).exp) * 1_000 - clockOffset;
    return end > now + SHORTEST_LIFE_MS ? end : undefined;
  } catch {
    return undefined;
  }
}

function failure(code: ErrorCode, message: string, next: NextStep, cure?: string): RunnerError {
  return new RunnerError(code, message, { next, cure });
}

/** The far side's own words, short and on one line; a word long enough to be an assertion or a token is left out. */
function oneLine(words: string): string {
  const line = words
    .replaceAll(/\S{60,}/g, "[…]")
    .replaceAll(/\s+/g, " ")
    .trim();
  return line.slice(0, 200).replace(/[.\s]+$/, "");
}

function redirectHost(answer: HttpAnswer): string | undefined {
  const { location = "" } = answer.headers;
  return URL.canParse(location) ? new URL(location).host : undefined;
}

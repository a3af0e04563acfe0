import { waitFor } from "../core/backoff.ts";
import { isoTime } from "../core/clock.ts";
import { type AnswerMeaning, GIVE_UP, REFRESH, RETRY, RunnerError } from "../core/errors.ts";
import { retryAfterMs } from "../core/header_values.ts";
import type { HttpHeaders } from "../core/http.ts";
import { parsedJson } from "../core/json.ts";
import { lookup } from "../core/lookup.ts";
import { isPage, withPage } from "../core/web_page.ts";
import type { ShareUsed } from "./api_budget.ts";

/** An answer of the org that is no success. */
export interface RefusedAnswer {
  readonly status: number;
  readonly headers: HttpHeaders;
  readonly body: string;
  /** Who answered, so far as it is known. */
  readonly host?: string;
  /** What was asked for, for the message: `the query of event log files`. */
  readonly asked: string;
}

const VIEW_EVENT_LOG_FILES =
  "Assign the integration user a permission set with 'API Enabled' and 'View Event Log Files'.";

/** The allocation is that of the last 24 hours, so it comes back little by little. */
const LIMIT_WAIT_MS = 15 * 60_000;

const API_DISABLED: AnswerMeaning = {
  code: "api_disabled",
  next: GIVE_UP,
  what: "has the API switched off for this user or org",
  cure: "Assign the integration user a permission set with 'API Enabled'; a user of the Salesforce Integration licence needs the permission set licence 'Salesforce API Integration' too. The org's edition must include API access.",
};

/** API_CURRENTLY_DISABLED stands for a fault of the system, unless its message says that it is the user's permission. */
const FOR_THIS_USER = /API is disabled for this User/i;

/**
 * What Salesforce's error codes mean, wherever the status says less.
 * REST API Developer Guide, "Status Codes and Error Responses"; errorCode of the body's first element.
 */
const BY_ERROR_CODE: Readonly<Record<string, AnswerMeaning>> = {
  INVALID_SESSION_ID: { code: "session_expired", next: REFRESH, what: "no longer knows the session" },
  INVALID_AUTH_HEADER: { code: "session_expired", next: REFRESH, what: "no longer takes the token" },
  REQUEST_LIMIT_EXCEEDED: {
    code: "request_limit_exceeded",
    next: RETRY,
    wait: LIMIT_WAIT_MS,
    what: "has no API calls left for this org",
    cure: "Collection goes on when the 24-hour allocation allows it; see Setup > Company Information > API Requests.",
  },
  API_DISABLED_FOR_ORG: API_DISABLED,
  API_CURRENTLY_DISABLED: { code: "server_error", next: RETRY, what: "has the API switched off for now" },
  INSUFFICIENT_ACCESS: { code: "permission_missing", next: GIVE_UP, what: "denies access", cure: VIEW_EVENT_LOG_FILES },
  INSUFFICIENT_ACCESS_OR_READONLY: {
    code: "permission_missing",
    next: GIVE_UP,
    what: "denies access",
    cure: VIEW_EVENT_LOG_FILES,
  },
  INVALID_FIELD: { code: "column_unknown", next: GIVE_UP, what: "does not know a column of the query" },
  INVALID_TYPE: {
    code: "object_unknown",
    next: GIVE_UP,
    what: "does not show this object to the integration user",
    cure: "Event log files need 'View Event Log Files'; real-time objects need Event Monitoring, 'View Real-Time Event Monitoring Data' and storage enabled in Event Manager.",
  },
  MALFORMED_QUERY: { code: "query_refused", next: GIVE_UP, what: "does not understand the query" },
  INVALID_QUERY_FILTER_OPERATOR: { code: "query_refused", next: GIVE_UP, what: "does not allow the query's filter" },
  BIG_OBJECT_UNSUPPORTED_OPERATION: {
    code: "query_refused",
    next: GIVE_UP,
    what: "does not allow such a query of a big object",
  },
  INVALID_QUERY_LOCATOR: { code: "query_timed_out", next: RETRY, what: "has dropped the query's remaining pages" },
  QUERY_TIMEOUT: { code: "query_timed_out", next: RETRY, what: "gave up on the query, which took too long" },
  OPERATION_TOO_LARGE: { code: "query_timed_out", next: RETRY, what: "found the query's result too large" },
  EXCEEDED_MAX_SEMIJOIN_SUBSELECTS: { code: "query_refused", next: GIVE_UP, what: "does not allow the query" },
  TXN_SECURITY_METERING_ERROR: {
    code: "server_error",
    next: RETRY,
    what: "could not apply a transaction security policy",
  },
  SERVER_UNAVAILABLE: { code: "server_error", next: RETRY, what: "is busy" },
  UNKNOWN_EXCEPTION: { code: "server_error", next: RETRY, what: "failed" },
  UNABLE_TO_LOCK_ROW: { code: "server_error", next: RETRY, what: "is busy" },
};

/** What a status means when the body has no error code that is known. */
const BY_STATUS: Readonly<Record<number, AnswerMeaning>> = {
  400: { code: "query_refused", next: GIVE_UP, what: "refused the request" },
  401: { code: "session_expired", next: REFRESH, what: "no longer knows the session" },
  403: { code: "permission_missing", next: GIVE_UP, what: "denies access", cure: VIEW_EVENT_LOG_FILES },
  404: {
    code: "not_found",
    next: GIVE_UP,
    what: "has nothing at this address",
    cure: "If this happens to every request, the org may not offer the api.version that is set.",
  },
  406: { code: "server_error", next: RETRY, what: "could not answer for now" },
  408: { code: "timed_out", next: RETRY, what: "gave up waiting" },
  410: {
    code: "api_version_retired",
    next: GIVE_UP,
    what: "no longer offers this API version",
    cure: "Set api.version to a newer one.",
  },
  420: { code: "server_error", next: RETRY, what: "is moving requests to another server" },
  429: { code: "too_many_requests", next: RETRY, what: "asks to slow down" },
  503: { code: "server_error", next: RETRY, what: "is in maintenance or overloaded" },
};

const OUTAGE_CURE = "The runner tries again. https://status.salesforce.com says whether Salesforce is down.";
const PAGE_CURE =
  "A page in place of data comes from a proxy, a sign-in or Salesforce's maintenance: see https://status.salesforce.com, and check api.proxy_url.";

const FAILED: AnswerMeaning = { code: "server_error", next: RETRY, what: "failed" };

/** REQUEST_LIMIT_EXCEEDED stands for two limits; this one is free again as soon as other requests of the org have ended. */
const CONCURRENT_LIMIT = /^Concurrent/;
const CONCURRENT: AnswerMeaning = {
  code: "too_many_requests",
  next: RETRY,
  what: "is answering as many long requests as the org may have at once",
};

/** `No such column 'Interval' on entity 'EventLogFile'`: the org makes no hourly files. */
const UNKNOWN_COLUMN = /No such column '([^']+)'/;

/** The column that an error of code `column_unknown` names. */
export function unknownColumn(error: RunnerError): string | undefined {
  return error.code === "column_unknown" ? UNKNOWN_COLUMN.exec(error.message)?.[1] : undefined;
}

/**
 * What an answer that is no success means and what to do next. Pure; the only place that reads the statuses and error codes
 * of Salesforce's REST API. `now` in milliseconds since the epoch.
 */
export function responseMeaning(answer: RefusedAnswer, now: number): RunnerError {
  const said = errorOf(answer.body);
  const meaning = meaningOf(answer.status, said);
  const silent = `status ${answer.status}${withPage(answer.body)}${answer.host === undefined ? "" : ` of ${answer.host}`}`;
  const detail = said === undefined ? silent : `${said.errorCode}: ${said.message}`;
  const cure = meaning.cure ?? (said === undefined && meaning.code === "server_error" ? OUTAGE_CURE : undefined);
  const wait = retryAfterMs(answer.headers["retry-after"], now) ?? meaning.wait;
  const next = wait === undefined || meaning.next.do !== "retry" ? meaning.next : waitFor(wait, now);
  return new RunnerError(meaning.code, `Salesforce ${meaning.what} (${answer.asked}; ${detail}).`, {
    next,
    cure: isPage(answer.body) && said === undefined ? PAGE_CURE : cure,
  });
}

/** What it means that this integration's own share of the allocation is used up; the org is not asked. Pure. */
export function shareUsed({ calls, share, allocation, freeAt, askAt }: ShareUsed): RunnerError {
  const said = (number: number) => number.toLocaleString("en");
  const minute = (time: number) => `${isoTime(time).slice(0, 16)}Z`;
  const later = askAt < freeAt ? ` At ${minute(askAt)} it asks the org how things stand.` : "";
  return new RunnerError(
    "request_limit_exceeded",
    `This integration has used its share of the org's API calls (${said(calls)} in 24 hours; the share is ${said(share)} of ${said(allocation)}). Collection goes on at ${minute(freeAt)}.${later}`,
    {
      next: { do: "waitUntil", at: askAt },
      cure: "To collect more at once, raise api.daily_request_share, poll less often, or collect fewer event types.",
    },
  );
}

function meaningOf(status: number, said: SaidError | undefined): AnswerMeaning {
  if (said?.errorCode === "REQUEST_LIMIT_EXCEEDED" && CONCURRENT_LIMIT.test(said.message)) {
    return CONCURRENT;
  }
  if (said?.errorCode === "API_CURRENTLY_DISABLED" && FOR_THIS_USER.test(said.message)) {
    return API_DISABLED;
  }
  return lookup(BY_ERROR_CODE, said?.errorCode) ?? byStatus(status);
}

function byStatus(status: number): AnswerMeaning {
  if (status >= 300 && status < 400) {
    return {
      code: "answer_unreadable",
      next: RETRY,
      what: "sends the request to another address",
      cure: "Check the login address and the org's My Domain.",
    };
  }
  return BY_STATUS[status] ?? (status >= 400 && status < 500 ? { ...FAILED, next: GIVE_UP } : FAILED);
}

interface SaidError {
  readonly errorCode: string;
  readonly message: string;
}

function errorOf(body: string): SaidError | undefined {
  const parsed = parsedJson(body);
  const first: unknown = Array.isArray(parsed) ? parsed[0] : parsed;
  const { errorCode, message } = (first ?? {}) as { errorCode?: unknown; message?: unknown };
  if (typeof errorCode !== "string") {
    return undefined;
  }
  const text = typeof message === "string" ? message.replaceAll(/\s+/g, " ").trim() : "";
  return { errorCode, message: text };
}

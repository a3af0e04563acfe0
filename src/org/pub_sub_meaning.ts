import { waitFor } from "../core/backoff.ts";
import { type AnswerMeaning, GIVE_UP, REFRESH, RETRY, RunnerError } from "../core/errors.ts";
import { lookup } from "../core/lookup.ts";
import { transportError, type Way } from "../core/transport_meaning.ts";

/** How a call of the Pub/Sub API has failed. */
export interface FailedCall {
  /** As gRPC numbers them (https://grpc.io/docs/guides/status-codes/). */
  readonly status: number;
  /** The text beside the status. */
  readonly details: string;
  /** What the trailer `error-code` says, if there is one. */
  readonly errorCode: string | undefined;
  /** What was asked for, for the message: `the topic LoginEventStream`. */
  readonly asked: string;
  /** Host and port that were asked, and how. */
  readonly host: string;
  readonly way: Way;
}

const MINUTE_MS = 60_000;
/** Before what a limit keeps from us is asked for again. */
const LIMIT_WAIT_MS = 15 * MINUTE_MS;

const PREFIX = "sfdc.platform.eventbus.grpc.";
/** Characters of what a far side says that are repeated. */
const LONGEST_DETAIL = 400;

const LICENCE =
  "Live events need Salesforce Shield or the Event Monitoring add-on; without it, set live.enabled to false or name only LogoutEventStream in live.topics.";

const DOWN: AnswerMeaning = { code: "server_error", next: RETRY, what: "can't serve live events for now" };
const SLOWER: AnswerMeaning = {
  code: "too_many_requests",
  next: RETRY,
  wait: MINUTE_MS,
  what: "asks to slow down with live events",
};
const OURS: AnswerMeaning = {
  code: "query_refused",
  next: GIVE_UP,
  what: "does not understand the request for live events",
};
const NO_TOPIC: AnswerMeaning = {
  code: "object_unknown",
  next: GIVE_UP,
  what: "does not show this topic to the integration user",
};
const NO_RIGHT: AnswerMeaning = { code: "permission_missing", next: GIVE_UP, what: "denies access" };
const AUTH: AnswerMeaning = {
  code: "session_expired",
  next: REFRESH,
  what: "does not take the session for live events",
  cure: "If it stays so with a new session, look whether the user's sessions are locked to an IP address (Setup > Session Settings).",
};
const REPLAY: AnswerMeaning = {
  code: "replay_refused",
  next: RETRY,
  what: "no longer knows the place where live events were left off",
};

/** Pub/Sub API Guide, "Handle Errors". */
const BY_ERROR_CODE: Readonly<Record<string, AnswerMeaning>> = {
  "service.unavailable": DOWN,
  "topic.api.unavailable": DOWN,
  "schema.api.unavailable": DOWN,
  "subscription.internal.error": DOWN,
  "subscription.fetch.replay.repeated": DOWN,
  "service.protection.triggered": SLOWER,
  "service.protection.stream.limit.triggered": SLOWER,
  "subscription.fetch.overflow": SLOWER,
  "concurrent.client.limit.exceeded": {
    code: "request_limit_exceeded",
    next: RETRY,
    wait: LIMIT_WAIT_MS,
    what: "has as many subscribers of live events as the org may have at once",
    cure: "End other clients of the Pub/Sub API, or collect fewer topics.",
  },
  "subscription.limit.exceeded": {
    code: "request_limit_exceeded",
    next: RETRY,
    wait: LIMIT_WAIT_MS,
    what: "has delivered as many events as the org may have in a day",
    cure: "See Setup > Platform Events for what uses them.",
  },
  "service.auth.error": AUTH,
  "service.tenant.license": {
    code: "permission_missing",
    next: GIVE_UP,
    what: "has no licence for live events in this org",
    cure: LICENCE,
  },
  "topic.not.found": NO_TOPIC,
  "topic.meta.permission": NO_RIGHT,
  "schema.meta.permission": NO_RIGHT,
  "subscription.topic.cannot.subscribe": NO_RIGHT,
  "subscription.fetch.replayid.corrupted": REPLAY,
  "subscription.fetch.replayid.validation.failed": REPLAY,
  "service.auth.headers.invalid": OURS,
  "service.auth.refresh.invalid": OURS,
  "topic.validation.empty": OURS,
  "schema.validation.failed": OURS,
  "subscription.fetch.topic.mismatch": OURS,
  "subscription.fetch.requested.events.invalid": OURS,
  "subscription.fetch.request.invalid": OURS,
};

const [INVALID, DEADLINE, NOT_FOUND, DENIED, EXHAUSTED, UNIMPLEMENTED, UNAUTHENTICATED] = [3, 4, 5, 7, 8, 12, 16];

const BY_STATUS: ReadonlyMap<number | undefined, AnswerMeaning> = new Map([
  [INVALID, OURS],
  [DEADLINE, { code: "timed_out", next: RETRY, what: "did not answer in time" }],
  [NOT_FOUND, NO_TOPIC],
  [DENIED, NO_RIGHT],
  [EXHAUSTED, SLOWER],
  [
    UNIMPLEMENTED,
    {
      code: "answer_unreadable",
      next: RETRY,
      what: "has no Pub/Sub API at this address",
      cure: "Check api.pub_sub_url, and whether something between here and the host answers in its place.",
    },
  ],
  [UNAUTHENTICATED, AUTH],
]);

/** What gRPC itself says of a message that is longer than it may be. */
const TOO_LONG = /message larger than max/i;
/** The code of Node's network and TLS layers, in the words that gRPC puts around it. */
const NETWORK_CODE = /\b(E[A-Z]{4,}|[A-Z]{3,}(?:_[A-Z]+)+)\b/;

/**
 * What a failed call means and what to do next; `replay_refused` asks to begin at the oldest event that is kept. Pure; the only
 * place that reads statuses and error codes of the Pub/Sub API. `now` in milliseconds since the epoch.
 */
export function pubSubMeaning(failed: FailedCall, now: number): RunnerError {
  const { status, errorCode, asked, host, way } = failed;
  const details = failed.details.replaceAll(/\s+/g, " ").trim().slice(0, LONGEST_DETAIL);
  const said = errorCode?.startsWith(PREFIX) ? errorCode.slice(PREFIX.length) : errorCode;
  const known = lookup(BY_ERROR_CODE, said) ?? (TOO_LONG.test(details) ? tooLong : BY_STATUS.get(status));
  if (known === undefined && said === undefined) {
    const code = NETWORK_CODE.exec(details)?.[1];
    return transportError(host, Object.assign(new Error(details), code === undefined ? {} : { code }), way);
  }
  const { code, next, wait, what, cure } = known ?? DOWN;
  const detail = said === undefined ? `status ${status}` : said.slice(0, LONGEST_DETAIL);
  return new RunnerError(code, `Salesforce ${what} (${asked}; ${detail}${details === "" ? "" : `: ${details}`}).`, {
    next: wait === undefined ? next : waitFor(wait, now),
    cure,
  });
}

const tooLong: AnswerMeaning = {
  code: "answer_unreadable",
  next: RETRY,
  what: "sends more at once than live events ever have",
};

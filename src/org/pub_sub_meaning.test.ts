import { describe, expect, test } from "vitest";
import { ERROR_CODES } from "../../_dev/deploy/docker/mock_org/pub_sub/refusals.ts";
import { type FailedCall, pubSubMeaning } from "./pub_sub_meaning.ts";

const NOW = Date.UTC(2026, 6, 20, 12);
const MINUTE = 60_000;

const FAILED: FailedCall = {
  status: 13,
  details: "It is broken. rpcId: 5f1c",
  errorCode: undefined,
  asked: "the topic LoginEventStream",
  host: "api.pubsub.salesforce.com:7443",
  way: {},
};

function meaning(failed: Partial<FailedCall>) {
  const { code, next, text } = pubSubMeaning({ ...FAILED, ...failed }, NOW);
  return { code, next: next.do === "waitUntil" ? next.at - NOW : next.do, text };
}
const said = (code: string) => meaning({ errorCode: `sfdc.platform.eventbus.grpc.${code}` });

test.each<[string, string, string | number]>([
  ["service.unavailable", "server_error", "retry"],
  ["topic.api.unavailable", "server_error", "retry"],
  ["schema.api.unavailable", "server_error", "retry"],
  ["subscription.internal.error", "server_error", "retry"],
  ["subscription.fetch.replay.repeated", "server_error", "retry"],
  ["service.protection.triggered", "too_many_requests", MINUTE],
  ["service.protection.stream.limit.triggered", "too_many_requests", MINUTE],
  ["subscription.fetch.overflow", "too_many_requests", MINUTE],
  ["concurrent.client.limit.exceeded", "request_limit_exceeded", 15 * MINUTE],
  ["subscription.limit.exceeded", "request_limit_exceeded", 15 * MINUTE],
  ["service.auth.error", "session_expired", "refresh"],
  ["service.tenant.license", "permission_missing", "giveUp"],
  ["topic.not.found", "object_unknown", "giveUp"],
  ["topic.meta.permission", "permission_missing", "giveUp"],
  ["schema.meta.permission", "permission_missing", "giveUp"],
  ["subscription.topic.cannot.subscribe", "permission_missing", "giveUp"],
  ["subscription.fetch.replayid.corrupted", "replay_refused", "retry"],
  ["subscription.fetch.replayid.validation.failed", "replay_refused", "retry"],
  ["service.auth.headers.invalid", "query_refused", "giveUp"],
  ["service.auth.refresh.invalid", "query_refused", "giveUp"],
  ["topic.validation.empty", "query_refused", "giveUp"],
  ["schema.validation.failed", "query_refused", "giveUp"],
  ["subscription.fetch.topic.mismatch", "query_refused", "giveUp"],
  ["subscription.fetch.requested.events.invalid", "query_refused", "giveUp"],
  ["subscription.fetch.request.invalid", "query_refused", "giveUp"],
  ["some.code.of.next.year", "server_error", "retry"],
])("%s: %s, then %s", (errorCode, code, next) => {
  expect(said(errorCode)).toMatchObject({ code, next });
  expect(said(errorCode).text).toContain("rpcId: 5f1c");
  expect(said(errorCode).text).toContain(errorCode);
});

test("every code that Salesforce documents is known", () => {
  const unknown = said("some.code.of.next.year").text.replace("some.code.of.next.year", "");
  const falling = ERROR_CODES.filter((code) => said(code).text.replace(code, "") === unknown);
  expect(falling).toEqual([
    "service.unavailable",
    "topic.api.unavailable",
    "schema.api.unavailable",
    "subscription.fetch.replay.repeated",
    "subscription.internal.error",
  ]);
});

describe("an error without a trailer", () => {
  test.each<[string, Partial<FailedCall>, string, string | number, RegExp]>([
    ["of the stream", { status: 14, details: "RST_STREAM closed stream" }, "connection_lost", "retry", /RST_STREAM/],
    ["of a dead connection", { status: 14, details: "Connection dropped" }, "connection_lost", "retry", /dropped/],
    [
      "of the network",
      { status: 14, details: "No connection established. Last error: Error: connect ECONNREFUSED 127.0.0.1:1" },
      "host_unreachable",
      "retry",
      /refused/,
    ],
    [
      "of the name",
      { status: 14, details: "Name resolution failed for target dns:nowhere.example:7443: getaddrinfo ENOTFOUND" },
      "host_unknown",
      "retry",
      /DNS/,
    ],
    ["of a deadline", { status: 4, details: "Deadline exceeded" }, "timed_out", "retry", /in time/],
    ["of another service", { status: 12, details: "" }, "answer_unreadable", "retry", /api\.pub_sub_url/],
    ["of a token", { status: 16, details: "" }, "session_expired", "refresh", /session/],
    ["of a right", { status: 7, details: "" }, "permission_missing", "giveUp", /denies/],
    [
      "of a message that is too long",
      { status: 8, details: "Received message larger than max (9 vs. 8)" },
      "answer_unreadable",
      "retry",
      /more at once/,
    ],
    ["of a limit", { status: 8, details: "" }, "too_many_requests", MINUTE, /slow down/],
  ])("%s", (_, failed, code, next, text) => {
    expect(meaning(failed)).toMatchObject({ code, next, text: expect.stringMatching(text) });
  });
});

test("what the far side says is repeated up to a length", () => {
  expect(meaning({ status: 12, details: "x".repeat(100_000) }).text.length).toBeLessThan(1_000);
  expect(meaning({ errorCode: "x".repeat(100_000) }).text.length).toBeLessThan(1_500);
});

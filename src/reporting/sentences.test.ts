/** What a person reads of a fact in the log, where that depends on what it says. */
import { expect, test } from "vitest";
import { GIVE_UP, RunnerError } from "../core/errors.ts";
import { DAY, daily, file, HOUR, lost, MINUTE, NOW } from "./collected_source.fixture.ts";
import { afterFact, type Fact, sentence, startOfReport } from "./facts.ts";

const refused = new RunnerError("login_refused", "The login is refused.", { next: GIVE_UP, cure: "Mend it." });
const met = { parts: 0, of: 8, created: 80, existing: 0 };
const kept = { fact: "events_kept", events: 2, reason: "bad", isReported: true, isNews: true } as const;
const heard = { fact: "topic_heard", topic: "LoginEventStream", at: NOW, events: 0, newest: undefined } as const;

test.each<[Fact, RegExp]>([
  [{ fact: "round_done" }, /^debug Everything that is available has been delivered\.$/],
  [
    { fact: "round_done", open: lost },
    /^debug Everything else that.* delivered\. The connection was lost\. It heals\.$/,
  ],
  [{ fact: "round_failed", error: lost, nextAttemptAt: NOW + MINUTE }, /^warn The .* heals\. Next attempt in 1m\.$/],
  [{ fact: "round_failed", error: lost, nextAttemptAt: NOW - MINUTE }, /^warn .* Next attempt in 0ms\.$/],
  [{ fact: "round_failed", error: refused, nextAttemptAt: Number.POSITIVE_INFINITY }, /^error The login .* Mend it\.$/],
  [{ fact: "collected_twice", ...met }, /^info No other runner collects this org any more\.$/],
  [{ fact: "collected_twice", ...met, parts: 3 }, /^error Of the last 8 new files, 3 were mostly/],
  [kept, /^warn 2 rejected .* because Elasticsearch takes neither.*\(bad\)/],
  [{ ...kept, isNews: false, isReported: false }, /^debug 2 rejected .* because the policy has.* switched off \(bad\)/],
  [{ ...kept, events: 0 }, /^info No more events are kept/],
  [{ fact: "file_opened", file, skippedRows: 0 }, /^debug Reading Login hourly file of 2026-07-20T\d\dh \(0AT/],
  [{ fact: "file_opened", file, skippedRows: 7 }, /^info Going on with .* behind row 7\.$/],
  [{ fact: "file_done", file, rows: 5, rejected: 0, newestEvent: NOW }, /^info .*: 5 rows\.$/],
  [
    { fact: "file_done", file: daily, rows: 5, rejected: 2, newestEvent: NOW },
    /^info Login daily file of 2026-07-19 .*: 5 rows, 2 of them rejected\.$/,
  ],
  [{ fact: "reconciled", file: daily, rows: 5, lacked: 0 }, /^debug .*: 0 of its 5 rows were in no other/],
  [{ fact: "reconciled", file: daily, rows: 5, lacked: 1 }, /^info .*: 1 of its 5 rows were in no other/],
  [
    { fact: "window_done", object: "LoginEvent", after: DAY - HOUR, to: DAY, records: 0 },
    /^debug LoginEvent up to 2026-07-20T00:00:00.000Z: 0 new/,
  ],
  [
    { fact: "window_done", object: "LoginEvent", after: DAY - HOUR, to: DAY, records: 3 },
    /^info LoginEvent .*: 3 new records\.$/,
  ],
  [{ fact: "clock_compared", ahead: 0 }, /^info This machine's clock agrees/],
  [{ fact: "clock_compared", ahead: HOUR }, /^warn .* clock is 1h ahead of Salesforce's/],
  [{ fact: "clock_compared", ahead: -HOUR }, /^warn .* clock is 1h behind Salesforce's/],
  [{ fact: "topic_subscribed", topic: "LoginEventStream", at: NOW, isResumed: true }, /^info .* go on where/],
  [
    { fact: "topic_subscribed", topic: "LoginEventStream", at: NOW, isResumed: false },
    /^info .* begin with the oldest/,
  ],
  [heard, /^debug LoginEventStream up to 2026-07-20T12:00:00.000Z: 0 events\.$/],
  [{ ...heard, events: 2, newest: NOW - MINUTE }, /^debug .*: 2 events, the newest 1m old\.$/],
  [{ ...heard, events: 2, newest: NOW + MINUTE }, /^debug .* the newest 0ms old\.$/],
])("%j", (fact, expected) => {
  const { level, message } = sentence(fact, NOW);
  expect(`${level} ${message}`).toMatch(expected);
});

test("a report follows what is open, what failed and until when, and is whole again when nothing is", () => {
  const report = (...facts: readonly Fact[]) => facts.reduce(afterFact, startOfReport("login-1"));
  const failed: Fact = { fact: "round_failed", error: lost, nextAttemptAt: NOW + MINUTE };
  expect(report(failed)).toMatchObject({ health: "degraded", nextAttemptAt: NOW + MINUTE, roundsFailed: 1 });
  const givenUp: Fact = { fact: "round_failed", error: refused, nextAttemptAt: Number.POSITIVE_INFINITY };
  expect(report(givenUp)).toMatchObject({ health: "failed", nextAttemptAt: undefined });
  expect(report(failed, { fact: "round_done" })).toMatchObject({ health: "healthy", nextAttemptAt: undefined });
  expect(report({ fact: "round_done", open: lost })).toMatchObject({
    health: "degraded",
    errorCode: "connection_lost",
  });
});

test("a report counts files, rows and rounds", () => {
  const facts: readonly Fact[] = [
    { fact: "file_done", file, rows: 4, rejected: 1, newestEvent: undefined },
    { fact: "file_gone", file },
    { fact: "file_failed", file, error: lost, attempt: 1 },
    { fact: "file_parked", file, error: lost, attempt: 16 },
    { fact: "row_rejected", file, row: 1, reason: "ragged" },
    { fact: "delivered", created: 5, existing: 3, refused: 2 },
    { fact: "possibly_doubled", events: 7 },
    { fact: "round_failed", error: lost, nextAttemptAt: NOW },
    { ...kept, events: 9 },
  ];
  expect([...facts, ...facts].reduce(afterFact, startOfReport("login-1"))).toMatchObject({
    filesDone: 2,
    filesGone: 2,
    filesFailed: 4,
    rowsRejected: 2,
    rowsCreated: 10,
    rowsExisting: 6,
    rowsRefused: 4,
    rowsPossiblyDoubled: 14,
    roundsFailed: 2,
    eventsKept: 9,
  });
});

test("a report of a topic is degraded while stored events of a gap can't be read, though live ones come", () => {
  const gap = { topic: "LoginEventStream", after: NOW - HOUR, to: NOW } as const;
  const healths = (
    [
      { fact: "live_gap", ...gap, error: lost, attempt: 1 },
      { fact: "topic_subscribed", topic: "LoginEventStream", at: NOW, isResumed: false },
      { fact: "live_gap_closed", ...gap },
      { fact: "topic_subscribed", topic: "LoginEventStream", at: NOW, isResumed: true },
    ] satisfies readonly Fact[]
  ).map((_, at, all) => {
    const { health, errorCode } = all.slice(0, at + 1).reduce(afterFact, startOfReport("login-1"));
    return `${health} ${errorCode}`;
  });
  expect(healths).toEqual([
    ...["degraded connection_lost", "degraded connection_lost"],
    ...["healthy undefined", "healthy undefined"],
  ]);
});

test("a report of a topic says since when it is connected, and keeps what was last heard of it", () => {
  const subscribed = (at: number): Fact => ({
    fact: "topic_subscribed",
    topic: "LoginEventStream",
    at,
    isResumed: true,
  });
  const failed: Fact = { fact: "round_failed", error: lost, nextAttemptAt: NOW + MINUTE };
  const report = (...facts: readonly Fact[]) => facts.reduce(afterFact, startOfReport("login-1")).connection;
  const known = { lastHeard: NOW, newestEvent: NOW - MINUTE, lag: MINUTE };
  const one: readonly Fact[] = [subscribed(NOW - HOUR), { ...heard, newest: NOW - MINUTE } as Fact];
  expect(report(failed)).toBeUndefined();
  expect(report(...one)).toEqual({ since: NOW - HOUR, ...known });
  expect(report(...one, failed)).toEqual({ since: undefined, ...known });
  expect(report(...one, failed, subscribed(NOW + MINUTE))).toEqual({ since: NOW + MINUTE, ...known });
});

test("a report of a topic has the lag of its newest event, which is never below nothing", () => {
  const lagAfter = (newest: number | undefined) => {
    const { connection } = afterFact(startOfReport("login-1"), { ...heard, newest } as Fact);
    return connection?.lag;
  };
  expect([lagAfter(NOW - MINUTE), lagAfter(NOW + MINUTE), lagAfter(undefined)]).toEqual([MINUTE, 0, undefined]);
});

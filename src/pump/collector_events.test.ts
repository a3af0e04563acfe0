import { describe, expect, test } from "vitest";
import { GIVE_UP, RETRY, RunnerError } from "../core/errors.ts";
import type { Fact, FileFacts } from "../core/fact.ts";
import type { Stream } from "../policy/policy.ts";
import { type CollectorContext, collectorDocument } from "./collector_document.ts";
import {
  apiBudgetEvent,
  type CollectedSource,
  type CollectorEvent,
  coverageEvent,
  eventOfFact,
  isPeriodic,
  statusEvent,
} from "./collector_events.ts";
import type { Coverage } from "./coverage.ts";
import { afterFact, startOfReport } from "./report.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = Date.UTC(2026, 6, 20);
const NOW = DAY + 12 * HOUR;

const stream: Stream = {
  id: "login-1",
  dataStream: { type: "logs", dataset: "aquila_salesforce.login", namespace: "sales" },
  eventLogFiles: {
    enabled: true,
    eventTypes: ["Login"],
    interval: "hourly",
    pollInterval: MINUTE,
    initialLookback: HOUR,
  },
  objects: { enabled: false, names: [], pollInterval: MINUTE, initialLookback: HOUR, settleTime: MINUTE },
  tags: ["crown-jewels"],
  preserveOriginalEvent: false,
  processors: [],
};
const source: CollectedSource = { stream, name: "EventLogFile" };
const file: FileFacts = {
  id: "0AT1",
  eventType: "Login",
  interval: "hourly",
  sequence: 1,
  logDate: DAY + 8 * HOUR,
  created: DAY + 11 * HOUR,
  length: 900,
};
const daily: FileFacts = { ...file, id: "0ATd", interval: "daily", sequence: 0, logDate: DAY - 24 * HOUR };
const lost = new RunnerError("connection_lost", "The connection was lost.", { next: RETRY, cure: "It heals." });

describe("facts", () => {
  test.each<[string, Fact, Partial<CollectorEvent>]>([
    [
      "a collected file with its rows and lag",
      { fact: "file_done", file, rows: 40, rejected: 2, newestEvent: NOW - 3.5 * HOUR },
      {
        code: "file_collected",
        outcome: "success",
        start: NOW - MINUTE,
        end: NOW,
        file,
        values: {
          event_type: "Login",
          bytes: 900,
          rows: { read: 40, rejected: 2 },
          newest_event: "2026-07-20T08:30:00.000Z",
          lag: { creation: 3 * HOUR, collection: HOUR, newest_event: 3.5 * HOUR },
        },
      },
    ],
    [
      "an empty file, which has no newest event",
      { fact: "file_done", file, rows: 0, rejected: 0, newestEvent: undefined },
      {
        values: {
          event_type: "Login",
          bytes: 900,
          rows: { read: 0, rejected: 0 },
          newest_event: undefined,
          lag: { creation: 3 * HOUR, collection: HOUR, newest_event: undefined },
        },
      },
    ],
    [
      "a file that failed, with cause and cure",
      { fact: "file_failed", file, error: lost, attempt: 3 },
      {
        code: "file_failed",
        outcome: "failure",
        error: { code: "connection_lost", message: "The connection was lost. It heals." },
        values: { event_type: "Login", bytes: 900, attempt: 3 },
      },
    ],
    ["a deleted file", { fact: "file_gone", file }, { code: "file_gone", file, values: { event_type: "Login" } }],
    [
      "unknown columns",
      { fact: "unknown_columns", eventType: "Login", columns: ["A", "B"] },
      { code: "drift", values: { event_type: "Login", columns: ["A", "B"] } },
    ],
    [
      "a column that the org lacks",
      { fact: "column_left_out", object: "LoginEvent", column: "A" },
      { code: "drift", values: { event_type: "LoginEvent", columns: ["A"] } },
    ],
    [
      "a smaller window",
      { fact: "window_halved", object: "LoginEvent", width: 5 * MINUTE, error: lost },
      { code: "window_halved", values: { event_type: "LoginEvent", window: 5 * MINUTE } },
    ],
    [
      "replaced characters",
      { fact: "replaced_characters", file, count: 7 },
      { code: "characters_replaced", values: { event_type: "Login", replaced_characters: 7 } },
    ],
    ["an org without hourly files", { fact: "no_hourly_files" }, { code: "hourly_files_missing" }],
    [
      "a day whose hourly files were complete",
      { fact: "reconciled", file: daily, rows: 90, lacked: 0 },
      {
        code: "reconciled",
        outcome: "success",
        values: { event_type: "Login", rows: { read: 90, lacked: 0 } },
      },
    ],
    [
      "a day whose hourly files lacked rows",
      { fact: "reconciled", file: daily, rows: 90, lacked: 4 },
      { code: "reconciled", outcome: "failure", values: { event_type: "Login", rows: { read: 90, lacked: 4 } } },
    ],
    [
      "hours without a file",
      { fact: "gap", file: daily, hours: [daily.logDate + 3 * HOUR] },
      { code: "gap", outcome: "failure", values: { event_type: "Login", gaps: ["2026-07-19T03:00:00.000Z"] } },
    ],
    [
      "a round that failed",
      { fact: "round_failed", error: lost, nextAttemptAt: NOW + MINUTE },
      {
        code: "round_failed",
        outcome: "failure",
        error: { code: "connection_lost", message: "The connection was lost. It heals." },
        values: { next_attempt: "2026-07-20T12:01:00.000Z" },
      },
    ],
    [
      "a round that is not repeated",
      { fact: "round_failed", error: lost, nextAttemptAt: Number.POSITIVE_INFINITY },
      { values: { next_attempt: undefined } },
    ],
    [
      "a ledger that can't be kept",
      { fact: "ledger_refused", error: lost },
      { code: "reconciliation_suspended", outcome: "failure" },
    ],
    ["a ledger that can be kept again", { fact: "ledger_usable" }, { code: "reconciliation_resumed" }],
  ])("%s", (_, fact, expected) => {
    expect(eventOfFact(fact, source, NOW, NOW - MINUTE)).toMatchObject({ time: NOW, source, ...expected });
  });

  test.each<[Fact]>([
    [{ fact: "listed", files: [file], open: [] }],
    [{ fact: "file_opened", file, skippedRows: 0 }],
    [{ fact: "row_rejected", file, row: 1, reason: "ragged" }],
    [{ fact: "window_done", object: "LoginEvent", after: DAY, to: NOW, records: 1 }],
    [{ fact: "delivered", created: 1, existing: 0, refused: 0 }],
    [{ fact: "round_done" }],
  ])("$fact is counted, not reported", (fact) => {
    expect(eventOfFact(fact, source, NOW)).toBeUndefined();
  });
});

describe("status", () => {
  const start = startOfReport("login-1");
  const facts: Fact[] = [
    { fact: "delivered", created: 5, existing: 1, refused: 2 },
    { fact: "file_done", file, rows: 8, rejected: 0, newestEvent: undefined },
    { fact: "row_rejected", file, row: 3, reason: "ragged" },
    { fact: "file_gone", file },
    { fact: "file_failed", file, error: lost, attempt: 1 },
    { fact: "round_failed", error: lost, nextAttemptAt: NOW + MINUTE },
  ];
  const first = facts.reduce(afterFact, start);

  test("counts what has happened since the report before", () => {
    expect(statusEvent(source, { from: start, since: NOW - 5 * MINUTE }, first, NOW, 4)).toMatchObject({
      outcome: "failure",
      start: NOW - 5 * MINUTE,
      end: NOW,
      error: { code: "connection_lost" },
      values: {
        health: "degraded",
        next_attempt: "2026-07-20T12:01:00.000Z",
        files: { collected: 1, failed: 1, gone: 1 },
        rows: { created: 5, existing: 1, refused: 2, rejected: 1 },
        rounds: { failed: 1 },
        dropped_reports: 4,
      },
    });
    const second = afterFact(afterFact(first, { fact: "delivered", created: 1, existing: 0, refused: 0 }), {
      fact: "round_done",
    });
    expect(statusEvent(source, { from: first, since: NOW }, second, NOW + MINUTE, 0)).toMatchObject({
      outcome: "success",
      error: undefined,
      values: { health: "healthy", files: { collected: 0 }, rows: { created: 1 }, rounds: { failed: 0 } },
    });
  });

  test("has no outcome before the first round has ended", () => {
    expect(statusEvent(source, { from: start, since: NOW }, start, NOW, 0)).not.toHaveProperty("outcome");
  });

  test("what needs a person is failed", () => {
    const error = new RunnerError("login_refused", "Salesforce refused the login.", { next: GIVE_UP });
    const report = afterFact(start, { fact: "round_failed", error, nextAttemptAt: NOW });
    expect(statusEvent(source, { from: start, since: NOW }, report, NOW, 0).values?.health).toBe("failed");
  });
});

describe("coverage", () => {
  const coverage: Coverage = {
    eventType: "Login",
    interval: "hourly",
    listed: 3,
    open: new Map([["0AT1", file]]),
    coveredUntil: DAY + 8 * HOUR,
    newestEvent: DAY + 7.5 * HOUR,
    hours: new Set([DAY + 5 * HOUR, DAY + 7 * HOUR, DAY + 8 * HOUR]),
  };

  test("tells lag, open files and hours without a file", () => {
    expect(coverageEvent(source, coverage, NOW)).toMatchObject({
      interval: "hourly",
      values: {
        covered_until: "2026-07-20T08:00:00.000Z",
        lag: { newest_event: 4.5 * HOUR, open_file: HOUR },
        files: { listed: 3, open: 1 },
        hours_without_file: ["2026-07-20T06:00:00.000Z"],
      },
    });
  });

  test.each<[string, Partial<Coverage>, object]>([
    ["falls back to the end of what is covered", { newestEvent: undefined }, { newest_event: 4 * HOUR }],
    [
      "has no lag before anything is collected",
      { newestEvent: undefined, coveredUntil: undefined },
      { newest_event: undefined },
    ],
    ["has no waiting file when none is open", { open: new Map() }, { open_file: undefined }],
  ])("%s", (_, more, lag) => {
    expect(coverageEvent(source, { ...coverage, ...more }, NOW).values?.lag).toMatchObject(lag);
  });

  test("of an object has no files", () => {
    const values = coverageEvent(source, { ...coverage, interval: undefined }, NOW).values;
    expect(values).not.toHaveProperty("files");
    expect(values).not.toHaveProperty("hours_without_file");
  });
});

test("the API budget tells the part that is used", () => {
  const api = { used: 25_000, allocation: 100_000, share: 20_000, calls: 10, forecast: { calls: 12, used: 30_000 } };
  expect(apiBudgetEvent("input-1", api, NOW)).toMatchObject({
    code: "api_budget",
    values: { api: { used_pct: 0.25 } },
  });
});

describe("documents", () => {
  const context: CollectorContext = {
    inputId: "input-1",
    dataStream: { type: "logs", dataset: "aquila_salesforce.collector", namespace: "default" },
    organizationName: "Acme",
    organization: { organizationId: "00D1", instanceUrl: "https://acme.my.salesforce.com" },
    agent: { id: "1", name: "here", type: "aquila-salesforce", version: "0" },
  };
  const written = (fact: Fact, now = NOW, more: Partial<CollectorContext> = {}) => {
    const event = eventOfFact(fact, source, now, now - 1_500);
    if (event === undefined) {
      throw new Error(`${fact.fact} gives no event`);
    }
    const { index, id, json } = collectorDocument(event, { ...context, ...more });
    return { index, id, document: JSON.parse(json), json };
  };
  const done: Fact = { fact: "file_done", file, rows: 4, rejected: 0, newestEvent: undefined };

  test("go to the namespace of their stream and carry its tags", () => {
    const { index, id, document, json } = written(done);
    expect(index).toBe("logs-aquila_salesforce.collector-sales");
    expect(json).toContain(`"event":{"id":"${id}"`);
    expect(document).toMatchObject({
      "@timestamp": "2026-07-20T12:00:00.000Z",
      event: { code: "file_collected", provider: "EventLogFile", duration: 1_500_000_000 },
      data_stream: { dataset: "aquila_salesforce.collector", namespace: "sales" },
      organization: { id: "00D1", name: "Acme" },
      salesforce: {
        instance_url: "https://acme.my.salesforce.com",
        collector: { dataset: "aquila_salesforce.login", stream: "login-1", source: "EventLogFile" },
        collection: { interval: "hourly", file: { id: "0AT1", log_date: "2026-07-20T08:00:00.000Z", sequence: 1 } },
      },
      tags: ["crown-jewels"],
    });
  });

  test("about the whole org go to the input's namespace", () => {
    const api = { used: 1, allocation: 10, share: 2, calls: 1, forecast: { calls: 1, used: 1 } };
    const { index, json } = collectorDocument(apiBudgetEvent("input-1", api, NOW), {
      ...context,
      organization: undefined,
    });
    expect(index).toBe("logs-aquila_salesforce.collector-default");
    expect(JSON.parse(json)).toMatchObject({ organization: { name: "Acme" }, tags: ["forwarded"] });
  });

  test.each<[string, Fact, Fact, number, boolean]>([
    ["a file", done, done, HOUR, true],
    ["a file of another length", done, { ...done, file: { ...file, length: 901 } }, 0, false],
    [
      "another attempt at a file",
      { fact: "file_failed", file, error: lost, attempt: 1 },
      { fact: "file_failed", file, error: lost, attempt: 1 },
      HOUR,
      false,
    ],
    [
      "the same columns",
      { fact: "unknown_columns", eventType: "Login", columns: ["A"] },
      { fact: "unknown_columns", eventType: "Login", columns: ["A"] },
      HOUR,
      true,
    ],
    [
      "another column",
      { fact: "unknown_columns", eventType: "Login", columns: ["A"] },
      { fact: "unknown_columns", eventType: "Login", columns: ["B"] },
      0,
      false,
    ],
    ["no hourly files on the same day", { fact: "no_hourly_files" }, { fact: "no_hourly_files" }, HOUR, true],
    ["no hourly files on another day", { fact: "no_hourly_files" }, { fact: "no_hourly_files" }, 24 * HOUR, false],
  ])("told again of %s later have the same identity or not", (_, one, other, later, same) => {
    expect(written(one).id === written(other, NOW + later).id).toBe(same);
  });

  test("of two orgs have two identities", () => {
    expect(written(done).id).not.toBe(written(done, NOW, { inputId: "input-2" }).id);
  });
});

test("only what comes again by itself is periodic", () => {
  const start = startOfReport("login-1");
  expect(isPeriodic(statusEvent(source, { from: start, since: NOW }, start, NOW, 0))).toBe(true);
  const event = eventOfFact({ fact: "file_gone", file }, source, NOW);
  expect(event && isPeriodic(event)).toBe(false);
});

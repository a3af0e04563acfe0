import { describe, expect, test } from "vitest";
import { fileCollection } from "../sources/event_log_files/facts.ts";
import { DAY, daily, file, HOUR, lost, MINUTE, NOW, source } from "./collected_source.fixture.ts";
import type { CollectorEvent } from "./collector_event.ts";
import { eventOfFact, type Fact } from "./facts.ts";

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
        origin: { provider: "EventLogFile", collection: fileCollection(file) },
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
    [
      "a deleted file",
      { fact: "file_gone", file },
      {
        code: "file_gone",
        origin: { provider: "EventLogFile", collection: fileCollection(file) },
        values: { event_type: "Login" },
      },
    ],
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
      "a window that failed, with its times",
      { fact: "window_failed", object: "LoginEvent", id: "LoginEvent/1", after: 5, to: 9, error: lost, attempt: 2 },
      {
        code: "window_failed",
        outcome: "failure",
        start: 5,
        end: 9,
        error: { code: "connection_lost", message: "The connection was lost. It heals." },
        values: { event_type: "LoginEvent", attempt: 2 },
      },
    ],
    [
      "replaced characters",
      { fact: "replaced_characters", file, count: 7 },
      { code: "characters_replaced", values: { event_type: "Login", replaced_characters: 7 } },
    ],
    [
      "rows of another org",
      { fact: "foreign_rows", file, count: 7 },
      { code: "foreign_rows", outcome: "failure", values: { event_type: "Login", rows: { foreign: 7 } } },
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
    [
      "files that another runner has sent",
      { fact: "collected_twice", parts: 3, of: 8, created: 10, existing: 70 },
      {
        code: "collected_twice",
        outcome: "failure",
        error: { code: "collected_twice", message: expect.stringMatching(/^Of the last 8 new files, 3/) },
        values: { rows: { created: 10, existing: 70 } },
      },
    ],
    [
      "that it sends none any more",
      { fact: "collected_twice", parts: 0, of: 8, created: 80, existing: 0 },
      { code: "collected_twice", outcome: "success", error: undefined },
    ],
    [
      "a clock that is wrong",
      { fact: "clock_compared", ahead: HOUR },
      { outcome: "failure", error: { code: "clock_off", message: expect.stringContaining("ahead") } },
    ],
    ["a clock that is right again", { fact: "clock_compared", ahead: 0 }, { outcome: "success", error: undefined }],
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

import { describe, expect, test } from "vitest";
import { GIVE_UP, RunnerError } from "../core/errors.ts";
import type { Coverage } from "../sources/fact.ts";
import { DAY, file, HOUR, lost, MINUTE, NOW, source } from "./collected_source.fixture.ts";
import { afterFact, eventOfFact, type Fact, isPeriodic, startOfReport } from "./facts.ts";
import { apiBudgetEvent, coverageEvent, statusEvent } from "./state_events.ts";

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

  test("says of a topic how its connection does, and of what has none nothing", () => {
    const connection = { since: undefined, lastHeard: NOW, newestEvent: NOW - HOUR, lag: 700 };
    const event = statusEvent(source, { from: start, since: NOW }, { ...start, connection }, NOW, 0);
    expect(event.values?.connection).toEqual({
      since: undefined,
      heard: "2026-07-20T12:00:00.000Z",
      newest_event: "2026-07-20T11:00:00.000Z",
      lag: 700,
    });
    expect(statusEvent(source, { from: start, since: NOW }, start, NOW, 0).values?.connection).toBeUndefined();
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
      origin: { collection: { interval: "hourly" } },
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

test("only what comes again by itself is periodic", () => {
  const start = startOfReport("login-1");
  expect(isPeriodic(statusEvent(source, { from: start, since: NOW }, start, NOW, 0))).toBe(true);
  const event = eventOfFact({ fact: "file_gone", file }, source, NOW);
  expect(event && isPeriodic(event)).toBe(false);
});

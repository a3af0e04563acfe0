import { describe, expect, test } from "vitest";
import { type ErrorCode, RETRY, RunnerError } from "../../core/errors.ts";
import { PARKED_AFTER, type PartFailure } from "../part_failure.ts";
import type { EventLogFile } from "./body.ts";
import type { FileProgress, ListingCursor } from "./progress.ts";
import { FileRound } from "./round.ts";

const NOW = Date.UTC(2026, 6, 20, 12);
const context: FileRound["context"] = {
  organization: { id: "00D000000000001AAA", name: "Acme" },
  instanceUrl: "https://acme.example",
  dataStream: { type: "logs", dataset: "aquila_salesforce.login", namespace: "default" },
  tags: [],
  preserveOriginalEvent: false,
  agent: { id: "1", name: "here", type: "aquila-salesforce", version: "0" },
};

function file(id: string): EventLogFile {
  const times = { logDate: NOW - 7_200_000, created: NOW - 3_600_000 };
  return { id, eventType: "Login", interval: "hourly", sequence: 1, length: 9, path: `/${id}`, ...times };
}

const failure = (attempts: number, retryAt = NOW): PartFailure => ({
  attempts,
  retryAt,
  code: "server_error",
  text: "Salesforce failed.",
});

/** A round over the files a, b, c … of which cursors know what is given. */
function round(listed: readonly string[], known: Readonly<Record<string, Partial<FileProgress>>> = {}): FileRound {
  const { interval, length, logDate, created } = file("");
  const files = new Map(
    Object.entries(known).map(([id, more]) => [
      id,
      { eventType: "Login", interval, length, logDate, created, rows: 0, lacked: 0, done: false, ...more },
    ]),
  );
  const cursor: ListingCursor = {
    organizationId: "00D000000000001AAA",
    start: 0,
    createdAfter: undefined,
    files,
    damaged: [],
  };
  return new FileRound({
    cursor,
    context,
    listed: listed.map(file),
    now: NOW,
    since: NOW,
    signal: new AbortController().signal,
  });
}

const error = (code: ErrorCode) => new RunnerError(code, "It failed.", { next: RETRY });
const ids = (files: readonly { readonly id: string }[]) => files.map(({ id }) => id);

describe("which files are read", () => {
  const known = {
    done: { done: true },
    due: { failure: failure(2) },
    later: { failure: failure(2, NOW + 1) },
    parked: { failure: failure(PARKED_AFTER, NOW + 1) },
  };
  const all = ["due", "done", "new", "later", "parked"];

  test("new ones, then those that failed and are due", () => {
    expect(ids(round(all, known).due(false, false))).toEqual(["new", "due"]);
  });
  test("by a new process all that failed, but for parked ones", () => {
    expect(ids(round(all, known).due(false, true))).toEqual(["new", "due", "later"]);
  });
  test("only those that failed, where nothing else is wanted", () => {
    expect(ids(round(all, known).due(true, false))).toEqual(["due"]);
  });
});

describe("whether another file is begun", () => {
  test.each<ErrorCode>([
    "session_expired",
    "too_many_requests",
    "request_limit_exceeded",
    "permission_missing",
    "api_disabled",
  ])("not after two in a row that were refused with %s", (code) => {
    const files = round(["a", "b", "c"]);
    expect([files.isOwnFailure(error(code)), files.isOver]).toEqual([true, false]);
    files.done(file("b"));
    expect([files.isOwnFailure(error(code)), files.isOver]).toEqual([true, false]);
    expect([files.isOwnFailure(error(code)), files.isOver]).toEqual([true, true]);
    expect(() => files.throwIfStopped()).not.toThrow();
  });

  test("after two that were refused in different ways, or failed", () => {
    const files = round(["a", "b", "c"]);
    const codes = ["session_expired", "permission_missing", "server_error", "server_error", "not_found", "not_found"];
    for (const code of codes as ErrorCode[]) {
      files.isOwnFailure(error(code));
      expect(files.isOver, code).toBe(false);
    }
  });

  test("not after what concerns the org, of which the first is thrown at the end", () => {
    const files = round(["a", "b"]);
    expect([files.isOwnFailure(error("host_unknown")), files.isOver]).toEqual([false, true]);
    files.isOwnFailure(error("login_refused"));
    expect(() => files.throwIfStopped()).toThrow(expect.objectContaining({ code: "host_unknown" }));
    expect(files.failing()).toEqual([]);
  });
});

test("what is waited for: neither what is done nor what is parked", () => {
  const files = round(["a", "b", "c"], { c: { failure: failure(PARKED_AFTER) } });
  expect([...files.waitedFor()]).toEqual(["a", "b"]);
  files.done(file("a"));
  files.failed(file("b"), failure(1));
  expect([...files.waitedFor()]).toEqual(["b"]);
  files.failed(file("b"), failure(PARKED_AFTER));
  expect([...files.waitedFor()]).toEqual([]);
  expect(ids(files.failing())).toEqual(["b", "c"]);
});

test("what is parked behind the listing: neither listed, done nor gone", () => {
  const parked = { failure: failure(PARKED_AFTER) };
  const files = round(["listed"], {
    listed: parked,
    behind: parked,
    done: { ...parked, done: true },
    gone: { ...parked, gone: true },
    failing: { failure: failure(1) },
  });
  expect(ids(files.parkedBehind())).toEqual(["behind"]);
});

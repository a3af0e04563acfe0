import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { stringify } from "yaml";
import { type MockOrg, startMockOrg } from "../../_dev/deploy/docker/mock_org/mock_org.ts";
import { authOf, PRIVATE_KEY, PUBLIC_KEY } from "../../_dev/shared/testing/agent_policy.ts";
import { ManualClock } from "../../_dev/shared/testing/manual_clock.ts";
import { createMemoryCursors } from "../../_dev/shared/testing/memory_cursors.ts";
import { createMemoryLedger } from "../../_dev/shared/testing/memory_ledger.ts";
import { asRunnerError } from "../core/errors.ts";
import { createLog, ecsLine, silentLog } from "../core/log.ts";
import { openKeptEvents } from "../cursors/sqlite_kept_events.ts";
import { parsePolicy } from "../policy/parse_policy.ts";
import type { InputRun } from "../pump/supervisor.ts";
import { knownDatasets } from "./known_datasets.ts";
import { sharedState, Wiring } from "./wire.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const NOW = Date.UTC(2026, 6, 20, 12);
const never = new AbortController().signal;

let clock: ManualClock;
let org: MockOrg;
let out: string;
let run: InputRun;

beforeEach(async () => {
  clock = new ManualClock(NOW);
  out = mkdtempSync(join(tmpdir(), "aquila-reports-"));
  org = await startMockOrg({
    certificate: PUBLIC_KEY,
    now: () => clock.now(),
  });
  run = new Wiring({
    stateOf: sharedState({ cursors: createMemoryCursors(), ledger: createMemoryLedger(), kept: openKeptEvents(out) }),
    log: silentLog,
    clock,
  }).run(input());
});
afterEach(async () => {
  await org.close();
  rmSync(out, { recursive: true });
});

function input() {
  const policy = parsePolicy(
    stringify({
      outputs: { default: { type: "file", path: out } },
      inputs: [
        {
          id: "input-1",
          type: "aquila-salesforce",
          organization: { name: "Acme" },
          data_stream: { namespace: "sales" },
          auth: authOf(org),
          streams: [
            {
              id: "login-1",
              data_stream: { type: "logs", dataset: "aquila_salesforce.login" },
              event_log_files: { event_types: ["Login"], interval: "hourly+daily" },
            },
          ],
        },
      ],
    }),
    { datasets: knownDatasets(), environment: {} },
  );
  const [first] = policy.inputs;
  if (first === undefined) {
    throw new Error(policy.brokenInputs[0]?.error.text ?? "the policy has no input");
  }
  return first;
}

/** One round of every job, told as the schedule tells it. */
async function round(): Promise<void> {
  for (const job of run.jobs) {
    try {
      const end = await job.round("everything", never, never);
      job.tell({ fact: "round_done", open: end?.error });
    } catch (caught) {
      job.tell({ fact: "round_failed", error: asRunnerError(caught), nextAttemptAt: clock.now() + MINUTE });
    }
  }
}

interface Report {
  readonly "@timestamp": string;
  readonly event: { readonly id: string; readonly code: string; readonly outcome?: string; readonly duration?: number };
  readonly error?: { readonly code: string };
  readonly organization: object;
  readonly data_stream: object;
  readonly salesforce: { readonly collector: object; readonly collection?: object };
}

function reports(code?: string): Report[] {
  const text = readFileSync(join(out, "logs-aquila_salesforce.collector-sales.ndjson"), "utf8");
  const all = text
    .trim()
    .split("\n")
    .map((line): Report => JSON.parse(line));
  return all.filter(({ event }) => code === undefined || event.code === code);
}

const codes = (all: readonly Report[]) => all.map(({ event }) => event.code);

function rows(count: number): Record<string, string>[] {
  return Array.from({ length: count }, (_, n) => ({
    EVENT_TYPE: "Login",
    TIMESTAMP: `202607200845${String(n).padStart(2, "0")}.000`,
    REQUEST_ID: `r${n}`,
  }));
}

const hourly = { eventType: "Login", logDate: "2026-07-20T08:00:00Z", interval: "Hourly" } as const;

test("a run reports its files, rows, lag and API calls, and where it stands", async () => {
  await org.given.logFile({ ...hourly, createdDate: "2026-07-20T11:40:00Z", rows: rows(5) });
  await round();
  await run.close();

  expect(codes(reports())).toEqual(["file_collected", "stream_status", "api_budget", "coverage"]);
  const [collected] = reports("file_collected");
  expect(collected).toMatchObject({
    event: { outcome: "success", duration: 0 },
    data_stream: { dataset: "aquila_salesforce.collector", namespace: "sales" },
    salesforce: {
      collector: {
        dataset: "aquila_salesforce.login",
        stream: "login-1",
        event_type: "Login",
        rows: { read: 5, rejected: 0 },
        newest_event: "2026-07-20T08:45:04.000Z",
        lag: { creation: 220 * MINUTE, collection: 20 * MINUTE, newest_event: 194 * MINUTE + 56_000 },
      },
      collection: { interval: "hourly", file: { log_date: "2026-07-20T08:00:00.000Z" } },
    },
  });
  expect(reports("stream_status")[0]).toMatchObject({
    event: { outcome: "success" },
    organization: { name: "Acme", id: expect.stringMatching(/^00D\w{15}$/) },
    salesforce: {
      collector: { health: "healthy", files: { collected: 1, failed: 0 }, rows: { created: 5, existing: 0 } },
    },
  });
  expect(reports("coverage")[0]).toMatchObject({
    salesforce: {
      collector: { covered_until: "2026-07-20T09:00:00.000Z", files: { listed: 1, open: 0 }, hours_without_file: [] },
    },
  });
  expect(reports("api_budget")[0]).toMatchObject({
    salesforce: { collector: { api: { calls: 2, share: expect.any(Number), forecast: { calls: 48 } } } },
  });
});

test("a file that fails and later succeeds is told with both, and the stream's health with it", async () => {
  await org.given.logFile({ ...hourly, rows: rows(5) });
  await org.given.fault({ on: "logFile", status: 500, times: 1 });
  await round();
  clock.advance(HOUR);
  await round();
  await run.close();

  const [failed] = reports("file_failed");
  expect(failed).toMatchObject({
    event: { outcome: "failure" },
    error: { code: "server_error" },
    salesforce: { collector: { attempt: 1 } },
  });
  expect(reports("round_failed")).toEqual([]);
  expect(reports("file_collected")).toHaveLength(1);
  const health = reports("stream_status").map(({ salesforce }) => salesforce.collector);
  expect(health).toMatchObject([
    { health: "degraded", files: { collected: 0, failed: 1 }, rounds: { failed: 0 } },
    { health: "degraded", files: { collected: 0, failed: 0 }, rounds: { failed: 0 } },
    { health: "healthy", files: { collected: 1, failed: 0 }, rows: { created: 5 } },
  ]);
});

test("a day that is reconciled tells what its hourly files lacked, and the hours without a file", async () => {
  const at = (time: string, id: string) => ({ EVENT_TYPE: "Login", TIMESTAMP: `20260719${time}.000`, REQUEST_ID: id });
  const [brought, late, missed] = [at("081500", "a"), at("084500", "b"), at("101500", "c")];
  await org.given.logFile({ ...hourly, logDate: "2026-07-19T08:00:00Z", rows: [brought] });
  await org.given.logFile({ eventType: "Login", logDate: "2026-07-19T00:00:00Z", rows: [brought, late, missed] });
  await round();
  await run.close();
  expect(reports("reconciled")[0]).toMatchObject({
    event: { outcome: "failure" },
    salesforce: { collector: { rows: { read: 3, lacked: 2 } }, collection: { interval: "daily" } },
  });
  expect(reports("gap")).toHaveLength(1);
  expect(reports("gap")[0]).toMatchObject({
    event: { outcome: "failure" },
    salesforce: { collector: { event_type: "Login", gaps: ["2026-07-19T10:00:00.000Z"] } },
  });
});

test("a refused login is told although the org is not known yet", async () => {
  await org.given.fault({
    on: "token",
    status: 400,
    body: { error: "invalid_grant", error_description: "user hasn't approved this consumer" },
  });
  await round();
  await run.close();
  expect(codes(reports())).toEqual(["round_failed", "stream_status"]);
  expect(reports("stream_status")[0]).toMatchObject({
    error: { code: "login_refused" },
    organization: { name: "Acme" },
    salesforce: { collector: { health: "failed" } },
  });
});

test("reports are delivered while collection goes on, statuses every five minutes", async () => {
  await org.given.logFile({ ...hourly, rows: rows(5) });
  await round();
  clock.advance(10_000);
  await expect.poll(() => codes(reports())).toEqual(["file_collected", "stream_status", "coverage"]);
  clock.advance(5 * MINUTE);
  await expect.poll(() => codes(reports()).slice(3)).toEqual(["stream_status", "api_budget"]);
  await run.close();
});

test("a file that is read again is reported under the same identity", async () => {
  await org.given.logFile({ ...hourly, rows: rows(5) });
  await round();
  await run.close();
  clock.advance(MINUTE);
  run = new Wiring({
    stateOf: sharedState({ cursors: createMemoryCursors(), ledger: createMemoryLedger(), kept: openKeptEvents(out) }),
    log: silentLog,
    clock,
  }).run(input());
  await round();
  await run.close();
  expect(reports("file_collected")).toHaveLength(1);
  expect(reports("stream_status").at(-1)).toMatchObject({
    salesforce: { collector: { rows: { created: 0, existing: 5 } } },
  });
});

test("what Salesforce echoes of a secret reaches neither the log nor the collector's events", async () => {
  const [, secret = ""] = PRIVATE_KEY.split("\n");
  const message = `unexpected token near ${secret}`;
  await org.given.fault({ on: "query", status: 400, body: [{ errorCode: "MALFORMED_QUERY", message }] });
  const lines: string[] = [];
  const log = createLog((...line) => lines.push(ecsLine(new Date(NOW), ...line)));
  run = new Wiring({
    stateOf: sharedState({ cursors: createMemoryCursors(), ledger: createMemoryLedger(), kept: openKeptEvents(out) }),
    log,
    clock,
  }).run(input());
  await round();
  await run.close();
  const told = [lines.join("\n"), JSON.stringify(reports())];
  for (const text of told) {
    expect(text).toContain("unexpected token near [secret]");
    expect(text).not.toContain(secret);
  }
});

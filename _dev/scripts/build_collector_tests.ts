/**
 * Makes the inputs of the collector's pipeline tests, `data_stream/collector/_dev/test/pipeline/test-*.json`: what the runner
 * itself writes of made-up facts, one event of every code. With `--check`, exits with 1 if an input would change.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { RETRY, RunnerError } from "../../src/core/errors.ts";
import type { SourceEvent } from "../../src/core/event.ts";
import type { Stream } from "../../src/policy/policy.ts";
import { type CollectorContext, collectorDocument } from "../../src/reporting/collector_document.ts";
import type { CollectedSource } from "../../src/reporting/collector_event.ts";
import type { Fact } from "../../src/reporting/facts.ts";
import { afterFact, coverageAfterFact, eventOfFact, startOfReport } from "../../src/reporting/facts.ts";
import {
  apiBudgetEvent,
  coverageEvent,
  type LeaseFacts,
  leaseEvent,
  leaseTakenEvent,
  statusEvent,
} from "../../src/reporting/state_events.ts";
import { refusedEvent } from "../../src/sinks/setting_aside.ts";
import type { FileFacts } from "../../src/sources/event_log_files/body.ts";
import { rejectedRowEvent } from "../../src/sources/event_log_files/rejected_row.ts";
import type { Coverages } from "../../src/sources/fact.ts";

const ROOT = join(import.meta.dirname, "../..");
const FOLDER = "data_stream/collector/_dev/test/pipeline";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const NOW = Date.parse("2026-07-17T13:05:00.000Z");

const ORGANIZATION = { id: "00D30000000V77YEAS", name: "Acme production" };
const INSTANCE_URL = "https://acme.my.salesforce.com";
const LOGIN = { type: "logs", dataset: "aquila_salesforce.login", namespace: "default" };
const AGENT = {
  id: "3f1c5d3e-6a0b-4c55-9d5a-8a2f1b7f9f10",
  name: "collector",
  type: "aquila-salesforce",
  version: "0.1.0",
};

const context: CollectorContext = {
  inputId: "aquila-salesforce-salesforce-0c1d",
  dataStream: { ...LOGIN, dataset: "aquila_salesforce.collector" },
  organizationName: ORGANIZATION.name,
  organization: { organizationId: ORGANIZATION.id, instanceUrl: INSTANCE_URL },
  agent: AGENT,
};

const stream: Stream = {
  id: "aquila-salesforce-aquila_salesforce.login-0c1d",
  dataStream: LOGIN,
  sources: {},
  tags: ["forwarded"],
  preserveOriginalEvent: false,
  processors: [],
};
const files: CollectedSource = { stream, name: "EventLogFile" };
const object: CollectedSource = { stream, name: "LoginEvent" };
const topic: CollectedSource = { stream, name: "LoginEventStream" };

const file: FileFacts = {
  id: "0AT300000000001GAA",
  eventType: "Login",
  interval: "hourly",
  sequence: 1,
  logDate: Date.parse("2026-07-17T09:00:00.000Z"),
  created: Date.parse("2026-07-17T12:50:00.000Z"),
  length: 48_213,
};
const laterFile: FileFacts = { ...file, id: "0AT300000000002GAA", logDate: file.logDate + 2 * HOUR };

const dailyFile: FileFacts = {
  ...file,
  id: "0AT300000000004GAA",
  interval: "daily",
  sequence: 0,
  logDate: Date.parse("2026-07-16T00:00:00.000Z"),
};
const ledgerFull = new RunnerError("state_unusable", "There is no space left for the identities of hourly rows.", {
  next: RETRY,
});

const cut = new RunnerError("file_truncated", "Event log file 0AT300000000001GAA ended after 20000 of 48213 bytes.", {
  next: RETRY,
});
const refusedLogin = new RunnerError(
  "login_refused",
  "Salesforce refused the login: user hasn't approved this consumer.",
  {
    next: RETRY,
    cure: "Assign the app's permission set to the user.",
  },
);

/** The inputs by the names of their files, which stand in `FOLDER`. */
export function collectorTestInputs(): ReadonlyMap<string, readonly unknown[]> {
  const inputs = new Map<string, readonly SourceEvent[]>([
    ["test-files.json", fileEvents()],
    ["test-objects.json", objectEvents()],
    ["test-live.json", [...liveEvents(), topicStatus()]],
    ["test-set-aside.json", [rejectedRow(), refused()]],
    ["test-state.json", stateEvents()],
  ]);
  return new Map([...inputs].map(([name, events]) => [name, events.map(({ json }): unknown => JSON.parse(json))]));
}

/** Paths of the inputs whose file is missing or says something else. */
export function staleCollectorTests(root: string): string[] {
  return [...collectorTestInputs()]
    .map(([name, events]) => ({ path: join(root, FOLDER, name), events }))
    .filter(
      ({ path, events }) =>
        !existsSync(path) || !isDeepStrictEqual(JSON.parse(readFileSync(path, "utf8")), { events: [...events] }),
    )
    .map(({ path }) => path);
}

function fileEvents(): SourceEvent[] {
  const newestEvent = file.logDate + HOUR - 1_250;
  return written(files, [
    { fact: "file_done", file, rows: 1_466, rejected: 2, newestEvent },
    { fact: "file_done", file: { ...file, id: "0AT300000000003GAA" }, rows: 0, rejected: 0, newestEvent: undefined },
    { fact: "file_failed", file, error: cut, attempt: 2 },
    { fact: "file_parked", file, error: cut, attempt: 16 },
    { fact: "file_gone", file },
    { fact: "file_unusable", id: file.id, reason: "LogFile is null" },
    { fact: "cursors_mended", keys: ["start", `file:${file.id}`] },
    { fact: "clock_compared", ahead: 0 },
    { fact: "replaced_characters", file, count: 3 },
    { fact: "foreign_rows", file, count: 4 },
    { fact: "possibly_doubled", events: 3_999 },
    { fact: "collected_twice", parts: 3, of: 8, created: 4_012, existing: 2_977 },
    { fact: "unknown_columns", eventType: "Login", columns: ["NEW_COLUMN", "OTHER_COLUMN"] },
    { fact: "no_hourly_files" },
    { fact: "reconciled", file: dailyFile, rows: 40_112, lacked: 0 },
    {
      fact: "reconciled",
      file: { ...dailyFile, id: "0AT300000000005GAA" },
      rows: 40_112,
      lacked: 17,
    },
    { fact: "gap", file: dailyFile, hours: [dailyFile.logDate + 3 * HOUR, dailyFile.logDate + 4 * HOUR] },
    { fact: "ledger_refused", error: ledgerFull },
    { fact: "ledger_usable" },
  ]);
}

function objectEvents(): SourceEvent[] {
  const error = new RunnerError("query_timed_out", "Salesforce did not answer the query in time.", { next: RETRY });
  const broken = new RunnerError("server_error", "Salesforce failed (status 500).", { next: RETRY });
  const window = { object: "LoginEvent", id: "LoginEvent/1", after: NOW - 2 * HOUR, to: NOW - HOUR };
  return written(object, [
    { fact: "window_halved", object: "LoginEvent", width: 30 * MINUTE, error },
    { fact: "column_left_out", object: "LoginEvent", column: "ForwardedForIp" },
    { fact: "window_failed", ...window, error: broken, attempt: 2 },
    { fact: "window_parked", ...window, error: broken, attempt: 16 },
  ]);
}

function liveEvents(): SourceEvent[] {
  const broken = new RunnerError("server_error", "Salesforce failed (status 500).", { next: RETRY });
  const forgottenReplay = new RunnerError("replay_refused", "Salesforce no longer knows the place.", { next: RETRY });
  return written(topic, [
    { fact: "replay_refused", topic: "LoginEventStream", after: NOW - 80 * HOUR, to: NOW, error: forgottenReplay },
    { fact: "live_gap", topic: "LoginEventStream", after: NOW - 80 * HOUR, to: NOW, error: broken, attempt: 1 },
    { fact: "live_gap_closed", topic: "LoginEventStream", after: NOW - 80 * HOUR, to: NOW },
  ]);
}

function topicStatus(): SourceEvent {
  const start = { from: startOfReport(stream.id), since: NOW - 5 * MINUTE };
  const facts: Fact[] = [
    { fact: "topic_subscribed", topic: topic.name, at: NOW - 20 * MINUTE, isResumed: true },
    { fact: "topic_heard", topic: topic.name, at: NOW - MINUTE, events: 1, newest: NOW - MINUTE - 740 },
  ];
  return collectorDocument(statusEvent(topic, start, facts.reduce(afterFact, start.from), NOW, 0), context);
}

function stateEvents(): SourceEvent[] {
  const start = { from: startOfReport(stream.id), since: NOW - 5 * MINUTE };
  const progress: Fact[] = [
    { fact: "listed", files: [file, laterFile], open: [laterFile] },
    { fact: "file_done", file, rows: 1_466, rejected: 2, newestEvent: file.logDate + HOUR - 1_250 },
    { fact: "row_rejected", file, row: 17, reason: "the row has 3 cells, the header 28" },
    { fact: "delivered", created: 1_460, existing: 3, refused: 1 },
    { fact: "round_done" },
  ];
  const failure: Fact = { fact: "round_failed", error: refusedLogin, nextAttemptAt: NOW + 15 * MINUTE };
  const healthy = progress.reduce(afterFact, start.from);
  const failed = afterFact(healthy, failure);
  const coverages = [
    ...progress.reduce<Coverages>(coverageAfterFact, new Map()).values(),
    ...coverageAfterFact(new Map(), {
      fact: "window_done",
      object: "LoginEvent",
      after: NOW - HOUR,
      to: NOW - 2 * MINUTE,
      records: 3,
    }).values(),
  ];
  const lease: LeaseFacts = {
    term: 7,
    holder: { id: "6a1f", name: AGENT.name },
    since: NOW - 20 * MINUTE,
    takenFrom: { name: "another-collector" },
  };
  const calls = { used: 10_018, allocation: 100_000, share: 20_000, calls: 611 };
  return [
    statusEvent(files, start, healthy, NOW, 0),
    statusEvent(files, { from: healthy, since: NOW - MINUTE }, failed, NOW, 2),
    ...coverages.map((coverage) => coverageEvent(coverage.interval === undefined ? object : files, coverage, NOW)),
    leaseTakenEvent(context.inputId, lease),
    leaseEvent(context.inputId, { ...lease, takenFrom: undefined }, NOW),
    apiBudgetEvent(context.inputId, { ...calls, forecast: { calls: 733, used: 11_200 } }, NOW),
  ]
    .map((event) => collectorDocument(event, context))
    .concat(written(files, [failure]));
}

function written(source: CollectedSource, facts: readonly Fact[]): SourceEvent[] {
  return facts.flatMap((fact) => {
    const event = eventOfFact(fact, source, NOW, NOW - 2_345);
    return event === undefined ? [] : [collectorDocument(event, context)];
  });
}

function rejectedRow(): SourceEvent {
  return rejectedRowEvent({
    stream: {
      organization: ORGANIZATION,
      instanceUrl: INSTANCE_URL,
      dataStream: LOGIN,
      tags: stream.tags,
      preserveOriginalEvent: false,
      agent: AGENT,
    },
    file: { ...file, path: `/services/data/v66.0/sobjects/EventLogFile/${file.id}/LogFile` },
    row: 17,
    reason: "the row has 3 cells, the header 28",
    text: '"Login","20260717092241.123","4UoD"',
    now: NOW,
  });
}

function refused(): SourceEvent {
  const id = "wJ2oXc0rB8v5Tq7sKd1m";
  const document = {
    "@timestamp": "2026-07-17T09:22:41.123Z",
    event: { id, code: "Login", provider: "EventLogFile", dataset: LOGIN.dataset, module: "aquila_salesforce" },
    data_stream: LOGIN,
    organization: ORGANIZATION,
    salesforce: {
      instance_url: INSTANCE_URL,
      login: { run_time: "many" },
      collection: { primary: true, interval: file.interval, file: { id: file.id, sequence: 1 }, row: 18 },
    },
    input: { type: "aquila-salesforce" },
    agent: AGENT,
    tags: stream.tags,
  };
  return refusedEvent(
    {
      event: { index: "logs-aquila_salesforce.login-default", id, json: JSON.stringify(document) },
      type: "document_parsing_exception",
      reason: "[1:311] failed to parse field [salesforce.login.run_time] of type [long]",
    },
    NOW,
  );
}

if (import.meta.main) {
  const stale = staleCollectorTests(ROOT);
  const paths = stale.map((path) => relative(ROOT, path));
  if (process.argv.includes("--check")) {
    for (const path of paths) {
      process.stderr.write(`${path} would change: run npm run generate\n`);
      process.exitCode = 1;
    }
  } else if (stale.length > 0) {
    const inputs = collectorTestInputs();
    for (const path of stale) {
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, JSON.stringify({ events: inputs.get(relative(join(ROOT, FOLDER), path)) }, undefined, 2));
    }
    spawnSync(join(ROOT, "node_modules/.bin/biome"), ["format", "--write", ...paths], { cwd: ROOT, stdio: "inherit" });
    process.stdout.write(`${paths.join("\n")}\n`);
  }
}

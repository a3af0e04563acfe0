import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { stringify } from "yaml";
import { type MockOrg, startMockOrg } from "../../_dev/deploy/docker/mock_org/mock_org.ts";
import { authOf, PUBLIC_KEY } from "../../_dev/shared/testing/agent_policy.ts";
import { createMemoryCursors } from "../../_dev/shared/testing/memory_cursors.ts";
import { createMemoryLedger } from "../../_dev/shared/testing/memory_ledger.ts";
import { silentLog } from "../core/log.ts";
import { openKeptEvents } from "../cursors/sqlite_kept_events.ts";
import { parsePolicy } from "../policy/parse_policy.ts";
import { check } from "./check.ts";
import { InputReports } from "./input_reports.ts";
import { knownDatasets } from "./known_datasets.ts";
import { sharedState, Wiring } from "./wire.ts";

const PATIENT = { timeout: 20_000, interval: 10 };
const never = new AbortController().signal;

let org: MockOrg;
let folder: string;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "aquila-live-"));
  org = await startMockOrg({ certificate: PUBLIC_KEY, pubSub: {} });
});
afterEach(async () => {
  await org.close();
  rmSync(folder, { recursive: true });
});

function policy(streams: readonly object[]): string {
  const auth = authOf(org);
  const input = { id: "input-1", type: "aquila-salesforce", auth, api: { pub_sub_url: org.pubSubUrl } };
  return stringify({ outputs: { default: { type: "file", path: folder } }, inputs: [{ ...input, streams }] });
}

const LOGINS = {
  id: "login-1",
  data_stream: { dataset: "aquila_salesforce.login" },
  event_log_files: { enabled: false },
  live: { enabled: true, topics: ["LoginEventStream", "LogoutEventStream"] },
};
const REQUESTS = {
  id: "api-1",
  data_stream: { dataset: "aquila_salesforce.api" },
  event_log_files: { enabled: false },
  live: { enabled: true, topics: ["ApiEventStream"] },
};

interface Stored {
  readonly event: { readonly id: string; readonly code: string };
  readonly salesforce: { readonly collection: object };
}

function stored(dataset: string): readonly Stored[] {
  const text = readFileSync(join(folder, `logs-aquila_salesforce.${dataset}-default.ndjson`), "utf8");
  return text
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
}

/** Runs all jobs of a policy until `isOver`. */
async function collected(streams: readonly object[], isOver: () => unknown): Promise<InputReports> {
  const { inputs, brokenInputs } = parsePolicy(policy(streams), { datasets: knownDatasets(), environment: {} });
  expect(brokenInputs).toEqual([]);
  const [input] = inputs;
  if (input === undefined) {
    throw new Error("the policy has no input");
  }
  const reports = new InputReports();
  const state = { cursors: createMemoryCursors(), ledger: createMemoryLedger(), kept: openKeptEvents(folder) };
  const run = new Wiring({
    stateOf: sharedState(state),
    log: silentLog,
    observe: (...told) => reports.observe(...told),
  }).run(input);
  const stop = new AbortController();
  const rounds = run.jobs.map((job) => job.round("and what comes", stop.signal, never).catch(() => undefined));
  await vi.waitFor(isOver, PATIENT);
  stop.abort(new Error("enough"));
  await Promise.all(rounds);
  await run.close();
  return reports;
}

test("topics of several streams share one connection and one login", async () => {
  await org.given.published("LoginEventStream", [{ Username: "a" }, { Username: "b" }]);
  await org.given.published("ApiEventStream", [{ Query: "SELECT Id FROM Account" }]);
  const reports = await collected([LOGINS, REQUESTS], async () => {
    expect((await org.given.pubSub()).streams).toHaveLength(3);
    expect([stored("login").length, stored("api").length]).toEqual([2, 1]);
  });
  expect((await org.given.pubSub()).connections.opened).toBe(1);
  expect((await org.given.counters()).logins).toBe(1);
  expect(stored("api")[0]).toMatchObject({
    event: { code: "ApiEvent" },
    salesforce: { collection: { primary: true, interval: "live" } },
  });
  expect(reports.of("input-1")["login-1/live/LoginEventStream"]).toMatchObject({
    health: "healthy",
    rowsCreated: 2,
    connection: { since: expect.any(Number), lastHeard: expect.any(Number), newestEvent: expect.any(Number) },
  });
});

test("an event has one identity and one count, live and from the stored object; the file's event is the complete one", async () => {
  const [event] = await org.given.published("LoginEventStream", [
    { Username: "a", EventDate: new Date(Date.now() - 5 * 60_000).toISOString() },
  ]);
  const objects = { enabled: true, names: ["LoginEvent"] };
  await collected([{ ...LOGINS, objects }], () => expect(stored("login")).toHaveLength(2));
  expect(event?.EventIdentifier).toBeDefined();
  expect(new Set(stored("login").map(({ event: { id } }) => id)).size).toBe(1);
  expect(stored("login").map(({ salesforce }) => salesforce.collection)).toContainEqual({
    primary: true,
    interval: "live",
  });
  rmSync(join(folder, "logs-aquila_salesforce.login-default.ndjson"));
  const files = { enabled: true, event_types: ["Login"] };
  await collected([{ ...LOGINS, event_log_files: files }], () => expect(stored("login")).toHaveLength(1));
  expect(stored("login")[0]?.salesforce.collection).toEqual({ primary: false, interval: "live" });
});

test("check says of each topic whether it can be subscribed to, and what is missing", async () => {
  await org.given.user({ username: org.username, permissions: ["ApiEnabled", "ViewRealTimeEventMonitoringData"] });
  const path = join(folder, "policy.yml");
  writeFileSync(path, policy([LOGINS]), { mode: 0o600 });
  const printed: string[] = [];
  const around = { environment: {}, print: (line: string) => printed.push(line), coloured: false, stop: never };
  await check({ policy: path, json: true }, around);
  const findings = printed
    .map((line) => JSON.parse(line))
    .filter(({ step }) => step === "live events")
    .map(({ verdict, message, cure = "" }) => `${verdict}: ${message} ${cure}`);
  expect(findings).toEqual([
    expect.stringMatching(/^ok: LoginEventStream: can be subscribed to .*Event Manager/),
    expect.stringMatching(/^warning: .*LogoutEventStream .*'Customize Application'/),
  ]);
});

test("check says in one sentence which topics the org lacks that not every org has", async () => {
  await org.given.org({ eventMonitoring: false });
  const path = join(folder, "policy.yml");
  const topics = ["ApiAnomalyEvent", "ReportAnomalyEvent"];
  const threats = {
    id: "threats",
    data_stream: { dataset: "aquila_salesforce.threat" },
    objects: { enabled: false },
    live: { enabled: true, topics },
  };
  writeFileSync(path, policy([threats]), { mode: 0o600 });
  const printed: string[] = [];
  const around = { environment: {}, print: (line: string) => printed.push(line), coloured: false, stop: never };
  await check({ policy: path, json: true }, around);
  const findings = printed.map((line) => JSON.parse(line)).filter(({ step }) => step === "live events");
  expect(findings).toMatchObject([
    { verdict: "ok", message: expect.stringMatching(/not collected live: ApiAnomalyEvent, ReportAnomalyEvent\./) },
  ]);
});

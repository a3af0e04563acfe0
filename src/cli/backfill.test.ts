import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { stringify } from "yaml";
import { type MockOrg, startMockOrg } from "../../_dev/deploy/docker/mock_org/mock_org.ts";
import { authOf, PUBLIC_KEY } from "../../_dev/shared/testing/agent_policy.ts";
import { ManualClock } from "../../_dev/shared/testing/manual_clock.ts";
import { createLog, type Log, silentLog } from "../core/log.ts";
import { openCallCounts } from "../cursors/sqlite_call_hours.ts";
import { openSqliteCursors } from "../cursors/sqlite_cursors.ts";
import { backfill } from "./backfill.ts";
import { parseCommand } from "./commands.ts";
import { showCursors } from "./cursors.ts";
import { openState } from "./open_state.ts";

const NOW = Date.UTC(2026, 6, 20, 12);
const clock = new ManualClock(NOW);

let org: MockOrg;
let folder: string;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "backfill-"));
  org = await startMockOrg({ certificate: PUBLIC_KEY, now: () => clock.now() });
  for (let day = 1; day <= 10; day += 1) {
    const logDate = new Date(Date.UTC(2026, 6, day)).toISOString();
    await org.given.logFile({ eventType: "Login", logDate, generate: { rows: 10 + day } });
    await org.given.logFile({ eventType: "Logout", logDate, generate: { rows: 3 } });
    await org.given.records("LoginEvent", [{ EventDate: logDate }]);
  }
  const auth = authOf(org);
  const stream = {
    id: "login-1",
    data_stream: { dataset: "aquila_salesforce.login" },
    event_log_files: { event_types: ["Login", "Logout"] },
    objects: { enabled: true, names: ["LoginEvent"] },
  };
  const policy = {
    outputs: { default: { type: "file", path: join(folder, "out") } },
    inputs: [{ id: "acme", type: "aquila-salesforce", auth, streams: [stream] }],
  };
  writeFileSync(join(folder, "policy.yml"), stringify(policy), { mode: 0o600 });
});
afterEach(async () => {
  await org.close();
  rmSync(folder, { recursive: true });
});

/** Runs `backfill` as it is typed. */
async function collect(...more: string[]): Promise<number> {
  return await collectWith(silentLog, ...more);
}

async function collectWith(log: Log, ...more: string[]): Promise<number> {
  const argv = ["backfill", "--policy", join(folder, "policy.yml"), "--data-dir", join(folder, "data"), ...more];
  const command = parseCommand(argv);
  if (command.command !== "backfill") {
    throw new Error("not a backfill");
  }
  return await backfill(command, { environment: {}, log, stop: new AbortController().signal, clock });
}

/** The collected events, as code and day. */
function collected(): string[] {
  const path = join(folder, "out", "logs-aquila_salesforce.login-default.ndjson");
  const lines = existsSync(path) ? readFileSync(path, "utf8").trim().split("\n") : [];
  return lines.map((line) => {
    const { event, salesforce, "@timestamp": time } = JSON.parse(line);
    return `${event.code} ${(salesforce.collection.file?.log_date ?? time).slice(0, 10)}`;
  });
}

function counted(names: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const name of names) {
    counts[name] = (counts[name] ?? 0) + 1;
  }
  return counts;
}

test("collects the files and records of the range, no others, and only once", async () => {
  expect(await collect("--from", "2026-07-03", "--to", "2026-07-05")).toBe(0);
  const range = {
    "Login 2026-07-03": 13,
    "Login 2026-07-04": 14,
    "Logout 2026-07-03": 3,
    "Logout 2026-07-04": 3,
    "LoginEvent 2026-07-03": 1,
    "LoginEvent 2026-07-04": 1,
  };
  expect(counted(collected())).toEqual(range);
  expect(await collect("--from", "2026-07-03", "--to", "2026-07-05")).toBe(0);
  expect(counted(collected())).toEqual(range);
});

test("collects only the event types and objects that are named", async () => {
  expect(await collect("--from", "2026-07-03", "--to", "2026-07-04", "--event-types", "Logout,LoginEvent")).toBe(0);
  expect(counted(collected())).toEqual({ "Logout 2026-07-03": 3, "LoginEvent 2026-07-03": 1 });
  await expect(collect("--from", "2026-07-03", "--to", "2026-07-04", "--event-types", "Logot")).rejects.toMatchObject({
    code: "usage",
    cure: "Did you mean Logout?",
  });
});

test("goes on where a failure has ended it", async () => {
  const fault = await org.given.fault({
    on: "logFile",
    status: 403,
    body: [{ errorCode: "INSUFFICIENT_ACCESS" }],
    after: 1,
  });
  expect(await collect("--from", "2026-07-03", "--to", "2026-07-06", "--event-types", "Login")).toBe(2);
  const before = collected().length;
  expect(before).toBeGreaterThan(0);
  await org.given.noFault(fault);
  expect(await collect("--from", "2026-07-03", "--to", "2026-07-06", "--event-types", "Login")).toBe(0);
  expect(counted(collected())).toEqual({ "Login 2026-07-03": 13, "Login 2026-07-04": 14, "Login 2026-07-05": 15 });
});

test("runs while run holds the data directory, and counts its calls with it", async () => {
  const running = openState(join(folder, "data"));
  try {
    expect(await collect("--from", "2026-07-03", "--to", "2026-07-04")).toBe(0);
  } finally {
    running.close();
  }
  const calls = (await org.given.requests()).filter(({ on }) => on !== "token" && on !== "versions").length;
  const counts = openCallCounts(join(folder, "data"));
  const { host } = new URL(org.url);
  const hours = counts.of(`${org.username} at ${host}`).since(0);
  counts.close();
  expect([...hours.values()].reduce((sum, count) => sum + count, 0)).toBe(calls);
});

test("cursors shows where a backfill stands, in words and as JSON, and forgets it", async () => {
  await collect("--from", "2026-07-03", "--to", "2026-07-04");
  const dataDirectory = join(folder, "data", "backfill");
  const printed: string[] = [];
  const print = (line: string) => printed.push(line);
  const stream = "backfill/2026-07-03T00:00:00.000Z/2026-07-04T00:00:00.000Z/login-1";
  expect(await showCursors({ dataDirectory, reset: undefined, retry: undefined, json: false }, { print })).toBe(0);
  expect(printed).toEqual([
    `${stream} · EventLogFile of ${org.orgId}: complete for files made up to 2026-07-04T02:59:59.999Z; 2 files done, 0 begun`,
    `${stream} · LoginEvent of ${org.orgId}: complete up to 2026-07-03T23:59:59.999Z`,
  ]);
  printed.length = 0;
  await showCursors({ dataDirectory, reset: undefined, retry: undefined, json: true }, { print });
  expect(printed.map((line) => JSON.parse(line))).toMatchObject([
    { stream, source: "EventLogFile", organization: org.orgId, files: { done: 2, open: 0 } },
    { stream, source: "LoginEvent", until: "2026-07-03T23:59:59.999Z" },
  ]);
  printed.length = 0;
  await showCursors({ dataDirectory, reset: stream, retry: undefined, json: false }, { print });
  expect(printed[0]).toMatch(/^Forgot how far backfill.*event_log_files and backfill.*LoginEvent had come\./);
  printed.length = 0;
  await showCursors({ dataDirectory, reset: undefined, retry: undefined, json: false }, { print });
  expect(printed).toEqual(["Nothing has been collected with this state yet."]);
  const forgotten = openSqliteCursors(dataDirectory);
  expect((await forgotten.sources()).filter((id) => id.includes(stream))).toEqual([]);
  forgotten.close();
});

test("cursors refuses a directory in use, one that is not there, and a stream that has none", async () => {
  const dataDirectory = join(folder, "data");
  const options = { dataDirectory, reset: undefined, retry: undefined, json: false };
  const print = () => {};
  await expect(showCursors(options, { print })).rejects.toMatchObject({ code: "data_directory_unusable" });
  const running = openState(dataDirectory);
  await expect(showCursors(options, { print })).rejects.toMatchObject({ code: "data_directory_locked" });
  running.close();
  await expect(showCursors({ ...options, reset: "login" }, { print })).rejects.toMatchObject({ code: "usage" });
});

test("events carry the same agent.id for the life of the data directory", async () => {
  await collect("--from", "2026-07-03", "--to", "2026-07-04", "--event-types", "Login");
  await collect("--from", "2026-07-04", "--to", "2026-07-05", "--event-types", "Login");
  const path = join(folder, "out", "logs-aquila_salesforce.login-default.ndjson");
  const ids = readFileSync(path, "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line).agent.id);
  expect(new Set(ids).size).toBe(1);
  expect(ids[0]).toMatch(/^[0-9a-f-]{36}$/);
});

test.each([
  [["--from", "2026-07-05", "--to", "2026-07-05"], "--from is not before --to."],
  [["--from", "yesterday", "--to", "2026-07-05"], "--from is no time: yesterday."],
  [["--from", "2026-07-05", "--to", "2026-07-05T25:00:00Z"], "--to is no time"],
  [["--from", "2026-07-05"], "backfill needs --to."],
])("refuses %j", (argv, message) => {
  expect(() => parseCommand(["backfill", "--policy", "p.yml", ...argv])).toThrow(message);
});

test.each([
  ["2026-07-05", Date.UTC(2026, 6, 5)],
  ["2026-07-05T06:30", Date.UTC(2026, 6, 5, 6, 30)],
  ["2026-07-05T06:30:10+02:00", Date.UTC(2026, 6, 5, 4, 30, 10)],
])("reads the time %s", (text, from) => {
  const argv = ["backfill", "--policy", "p.yml", "--from", text, "--to", "2027-01-01"];
  expect(parseCommand(argv)).toMatchObject({ range: { from, to: Date.UTC(2027, 0, 1) } });
});

test("tells of a policy that others can read, as run does", async () => {
  chmodSync(join(folder, "policy.yml"), 0o644);
  const lines: string[] = [];
  const log = createLog((_, message) => lines.push(message));
  await collectWith(log, "--from", "2026-07-01", "--to", "2026-07-02", "--event-types", "Logout");
  expect(lines).toContainEqual(expect.stringMatching(/policy\.yml is open to other users .* chmod 600/));
});

test("takes the policy from Kibana as run does", () => {
  const address = "https://kibana.example.com/app/fleet/policies/6f1c0d";
  const range = ["--from", "2026-07-01", "--to", "2026-07-02"];
  expect(parseCommand(["backfill", "--policy-url", address, ...range])).toMatchObject({ policy: new URL(address) });
  expect(() => parseCommand(["backfill", ...range])).toThrow(/needs --policy or --policy-url/);
});

import { closeSync, existsSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { stringify } from "yaml";
import { type MockOrg, startMockOrg } from "../../_dev/deploy/docker/mock_org/mock_org.ts";
import { authOf, PUBLIC_KEY } from "../../_dev/shared/testing/agent_policy.ts";
import { ManualClock } from "../../_dev/shared/testing/manual_clock.ts";
import { createMemoryCursors } from "../../_dev/shared/testing/memory_cursors.ts";
import { createMemoryLedger } from "../../_dev/shared/testing/memory_ledger.ts";
import { asRunnerError } from "../core/errors.ts";
import { createLog, silentLog } from "../core/log.ts";
import { openKeptEvents } from "../cursors/sqlite_kept_events.ts";
import { parsePolicy } from "../policy/parse_policy.ts";
import { knownDatasets } from "./known_datasets.ts";
import { sharedState, Wiring } from "./wire.ts";

const MINUTE = 60_000;
const NOW = Date.UTC(2026, 6, 20, 12);
const clock = new ManualClock(NOW);
const never = new AbortController().signal;

let org: MockOrg;
let out: string;

beforeEach(async () => {
  out = mkdtempSync(join(tmpdir(), "aquila-objects-"));
  org = await startMockOrg({ certificate: PUBLIC_KEY, now: () => clock.now() });
});
afterEach(async () => {
  await org.close();
  rmSync(out, { recursive: true });
});

/** The input of a policy with one stream of the login dataset. */
function input(stream: object) {
  const { inputs, brokenInputs } = parsePolicy(
    stringify({
      outputs: { default: { type: "file", path: out } },
      inputs: [
        {
          id: "input-1",
          type: "aquila-salesforce",
          auth: authOf(org),
          streams: [{ id: "login-1", data_stream: { dataset: "aquila_salesforce.login" }, ...stream }],
        },
      ],
    }),
    { datasets: knownDatasets(), environment: {} },
  );
  const [first] = inputs;
  if (first === undefined) {
    throw new Error(brokenInputs[0]?.error.text ?? "the policy has no input");
  }
  return first;
}

interface Collected {
  readonly event: { readonly code: string };
  readonly salesforce: { readonly collection: { readonly primary: boolean } };
}

/** One round of every job of the stream: the intervals, the errors, and what came into the data stream. */
async function collect(stream: object) {
  const run = new Wiring({
    stateOf: sharedState({ cursors: createMemoryCursors(), ledger: createMemoryLedger(), kept: openKeptEvents(out) }),
    log: silentLog,
    clock,
  }).run(input(stream));
  const errors: string[] = [];
  for (const job of run.jobs) {
    await job.round("everything", never, never).catch((error) => errors.push(asRunnerError(error).code));
  }
  await run.close();
  const path = join(out, "logs-aquila_salesforce.login-default.ndjson");
  const lines = existsSync(path) ? readFileSync(path, "utf8").trim().split("\n") : [];
  const events = lines.map((line): Collected => JSON.parse(line));
  return {
    intervals: run.jobs.map(({ interval }) => interval),
    errors,
    events: events.map(({ event, salesforce }) => [event.code, salesforce.collection.primary]).sort(),
  };
}

/** As a disk that is gone makes them. */
function closeFilesIn(folder: string): void {
  for (const descriptor of readdirSync("/proc/self/fd")) {
    const link = `/proc/self/fd/${descriptor}`;
    const path = existsSync(link) ? readlinkSync(link) : "";
    if (path.startsWith(folder) && path.endsWith(".ndjson")) {
      closeSync(Number(descriptor));
    }
  }
}

test.runIf(process.platform === "linux")(
  "a run whose output can't be closed ends all the same, and says so",
  async () => {
    await givenLoginsOfEveryKind();
    const said: string[] = [];
    const kept = openKeptEvents(out);
    const run = new Wiring({
      stateOf: sharedState({ cursors: createMemoryCursors(), ledger: createMemoryLedger(), kept }),
      log: createLog((level, message) => said.push(`${level}: ${message}`)),
      clock,
    }).run(input({}));
    await run.jobs[0]?.round("everything", never, never);
    closeFilesIn(out);
    await run.close();
    expect(said.at(-1)).toMatch(/^error: .*can't be closed: .*EBADF/);
  },
);

const moment = new Date(NOW - 10 * MINUTE).toISOString();

async function givenLoginsOfEveryKind(): Promise<void> {
  await org.given.records("LoginEvent", [{ EventDate: moment }]);
  await org.given.records("LogoutEvent", [{ EventDate: moment }]);
  await org.given.records("LoginHistory", [{ LoginTime: moment }]);
  const row = { EVENT_TYPE: "Login", TIMESTAMP: "20260720080000.000", REQUEST_ID: "r1" };
  await org.given.logFile({ eventType: "Login", logDate: "2026-07-20T08:00:00Z", interval: "Hourly", rows: [row] });
}

test("every enabled object is collected at its own interval; what the files have too is not primary", async () => {
  await givenLoginsOfEveryKind();
  const stream = {
    event_log_files: { event_types: ["Login"], poll_interval: "5m" },
    objects: { enabled: true, names: ["LoginEvent", "LogoutEvent"], poll_interval: "30s" },
  };
  expect(await collect(stream)).toEqual({
    intervals: [5 * MINUTE, 30_000, 30_000],
    errors: [],
    events: [
      ["Login", true],
      ["LoginEvent", false],
      ["LogoutEvent", true],
    ],
  });
});

test("without files the objects are primary, LoginHistory only without LoginEvent", async () => {
  await givenLoginsOfEveryKind();
  const stream = (names: readonly string[]) => ({
    event_log_files: { enabled: false },
    objects: { enabled: true, names },
  });
  expect((await collect(stream(["LoginEvent", "LoginHistory"]))).events).toEqual([
    ["LoginEvent", true],
    ["LoginHistory", false],
  ]);
  rmSync(out, { recursive: true });
  expect((await collect(stream(["LoginHistory"]))).events).toEqual([["LoginHistory", true]]);
});

test("objects that the user may not see stop neither the others nor the files", async () => {
  await givenLoginsOfEveryKind();
  await org.given.user({ username: org.username, permissions: ["ApiEnabled", "ViewEventLogFiles", "ManageUsers"] });
  const stream = {
    event_log_files: { event_types: ["Login"] },
    objects: { enabled: true, names: ["LoginEvent", "LoginHistory", "LogoutEvent"] },
  };
  const { errors, events } = await collect(stream);
  expect(errors).toEqual(["object_unknown", "object_unknown"]);
  expect(events).toEqual([
    ["Login", true],
    ["LoginHistory", false],
  ]);
});

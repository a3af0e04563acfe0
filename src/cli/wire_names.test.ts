import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { stringify } from "yaml";
import { type MockOrg, startMockOrg } from "../../_dev/deploy/docker/mock_org/mock_org.ts";
import { authOf, PUBLIC_KEY } from "../../_dev/shared/testing/agent_policy.ts";
import { ManualClock } from "../../_dev/shared/testing/manual_clock.ts";
import { createMemoryCursors } from "../../_dev/shared/testing/memory_cursors.ts";
import { createMemoryLedger } from "../../_dev/shared/testing/memory_ledger.ts";
import { toId18 } from "../catalog/salesforce_id.ts";
import { silentLog } from "../core/log.ts";
import { createMemoryCallHours } from "../cursors/call_hours.ts";
import { createMemoryNames, openNameCache } from "../cursors/name_cache.ts";
import { openKeptEvents } from "../cursors/sqlite_kept_events.ts";
import { parsePolicy } from "../policy/parse_policy.ts";
import type { Fact } from "../reporting/facts.ts";
import { knownDatasets } from "./known_datasets.ts";
import { sharedState, Wiring } from "./wire.ts";

const MINUTE = 60_000;
const NOW = Date.UTC(2026, 6, 20, 12);
const never = new AbortController().signal;

const ANN = "005300000000001";
const BEN = "005300000000002";
const APP = "0H4300000000001";

let clock: ManualClock;
let org: MockOrg;
let out: string;
let names: ReturnType<typeof createMemoryNames>;
let facts: Fact[];

beforeEach(async () => {
  clock = new ManualClock(NOW);
  out = mkdtempSync(join(tmpdir(), "aquila-names-"));
  names = createMemoryNames();
  facts = [];
  org = await startMockOrg({ certificate: PUBLIC_KEY, now: () => clock.now() });
  await org.given.records("User", [
    { Id: toId18(ANN), Username: "ann@acme.example", Name: "Ann Berg", Email: "ann.berg@mail.example" },
    { Id: toId18(BEN), Username: 'ben"the admin"@acme.example', Name: "Ben Ek", Email: "ben@mail.example" },
  ]);
  await org.given.records("ConnectedApplication", [{ Id: toId18(APP), Name: "Warehouse sync" }]);
});
afterEach(async () => {
  await org.close();
  rmSync(out, { recursive: true });
});

interface Event {
  readonly event: { readonly id: string; readonly code: string };
  readonly user?: Readonly<Record<string, unknown>>;
  readonly salesforce: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

/** Everything that is available, collected anew by one round of each source; only the names outlive it. */
async function collect(settings: object = {}, share = 100, tick?: () => Promise<void>): Promise<readonly Event[]> {
  const { inputs } = parsePolicy(
    stringify({
      outputs: { default: { type: "file", path: out } },
      inputs: [
        {
          id: "input-1",
          type: "aquila-salesforce",
          auth: authOf(org),
          api: { daily_request_share: share },
          streams: [
            {
              data_stream: { dataset: "aquila_salesforce.login" },
              objects: { enabled: true, names: ["LoginEvent", "LoginHistory"] },
            },
            { data_stream: { dataset: "aquila_salesforce.api" } },
          ],
          ...settings,
        },
      ],
    }),
    { datasets: knownDatasets(), environment: {} },
  );
  const [input] = inputs;
  if (input === undefined) {
    throw new Error("the policy has no input");
  }
  const calls = createMemoryCallHours();
  const run = new Wiring({
    stateOf: sharedState({ cursors: createMemoryCursors(), ledger: createMemoryLedger(), kept: openKeptEvents(out) }),
    names,
    calls: { of: () => calls },
    log: silentLog,
    clock,
    observe: (fact) => facts.push(fact as Fact),
  }).run(input);
  for (const job of run.jobs) {
    const round = job.round("everything", never, never);
    await Promise.all([round, tick?.()]);
  }
  await run.close();
  const events = ["login", "api"].flatMap((stream) => {
    const path = join(out, `logs-aquila_salesforce.${stream}-default.ndjson`);
    const lines = existsSync(path) ? readFileSync(path, "utf8").trim().split("\n") : [];
    rmSync(path, { force: true });
    return lines.map((line): Event => JSON.parse(line));
  });
  return events.sort((a, b) => (a.event.code < b.event.code ? -1 : 1));
}

async function givenRows(eventType: string, rows: readonly Readonly<Record<string, string>>[]): Promise<void> {
  await org.given.logFile({
    eventType,
    logDate: "2026-07-20T08:00:00Z",
    interval: "Hourly",
    rows: rows.map((row, n) => ({
      EVENT_TYPE: eventType,
      TIMESTAMP: "20260720080000.000",
      REQUEST_ID: `r${n}`,
      ...row,
    })),
  });
}

async function nameQueries() {
  const requests = await org.given.requests();
  return requests.filter(({ target }) => /FROM (User|ConnectedApplication)/.test(target));
}

test("the same user has the same name in every type of event, and an event that has it itself keeps its own", async () => {
  await givenRows("RestApi", [{ USER_ID: ANN, CONNECTED_APP_ID: APP }]);
  await givenRows("BulkApi", [{ USER_ID: ANN }]);
  await givenRows("LoginAs", [{ USER_ID: ANN, DELEGATED_USER_ID: BEN }]);
  await givenRows("Login", [{ USER_ID: ANN, USER_NAME: "ANN@acme.example" }]);
  const EventDate = new Date(NOW - 20 * MINUTE).toISOString();
  await org.given.records("LoginEvent", [{ EventDate, UserId: toId18(ANN), Username: "own@acme.example" }]);
  await org.given.records("LoginHistory", [{ LoginTime: EventDate, UserId: toId18(ANN) }]);
  const events = await collect();
  const ann = { name: "ann@acme.example" };
  expect(events.map(({ event, user }) => [event.code, user])).toEqual([
    ["BulkApi", ann],
    ["Login", undefined],
    ["LoginAs", { name: 'ben"the admin"@acme.example', effective: ann }],
    ["LoginEvent", undefined],
    ["LoginHistory", ann],
    ["RestApi", ann],
  ]);
  expect(events.at(-1)?.salesforce.connected_app).toEqual({ name: "Warehouse sync" });
  expect(events.at(-1)?.salesforce.api).toMatchObject({ user_id: toId18(ANN), connected_app_id: toId18(APP) });
  expect(facts.filter(({ fact }) => fact === "names_missing")).toEqual([]);
});

test("usernames alone are asked for, unless more is wanted, and nothing if nothing is", async () => {
  await givenRows("RestApi", [{ USER_ID: ANN, CONNECTED_APP_ID: APP }]);
  await org.given.records("User", [
    { Id: toId18("005300000000003"), Username: "cy@acme.example", "Profile.Name": "Admin", "UserRole.Name": "CEO" },
  ]);
  await givenRows("RestApi", [{ USER_ID: "005300000000003" }]);
  await collect();
  expect((await nameQueries()).every(({ target }) => !/Email|Profile| Name.*FROM User/.test(target))).toBe(true);
  const full = await collect({ names: "full" });
  const sorted = full.map(({ user, salesforce }) => [user, salesforce.user]).sort();
  expect(sorted).toEqual([
    [{ name: "ann@acme.example", full_name: "Ann Berg", email: "ann.berg@mail.example" }, undefined],
    [{ name: "cy@acme.example" }, { profile: "Admin", role: "CEO" }],
  ]);
  await org.given.forgottenRequests();
  const none = await collect({ names: "none" });
  expect(none.map(({ user }) => user)).toEqual([undefined, undefined]);
  expect(await nameQueries()).toEqual([]);
});

test("profile and role are left out where they are not readable", async () => {
  await givenRows("RestApi", [{ USER_ID: ANN }]);
  await org.given.user({ username: org.username, hiddenFields: ["User.Profile.Name"] });
  const [event] = await collect({ names: "full" });
  expect(event?.user).toEqual({ name: "ann@acme.example" });
});

test("the identity of an event does not depend on names", async () => {
  await givenRows("RestApi", [{ USER_ID: ANN, CONNECTED_APP_ID: APP }]);
  const ids = async (level: string) => (await collect({ names: level })).map(({ event }) => event.id);
  const none = await ids("none");
  expect(await ids("usernames")).toEqual(none);
  expect(await ids("full")).toEqual(none);
});

test("names are kept for a day, whatever is restarted, and also that there is none", async () => {
  names = openNameCache(out, NOW);
  await givenRows("RestApi", [{ USER_ID: ANN }, { USER_ID: "005300000000009" }]);
  await collect();
  names.close();
  names = openNameCache(out, NOW);
  clock.advance(23 * 60 * MINUTE);
  const users = (await collect()).map(({ user }) => user?.name);
  expect(users).toEqual(["ann@acme.example", undefined]);
  expect(await nameQueries()).toHaveLength(1);
  clock.advance(2 * 60 * MINUTE);
  await collect({
    streams: [{ data_stream: { dataset: "aquila_salesforce.api" }, event_log_files: { initial_lookback: "48h" } }],
  });
  expect(await nameQueries()).toHaveLength(2);
  names.close();
});

test("up to 200 ids are asked for at once, each once, whoever else waits for it", async () => {
  const ids = Array.from({ length: 450 }, (_, n) => `0053000000${String(10_000 + n)}`);
  await org.given.records(
    "User",
    ids.map((id, n) => ({ Id: toId18(id), Username: `user${n}@acme.example` })),
  );
  await givenRows(
    "RestApi",
    ids.flatMap((id) => [{ USER_ID: id }, { USER_ID: id }]),
  );
  const users = (await collect()).map(({ user }) => user?.name);
  expect(new Set(users).size).toBe(450);
  const queries = await nameQueries();
  const asked = queries.flatMap(({ target }) => target.match(/'005\w+/g) ?? []);
  expect([asked.length, new Set(asked).size]).toEqual([450, 450]);
  expect(Math.max(...queries.map(({ target }) => target.match(/'005/g)?.length ?? 0))).toBeLessThanOrEqual(200);
  expect(queries.every(({ status }) => status === 200)).toBe(true);
});

test("what is no id of a user or an app is not looked up", async () => {
  await givenRows("RestApi", [
    { USER_ID: "", CONNECTED_APP_ID: "888000000000001" },
    { USER_ID: "000000000000000" },
    { USER_ID: "005' OR Name != '" },
    { USER_ID: "00530000000000" },
  ]);
  expect(await collect()).toHaveLength(4);
  expect(await nameQueries()).toEqual([]);
});

test.each<[string, object]>([
  ["is refused", { status: 400, body: [{ errorCode: "INVALID_TYPE", message: "not supported" }] }],
  ["fails", { status: 500 }],
  ["is no result", { body: { records: 1 } }],
  ["is cut", { cutAfterBytes: 10 }],
  [
    "has what can't be meant",
    { body: { done: true, records: [null, {}, { Id: 5, Username: "x" }, { Id: toId18(ANN) }] } },
  ],
  ["is of somebody else", { body: { done: true, records: [{ Id: toId18(BEN), Username: "evil@x" }] } }],
])("an event goes with its ids alone if the look-up %s", async (_how, fault) => {
  await org.given.fault({ on: "query", match: "FROM User", ...fault });
  await givenRows("RestApi", [{ USER_ID: ANN, CONNECTED_APP_ID: APP }]);
  await givenRows("BulkApi", [{ USER_ID: ANN }]);
  const events = await collect();
  expect(events.map(({ user }) => user)).toEqual([undefined, undefined]);
  expect(events.at(-1)?.salesforce.connected_app).toEqual({ name: "Warehouse sync" });
  expect(facts.filter(({ fact }) => fact === "names_missing").length).toBeLessThanOrEqual(1);
  expect((await nameQueries()).filter(({ target }) => target.includes("FROM User"))).toHaveLength(1);
});

test("a look-up that does not answer holds events back for five seconds, once", async () => {
  await org.given.fault({ on: "query", match: "FROM User", hang: true });
  for (const hour of [8, 9]) {
    await org.given.logFile({
      eventType: "RestApi",
      logDate: `2026-07-20T0${hour}:00:00Z`,
      interval: "Hourly",
      rows: [{ EVENT_TYPE: "RestApi", TIMESTAMP: `202607200${hour}0000.000`, USER_ID: ANN, REQUEST_ID: `${hour}` }],
    });
  }
  const events = await collect({ streams: [{ data_stream: { dataset: "aquila_salesforce.api" } }] }, 100, async () => {
    // Reports may wait too, for longer.
    await vi.waitFor(() => expect((clock.nextWake ?? 0) - clock.now()).toBe(5_000), { timeout: 30_000 });
    clock.advance(5_000);
  });
  expect(events).toHaveLength(2);
  expect(facts.filter(({ fact }) => fact === "names_missing")).toHaveLength(1);
  expect(await nameQueries()).toHaveLength(1);
});

test("near the end of the share of API calls nothing is looked up", async () => {
  await org.given.org({ apiRequestsMax: 1_000 });
  await givenRows("RestApi", [{ USER_ID: ANN }]);
  const events = await collect({}, 1);
  expect(events).toHaveLength(1);
  expect(await nameQueries()).toHaveLength(0);
});

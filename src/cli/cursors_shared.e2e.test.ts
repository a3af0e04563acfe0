import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client } from "@elastic/elasticsearch";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { stringify } from "yaml";
import { adminClientOptions } from "../../_dev/shared/elasticsearch/cluster.ts";
import { describeOnCluster } from "../../_dev/shared/elasticsearch/describe_on_cluster.ts";
import { stateKey } from "../../_dev/shared/testing/state_key.ts";
import { leaseDocument, leaseId, NO_LEASE } from "../coordination/lease.ts";
import { systemClock } from "../core/clock.ts";
import type { CursorStore } from "../cursors/cursor_store.ts";
import { openSqliteCursors } from "../cursors/sqlite_cursors.ts";
import { parsePolicy } from "../policy/parse_policy.ts";
import type { SharedState } from "../policy/policy.ts";
import { showCursors } from "./cursors.ts";
import { knownDatasets } from "./known_datasets.ts";
import { type OpenStateIndex, openStateIndex } from "./open_state_index.ts";
import { sharedOrg } from "./shared_org.ts";

const INDEX = `aquila-cursors-command-${process.pid}`;
const NOON = Date.UTC(2026, 6, 20, 12);
const SOURCE = "login-1/event_log_files";
const UNDER_WAY = `${SOURCE} under way`;

describeOnCluster("the command cursors on a shared state", (access) => {
  let apiKey = "";
  let folder: string;
  let index: OpenStateIndex;
  let admin: Client;
  let local: string;
  let policy: string;

  function policyBlock(store = "elasticsearch") {
    return {
      outputs: { default: { type: "elasticsearch", hosts: [access.url], api_key: access.apiKey } },
      inputs: [
        {
          id: "acme",
          name: "Acme",
          type: "aquila-salesforce",
          auth: { client_id: "3MVG9", username: "u@acme.example", private_key: "k" },
          state: { store, index: INDEX, api_key: apiKey },
          streams: [{ id: "login-1", data_stream: { dataset: "aquila_salesforce.login" } }],
        },
      ],
    };
  }
  const input = () =>
    parsePolicy(policyBlock(), { datasets: knownDatasets() }).inputs[0] as never as Parameters<typeof sharedOrg>[0] & {
      state: SharedState;
    };

  beforeAll(async () => {
    admin = new Client(adminClientOptions(access));
    apiKey = await stateKey(access, INDEX);
    index = await openStateIndex(input().state, 60_000);
  });
  afterAll(async () => {
    await index.close();
    await admin.indices.delete({ index: INDEX, ignore_unavailable: true });
    await admin.close();
  });
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), "cursors-shared-"));
    local = join(folder, "data");
    policy = join(folder, "policy.yml");
    writeFileSync(policy, stringify(policyBlock()), { mode: 0o600 });
    await admin.indices.delete({ index: INDEX, ignore_unavailable: true });
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const holder = (term: number) => index.cursors({ org: sharedOrg(input()), term: () => term, clock: systemClock });

  /** Lets a host have the org's lease. */
  async function held(term: number): Promise<void> {
    const org = sharedOrg(input());
    const since = new Date(NOON).toISOString();
    const lease = { ...NO_LEASE, term, holder: { id: "1", name: "host-a" }, since };
    await index.write([{ id: leaseId(org), value: leaseDocument(org, lease), expected: undefined }]);
  }

  async function given(store: CursorStore, rows: number, failing = false): Promise<void> {
    const file = { eventType: "Login", interval: "hourly", length: 9, logDate: NOON, created: NOON, lacked: rows };
    const failure = { attempts: 3, retryAt: NOON, code: "server_error", text: "Salesforce failed." };
    await store.save(SOURCE, [
      { key: "organization", value: "00D000000000001AAA" },
      { key: "start", value: NOON },
      { key: "file:0AT1", value: { ...file, rows, done: false, ...(failing ? { failure } : {}) } },
    ]);
    await store.save(UNDER_WAY, [{ key: "landed", value: {} }]);
    store.close();
  }

  async function printed(more: object = {}): Promise<string[]> {
    const lines: string[] = [];
    const options = { dataDirectory: local, policy, reset: undefined, retry: undefined, json: false, ...more };
    expect(await showCursors(options, { print: (line) => lines.push(line) })).toBe(0);
    return lines;
  }

  const fromLocal = async (source: string) => {
    const cursors = openSqliteCursors(local);
    return await cursors.load(source).finally(() => cursors.close());
  };

  test("shows where it stands, and takes nothing from the host that collects", async () => {
    expect(await printed()).toEqual([
      "Acme: collected by nobody, term 0",
      "Nothing has been collected with this state yet.",
    ]);
    const host = holder(3);
    await held(3);
    await given(host, 4, true);
    expect(await printed()).toEqual([
      "Acme: collected by host-a, term 3, since 2026-07-20T12:00:00.000Z",
      expect.stringMatching(/^login-1 · .* of 00D000000000001AAA: .*1 begun \(4 rows delivered\)/),
      expect.stringMatching(/^ {2}failed: Event log file 0AT1 \(Login\), 3 attempts/),
    ]);
    expect(JSON.parse((await printed({ json: true }))[0] ?? "")).toMatchObject({
      stream: "login-1",
      lease: { host: "host-a", term: 3, since: "2026-07-20T12:00:00.000Z" },
    });
    expect(await printed({ retry: "0AT1" })).toEqual(["0AT1 is tried again as soon as the runner starts."]);
    await host.save(SOURCE, [{ key: "created_after", value: NOON }]);
    const entries = await holder(3).load(SOURCE);
    expect(entries.get("file:0AT1")).toMatchObject({ rows: 4, failure: { retryAt: 0 } });
    expect(entries.get("created_after")).toBe(NOON);
  });

  test("moves a host's cursors there, once, and copies them back", async () => {
    await given(openSqliteCursors(local), 7);
    expect(await printed({ copyTo: "elasticsearch" })).toEqual([
      "Acme: moved the cursors of 2 sources from this host to the shared state.",
    ]);
    expect(await fromLocal(SOURCE)).toEqual(new Map());
    const host = holder(1);
    expect((await host.load(SOURCE)).get("file:0AT1")).toMatchObject({ rows: 7 });
    expect(await host.load(UNDER_WAY)).toEqual(new Map([["landed", {}]]));

    await given(openSqliteCursors(local), 2);
    expect(await printed({ copyTo: "elasticsearch" })).toEqual([
      "Acme: moved the cursors of 0 sources from this host to the shared state. 2 were there already and stay as they are.",
    ]);
    await given(openSqliteCursors(local), 2);
    expect(await printed({ copyTo: "local" })).toEqual([
      "Acme: copied the cursors of 2 sources from the shared state to this host.",
    ]);
    expect((await fromLocal(SOURCE)).get("file:0AT1")).toMatchObject({ rows: 7 });
  });

  test("copies nothing while a host collects", async () => {
    await held(3);
    await given(openSqliteCursors(local), 7);
    for (const copyTo of ["local", "elasticsearch"]) {
      await expect(printed({ copyTo })).rejects.toMatchObject({ code: "usage", message: "host-a collects Acme." });
    }
    expect((await fromLocal(SOURCE)).size).toBe(3);
  });

  test("forgets a stream", async () => {
    await given(holder(1), 7);
    expect(await printed({ reset: "login-1" })).toEqual([expect.stringMatching(/^Forgot how far login-1/)]);
    expect(await holder(1).load(SOURCE)).toEqual(new Map());
    expect(await holder(1).load(UNDER_WAY)).toEqual(new Map());
  });

  test("of a policy that shares nothing is a mistake that is told", async () => {
    writeFileSync(policy, stringify(policyBlock("local")));
    await expect(printed()).rejects.toMatchObject({
      code: "usage",
      message: "No input of the policy shares its state.",
      cure: expect.stringContaining("shown by --data-dir alone"),
    });
  });
});

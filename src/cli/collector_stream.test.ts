import { generateKeyPairSync } from "node:crypto";
import { globSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type MockOrg, startMockOrg } from "../../_dev/deploy/docker/mock_org/mock_org.ts";
import { agentInput } from "../../_dev/scripts/manifests/fleet_policy.ts";
import { BulkEndpoint, notAuthorized } from "../../_dev/shared/fake_elasticsearch/bulk_endpoint.ts";
import { ManualClock } from "../../_dev/shared/testing/manual_clock.ts";
import { createMemoryCursors } from "../../_dev/shared/testing/memory_cursors.ts";
import { createMemoryLedger } from "../../_dev/shared/testing/memory_ledger.ts";
import { STATE } from "../agent/control_protocol.ts";
import { inputHealth } from "../agent/unit_health.ts";
import { asRunnerError } from "../core/errors.ts";
import { createLog } from "../core/log.ts";
import type { KeptEvents } from "../cursors/kept_events.ts";
import { openKeptEvents } from "../cursors/sqlite_kept_events.ts";
import { parsePolicy } from "../policy/parse_policy.ts";
import type { Policy } from "../policy/policy.ts";
import { InputReports } from "./input_reports.ts";
import { knownDatasets } from "./known_datasets.ts";
import { sharedState, Wiring } from "./wire.ts";

const MINUTE = 60_000;
const NOW = Date.UTC(2026, 6, 20, 12);
const ROOT = resolve(import.meta.dirname, "../..");
const PACKAGE = new Map(
  globSync(["manifest.yml", "agent/input/*", "data_stream/*/manifest.yml", "data_stream/*/agent/stream/*"], {
    cwd: ROOT,
  }).map((path) => [path, readFileSync(join(ROOT, path), "utf8")]),
);
const COLLECTOR = "logs-aquila_salesforce.collector-default";
const LOGIN = "logs-aquila_salesforce.login-default";
const never = new AbortController().signal;
const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });

let clock: ManualClock;
let org: MockOrg;
let elasticsearch: BulkEndpoint;
let folder: string;
let kept: KeptEvents;

beforeEach(async () => {
  clock = new ManualClock(NOW);
  folder = mkdtempSync(join(tmpdir(), "aquila-collector-"));
  kept = openKeptEvents(folder);
  elasticsearch = new BulkEndpoint();
  await elasticsearch.start();
  org = await startMockOrg({
    certificate: publicKey.export({ type: "spki", format: "pem" }).toString(),
    now: () => clock.now(),
  });
});
afterEach(async () => {
  await org.close();
  await elasticsearch.close();
  kept.close();
  rmSync(folder, { recursive: true });
});

/** The policy that Fleet makes of the package, with the login stream alone, and the collector's if it is on. */
function policyOf(isCollectorOn: boolean, more: object = {}): Policy {
  const off = { enabled: false };
  const vars = {
    organization_name: "Acme",
    login_url: org.url,
    audience: "https://login.salesforce.com",
    client_id: org.clientId,
    username: org.username,
    private_key: privateKey.export({ type: "pkcs8", format: "pem" }),
  };
  const login = { vars: { event_log_files_event_types: ["Login"], tags: ["of-login"], ...TEAM_OF_LOGIN } };
  const others = Object.keys(knownDatasets()).map((dataset) => [dataset.replace(/^.*\./, ""), off] as const);
  const streams = { ...Object.fromEntries(others), login, collector: isCollectorOn ? {} : off };
  const input = { ...agentInput(PACKAGE, { id: "0c1d", name: "acme", vars, streams }), ...more };
  const outputs = { default: { type: "elasticsearch", hosts: [elasticsearch.url], api_key: "id:key" } };
  return parsePolicy({ outputs, inputs: [input] }, { datasets: knownDatasets(), environment: {} });
}

const TEAM_OF_LOGIN = { processors: "- add_fields: {target: labels, fields: {stream: login}}\n" };

/** Three rows, of which Elasticsearch refuses one; a fourth one is ragged. */
async function givenTroubles(): Promise<void> {
  const csv = [
    "EVENT_TYPE,TIMESTAMP,REQUEST_ID,USER_NAME",
    ...["a", "bad", "c"].map((name, at) => `Login,20260720080${at}00.000,r${at},${name}`),
    "Login,20260720080500.000",
    "",
  ].join("\n");
  await org.given.logFile({ eventType: "Login", logDate: "2026-07-20T08:00:00Z", interval: "Hourly", csv });
}

/** Runs one round, then lets ten minutes pass in which the collector reports. */
async function run(policy: Policy) {
  const [input] = policy.inputs;
  if (input === undefined) {
    throw new Error(policy.brokenInputs[0]?.error.text ?? "the policy has no input");
  }
  const lines: string[] = [];
  const problems: string[] = [];
  const reports = new InputReports();
  reports.begin(input);
  const wiring = new Wiring({
    stateOf: sharedState({ cursors: createMemoryCursors(), ledger: createMemoryLedger(), kept }),
    log: createLog((_, message) => lines.push(message)),
    clock,
    deliveryHealth: (problem) => problems.push(problem?.text ?? "flows"),
    observe: (...facts) => reports.observe(...facts),
  });
  const inputRun = wiring.run(input);
  for (const job of inputRun.jobs) {
    await job.round("everything", never, never).then(
      () => job.tell({ fact: "round_done" }),
      (error) => job.tell({ fact: "round_failed", error: asRunnerError(error), nextAttemptAt: NOW }),
    );
  }
  clock.advance(10 * MINUTE);
  await inputRun.close();
  return { lines, problems: [...new Set(problems)], health: inputHealth(reports.standings(input.id)) };
}

interface Document {
  readonly event: { readonly code: string };
  readonly labels?: object;
  readonly tags: readonly string[];
  readonly salesforce: { readonly collector: { readonly reason: string; readonly text: string } };
}

const stored = (index: string) =>
  elasticsearch.documents.filter((one) => one.index === index).map(({ document }) => document as unknown as Document);

/** What is kept, as documents. */
const keptDocuments = (): Document[] =>
  kept.sources().flatMap((source) => kept.read(source, 0, 1e6).map(({ event }) => JSON.parse(event.json)));

const codes = (documents: readonly Document[]) => documents.map(({ event }) => event.code).sort();

describe("a policy with the collector's stream switched off", () => {
  const asked = new Set<string>();
  beforeEach(() => {
    asked.clear();
    elasticsearch.refuse((index, document) => {
      asked.add(index);
      if (index === COLLECTOR) {
        return notAuthorized(index);
      }
      return JSON.stringify(document).includes('"bad"')
        ? { status: 400, type: "document_parsing_exception", reason: "failed to parse" }
        : undefined;
    });
  });

  test("writes nothing to it; what can't be stored is kept in the data directory, and said; health stays", async () => {
    await givenTroubles();
    const policy = policyOf(false);
    const { lines, problems, health } = await run(policy);

    expect([...asked]).toEqual([LOGIN]);
    expect(stored(LOGIN)).toHaveLength(2);
    const [first, second] = kept.sources().flatMap((source) => kept.read(source, 0, 1e6));
    expect(first?.event.json).toContain("20260720080500.000");
    expect(first?.event.index).toBe(COLLECTOR);
    expect(second?.event.json).toContain('"bad"');
    expect(second?.event.index).toBe(LOGIN);
    expect(second?.reason).toContain("failed to parse");

    expect(lines.filter((line) => line.includes("are kept in the data directory"))).toHaveLength(1);
    expect(problems).toEqual(["flows"]);
    expect(health).toMatchObject({
      state: STATE.healthy,
      message: "Collecting login. 2 rejected rows or refused events are kept in the data directory.",
    });
    expect(policy.warnings).toEqual([
      expect.stringMatching(
        /^inputs\[0\] \(acme\)\.streams leaves out aquila_salesforce\.collector: nothing is reported/,
      ),
    ]);
  });

  test("keeps nothing where everything has a place", async () => {
    await org.given.logFile({
      eventType: "Login",
      logDate: "2026-07-20T08:00:00Z",
      interval: "Hourly",
      rows: [{ EVENT_TYPE: "Login", TIMESTAMP: "20260720080000.000", REQUEST_ID: "r1", USER_NAME: "a" }],
    });
    const { problems, health } = await run(policyOf(false));
    expect([...asked]).toEqual([LOGIN]);
    expect(kept.sources()).toEqual([]);
    expect(problems).toEqual(["flows"]);
    expect(health.message).toBe("Collecting login.");
  });
});

describe("global data tags, which Fleet writes as processors of the input", () => {
  const team = { processors: [{ add_fields: { target: "labels", fields: { team: "security" } } }] };

  test("are on everything that the collector's stream gets; a stream's processors only on its own events", async () => {
    elasticsearch.refuse((index, document) =>
      index === LOGIN && JSON.stringify(document).includes('"bad"')
        ? { status: 400, type: "document_parsing_exception", reason: "failed to parse" }
        : undefined,
    );
    await givenTroubles();
    const policy = policyOf(true, team);
    expect(policy.warnings).toEqual([]);
    await run(policy);

    expect(stored(LOGIN).map(({ labels }) => labels)).toEqual([
      { team: "security", stream: "login" },
      { team: "security", stream: "login" },
    ]);
    const reported = stored(COLLECTOR);
    expect(codes(reported)).toEqual(expect.arrayContaining(["event_refused", "file_collected", "row_rejected"]));
    expect(reported.filter(({ labels }) => JSON.stringify(labels) !== '{"team":"security"}')).toEqual([]);
    expect(keptDocuments()).toEqual([]);
  });

  test("may drop reports, as every processor of the input", async () => {
    await givenTroubles();
    const drop = { drop_event: { when: { equals: { "event.code": "stream_status" } } } };
    await run(policyOf(true, { processors: [drop] }));
    expect(codes(stored(COLLECTOR))).toContain("file_collected");
    expect(codes(stored(COLLECTOR))).not.toContain("stream_status");
  });
});

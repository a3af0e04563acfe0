import { generateKeyPairSync } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { stringify } from "yaml";
import { type MockOrg, startMockOrg } from "../../_dev/deploy/docker/mock_org/mock_org.ts";
import { BulkEndpoint } from "../../_dev/shared/fake_elasticsearch/bulk_endpoint.ts";
import { ManualClock } from "../../_dev/shared/testing/manual_clock.ts";
import { createMemoryCursors } from "../../_dev/shared/testing/memory_cursors.ts";
import { createMemoryLedger } from "../../_dev/shared/testing/memory_ledger.ts";
import { silentLog } from "../core/log.ts";
import { BATCH_MEMORY, Memory } from "../core/memory.ts";
import { openKeptEvents } from "../cursors/sqlite_kept_events.ts";
import { parsePolicy } from "../policy/parse_policy.ts";
import { knownDatasets } from "./known_datasets.ts";
import { sharedState, Wiring } from "./wire.ts";

const NOW = Date.UTC(2026, 6, 20, 12);
const ORGS = 12;
const ROWS = 2_000;
const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
const key = privateKey.export({ type: "pkcs8", format: "pem" });
const certificate = publicKey.export({ type: "spki", format: "pem" }).toString();

let org: MockOrg;
let elasticsearch: BulkEndpoint;
let out: string;
let clock: ManualClock;
let memory: Memory;

beforeEach(async () => {
  clock = new ManualClock(NOW);
  memory = new Memory();
  out = mkdtempSync(join(tmpdir(), "aquila-memory-"));
  elasticsearch = new BulkEndpoint();
  [org] = await Promise.all([startMockOrg({ certificate, now: () => clock.now() }), elasticsearch.start()]);
  for (const logDate of ["2026-07-20T07:00:00Z", "2026-07-20T08:00:00Z"]) {
    const rows = Array.from({ length: ROWS }, (_, n) => ({
      EVENT_TYPE: "Login",
      TIMESTAMP: "20260720080000.000",
      REQUEST_ID: `${logDate}/${n}`,
    }));
    await org.given.logFile({ eventType: "Login", logDate, interval: "Hourly", rows });
  }
});
afterEach(async () => {
  await Promise.all([org.close(), elasticsearch.close()]);
  rmSync(out, { recursive: true });
});

/** A round of each of many orgs whose output is Elasticsearch, and of one whose output is a folder. */
function startRounds(stop: AbortSignal, abandon: AbortSignal) {
  const auth = {
    login_url: org.url,
    audience: "https://login.salesforce.com",
    client_id: org.clientId,
    username: org.username,
    private_key: key,
  };
  const input = (id: string, output: string) => ({
    id,
    type: "aquila-salesforce",
    use_output: output,
    data_stream: { namespace: id },
    auth,
    streams: [
      {
        id: `${id}-login`,
        data_stream: { dataset: "aquila_salesforce.login" },
        event_log_files: { event_types: ["Login"], interval: "hourly" },
      },
    ],
  });
  const policy = {
    outputs: { default: { type: "elasticsearch", hosts: [elasticsearch.url] }, folder: { type: "file", path: out } },
    inputs: [...Array.from({ length: ORGS }, (_, n) => input(`org${n}`, "default")), input("other", "folder")],
  };
  const { inputs } = parsePolicy(stringify(policy), { datasets: knownDatasets(), environment: {} });
  const wiring = new Wiring({
    stateOf: sharedState({ cursors: createMemoryCursors(), ledger: createMemoryLedger(), kept: openKeptEvents(out) }),
    log: silentLog,
    clock,
    memory,
  });
  const rounds = inputs.map((one) => {
    const run = wiring.run(one);
    const ended = Promise.all(run.jobs.map((job) => job.round("everything", stop, abandon)));
    ended.catch(() => {});
    return { run, ended };
  });
  return {
    other: rounds[ORGS]?.ended,
    all: Promise.allSettled(rounds.map(({ ended }) => ended)),
    close: () => Promise.all(rounds.map(({ run }) => run.close())),
  };
}

/** Lets time go on until it has ended. */
async function whileTimeGoesOn<T>(ending: Promise<T>): Promise<T> {
  let ended = false;
  const end = () => {
    ended = true;
  };
  ending.then(end, end);
  while (!ended) {
    clock.advance(60_000);
    await new Promise((turn) => setTimeout(turn, 5));
  }
  return await ending;
}

/** Turns until memory is taken, and as much of it for a while. */
async function untilStill(): Promise<void> {
  for (let before = -1, still = 0; still < 20; still = before > 0 && memory.taken === before ? still + 1 : 0) {
    before = memory.taken;
    await new Promise((turn) => setTimeout(turn, 5));
  }
}

test("a stuck output bounds the memory of its orgs and holds up no other output; nothing is lost or kept", async () => {
  elasticsearch.answerWith(503);
  const never = new AbortController().signal;
  const rounds = startRounds(never, never);
  await rounds.other;
  expect(readFileSync(join(out, "logs-aquila_salesforce.login-other.ndjson"), "utf8").split("\n")).toHaveLength(
    2 * ROWS + 1,
  );
  await untilStill();
  expect(memory.taken / BATCH_MEMORY).toBeGreaterThan(30);
  expect(memory.taken / BATCH_MEMORY).toBeLessThanOrEqual(44);

  elasticsearch.answerWith(200);
  const outcomes = await whileTimeGoesOn(rounds.all);
  expect(new Set(outcomes.map(({ status }) => status))).toEqual(new Set(["fulfilled"]));
  expect(elasticsearch.documents.filter(({ index }) => index.includes(".login-"))).toHaveLength(ORGS * 2 * ROWS);
  await whileTimeGoesOn(rounds.close());
  expect(memory.taken).toBe(0);
}, 180_000);

test("a stop gives all memory back", async () => {
  elasticsearch.answerWith(503);
  const stop = new AbortController();
  const abandon = new AbortController();
  const rounds = startRounds(stop.signal, abandon.signal);
  await rounds.other;
  await untilStill();
  expect(memory.taken).toBeGreaterThan(0);
  stop.abort(new Error("stopped"));
  abandon.abort(new Error("abandoned"));
  await rounds.all;
  await whileTimeGoesOn(rounds.close());
  expect(memory.taken).toBe(0);
}, 180_000);

import { generateKeyPairSync } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { stringify } from "yaml";
import { type MockOrg, startMockOrg } from "../../_dev/deploy/docker/mock_org/mock_org.ts";
import { ManualClock } from "../../_dev/shared/testing/manual_clock.ts";
import { createLog } from "../core/log.ts";
import { run } from "./run.ts";

const NOW = Date.UTC(2026, 6, 20, 12);
const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
const clock = new ManualClock(NOW);

let org: MockOrg;
let folder: string;
let said: string[];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "setup-trail-"));
  said = [];
  const certificate = publicKey.export({ type: "spki", format: "pem" }).toString();
  org = await startMockOrg({ certificate, now: () => clock.now() });
  const auth = {
    login_url: org.url,
    audience: "https://login.salesforce.com",
    client_id: org.clientId,
    username: org.username,
    private_key: privateKey.export({ type: "pkcs8", format: "pem" }),
  };
  const streams = [{ data_stream: { dataset: "aquila_salesforce.setup_audit_trail" } }];
  const policy = {
    outputs: { default: { type: "file", path: join(folder, "out") } },
    inputs: [{ id: "acme", type: "aquila-salesforce", auth, names: "none", streams }],
  };
  writeFileSync(join(folder, "policy.yml"), stringify(policy), { mode: 0o600 });
});
afterEach(async () => {
  await org.close();
  rmSync(folder, { recursive: true });
});

/** A new process that collects what there is. */
async function collected(): Promise<number> {
  return await run(
    { policy: join(folder, "policy.yml"), dataDirectory: join(folder, "data"), once: true },
    { environment: {}, log: createLog((_, message) => said.push(message)), stop: new AbortController().signal, clock },
  );
}

interface Sent {
  readonly salesforce: { readonly setup_audit_trail: { readonly display: string } };
}

/** Everything that was sent, each as often as it was. */
function sent(): readonly Sent[] {
  const path = join(folder, "out", "logs-aquila_salesforce.setup_audit_trail-default.ndjson");
  return readFileSync(path, "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
}

const change = (number: number, time: number) => ({
  Action: "PermSetAssign",
  CreatedById: "0053000000Ank29AAB",
  CreatedDate: new Date(time).toISOString(),
  Display: `change ${number}`,
});

/** Seven changes a second, so that every border of two pages lies among changes of one second. */
test("50,000 changes come each once, though pages end between changes of the same second", {
  timeout: 120_000,
}, async () => {
  const begin = NOW - 3 * 3_600_000;
  const changes = Array.from({ length: 50_000 }, (_, n) => change(n, begin + Math.floor(n / 7) * 1_000));
  await org.given.records("SetupAuditTrail", changes);
  expect(await collected()).toBe(0);
  const { pages } = await org.given.counters();
  expect(pages).toBeGreaterThan(20);
  const texts = sent().map(({ salesforce }) => salesforce.setup_audit_trail.display);
  expect(texts).toHaveLength(50_000);
  expect(new Set(texts).size).toBe(50_000);

  // Late ones in a second that is done, and the next process.
  await org.given.records("SetupAuditTrail", [change(50_000, NOW - 150_000), change(50_001, NOW - 150_000)]);
  clock.advance(60_000);
  expect(await collected()).toBe(0);
  expect(await collected()).toBe(0);
  expect(sent()).toHaveLength(50_002);
});

test("an integration user who may not see Setup is told what to assign", async () => {
  await org.given.user({ username: org.username, permissions: ["ApiEnabled", "ViewEventLogFiles"] });
  expect(await collected()).toBe(2);
  expect(said.join("\n")).toContain("'View Setup and Configuration'");
});

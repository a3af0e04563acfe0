import { generateKeyPairSync } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { stringify } from "yaml";
import { type MockOrg, startMockOrg } from "../../_dev/deploy/docker/mock_org/mock_org.ts";
import { watchedRun } from "./watched_run.ts";

const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });

let org: MockOrg;
let folder: string;
let written: string;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "watched-"));
  org = await startMockOrg({ certificate: publicKey.export({ type: "spki", format: "pem" }).toString() });
  const logDate = new Date(Date.now() - 6 * 3_600_000).toISOString();
  await org.given.logFile({ eventType: "Login", interval: "Hourly", logDate, generate: { rows: 500 } });
  writeFileSync(join(folder, "app.key"), privateKey.export({ type: "pkcs8", format: "pem" }), { mode: 0o600 });
  const auth = {
    login_url: org.url,
    client_id: org.clientId,
    username: org.username,
    private_key_path: join(folder, "app.key"),
  };
  const streams = [{ data_stream: { dataset: "aquila_salesforce.login" } }];
  const policy = {
    outputs: { default: { type: "file", path: join(folder, "out") } },
    inputs: [{ id: "acme", name: "Acme", type: "aquila-salesforce", auth, streams }],
  };
  writeFileSync(join(folder, "policy.yml"), stringify(policy), { mode: 0o600 });
  written = "";
});
afterEach(async () => {
  await org.close();
  rmSync(folder, { recursive: true });
});

function write(text: string): void {
  written += text;
}

function watched(stop: AbortSignal): Promise<number> {
  return watchedRun(
    { policy: join(folder, "policy.yml"), dataDirectory: join(folder, "data"), once: true },
    { environment: {}, terminal: { columns: 100, write }, stop },
  );
}

test("ends with what has been done", async () => {
  expect(await watched(new AbortController().signal)).toBe(0);
  expect(written).toMatch(/Ended: 1 of 1 files, 500 events, in .*\.\n$/);
});

test("shows what is wrong above the progress", async () => {
  await org.given.user({ username: org.username, active: false });
  expect(await watched(new AbortController().signal)).toBe(2);
  expect(written).toMatch(
    /error Acme · logs-aquila_salesforce\.login-default: Salesforce refused the login: inactive user\./,
  );
});

test("says that it stops, and how far it came", async () => {
  const stop = new AbortController();
  const ended = watched(stop.signal);
  stop.abort(new Error("stopped by SIGINT"));
  expect(await ended).toBe(0);
  expect(written).toContain("Stopping: what is under way is delivered and saved. Press Ctrl-C again to end at once.\n");
  expect(written).toMatch(/Stopped: 0 of \d files, 0 events\. The next run goes on behind the last row/);
});

import { generateKeyPairSync } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { parse, stringify } from "yaml";
import { type MockOrg, startMockOrg } from "../../_dev/deploy/docker/mock_org/mock_org.ts";
import type { LogFields } from "../core/log.ts";
import { backfill } from "./backfill.ts";
import { type RunSurroundings, run } from "./run.ts";
import { recorded, watched } from "./watched_run.ts";

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

const options = () => ({ policy: join(folder, "policy.yml"), dataDirectory: join(folder, "data"), once: true });

const past = () => ({ from: Date.now() - 86_400_000, to: Date.now() });

function watchedOnce(stop: AbortSignal): Promise<number> {
  return watched({ environment: {}, terminal: { columns: 100, write }, stop }, (seen) => run(options(), seen));
}

test("ends with what has been done", async () => {
  expect(await watchedOnce(new AbortController().signal)).toBe(0);
  expect(written).toMatch(/Ended: 1 of 1 files, 500 events, in .*\.\n$/);
});

test("shows what is wrong above the progress", async () => {
  await org.given.user({ username: org.username, active: false });
  expect(await watchedOnce(new AbortController().signal)).toBe(2);
  expect(written).toMatch(
    /error Acme · logs-aquila_salesforce\.login-default: Salesforce refused the login: inactive user\./,
  );
});

test("says at the end that nothing was read, and why, of orgs that can't be collected at all", async () => {
  await org.given.user({ username: org.username, active: false });
  const { inputs, ...rest } = parse(readFileSync(options().policy, "utf8"));
  const noKey = {
    ...inputs[0],
    id: "b",
    name: "B",
    auth: { ...inputs[0].auth, private_key_path: join(folder, "gone.key") },
  };
  writeFileSync(options().policy, stringify({ ...rest, inputs: [...inputs, noKey] }), { mode: 0o600 });
  expect(await watchedOnce(new AbortController().signal)).toBe(2);
  const [ended, ...why] = written.slice(written.indexOf("Ended:")).trimEnd().split("\n");
  expect(ended).toMatch(/^Ended: nothing was read, in /);
  expect(why).toEqual([
    "Not everything was collected:",
    expect.stringMatching(/^Salesforce refused the login: inactive user\./),
    expect.stringContaining(join(folder, "gone.key")),
  ]);
});

test("tells no outcome of a collection that could not start", async () => {
  writeFileSync(options().policy, "inputs: [", { mode: 0o600 });
  await expect(watchedOnce(new AbortController().signal)).rejects.toMatchObject({ code: "policy_unreadable" });
  expect(written).not.toContain("Ended");
});

test("says that it stops, and how far it came", async () => {
  const stop = new AbortController();
  const ended = watchedOnce(stop.signal);
  stop.abort(new Error("stopped by SIGINT"));
  expect(await ended).toBe(1);
  expect(written).toContain("Stopping: what is under way is delivered and saved. Press Ctrl-C again to end at once.\n");
  expect(written).toMatch(/Stopped: 0 of \d files, 0 events\. The next run goes on behind the last row/);
});

describe("behind a pipe", () => {
  let lines: { level: string; message: string; fields: LogFields }[];
  beforeEach(() => {
    lines = [];
  });
  const around = () => ({
    environment: {},
    stop: new AbortController().signal,
    writeLine: (level: string, message: string, fields: LogFields) => lines.push({ level, message, fields }),
  });

  test("run --once ends with a record of what has been done, whatever the log level", async () => {
    expect(await recorded({ ...around(), logLevel: "error" }, (seen) => run(options(), seen))).toBe(0);
    expect(lines).toEqual([
      {
        level: "info",
        message: expect.stringMatching(/^Ended: 1 of 1 files, 500 events, in /),
        fields: {
          "event.action": "collection-ended",
          stopped: false,
          files: 1,
          files_open: 0,
          rows: 500,
          rejected: 0,
          delivered: 500,
          existing: 0,
          refused: 0,
          waits: 0,
          errors: 0,
          duration_ms: expect.any(Number),
          exit_code: 0,
        },
      },
    ]);
  });

  test.each([
    ["run --once", (seen: RunSurroundings) => run(options(), seen)],
    ["backfill", (seen: RunSurroundings) => backfill({ ...options(), range: past(), eventTypes: undefined }, seen)],
  ])("%s that is stopped by then is not done", async (_, collect) => {
    const stop = AbortSignal.abort(new Error("stopped by SIGTERM"));
    expect(await recorded({ ...around(), stop }, collect)).toBe(1);
    expect(lines.at(-1)?.fields).toMatchObject({ stopped: true, errors: 0, exit_code: 1 });
  });

  test("backfill too, and the record counts what failed", async () => {
    await org.given.user({ username: org.username, active: false });
    const collected = { ...options(), range: past(), eventTypes: undefined };
    expect(await recorded(around(), (seen) => backfill(collected, seen))).toBe(2);
    expect(lines.at(-1)?.message).toMatch(/^Ended: nothing was read, in /);
    expect(lines.at(-1)?.fields).toMatchObject({
      files: 0,
      errors: 1,
      exit_code: 2,
      "error.message": expect.stringMatching(/^Salesforce refused the login: inactive user\. The user is deactivated/),
    });
  });
});

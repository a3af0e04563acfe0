import { spawn } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { stringify } from "yaml";
import { type MockOrg, startMockOrg } from "../../_dev/deploy/docker/mock_org/mock_org.ts";
import { COMMANDS } from "./commands.ts";

interface Ending {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The program itself. With `lines`, whoever reads its standard output leaves after so many, as `head` does. */
function program(argv: readonly string[], lines = Number.POSITIVE_INFINITY): Promise<Ending> {
  const child = spawn(process.execPath, [join(import.meta.dirname, "../main.ts"), ...argv]);
  const read = { stdout: "", stderr: "" };
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
    read.stdout += chunk;
    if (read.stdout.split("\n").length > lines) {
      child.stdout.destroy();
    }
  });
  child.stderr.setEncoding("utf8").on("data", (chunk: string) => {
    read.stderr += chunk;
  });
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (exitCode) => resolve({ exitCode, ...read }));
  });
}

describe("the exit code for a mistake on the command line is 2", () => {
  test.each(Object.keys(COMMANDS))("%s", { timeout: 60_000 }, async (name) => {
    const { exitCode, stderr, stdout } = await program([name, "--nonsense"]);
    expect(exitCode).toBe(2);
    expect(stderr.trim().split("\n")).toHaveLength(1);
    expect(JSON.parse(stderr).message).toContain("--nonsense");
    expect(stdout).toBe("");
  });
});

describe("with an org", { timeout: 120_000 }, () => {
  let org: MockOrg;
  let folder: string;
  let policy: string;

  beforeEach(async () => {
    const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
    folder = mkdtempSync(join(tmpdir(), "main-"));
    org = await startMockOrg({ certificate: publicKey.export({ type: "spki", format: "pem" }).toString() });
    const logDate = new Date(Date.now() - 6 * 3_600_000).toISOString();
    await org.given.logFile({ eventType: "Login", interval: "Hourly", logDate, generate: { rows: 5_000 } });
    writeFileSync(join(folder, "app.key"), privateKey.export({ type: "pkcs8", format: "pem" }), { mode: 0o600 });
    const { url, clientId, username } = org;
    const auth = { login_url: url, client_id: clientId, username, private_key_path: join(folder, "app.key") };
    const streams = [{ data_stream: { dataset: "aquila_salesforce.login" } }];
    const inputs = [{ id: "acme", name: "Acme", type: "aquila-salesforce", auth, streams }];
    policy = join(folder, "policy.yml");
    writeFileSync(policy, stringify({ outputs: { default: { type: "console" } }, inputs }), { mode: 0o600 });
  });
  afterEach(async () => {
    await org.close();
    rmSync(folder, { recursive: true });
  });

  const once = () => ["run", "--once", "--policy", policy, "--data-dir", join(folder, "data"), "--log-level", "warn"];

  test("run --once in a pipe ends with one line that says what was done", async () => {
    const { exitCode, stdout, stderr } = await program(once());
    expect(exitCode).toBe(0);
    expect(stdout.match(/"code":"Login"/g)).toHaveLength(5_000);
    const record = JSON.parse(stderr.trim().split("\n").at(-1) ?? "");
    expect(record).toMatchObject({
      "event.action": "collection-ended",
      files: 1,
      rows: 5_000,
      errors: 0,
      exit_code: 0,
    });
  });

  test.each([
    ["check", 0],
    ["run", 1],
  ])("%s ends quietly when its reader leaves", async (name, code) => {
    const argv = name === "check" ? ["check", "--policy", policy] : once();
    const { exitCode, stderr } = await program(argv, 1);
    expect(stderr).not.toMatch(/\n\s+at /);
    expect(exitCode).toBe(code);
    if (name === "check") {
      expect(stderr).toBe("");
    } else {
      expect(JSON.parse(stderr.trim().split("\n").at(-1) ?? "")).toMatchObject({ stopped: true });
    }
  });
});

import { type ChildProcess, spawn } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { stringify } from "yaml";

const MAIN = join(import.meta.dirname, "main.ts");
const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });

let folder: string;
let child: ChildProcess | undefined;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "main-"));
});
afterEach(() => {
  child?.kill("SIGKILL");
  rmSync(folder, { recursive: true });
});

/** The runner with an org that nobody answers for; resolves when it has said so. */
async function running(args: readonly string[]): Promise<{ child: ChildProcess; stderr: () => string }> {
  let stderr = "";
  const started = spawn(process.execPath, [...args, "run", "--policy", "policy.yml"], { cwd: folder });
  child = started;
  await new Promise<void>((resolve, reject) => {
    started.once("close", () => reject(new Error(stderr)));
    started.stderr.on("data", (chunk) => {
      stderr += chunk;
      if (stderr.includes("Next attempt")) {
        resolve();
      }
    });
  });
  return { child: started, stderr: () => stderr };
}

test("a signal opens no port for a debugger, and the runner goes on until it is asked to stop", async () => {
  const key = privateKey.export({ type: "pkcs8", format: "pem" });
  const policy = {
    outputs: { default: { type: "console" } },
    inputs: [
      {
        id: "acme",
        type: "aquila-salesforce",
        auth: { login_url: "http://127.0.0.1:1", client_id: "c", username: "u@acme.com", private_key: key },
        streams: [{ id: "login", data_stream: { dataset: "aquila_salesforce.login" } }],
      },
    ],
  };
  writeFileSync(join(folder, "policy.yml"), stringify(policy), { mode: 0o600 });
  const { child: runner, stderr } = await running(["--inspect-port=0", MAIN]);
  runner.kill("SIGUSR1");
  const ended = new Promise((resolve) => runner.once("close", (code) => resolve(code)));
  runner.kill("SIGTERM");
  expect(await ended).toBe(0);
  expect(stderr()).not.toContain("Debugger");
}, 60_000);

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { expect, test } from "vitest";
import { connectMockOrg } from "./mock_org.ts";
import { PUBLIC_KEY } from "./test_client.ts";

const MAIN = join(import.meta.dirname, "main.ts");

test("the program serves a folder and traffic, is steered from outside, and ends with its parent", async () => {
  const directory = mkdtempSync(join(tmpdir(), "mock-org-"));
  const certificate = join(directory, "app.pem");
  writeFileSync(certificate, PUBLIC_KEY);
  writeFileSync(join(directory, "login.csv"), '"EVENT_TYPE","TIMESTAMP"\n"Login","20150726000001.397"\n');
  const spec = JSON.stringify({ rowsPerDay: { Login: 100 }, intervals: ["Daily"], days: 2 });
  const args = [
    "--certificate",
    certificate,
    "--files",
    directory,
    "--generate",
    spec,
    "--stop-with-parent",
    "--sandbox",
  ];
  const program = spawn(process.execPath, [MAIN, ...args], { stdio: ["pipe", "pipe", "pipe"] });
  const ended = once(program, "exit");
  try {
    const [line] = (await once(createInterface(program.stdout), "line")) as [string];
    const ready = JSON.parse(line) as { url: string; orgId: string; files: number; traffic: { rows: number } };
    expect(ready).toMatchObject({ files: 3, traffic: { rows: 200 } });
    expect(ready.orgId).toMatch(/^00D\w{15}$/);
    const files = await connectMockOrg(ready.url).logFiles();
    expect(files[0]).toMatchObject({ eventType: "Login", logDate: "2015-07-26T00:00:00.000Z", length: 54 });
    program.stdin.end();
    expect(await ended).toEqual([0, null]);
  } finally {
    program.kill();
    rmSync(directory, { recursive: true });
  }
}, 30_000);

import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterAll, describe, expect, test, vi } from "vitest";
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
    "--pub-sub",
  ];
  const program = spawn(process.execPath, [MAIN, ...args], { stdio: ["pipe", "pipe", "pipe"] });
  const ended = once(program, "exit");
  try {
    const [line] = (await once(createInterface(program.stdout), "line")) as [string];
    const ready = JSON.parse(line) as { url: string; orgId: string };
    expect(ready).toMatchObject({
      files: 3,
      traffic: { rows: 200 },
      pubSubUrl: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
    });
    expect(await connectMockOrg(ready.url).published("LogoutEventStream", [{}])).toHaveLength(1);
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

// Each starts a program.
vi.setConfig({ testTimeout: 60_000 });

describe("a mistake is one sentence with exit code 2", () => {
  const empty = mkdtempSync(join(tmpdir(), "mock-org-empty-"));
  afterAll(() => rmSync(empty, { recursive: true }));

  test.each([
    [["--polcy"], "Unknown option '--polcy'."],
    [["surplus"], "Unexpected argument 'surplus'."],
    [["--port", "x"], "--port must be a whole number up to 65535."],
    [["--certificate", "/nonexistent.pem"], "/nonexistent.pem can't be used (ENOENT)."],
    [["--files", "/nonexistent"], "/nonexistent can't be used (ENOENT)."],
    [["--files", empty], `${empty} is empty.`],
    [["--generate", "{oops"], "--generate holds no JSON"],
    [["--write", empty], "--write needs --generate."],
    [["--push", "{}"], "--push needs --pub-sub."],
    [["--pub-sub", "--push", '{"LoginEvent": 1}'], "--push: no channel LoginEvent; there are: LoginEventStream"],
    [["--pub-sub", "--push", '{"FileEvent": 1}'], "--push: no traffic for object FileEventStore"],
    [["--pub-sub", "--pub-sub-tls", MAIN], "--pub-sub-tls needs a file with a certificate and its private key."],
    [["--host", "203.0.113.9"], "It can't listen there (EADDRNOTAVAIL): change --host or --port."],
  ])("%j", (args, sentence) => {
    expectRefusal(args, sentence);
  });

  test("a used port", async () => {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as { port: number };
    expectRefusal(["--port", String(port)], `Another program listens on port ${port}`);
    server.close();
  });

  function expectRefusal(args: readonly string[], sentence: string): void {
    const { status, stderr } = spawnSync(process.execPath, [MAIN, ...args], { encoding: "utf8" });
    expect(stderr).toContain(sentence);
    expect(stderr.trim().split("\n")).toHaveLength(1);
    expect(status).toBe(2);
  }
});

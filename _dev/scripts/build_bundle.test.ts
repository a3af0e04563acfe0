import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import packageJson from "../../package.json" with { type: "json" };
import { buildBundle } from "./build_bundle.ts";

let folder: string;
let bundle: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "build-bundle-"));
  bundle = await buildBundle(join(folder, "component"));
}, 60_000);
afterAll(() => rmSync(folder, { recursive: true }));

function runner(args: readonly string[], environment: NodeJS.ProcessEnv = {}) {
  return spawnSync(process.execPath, [bundle, ...args], { encoding: "utf8", env: environment });
}

describe("the bundle", { timeout: 60_000 }, () => {
  test("is a launcher, one file of code, the spec and the licences", () => {
    expect(readdirSync(join(folder, "component")).toSorted()).toEqual([
      "aquila-salesforce",
      "aquila-salesforce.licenses.txt",
      "aquila-salesforce.mjs",
      "aquila-salesforce.spec.yml",
    ]);
    const licences = readFileSync(join(folder, "component/aquila-salesforce.licenses.txt"), "utf8");
    for (const name of ["@elastic/elasticsearch", "got", "jose", "yaml", "zod"]) {
      expect(licences.split("\n").some((line) => line.startsWith(`${name} `))).toBe(true);
    }
  });

  test("runs without sources and packages", () => {
    expect(runner(["version"])).toMatchObject({ status: 0, stdout: `${packageJson.version}\n`, stderr: "" });
    const refused = runner(["run", "--policy", join(folder, "none.yml")]);
    expect(refused.status).toBe(2);
    expect(JSON.parse(refused.stderr)).toMatchObject({ "log.level": "error" });
  });

  test("speaks to Kafka with nothing beside it", () => {
    const policy = join(folder, "kafka.yml");
    const outputs = { default: { type: "kafka", hosts: ["127.0.0.1:1"], topic: "salesforce" } };
    const auth = { login_url: "http://127.0.0.1:1", client_id: "a", username: "b@c", private_key: "none" };
    const streams = [{ data_stream: { dataset: "aquila_salesforce.login" } }];
    const inputs = [{ id: "acme", type: "aquila-salesforce", auth, streams }];
    writeFileSync(policy, JSON.stringify({ outputs, inputs }), { mode: 0o600 });
    const { stdout } = runner(["check", "--policy", policy, "--json"]);
    expect(stdout).toContain("Kafka can't be reached: No answer from 127.0.0.1:1: the connection was refused");
  });

  test("says on an older Node which it needs", () => {
    const older = 'Object.defineProperty(process, "versions", { value: { ...process.versions, node: "20.20.2" } })';
    const { status, stderr } = spawnSync(
      process.execPath,
      ["--import", `data:text/javascript,${encodeURIComponent(older)}`, bundle, "version"],
      { encoding: "utf8" },
    );
    expect(stderr).toBe(
      `aquila-salesforce needs Node 24 or newer; ${process.execPath} is Node 20.20.2. Install a newer one, or use the single executable.\n`,
    );
    expect(status).toBe(2);
  });

  test("puts itself beside an agent, and its launcher runs there with a bare environment", () => {
    const home = join(folder, "the agent's home");
    const components = join(home, "data/elastic-agent-9.2.0-abc123/components");
    mkdirSync(components, { recursive: true });
    const installed = runner(["install-component", "--agent-home", home]);
    expect(installed).toMatchObject({ status: 0, stderr: "" });
    const started = execFileSync(join(components, "aquila-salesforce"), ["version"], { encoding: "utf8", env: {} });
    expect(started).toBe(`${packageJson.version}\n`);
    expect(runner(["install-component", "--agent-home", home]).stdout).toContain("nothing to do");
  });

  test("is started by its launcher with the Node of the PATH, wherever the folder is", () => {
    const elsewhere = join(folder, "else where");
    cpSync(join(folder, "component"), elsewhere, { recursive: true });
    const path = join(folder, "bin");
    mkdirSync(path);
    symlinkSync(process.execPath, join(path, "node"));
    const started = spawnSync(join(elsewhere, "aquila-salesforce"), ["version"], {
      encoding: "utf8",
      env: { PATH: path },
    });
    expect(started).toMatchObject({ status: 0, stdout: `${packageJson.version}\n` });
  });
});

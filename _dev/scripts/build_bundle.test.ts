import { execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  appendFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import packageJson from "../../package.json" with { type: "json" };
import { startMockOrg } from "../deploy/docker/mock_org/mock_org.ts";
import { PRIVATE_KEY, PUBLIC_KEY } from "../shared/testing/agent_policy.ts";
import { buildBinary, buildBundle } from "./build_bundle.ts";

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

test("the single executable starts with what V8 had compiled when it was built", { timeout: 60_000 }, async () => {
  const program = await buildBinary(join(folder, "single"));
  const started = (options: string) =>
    spawnSync(program, ["version"], { encoding: "utf8", env: { NODE_OPTIONS: options } });
  expect(started("")).toMatchObject({ status: 0, stdout: `${packageJson.version}\n`, stderr: "" });
  // With other flags V8 compiles anew.
  expect(started("--stack-trace-limit=5").stderr).toContain("Code cache data rejected");
});

describe("the bundle", { timeout: 60_000 }, () => {
  test("is a launcher, what is run, its parts, the spec and the licences", () => {
    expect(readdirSync(join(folder, "component")).toSorted()).toEqual([
      "aquila-salesforce",
      "aquila-salesforce.avro.mjs",
      "aquila-salesforce.elasticsearch.mjs",
      "aquila-salesforce.grpc.mjs",
      "aquila-salesforce.init.mjs",
      "aquila-salesforce.kafka.mjs",
      "aquila-salesforce.licenses.txt",
      "aquila-salesforce.main.mjs",
      "aquila-salesforce.mjs",
      "aquila-salesforce.regexp.mjs",
      "aquila-salesforce.rolldown-runtime.mjs",
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

  describe("loads of its parts", () => {
    const outputs = {
      file: { type: "file", path: "out" },
      elasticsearch: { type: "elasticsearch", hosts: ["http://127.0.0.1:1"], api_key: "a:b" },
      kafka: { type: "kafka", hosts: ["127.0.0.1:1"], topic: "salesforce" },
    };
    const DROPPING = { processors: [{ drop_event: { when: { regexp: { message: "a" } } } }] };
    const POLICY = ["--policy", "policy.yml"];

    test.each<[string, readonly string[], string[], keyof typeof outputs, object]>([
      ["for its version", ["version"], [], "file", {}],
      ["for files", ["run", "--once", ...POLICY], [], "file", {}],
      ["for a regular expression", ["run", "--once", ...POLICY], ["regexp"], "file", DROPPING],
      ["to set up", ["init", "--username", "a@b.c", "--org-name", "A", "--out", "acme"], ["init"], "file", {}],
      ["to check Elasticsearch", ["check", ...POLICY], ["elasticsearch"], "elasticsearch", {}],
      ["to check Kafka", ["check", ...POLICY], ["avro", "elasticsearch", "kafka"], "kafka", {}],
      ["under an agent", ["agent", "-E", "path.data=."], ["grpc"], "file", {}],
    ])("only what is needed %s", async (_what, args, parts, output, more) => {
      const work = mkdtempSync(join(folder, "work-"));
      await using org = await startMockOrg({ certificate: PUBLIC_KEY });
      writeFileSync(join(work, "app.key"), PRIVATE_KEY, { mode: 0o600 });
      const auth = {
        login_url: org.url,
        client_id: org.clientId,
        username: org.username,
        private_key_path: join(work, "app.key"),
      };
      const streams = [{ data_stream: { dataset: "aquila_salesforce.login" }, ...more }];
      const inputs = [{ id: "acme", type: "aquila-salesforce", auth, streams }];
      const policy = { outputs: { default: outputs[output] }, inputs };
      writeFileSync(join(work, "policy.yml"), JSON.stringify(policy), { mode: 0o600 });
      const hook = `
        import { appendFileSync } from "node:fs";
        import { registerHooks } from "node:module";
        registerHooks({
          load: (url, context, next) => {
            appendFileSync("loaded", url.startsWith("file:") ? url.slice(url.lastIndexOf("/") + 1) + "\\n" : "");
            return next(url, context);
          },
        });`;
      const child = spawn(
        process.execPath,
        ["--import", `data:text/javascript,${encodeURIComponent(hook)}`, bundle, ...args],
        { cwd: work, env: {}, stdio: "ignore" },
      );
      await once(child, "close");
      const always = ["aquila-salesforce.main.mjs", "aquila-salesforce.mjs", "aquila-salesforce.rolldown-runtime.mjs"];
      expect(readFileSync(join(work, "loaded"), "utf8").trimEnd().split("\n").toSorted()).toEqual(
        [...always, ...parts.map((name) => `aquila-salesforce.${name}.mjs`)].toSorted(),
      );
    });
  });

  test("has nothing of Node's own that it does not use, as the WebSocket of node:http", () => {
    const told = "process.on('exit', () => process.stdout.write(process.moduleLoadList.join('\\n')));";
    const { stdout } = spawnSync(
      process.execPath,
      ["--import", `data:text/javascript,${encodeURIComponent(told)}`, bundle, "version"],
      { encoding: "utf8" },
    );
    expect(stdout).toContain("NativeModule http\n");
    expect(stdout).not.toContain("undici");
  });

  test.each([
    ["main", "missing", (path: string) => rmSync(path), "is missing"],
    ["main", "empty", (path: string) => writeFileSync(path, ""), "is cut, or of another release"],
    ["kafka", "missing", (path: string) => rmSync(path), "is missing"],
    ["kafka", "cut", (path: string) => truncateSync(path, 100_000), "is cut, or of another release"],
    ["init", "another's", (path: string) => appendFileSync(path, "\n"), "is cut, or of another release"],
  ])("says at once that its part %s is %s", (part, _how, spoil, reason) => {
    const incomplete = mkdtempSync(join(folder, "incomplete %-"));
    cpSync(join(folder, "component"), incomplete, { recursive: true });
    const name = `aquila-salesforce.${part}.mjs`;
    spoil(join(incomplete, name));
    const { status, stderr } = spawnSync(process.execPath, [join(incomplete, "aquila-salesforce.mjs"), "version"], {
      encoding: "utf8",
    });
    expect(status).toBe(2);
    expect(stderr).toBe(
      `The runner is incomplete: ${name} ${reason}. Put all files of one release beside each other.\n`,
    );
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

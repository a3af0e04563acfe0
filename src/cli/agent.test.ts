/** The real runner as a process, started and watched by a fake Elastic Agent, between mock orgs and a bulk endpoint. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type MockOrg, startMockOrg } from "../../_dev/deploy/docker/mock_org/mock_org.ts";
import { buildBundle } from "../../_dev/scripts/build_bundle.ts";
import { FakeAgent, type FakeAgentOptions } from "../../_dev/shared/fake_agent/fake_agent.ts";
import { BulkEndpoint } from "../../_dev/shared/fake_elasticsearch/bulk_endpoint.ts";
import {
  API_KEY,
  addLogins,
  authOf,
  input,
  logins,
  output,
  PRIVATE_KEY,
  PUBLIC_KEY,
} from "../../_dev/shared/testing/agent_policy.ts";

const MAIN = resolve(import.meta.dirname, "../main.ts");

let directory: string;
let elasticsearch: BulkEndpoint;
let org: MockOrg;
let agent: FakeAgent;
let opened: Array<() => Promise<void>>;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), "aquila-agent-"));
  opened = [];
  elasticsearch = new BulkEndpoint();
  await elasticsearch.start();
  org = await startedOrg("Acme");
});

afterEach(async () => {
  await agent.stop();
  await Promise.all([elasticsearch.close(), ...opened.map((close) => close())]);
  rmSync(directory, { recursive: true });
});

async function startedOrg(name: string, serial = 1): Promise<MockOrg> {
  const started = await startMockOrg({ certificate: PUBLIC_KEY, name, serial });
  opened.push(() => started.close());
  return started;
}

async function startAgent(program = MAIN, options: Omit<FakeAgentOptions, "component"> = {}): Promise<FakeAgent> {
  agent = new FakeAgent({
    component: { command: [process.execPath, program, "agent"], dataDirectory: join(directory, "run") },
    ...options,
  });
  await agent.start();
  return agent;
}

describe("a component of Elastic Agent", { timeout: 180_000 }, () => {
  test.each<[string, () => Promise<string>]>([
    ["the sources", async () => MAIN],
    ["the bundle", () => buildBundle(join(directory, "component"))],
  ])("%s: collects what it is expected to, keeps the rules and stops on SIGTERM", async (_name, program) => {
    await addLogins(org, "a", 5);
    await startAgent(await program());
    agent.output(output(elasticsearch)).input("in-1", input(org)).send();
    await agent.until("a healthy input", () => agent.state("in-1") === "HEALTHY");
    await elasticsearch.until("five logins", () => logins(elasticsearch).length === 5);

    expect(agent.message("in-1")).toBe("Collecting login.");
    expect(agent.observed.get(agent.outputUnitId)).toMatchObject({
      state: "HEALTHY",
      message: "Events are delivered.",
    });
    expect(agent.versionInfo).toMatchObject({
      name: "aquila-salesforce",
      meta: { runtime: `node ${process.version}` },
    });
    await elasticsearch.until("reports of the collection itself", () =>
      elasticsearch.documents.some(({ index }) => index.includes(".collector-")),
    );
    for (const { document } of elasticsearch.documents) {
      expect(document).toMatchObject({
        elastic_agent: { id: agent.agentId, version: "9.1.0", snapshot: false },
        data_stream: { namespace: "default" },
      });
      expect(document.agent).toEqual({
        id: agent.agentId,
        name: hostname(),
        type: "aquila-salesforce",
        version: expect.any(String),
      });
    }
    expect(elasticsearch.requests[0]?.headers.authorization).toBe(`ApiKey ${Buffer.from(API_KEY).toString("base64")}`);

    agent.kill("SIGTERM");
    expect(await agent.exit()).toBe(0);
    expect(agent.history.at(-1)).toMatchObject({ state: "STOPPING" });
    expect(agent.violations).toEqual([]);
    for (const line of agent.lines) {
      expect(JSON.parse(line)).toMatchObject({ "@timestamp": expect.any(String), "log.level": expect.any(String) });
    }
  });

  test("a thousand units come and go in parts, and bad ones do not hold good ones up", async () => {
    await addLogins(org, "a", 5);
    await startAgent(MAIN, { maxMessageSize: 64 * 1024 });
    agent.output(output(elasticsearch));
    for (let n = 0; n < 998; n += 1) {
      agent.input(`bad-${n}`, { name: `bad ${n}`, streams: [] });
    }
    agent.input("in-1", input(org)).send();
    await agent.until("a healthy input", () => agent.state("in-1") === "HEALTHY");
    await elasticsearch.until("five logins", () => logins(elasticsearch).length === 5);

    expect(agent.observed.size).toBe(1_000);
    expect(agent.state("bad-997")).toBe("FAILED");
    expect(agent.message("bad-997")).toMatch(/\.auth: is missing\.\n.*\.streams: must name at least one stream/);
    expect(agent.partCount).toBeGreaterThan(agent.checkinCount);
    expect(agent.violations).toEqual([]);
  });

  test("comes back when the connection is cut, and after kill -9 goes on where it was", async () => {
    await addLogins(org, "a", 5);
    await startAgent();
    agent.output(output(elasticsearch)).input("in-1", input(org)).send();
    await elasticsearch.until("five logins", () => logins(elasticsearch).length === 5);
    await agent.until("a healthy input", () => agent.state("in-1") === "HEALTHY");

    agent.cutConnections();
    await agent.until("a second connection", () => agent.connections === 2);
    await addLogins(org, "b", 5);
    await elasticsearch.until("ten logins", () => logins(elasticsearch).length === 10);
    await agent.until("a healthy input", () => agent.state("in-1") === "HEALTHY");
    expect(agent.lines.filter((line) => line.includes("The connection to Elastic Agent has ended"))).toHaveLength(1);

    agent.kill("SIGKILL");
    await agent.exit();
    agent.startComponent();
    await agent.until("a third connection", () => agent.connections === 3);
    await addLogins(org, "c", 5);
    await elasticsearch.until("fifteen logins", () => logins(elasticsearch).length === 15);
    await agent.until("a healthy input", () => agent.state("in-1") === "HEALTHY");
    expect(new Set(logins(elasticsearch)).size).toBe(15);
    expect(agent.violations).toEqual([]);
  });

  test("a change of one org leaves another in the middle of its file alone; a stopped one is reported once more", async () => {
    const other = await startedOrg("Globex", 2);
    await addLogins(other, "b", 5);
    await startAgent();
    agent.output(output(elasticsearch)).input("in-2", input(other)).send();
    await elasticsearch.until("the logins of one org", () => logins(elasticsearch).length === 5);
    await addLogins(org, "a", 5_000);
    elasticsearch.hold();
    agent.input("in-1", input(org)).send();
    await elasticsearch.until("a delivery under way", () => elasticsearch.held > 0);

    agent.input("in-2", input(other, {}, { tags: ["changed"] })).send();
    await agent.until("the new configuration", () => agent.observed.get(agent.unitId("in-2"))?.configStateIdx === 2);
    elasticsearch.release();
    await addLogins(other, "c", 5);
    await elasticsearch.until("all logins", () => logins(elasticsearch).length === 5_010);
    const changed = elasticsearch.documents.filter(({ document }) => JSON.stringify(document.tags) === '["changed"]');
    expect(changed.map(({ index }) => index)).toEqual(Array(5).fill("logs-aquila_salesforce.login-default"));
    const downloads = (await org.given.requests()).filter(({ target }) => target.endsWith("/LogFile"));
    expect(downloads).toHaveLength(1);
    expect(elasticsearch.repeated).toBe(0);

    agent.stopInput("in-2").send();
    await agent.until("the unit is gone", () => agent.state("in-2") === undefined);
    expect(agent.history.filter(({ id }) => id === agent.unitId("in-2")).at(-1)?.state).toBe("STOPPED");
    await agent.until("the other one goes on", () => agent.state("in-1") === "HEALTHY");
    expect(agent.violations).toEqual([]);
  });

  test("a change of the output loses nothing and sends nothing twice", async () => {
    const second = new BulkEndpoint();
    await second.start();
    opened.push(() => second.close());
    await addLogins(org, "a", 5_000);
    elasticsearch.hold();
    await startAgent();
    agent.output(output(elasticsearch)).input("in-1", input(org)).send();
    await elasticsearch.until("a delivery under way", () => elasticsearch.held > 0);

    agent.output(output(second)).send();
    await agent.until("the change", () => agent.observed.get(agent.outputUnitId)?.state === "CONFIGURING");
    elasticsearch.release();
    await agent.until("the new output", () => agent.observed.get(agent.outputUnitId)?.configStateIdx === 2);
    await addLogins(org, "b", 5);
    await second.until("all logins", () => logins(elasticsearch).length + logins(second).length >= 5_005);
    await agent.until("a healthy input", () => agent.state("in-1") === "HEALTHY");
    expect(logins(second)).toContain("b0");
    const all = [...logins(elasticsearch), ...logins(second)];
    expect(all).toHaveLength(5_005);
    expect(new Set(all).size).toBe(5_005);
    expect(elasticsearch.repeated + second.repeated).toBe(0);
    expect(agent.violations).toEqual([]);
  });

  test("says what a person has to mend and what heals by itself", async () => {
    await addLogins(org, "a", 5);
    await startAgent();
    const refused = input(org, { auth: { ...authOf(org), username: "nobody@acme.example" } }, { id: "login-2" });
    const unknown = input(org, {}, { id: "login-3", processors: [{ script: { source: "" } }] });
    elasticsearch.answerWith(503);
    agent
      .output(output(elasticsearch))
      .input("in-1", input(org))
      .input("refused", refused)
      .input("unknown", unknown)
      .send();
    await agent.until("a refused login", () => agent.state("refused") === "FAILED");
    await agent.until("a degraded output", () => agent.observed.get(agent.outputUnitId)?.state === "DEGRADED");
    expect(agent.message("refused")).toMatch(/^login: Salesforce refused the login: ./);
    expect(agent.state("unknown")).toBe("FAILED");
    expect(agent.message("unknown")).toContain("script: is a processor that this runner has not");
    expect(agent.observed.get(agent.outputUnitId)?.message).toContain("nothing is lost");

    elasticsearch.answerWith(401);
    await agent.until("a failed output", () => agent.observed.get(agent.outputUnitId)?.state === "FAILED");
    expect(agent.observed.get(agent.outputUnitId)?.message).toContain("Check the output's api_key");
    elasticsearch.answerWith(200);
    await agent.until("a healthy output", () => agent.observed.get(agent.outputUnitId)?.state === "HEALTHY");
    await elasticsearch.until("five logins", () => logins(elasticsearch).length === 5);
    await agent.until("a healthy input", () => agent.state("in-1") === "HEALTHY");
    expect(agent.observed.get(agent.unitId("in-1"))?.payload).toMatchObject({
      streams: { [`login-${org.orgId}`]: { status: "HEALTHY" } },
    });
    expect(agent.violations).toEqual([]);
  });

  test("tells a dead proxy of the output by its name before any event comes", async () => {
    await startAgent();
    agent
      .output({ ...output(elasticsearch), proxy_url: "http://127.0.0.1:9" })
      .input("in-1", input(org))
      .send();
    const health = () => agent.observed.get(agent.outputUnitId);
    await agent.until("a degraded output", () => health()?.state === "DEGRADED");
    expect(health()?.message).toContain("No answer from the proxy 127.0.0.1:9");
    agent.output(output(elasticsearch)).send();
    await agent.until("a healthy output", () => health()?.state === "HEALTHY" && health()?.configStateIdx === 2);
    expect(agent.violations).toEqual([]);
  });

  test("follows the log level, and shows no secret in logs, states, files and diagnostics", async () => {
    await addLogins(org, "a", 5);
    await startAgent();
    agent.output(output(elasticsearch)).input("in-1", input(org)).send();
    await elasticsearch.until("five logins", () => logins(elasticsearch).length === 5);
    await agent.until("a healthy input", () => agent.state("in-1") === "HEALTHY");
    expect(agent.lines.filter((line) => line.includes('"log.level":"debug"'))).toEqual([]);
    agent.logLevel("debug").send();
    await agent.until("a line for debugging", () => agent.lines.some((line) => line.includes('"log.level":"debug"')));

    const unit = await agent.diagnostics({ id: agent.unitId("in-1") });
    expect(unit.files.map(({ filename }) => filename)).toEqual(["state.json"]);
    const state = JSON.parse(unit.files[0]?.content ?? "");
    expect(state).toMatchObject({
      unit: { id: agent.unitId("in-1"), log_level: "debug" },
      settings: { auth: { privateKey: "[secret]" }, output: { credentials: { apiKey: "[secret]" } } },
      streams: { [`login-${org.orgId}/event_log_files`]: { health: "healthy", rowsCreated: 5 } },
      cursors: { [`login-${org.orgId}/event_log_files`]: expect.any(Object) },
    });
    const component = await agent.diagnostics();
    expect(JSON.parse(component.files[0]?.content ?? "")).toMatchObject({
      runtime: expect.stringContaining(process.version),
      units: [{ id: agent.outputUnitId }, { id: agent.unitId("in-1") }],
    });
    expect(await agent.diagnostics({ id: "none" })).toMatchObject({ status: 1, files: [] });
    expect(await agent.customAction("restart", "in-1")).toMatchObject({
      status: 1,
      result: '{"error":"There is no action restart."}',
    });

    agent.kill("SIGTERM");
    await agent.exit();
    const run = join(directory, "run");
    const files = readdirSync(run, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    expect(files.length).toBeGreaterThan(0);
    const seen = [
      ...agent.lines,
      JSON.stringify([agent.history, unit, component]),
      ...files.map((file) => readFileSync(join(file.parentPath, file.name), "latin1")),
      ...elasticsearch.documents.map(({ document }) => JSON.stringify(document)),
    ].join("\n");
    const token = (await org.given.requests())
      .map(({ headers }) => headers.authorization ?? "")
      .find((text) => text !== "");
    const key = PRIVATE_KEY.split("\n")[3] ?? "";
    expect(token).toMatch(/^Bearer ./);
    for (const secret of [
      ...agent.secrets,
      key,
      "bulk-key-secret",
      Buffer.from(API_KEY).toString("base64"),
      (token ?? "").slice(7),
    ]) {
      expect(secret.length).toBeGreaterThan(10);
      expect(seen).not.toContain(secret);
    }
  });

  test("refuses to start without start-up information", async () => {
    agent = new FakeAgent({
      component: { command: [process.execPath, MAIN, "agent"], dataDirectory: join(directory, "run") },
    });
    agent.startComponent();
    expect(await agent.exit()).toBe(2);
    await agent.until("the reason", () => agent.lines.some((line) => line.includes("run --policy FILE")));
  });
});

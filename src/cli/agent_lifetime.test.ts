/** The real runner through what happens to a component: upgrades, outputs that come and go, deleted folders, hanging. */
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type MockOrg, startMockOrg } from "../../_dev/deploy/docker/mock_org/mock_org.ts";
import { buildBundle } from "../../_dev/scripts/build_bundle.ts";
import { AgentInstallation } from "../../_dev/shared/fake_agent/agent_installation.ts";
import { FakeAgent, type FakeAgentOptions } from "../../_dev/shared/fake_agent/fake_agent.ts";
import { BulkEndpoint } from "../../_dev/shared/fake_elasticsearch/bulk_endpoint.ts";
import { addLogins, input, logins, output, PUBLIC_KEY } from "../../_dev/shared/testing/agent_policy.ts";
import { LookingClock } from "../../_dev/shared/testing/looking_clock.ts";
import type { RunnerProgram } from "./component_files.ts";
import { installComponent } from "./install_component.ts";
import { watchComponent } from "./watch_component.ts";

const MAIN = resolve(import.meta.dirname, "../main.ts");
const NOBODY = { uid: 65_534, gid: 65_534 };

let directory: string;
let elasticsearch: BulkEndpoint;
let org: MockOrg;
let agents: FakeAgent[];

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), "aquila-lifetime-"));
  chmodSync(directory, 0o755);
  agents = [];
  elasticsearch = new BulkEndpoint();
  await elasticsearch.start();
  org = await startMockOrg({ certificate: PUBLIC_KEY, name: "Acme", serial: 1 });
});

afterEach(async () => {
  await Promise.all(agents.map((agent) => agent.stop()));
  await elasticsearch.close();
  await org.close();
  rmSync(directory, { recursive: true });
});

/** The runner from its sources, as a program that can be installed. */
function runnerFromSources(): RunnerProgram {
  const executable = join(directory, "runner");
  writeFileSync(executable, `#!/bin/sh\nexec '${process.execPath}' '${MAIN}' "$@"\n`, { mode: 0o755 });
  return { kind: "executable", executable };
}

async function installed(kind: "archive" | "package"): Promise<AgentInstallation> {
  const installation = new AgentInstallation(directory, kind);
  installation.install("9.4.3");
  await installComponent(
    { agentHome: undefined, uninstall: false, restart: false },
    { program: runnerFromSources(), print: () => {}, places: installation.places },
  );
  return installation;
}

async function startedAgent(
  installation: AgentInstallation,
  { user, ...options }: Omit<FakeAgentOptions, "component"> & { user?: typeof NOBODY } = {},
): Promise<FakeAgent> {
  const agent = new FakeAgent({
    ...options,
    component: () => ({
      command: [installation.start().get("aquila-salesforce") ?? "not installed", "agent"],
      dataDirectory: installation.workFolder(`aquila-salesforce-${options.outputName ?? "default"}`),
      ...(user === undefined ? {} : { user }),
    }),
  });
  agents.push(agent);
  await agent.start();
  agent.output(output(elasticsearch)).input("in-1", input(org)).send();
  return agent;
}

async function collected(agent: FakeAgent, count: number): Promise<void> {
  await elasticsearch.until(`${count} logins`, () => logins(elasticsearch).length === count);
  await agent.until("a healthy input", () => agent.state("in-1") === "HEALTHY");
}

const downloads = async () => (await org.given.requests()).filter(({ target }) => target.endsWith("/LogFile")).length;

describe("a component of Elastic Agent", { timeout: 180_000 }, () => {
  test.each<[string, typeof NOBODY | undefined]>([
    ["of root", undefined],
    ...(process.getuid?.() === 0 ? [["of an unprivileged user", NOBODY] as [string, typeof NOBODY]] : []),
  ])("of a deb agent %s collects on after an upgrade, without a person", async (_name, user) => {
    const installation = new AgentInstallation(directory, "package", user);
    installation.install("9.4.3");
    const bundle = await buildBundle(join(directory, "component"));
    const clock = new LookingClock();
    const stop = new AbortController();
    const first = clock.look();
    const watching = watchComponent(
      { agentHome: undefined },
      {
        program: { kind: "bundle", bundle, node: process.execPath },
        places: installation.places,
        print: () => {},
        clock,
        stop: stop.signal,
      },
    );
    await first;
    await addLogins(org, "a", 5);
    const agent = await startedAgent(installation, user === undefined ? {} : { user });
    await collected(agent, 5);

    installation.install("9.5.2");
    await agent.stopComponent();
    expect(installation.start().has("aquila-salesforce")).toBe(false);
    const restarts = installation.restarts;
    await clock.look();
    expect(installation.restarts).toBe(restarts + 1);
    agent.startComponent();
    await addLogins(org, "b", 5, 1);
    await collected(agent, 10);
    expect(await downloads()).toBe(2);
    expect(elasticsearch.repeated).toBe(0);
    expect(existsSync(installation.componentsOf("9.4.3"))).toBe(true);
    expect(agent.violations).toEqual([]);
    stop.abort(new Error("stopped"));
    await watching;
  });

  test("goes on where it was when the agent has deleted its folder, and under another output's name", async () => {
    const installation = await installed("archive");
    await addLogins(org, "a", 5);
    const former = await startedAgent(installation);
    await collected(former, 5);
    await former.removeComponent();
    expect(existsSync(installation.workFolder("aquila-salesforce-default"))).toBe(false);

    await addLogins(org, "b", 5, 1);
    const next = await startedAgent(installation, { outputName: "renamed" });
    await collected(next, 10);
    expect(await downloads()).toBe(2);
    expect(elasticsearch.repeated).toBe(0);
    expect([...former.violations, ...next.violations]).toEqual([]);
  });

  test("waits for the one before, which still delivers to the former output", async () => {
    const installation = await installed("archive");
    await addLogins(org, "a", 5);
    elasticsearch.hold();
    const former = await startedAgent(installation);
    await former.until("a delivery under way", () => elasticsearch.held > 0);
    const next = await startedAgent(installation, { outputName: "renamed" });
    await next.until("that it waits", () => next.message("in-1").includes("still uses the cursors"));
    expect(next.state("in-1")).toBe("DEGRADED");
    const removed = former.removeComponent();
    elasticsearch.release();
    await removed;
    await addLogins(org, "b", 5, 1);
    await collected(next, 10);
    expect(await downloads()).toBe(2);
    expect(elasticsearch.repeated).toBe(0);
  });

  test("is killed and started again when it hangs, and loses nothing by it", async () => {
    const installation = await installed("archive");
    await addLogins(org, "a", 5);
    const agent = await startedAgent(installation, { restartAfterMs: 0 });
    await collected(agent, 5);
    agent.freeze({ degradedMs: 0, killedMs: 0 });
    await agent.until("a restart", () => agent.restarts === 1);
    expect(agent.silences).toEqual(["degraded", "killed"]);
    await addLogins(org, "b", 5, 1);
    await collected(agent, 10);
    expect(await downloads()).toBe(2);
    expect(agent.violations).toEqual([]);
  });
});

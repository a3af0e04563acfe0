import { spawnSync } from "node:child_process";
import { chmodSync, chownSync, copyFileSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { AgentInstallation } from "../../_dev/shared/fake_agent/agent_installation.ts";
import { OURS, ours, TestAgentHome } from "./agent_home.fixture.ts";

let at: TestAgentHome;
beforeEach(() => {
  at = new TestAgentHome();
});
afterEach(() => at.close());

describe("an agent of a deb or rpm package", () => {
  let agent: AgentInstallation;
  const install = (restart = false) => at.install({ agentHome: undefined, restart }, { places: agent.places });

  beforeEach(() => {
    agent = new AgentInstallation(at.folder, "package");
    agent.install("9.4.3");
  });

  test("has two versions below data after an upgrade: the one that the package's link names gets the files", async () => {
    await install();
    expect(agent.start().has("aquila-salesforce")).toBe(true);
    agent.install("9.5.2");
    expect(agent.start().has("aquila-salesforce")).toBe(false);
    await install(true);
    expect(at.printed).toContain(`Removed ${join(agent.componentsOf("9.4.3"), "aquila-salesforce")}`);
    expect(at.printed.at(-1)).toBe("Restarted the agent.");
    expect(agent.restarts).toBe(1);
    expect(agent.start().get("aquila-salesforce")).toBe(join(agent.componentsOf("9.5.2"), "aquila-salesforce"));
    expect(ours(agent.componentsOf("9.4.3"))).toEqual([]);
    await install(true);
    expect(at.printed).toEqual([expect.stringContaining("nothing to do")]);
    expect(agent.restarts).toBe(1);
  });

  test("goes to the older version that runs, not to the newest folder", async () => {
    agent.install("9.5.2");
    agent.install("9.1.0");
    await install();
    expect(ours(agent.componentsOf("9.1.0"))).toEqual(OURS);
    expect(ours(agent.componentsOf("9.5.2"))).toEqual([]);
  });

  test.runIf(process.getuid?.() === 0)("tightens modes when it starts as root, and nothing is mended", async () => {
    await install();
    agent.start();
    expect(statSync(join(agent.components, "aquila-salesforce-node")).mode & 0o777).toBe(0o750);
    expect(statSync(join(agent.components, "aquila-salesforce.mjs")).mode & 0o777).toBe(0o640);
    await install();
    expect(at.printed).toEqual([expect.stringContaining("nothing to do")]);
  });

  test("is told when the agent can't be restarted", async () => {
    writeFileSync(join(agent.versionFolder, "elastic-agent"), "#!/bin/sh\necho 'no daemon' >&2\nexit 1\n");
    await expect(install(true)).rejects.toMatchObject({
      code: "agent_home_unusable",
      message: "The agent could not be restarted: no daemon.",
    });
  });
});

test("an agent that may still go back to its former version keeps the runner there", async () => {
  const agent = new AgentInstallation(at.folder, "archive");
  const install = () => at.install({ agentHome: agent.home });
  agent.install("9.4.3");
  await install();
  agent.install("9.5.2");
  await install();
  expect(ours(agent.componentsOf("9.4.3"))).toEqual(OURS);
  expect(ours(agent.componentsOf("9.5.2"))).toEqual(OURS);
  agent.finishUpgrade();
  await install();
  expect(ours(agent.components)).toEqual(OURS);
});

describe.runIf(process.getuid?.() === 0)("an agent of an unprivileged user", () => {
  const NOBODY = { uid: 65_534, gid: 65_534 };
  let agent: AgentInstallation;
  beforeEach(() => {
    agent = new AgentInstallation(at.folder, "package", NOBODY);
    agent.install("9.4.3");
    agent.install("9.5.2");
    // A Node in the home of root, as nvm keeps it.
    const closed = join(at.folder, "root");
    mkdirSync(closed, { mode: 0o700 });
    copyFileSync(process.execPath, join(closed, "node"));
    at.program = { ...at.program, node: join(closed, "node") };
  });

  test("can execute the runner, whose own Node it could not", async () => {
    expect(spawnSync(at.program.node, ["--version"], NOBODY).error).toMatchObject({ code: "EACCES" });
    await at.install({ agentHome: undefined, restart: true }, { places: agent.places });
    const executable = agent.start().get("aquila-salesforce") ?? "";
    expect(statSync(executable)).toMatchObject(NOBODY);
    expect(spawnSync(executable, ["version"], { ...NOBODY, encoding: "utf8", cwd: "/" })).toMatchObject({
      status: 0,
      stdout: "version\n",
    });
    expect(agent.restarts).toBe(1);
  });

  test.each<[string, () => void, string]>([
    ["may not enter a folder on the way", () => chmodSync(agent.home, 0o700), "EACCES"],
    ["has a Node of another machine", () => writeFileSync(at.program.node, "\x7fELF", { mode: 0o755 }), ""],
  ])("is refused with the reason if it %s, and nothing is left", async (_name, spoil, reason) => {
    rmSync(agent.componentsOf("9.4.3"), { recursive: true });
    spoil();
    if (reason !== "") {
      chownSync(agent.home, 0, 0);
    }
    await expect(at.install({ agentHome: agent.home, restart: true })).rejects.toMatchObject({
      code: "agent_home_unusable",
      message: expect.stringMatching(
        new RegExp(`uid 65534\\) can't start the runner in .*: .*${reason}.*Nothing was changed`),
      ),
    });
    expect(readdirSync(agent.components)).toEqual(["agentbeat", "agentbeat.spec.yml"]);
    expect(agent.restarts).toBe(0);
  });
});

import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { AgentInstallation } from "../../_dev/shared/fake_agent/agent_installation.ts";
import { LookingClock } from "../../_dev/shared/testing/looking_clock.ts";
import type { RunnerProgram } from "./component_files.ts";
import { watchComponent } from "./watch_component.ts";

let folder: string;
let single: RunnerProgram;
let agent: AgentInstallation;
let printed: string[];
let watching: Promise<number>;
let stop: AbortController;
let clock: LookingClock;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "watch-component-"));
  chmodSync(folder, 0o755);
  const executable = join(folder, "aquila-salesforce");
  single = { kind: "executable", executable };
  writeFileSync(executable, "#!/bin/sh\necho runner\n", { mode: 0o755 });
  agent = new AgentInstallation(folder, "package");
  printed = [];
  stop = new AbortController();
  clock = new LookingClock();
  watching = Promise.resolve(0);
});
afterEach(async () => {
  stop.abort(new Error("stopped"));
  expect(await watching).toBe(0);
  rmSync(folder, { recursive: true });
});

async function watch(program: RunnerProgram = single): Promise<void> {
  const first = clock.look();
  watching = watchComponent(
    { agentHome: undefined },
    {
      program,
      places: agent.places,
      print: (line) => printed.push(line),
      clock,
      stop: stop.signal,
    },
  );
  await first;
}

test("puts the runner into each version that comes, restarts the agent once for it, and is quiet in between", async () => {
  agent.install("9.4.3");
  await watch();
  expect(agent.start().has("aquila-salesforce")).toBe(true);
  expect(agent.restarts).toBe(1);
  for (const version of ["9.5.2", "9.6.0"]) {
    agent.install(version);
    expect(agent.start().has("aquila-salesforce")).toBe(false);
    await clock.look();
    expect(agent.start().has("aquila-salesforce")).toBe(true);
  }
  expect(agent.restarts).toBe(3);
  const lines = printed.length;
  await clock.look();
  await clock.look();
  expect(agent.restarts).toBe(3);
  expect(printed).toHaveLength(lines);
});

test("puts back what somebody takes away, and lets what is there be", async () => {
  agent.install("9.4.3");
  await watch();
  rmSync(join(agent.components, "aquila-salesforce.spec.yml"));
  await clock.look();
  expect(agent.start().has("aquila-salesforce")).toBe(true);
  expect(agent.restarts).toBe(2);
  stop.abort(new Error("stopped"));
  await watching;
  stop = new AbortController();
  printed = [];
  await watch();
  expect(printed).toEqual([expect.stringContaining("watching for upgrades")]);
  expect(agent.restarts).toBe(2);
});

test("puts back a part of the bundle that somebody takes away", async () => {
  agent.install("9.4.3");
  const bundle = join(folder, "aquila-salesforce.mjs");
  const node = join(folder, "aquila-salesforce");
  writeFileSync(bundle, "");
  writeFileSync(join(folder, "aquila-salesforce.one.mjs"), "");
  await watch({ kind: "bundle", bundle, node });
  const part = join(agent.components, "aquila-salesforce.one.mjs");
  for (const spoil of [rmSync, (path: string) => writeFileSync(path, "other")]) {
    spoil(part);
    printed = [];
    await clock.look();
    expect(readFileSync(part, "utf8")).toBe("");
    expect(printed).toHaveLength(2);
  }
  expect(agent.restarts).toBe(3);
});

test("waits for an agent that is not there yet, says so once, and restarts it as soon as it can be", async () => {
  await watch();
  await clock.look();
  expect(printed).toEqual([expect.stringContaining("No Elastic Agent was found")]);
  agent.install("9.4.3");
  const program = join(agent.versionFolder, "elastic-agent");
  chmodSync(program, 0o644);
  await clock.look();
  await clock.look();
  expect(printed.filter((line) => line.includes("could not be restarted"))).toHaveLength(1);
  chmodSync(program, 0o755);
  await clock.look();
  expect(agent.restarts).toBe(1);
  expect(printed.at(-1)).toBe("Restarted the agent, with the runner beside it.");
});

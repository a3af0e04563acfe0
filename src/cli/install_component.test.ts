import {
  chmodSync,
  chownSync,
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { parse } from "yaml";
import { OURS, ours, TestAgentHome } from "./agent_home.fixture.ts";

let at: TestAgentHome;
beforeEach(() => {
  at = new TestAgentHome();
});
afterEach(() => at.close());

const modeOf = (name: string) => statSync(join(at.components, name)).mode & 0o777;

test("writes launcher, bundle with its parts and spec, and says how to go on", async () => {
  expect(await at.install()).toBe(0);
  expect(ours(at.components)).toEqual(OURS);
  expect(OURS.map(modeOf)).toEqual([0o755, 0o755, 0o644, 0o644, 0o644]);
  expect(at.printed.at(-1)).toContain("elastic-agent restart");
  expect(at.printed).toHaveLength(7);
});

test("changes nothing the second time", async () => {
  await at.install();
  await at.install();
  expect(at.printed).toEqual([expect.stringMatching(/already installed in .*; nothing to do\.$/)]);
});

test("replaces what is old, foreign or damaged, and mends modes", async () => {
  await at.install();
  writeFileSync(at.program.bundle, "console.log('newer');\n");
  chmodSync(join(at.components, "aquila-salesforce"), 0o777);
  await at.install();
  expect(at.printed.slice(0, 2)).toEqual([
    `Replaced ${join(at.components, "aquila-salesforce.mjs")}`,
    `Replaced ${join(at.components, "aquila-salesforce")}`,
  ]);
  expect(modeOf("aquila-salesforce")).toBe(0o755);
  expect(readFileSync(join(at.components, "aquila-salesforce.mjs"), "utf8")).toContain("newer");
});

test("puts back a part that is missing, and takes away one that this version has no more", async () => {
  await at.install();
  rmSync(join(at.components, "aquila-salesforce.one.mjs"));
  symlinkSync("agentbeat", join(at.components, "aquila-salesforce.former.mjs"));
  await at.install();
  expect(at.printed.slice(0, 2)).toEqual([
    `Wrote ${join(at.components, "aquila-salesforce.one.mjs")}`,
    `Removed ${join(at.components, "aquila-salesforce.former.mjs")}`,
  ]);
  expect(ours(at.components)).toEqual(OURS);
  expect(readdirSync(at.components)).toContain("agentbeat");
});

test("leaves the components of the agent alone when it is removed", async () => {
  await at.install();
  await at.install({ uninstall: true });
  expect(readdirSync(at.components)).toEqual(["agentbeat", "agentbeat.spec.yml"]);
  expect(at.printed[0]).toBe(`Removed ${join(at.components, "aquila-salesforce.spec.yml")}`);
  await at.install({ uninstall: true });
  expect(at.printed).toEqual([expect.stringContaining("is not installed in")]);
});

test("goes into the new version after an upgrade of the agent, whose data it does not touch", async () => {
  await at.install();
  const upgraded = at.addVersion("elastic-agent-9.3.0-def456");
  await expect(at.install()).rejects.toMatchObject({ code: "agent_home_unusable" });
  at.makeActive("elastic-agent-9.3.0-def456");
  await at.install();
  expect(ours(upgraded)).toEqual(OURS);
  expect(ours(at.components)).toEqual([]);
  expect(readdirSync(at.components)).toEqual(["agentbeat", "agentbeat.spec.yml"]);
  await at.install();
  expect(at.printed[0]).toContain("nothing to do");
});

test("takes a single executable in place of launcher and bundle, and back", async () => {
  await at.install();
  const executable = join(at.folder, "single");
  writeFileSync(executable, "#!/bin/sh\necho single\n", { mode: 0o755 });
  await at.install({}, { program: { kind: "executable", executable } });
  expect(ours(at.components)).toEqual(["aquila-salesforce", "aquila-salesforce.spec.yml"]);
  expect(readFileSync(join(at.components, "aquila-salesforce"), "utf8")).toContain("echo single");
  await at.install();
  expect(ours(at.components)).toEqual(OURS);
});

test("leaves nothing half written behind", async () => {
  const gone = { kind: "bundle", bundle: join(at.folder, "gone.mjs"), node: at.program.node } as const;
  await expect(at.install({}, { program: gone })).rejects.toMatchObject({ code: "internal" });
  expect(readdirSync(at.components)).toEqual(["agentbeat", "agentbeat.spec.yml"]);
});

test("refuses Windows, whose agent starts no scripts", async () => {
  await expect(at.install({}, { platform: "win32" })).rejects.toMatchObject({ code: "agent_home_unusable" });
  expect(ours(at.components)).toEqual([]);
});

test("refuses a folder that is not an agent's home", async () => {
  rmSync(join(at.home, "data"), { recursive: true });
  await expect(at.install()).rejects.toMatchObject({
    code: "agent_home_unusable",
    message: `${at.home} is not the home of an Elastic Agent: it has no folder data/elastic-agent-*/components.`,
  });
  expect(existsSync(join(at.home, "data"))).toBe(false);
});

test.each(["name: aquila-salesforce", "name: other\n    aliases: [aquila-salesforce]"])(
  "refuses an agent that another spec would keep from starting (%j)",
  async (declaration) => {
    writeFileSync(join(at.components, "other.spec.yml"), `version: 2\ninputs:\n  - ${declaration}\n`);
    await expect(at.install()).rejects.toMatchObject({ code: "agent_home_unusable" });
    expect(ours(at.components)).toEqual([]);
  },
);

test.runIf(process.getuid?.() === 0)("gives the files to whom the agent belongs to", async () => {
  chownSync(at.components, 4711, 4712);
  await at.install();
  for (const name of OURS) {
    expect(statSync(join(at.components, name))).toMatchObject({ uid: 4711, gid: 4712 });
  }
});

test("writes a spec as Elastic Agent wants it", async () => {
  await at.install();
  const spec = parse(readFileSync(join(at.components, "aquila-salesforce.spec.yml"), "utf8"));
  expect(spec).toMatchObject({
    version: 2,
    component_files: ["aquila-salesforce-node", "aquila-salesforce.one.mjs", "aquila-salesforce.mjs"],
    inputs: [
      {
        name: "aquila-salesforce",
        description: expect.any(String),
        outputs: ["elasticsearch", "logstash", "kafka"],
        command: { args: ["agent"] },
      },
    ],
  });
  expect(spec.inputs[0].platforms).toContain("container/amd64");
  expect(JSON.stringify(spec)).not.toContain("windows");
});

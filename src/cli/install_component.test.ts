import { execFileSync, spawnSync } from "node:child_process";
import {
  chmodSync,
  chownSync,
  copyFileSync,
  cpSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { parse } from "yaml";
import { AgentInstallation } from "../../_dev/shared/fake_agent/agent_installation.ts";
import { findAgentHome } from "./agent_home.ts";
import { componentFiles, type RunnerProgram } from "./component_files.ts";
import { installComponent } from "./install_component.ts";

const VERSION_FOLDER = "elastic-agent-9.2.0-abc123";
const OURS = ["aquila-salesforce", "aquila-salesforce-node", "aquila-salesforce.mjs", "aquila-salesforce.spec.yml"];

let folder: string;
let home: string;
let components: string;
let program: RunnerProgram & { kind: "bundle" };
let printed: string[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "install-component-"));
  chmodSync(folder, 0o755);
  home = join(folder, "agent");
  components = addVersion(VERSION_FOLDER);
  const bundle = join(folder, "aquila-salesforce.mjs");
  writeFileSync(bundle, "console.log(process.argv.slice(2).join(' '));\n", { mode: 0o666 });
  // In place of Node's executable, whose copies would take most of the tests' time.
  const node = join(folder, "node");
  writeFileSync(node, `#!/bin/sh\nexec '${process.execPath}' "$@"\n`, { mode: 0o755 });
  program = { kind: "bundle", bundle, node };
  printed = [];
});
afterEach(() => rmSync(folder, { recursive: true }));

/** A version of the agent with one component of its own. */
function addVersion(name: string): string {
  const path = join(home, "data", name, "components");
  mkdirSync(path, { recursive: true });
  writeFileSync(join(home, "data", name, "elastic-agent"), "");
  writeFileSync(join(path, "agentbeat"), "", { mode: 0o755 });
  writeFileSync(join(path, "agentbeat.spec.yml"), "version: 2\ninputs:\n  - name: log\n    aliases: [logfile]\n");
  return path;
}

function makeActive(name: string): void {
  rmSync(join(home, "elastic-agent"), { force: true });
  symlinkSync(join("data", name, "elastic-agent"), join(home, "elastic-agent"));
}

function install(changes: { uninstall?: boolean; program?: RunnerProgram } = {}) {
  printed = [];
  return installComponent(
    { agentHome: home, uninstall: changes.uninstall ?? false, restart: false },
    { program: changes.program ?? program, print: (line) => printed.push(line) },
  );
}

const modeOf = (name: string) => statSync(join(components, name)).mode & 0o777;
const ours = (path = components) => readdirSync(path).filter((name) => name.includes("aquila"));

describe("install-component", () => {
  test("writes launcher, bundle and spec, and says how to go on", async () => {
    expect(await install()).toBe(0);
    expect(ours()).toEqual(OURS);
    expect(OURS.map(modeOf)).toEqual([0o755, 0o755, 0o644, 0o644]);
    expect(printed.at(-1)).toContain("elastic-agent restart");
    expect(printed).toHaveLength(6);
  });

  test("changes nothing the second time", async () => {
    await install();
    await install();
    expect(printed).toEqual([expect.stringMatching(/already installed in .*; nothing to do\.$/)]);
  });

  test("replaces what is old, foreign or damaged, and mends modes", async () => {
    await install();
    writeFileSync(program.bundle, "console.log('newer');\n");
    chmodSync(join(components, "aquila-salesforce"), 0o777);
    await install();
    expect(printed.slice(0, 2)).toEqual([
      `Replaced ${join(components, "aquila-salesforce.mjs")}`,
      `Replaced ${join(components, "aquila-salesforce")}`,
    ]);
    expect(modeOf("aquila-salesforce")).toBe(0o755);
    expect(readFileSync(join(components, "aquila-salesforce.mjs"), "utf8")).toContain("newer");
  });

  test("leaves the components of the agent alone when it is removed", async () => {
    await install();
    await install({ uninstall: true });
    expect(readdirSync(components)).toEqual(["agentbeat", "agentbeat.spec.yml"]);
    expect(printed[0]).toBe(`Removed ${join(components, "aquila-salesforce.spec.yml")}`);
    await install({ uninstall: true });
    expect(printed).toEqual([expect.stringContaining("is not installed in")]);
  });

  test("goes into the new version after an upgrade of the agent, whose data it does not touch", async () => {
    await install();
    const upgraded = addVersion("elastic-agent-9.3.0-def456");
    await expect(install()).rejects.toMatchObject({ code: "agent_home_unusable" });
    makeActive("elastic-agent-9.3.0-def456");
    await install();
    expect(ours(upgraded)).toEqual(OURS);
    expect(ours()).toEqual([]);
    expect(readdirSync(components)).toEqual(["agentbeat", "agentbeat.spec.yml"]);
    await install();
    expect(printed[0]).toContain("nothing to do");
  });

  test("takes a single executable in place of launcher and bundle, and back", async () => {
    await install();
    const executable = join(folder, "single");
    writeFileSync(executable, "#!/bin/sh\necho single\n", { mode: 0o755 });
    await install({ program: { kind: "executable", executable } });
    expect(ours()).toEqual(["aquila-salesforce", "aquila-salesforce.spec.yml"]);
    expect(readFileSync(join(components, "aquila-salesforce"), "utf8")).toContain("echo single");
    await install();
    expect(ours()).toEqual(OURS);
  });

  test("leaves nothing half written behind", async () => {
    const gone = { kind: "bundle", bundle: join(folder, "gone.mjs"), node: program.node } as const;
    await expect(install({ program: gone })).rejects.toMatchObject({ code: "internal" });
    expect(readdirSync(components)).toEqual(["agentbeat", "agentbeat.spec.yml"]);
  });

  test("refuses Windows, whose agent starts no scripts", async () => {
    const surroundings = { program, print: () => {}, platform: "win32" } as const;
    await expect(
      installComponent({ agentHome: home, uninstall: false, restart: false }, surroundings),
    ).rejects.toMatchObject({
      code: "agent_home_unusable",
    });
    expect(ours()).toEqual([]);
  });

  test("refuses a folder that is not an agent's home", async () => {
    rmSync(join(home, "data"), { recursive: true });
    await expect(install()).rejects.toMatchObject({
      code: "agent_home_unusable",
      message: `${home} is not the home of an Elastic Agent: it has no folder data/elastic-agent-*/components.`,
    });
    expect(existsSync(join(home, "data"))).toBe(false);
  });

  test.each(["name: aquila-salesforce", "name: other\n    aliases: [aquila-salesforce]"])(
    "refuses an agent that another spec would keep from starting (%j)",
    async (declaration) => {
      writeFileSync(join(components, "other.spec.yml"), `version: 2\ninputs:\n  - ${declaration}\n`);
      await expect(install()).rejects.toMatchObject({ code: "agent_home_unusable" });
      expect(ours()).toEqual([]);
    },
  );

  test.runIf(process.getuid?.() === 0)("gives the files to whom the agent belongs to", async () => {
    chownSync(components, 4711, 4712);
    await install();
    for (const name of OURS) {
      expect(statSync(join(components, name))).toMatchObject({ uid: 4711, gid: 4712 });
    }
  });
});

describe("an agent of a deb or rpm package", () => {
  let agent: AgentInstallation;
  const installIn = (changes: { restart?: boolean; uninstall?: boolean } = {}) => {
    printed = [];
    return installComponent(
      { agentHome: undefined, uninstall: false, restart: false, ...changes },
      { program, print: (line) => printed.push(line), places: agent.places },
    );
  };

  beforeEach(() => {
    agent = new AgentInstallation(folder, "package");
    agent.install("9.4.3");
  });

  test("has two versions below data after an upgrade: the one that the package's link names gets the files", async () => {
    await installIn();
    expect(agent.start().has("aquila-salesforce")).toBe(true);
    agent.install("9.5.2");
    expect(agent.start().has("aquila-salesforce")).toBe(false);
    await installIn({ restart: true });
    expect(printed).toContain(`Removed ${join(agent.componentsOf("9.4.3"), "aquila-salesforce")}`);
    expect(printed.at(-1)).toBe("Restarted the agent.");
    expect(agent.restarts).toBe(1);
    expect(agent.start().get("aquila-salesforce")).toBe(join(agent.componentsOf("9.5.2"), "aquila-salesforce"));
    expect(ours(agent.componentsOf("9.4.3"))).toEqual([]);
    await installIn({ restart: true });
    expect(printed).toEqual([expect.stringContaining("nothing to do")]);
    expect(agent.restarts).toBe(1);
  });

  test("goes to the older version that runs, not to the newest folder", async () => {
    agent.install("9.5.2");
    agent.install("9.1.0");
    await installIn();
    expect(ours(agent.componentsOf("9.1.0"))).toEqual(OURS);
    expect(ours(agent.componentsOf("9.5.2"))).toEqual([]);
  });

  test.runIf(process.getuid?.() === 0)("tightens modes when it starts as root, and nothing is mended", async () => {
    await installIn();
    agent.start();
    expect(statSync(join(agent.components, "aquila-salesforce-node")).mode & 0o777).toBe(0o750);
    expect(statSync(join(agent.components, "aquila-salesforce.mjs")).mode & 0o777).toBe(0o640);
    await installIn();
    expect(printed).toEqual([expect.stringContaining("nothing to do")]);
  });

  test("is told when the agent can't be restarted", async () => {
    writeFileSync(join(agent.versionFolder, "elastic-agent"), "#!/bin/sh\necho 'no daemon' >&2\nexit 1\n");
    await expect(installIn({ restart: true })).rejects.toMatchObject({
      code: "agent_home_unusable",
      message: "The agent could not be restarted: no daemon.",
    });
  });
});

test("an agent that may still go back to its former version keeps the runner there", async () => {
  const agent = new AgentInstallation(folder, "archive");
  const installIn = () =>
    installComponent({ agentHome: agent.home, uninstall: false, restart: false }, { program, print: () => {} });
  agent.install("9.4.3");
  await installIn();
  agent.install("9.5.2");
  await installIn();
  expect(ours(agent.componentsOf("9.4.3"))).toEqual(OURS);
  expect(ours(agent.componentsOf("9.5.2"))).toEqual(OURS);
  agent.finishUpgrade();
  await installIn();
  expect(ours(agent.components)).toEqual(OURS);
});

describe.runIf(process.getuid?.() === 0)("an agent of an unprivileged user", () => {
  const NOBODY = { uid: 65_534, gid: 65_534 };
  let agent: AgentInstallation;
  const installIn = () =>
    installComponent({ agentHome: agent.home, uninstall: false, restart: true }, { program, print: () => {} });

  beforeEach(() => {
    agent = new AgentInstallation(folder, "package", NOBODY);
    agent.install("9.4.3");
    agent.install("9.5.2");
    // A Node in the home of root, as nvm keeps it.
    const closed = join(folder, "root");
    mkdirSync(closed, { mode: 0o700 });
    copyFileSync(process.execPath, join(closed, "node"));
    program = { ...program, node: join(closed, "node") };
  });

  test("can execute the runner, whose own Node it could not", async () => {
    expect(spawnSync(program.node, ["--version"], NOBODY).error).toMatchObject({ code: "EACCES" });
    await installComponent(
      { agentHome: undefined, uninstall: false, restart: true },
      { program, print: () => {}, places: agent.places },
    );
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
    ["has a Node of another machine", () => writeFileSync(program.node, "\x7fELF", { mode: 0o755 }), ""],
  ])("is refused with the reason if it %s, and nothing is left", async (_name, spoil, reason) => {
    rmSync(agent.componentsOf("9.4.3"), { recursive: true });
    spoil();
    if (reason !== "") {
      chownSync(agent.home, 0, 0);
    }
    await expect(installIn()).rejects.toMatchObject({
      code: "agent_home_unusable",
      message: expect.stringMatching(
        new RegExp(`uid 65534\\) can't start the runner in .*: .*${reason}.*Nothing was changed`),
      ),
    });
    expect(readdirSync(agent.components)).toEqual(["agentbeat", "agentbeat.spec.yml"]);
    expect(agent.restarts).toBe(0);
  });
});

describe("a folder that belongs to someone else", () => {
  const FRESH = OURS.map((name) => `.${name}.new`);
  let victim: string;

  beforeEach(() => {
    victim = join(folder, "of-root");
    writeFileSync(victim, "do not touch\n", { mode: 0o600 });
    if (process.getuid?.() === 0) {
      chownSync(components, 4711, 4712);
    }
  });

  const untouched = () => {
    expect(readFileSync(victim, "utf8")).toBe("do not touch\n");
    expect(statSync(victim)).toMatchObject({ uid: process.getuid?.(), mode: 0o100600, nlink: 1 });
  };

  test.each([...FRESH, ...OURS])("has a link in the place of %s: it gives way, and its target stays", async (name) => {
    symlinkSync(victim, join(components, name));
    await install();
    untouched();
    expect(ours()).toEqual(OURS);
    for (const file of OURS) {
      expect(lstatSync(join(components, file)).isFile()).toBe(true);
    }
  });

  test("has a second name of the bundle: the bundle is not given away", async () => {
    linkSync(program.bundle, join(components, "aquila-salesforce.mjs"));
    await install();
    expect(statSync(program.bundle)).toMatchObject({ uid: process.getuid?.(), nlink: 1 });
    symlinkSync(program.bundle, join(folder, "link"));
    renameSync(join(folder, "link"), join(components, "aquila-salesforce.mjs"));
    await install();
    expect(statSync(program.bundle)).toMatchObject({ uid: process.getuid?.(), nlink: 1 });
    expect(lstatSync(join(components, "aquila-salesforce.mjs")).isFile()).toBe(true);
  });

  test("has links to nowhere and pipes, which neither hold the command up nor stay", async () => {
    symlinkSync(join(folder, "nowhere"), join(components, "aquila-salesforce"));
    execFileSync("mkfifo", [join(components, "aquila-salesforce.mjs"), join(components, "other.spec.yml")]);
    await install();
    expect(ours()).toEqual(OURS);
    expect(existsSync(join(folder, "nowhere"))).toBe(false);
  });

  test("has links, of which those with our names are removed, not what they lead to", async () => {
    symlinkSync(victim, join(components, "aquila-salesforce"));
    await install({ uninstall: true });
    untouched();
    expect(ours()).toEqual([]);
  });

  test("is a link itself: nothing is written where it leads", async () => {
    const elsewhere = join(folder, "elsewhere");
    renameSync(components, elsewhere);
    symlinkSync(elsewhere, components);
    await expect(install()).rejects.toMatchObject({ code: "agent_home_unusable", message: `${components} is a link.` });
    expect(ours(elsewhere)).toEqual([]);
  });
});

describe("the home of the agent", () => {
  const inHomes = (...homes: string[]) => ({ homes, links: [] });

  test("is found in the usual places", () => {
    const elsewhere = join(folder, "nothing-here");
    expect(findAgentHome(undefined, inHomes(elsewhere, home))).toEqual({
      path: home,
      components,
      former: [],
      program: join(home, "data", VERSION_FOLDER, "elastic-agent"),
    });
    expect(() => findAgentHome(undefined, inHomes(elsewhere))).toThrow(/No Elastic Agent was found/);
  });

  test("has to be chosen where there are several", () => {
    const second = join(folder, "second");
    cpSync(home, second, { recursive: true });
    expect(() => findAgentHome(undefined, inHomes(home, second))).toThrow(/several agents/);
    expect(findAgentHome(second, inHomes(home, second)).path).toBe(second);
  });

  test("may lead to the agent through an application, as on macOS", () => {
    const newer = addVersion("elastic-agent-9.3.0-def456");
    const inside = join("data/elastic-agent-9.3.0-def456/elastic-agent.app/Contents/MacOS");
    mkdirSync(join(home, inside), { recursive: true });
    writeFileSync(join(home, inside, "elastic-agent"), "");
    symlinkSync(join(inside, "elastic-agent"), join(home, "elastic-agent"));
    expect(findAgentHome(home).components).toBe(newer);
  });
});

describe("the component's files", () => {
  test("have the executable before the spec", () => {
    expect(componentFiles(program).map(({ name }) => name)).toEqual([
      "aquila-salesforce-node",
      "aquila-salesforce.mjs",
      "aquila-salesforce",
      "aquila-salesforce.spec.yml",
    ]);
  });

  test("hold a spec as Elastic Agent wants it", async () => {
    await install();
    const spec = parse(readFileSync(join(components, "aquila-salesforce.spec.yml"), "utf8"));
    expect(spec).toMatchObject({
      version: 2,
      component_files: ["aquila-salesforce.mjs", "aquila-salesforce-node"],
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
});

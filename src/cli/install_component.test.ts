import { execFileSync } from "node:child_process";
import {
  chmodSync,
  chownSync,
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
import { findAgentHome } from "./agent_home.ts";
import { componentFiles, type RunnerProgram } from "./component_files.ts";
import { installComponent } from "./install_component.ts";

const VERSION_FOLDER = "elastic-agent-9.2.0-abc123";
const OURS = ["aquila-salesforce", "aquila-salesforce.mjs", "aquila-salesforce.spec.yml"];

let folder: string;
let home: string;
let components: string;
let program: RunnerProgram & { kind: "bundle" };
let printed: string[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "install-component-"));
  home = join(folder, "agent");
  components = addVersion(VERSION_FOLDER);
  const bundle = join(folder, "aquila-salesforce.mjs");
  writeFileSync(bundle, "console.log(process.argv.slice(2).join(' '));\n", { mode: 0o666 });
  program = { kind: "bundle", bundle, node: process.execPath };
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
    { agentHome: home, uninstall: changes.uninstall ?? false },
    { program: changes.program ?? program, print: (line) => printed.push(line) },
  );
}

const modeOf = (name: string) => statSync(join(components, name)).mode & 0o777;
const ours = (path = components) => readdirSync(path).filter((name) => name.includes("aquila"));

describe("install-component", () => {
  test("writes launcher, bundle and spec, and says how to go on", async () => {
    expect(await install()).toBe(0);
    expect(ours()).toEqual(OURS);
    expect(OURS.map(modeOf)).toEqual([0o755, 0o644, 0o644]);
    expect(printed.at(-1)).toContain("elastic-agent restart");
    expect(printed).toHaveLength(5);
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
    expect(ours()).toEqual(OURS);
    makeActive(VERSION_FOLDER);
    await install();
    expect(printed[0]).toContain("nothing to do");
  });

  test("takes a single executable in place of launcher and bundle, and back", async () => {
    await install();
    const executable = join(folder, "single");
    writeFileSync(executable, "\x7fELF");
    await install({ program: { kind: "executable", executable } });
    expect(ours()).toEqual(["aquila-salesforce", "aquila-salesforce.spec.yml"]);
    expect(readFileSync(join(components, "aquila-salesforce"), "utf8")).toBe("\x7fELF");
    await install();
    expect(ours()).toEqual(OURS);
  });

  test("leaves nothing half written behind", async () => {
    const gone = { kind: "bundle", bundle: join(folder, "gone.mjs"), node: process.execPath } as const;
    await expect(install({ program: gone })).rejects.toMatchObject({ code: "internal" });
    expect(readdirSync(components)).toEqual(["agentbeat", "agentbeat.spec.yml"]);
  });

  test("refuses Windows, whose agent starts no scripts", async () => {
    const surroundings = { program, print: () => {}, platform: "win32" } as const;
    await expect(installComponent({ agentHome: home, uninstall: false }, surroundings)).rejects.toMatchObject({
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
  test("is found in the usual places", () => {
    const elsewhere = join(folder, "nothing-here");
    expect(findAgentHome(undefined, [elsewhere, home])).toEqual({ path: home, components });
    expect(() => findAgentHome(undefined, [elsewhere])).toThrow(/No Elastic Agent was found/);
  });

  test("has to be chosen where there are several", () => {
    const second = join(folder, "second");
    cpSync(home, second, { recursive: true });
    expect(() => findAgentHome(undefined, [home, second])).toThrow(/several agents/);
    expect(findAgentHome(second, [home, second]).path).toBe(second);
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
      component_files: ["aquila-salesforce.mjs"],
      inputs: [
        {
          name: "aquila-salesforce",
          description: expect.any(String),
          outputs: ["elasticsearch"],
          command: { args: ["agent"] },
        },
      ],
    });
    expect(spec.inputs[0].platforms).toContain("container/amd64");
    expect(JSON.stringify(spec)).not.toContain("windows");
  });
});

/** The home of an Elastic Agent with one version and one component of its own, and the runner to put into it. */
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { RunnerProgram } from "./component_files.ts";
import {
  type InstallComponentOptions,
  type InstallComponentSurroundings,
  installComponent,
} from "./install_component.ts";

export const VERSION_FOLDER = "elastic-agent-9.2.0-abc123";
/** The runner's files. */
export const OURS = [
  "aquila-salesforce",
  "aquila-salesforce-node",
  "aquila-salesforce.mjs",
  "aquila-salesforce.one.mjs",
  "aquila-salesforce.spec.yml",
];

export function ours(folder: string): string[] {
  return readdirSync(folder).filter((name) => name.includes("aquila"));
}

export class TestAgentHome {
  readonly folder = mkdtempSync(join(tmpdir(), "install-component-"));
  readonly home = join(this.folder, "agent");
  readonly components: string;
  program: RunnerProgram & { kind: "bundle" };
  /** What the last command has said. */
  printed: string[] = [];

  constructor() {
    chmodSync(this.folder, 0o755);
    this.components = this.addVersion(VERSION_FOLDER);
    const bundle = join(this.folder, "aquila-salesforce.mjs");
    writeFileSync(bundle, "import './aquila-salesforce.one.mjs';\n", { mode: 0o666 });
    const part = join(this.folder, "aquila-salesforce.one.mjs");
    writeFileSync(part, "console.log(process.argv.slice(2).join(' '));\n", { mode: 0o666 });
    // In place of Node's executable, whose copies would take most of the tests' time.
    const node = join(this.folder, "node");
    writeFileSync(node, `#!/bin/sh\nexec '${process.execPath}' "$@"\n`, { mode: 0o755 });
    this.program = { kind: "bundle", bundle, node };
  }

  /** Its folder of components, with one of the agent's own. */
  addVersion(name: string): string {
    const path = join(this.home, "data", name, "components");
    mkdirSync(path, { recursive: true });
    writeFileSync(join(this.home, "data", name, "elastic-agent"), "");
    writeFileSync(join(path, "agentbeat"), "", { mode: 0o755 });
    writeFileSync(join(path, "agentbeat.spec.yml"), "version: 2\ninputs:\n  - name: log\n    aliases: [logfile]\n");
    return path;
  }

  makeActive(name: string): void {
    rmSync(join(this.home, "elastic-agent"), { force: true });
    symlinkSync(join("data", name, "elastic-agent"), join(this.home, "elastic-agent"));
  }

  async install(
    options: Partial<InstallComponentOptions> = {},
    surroundings: Partial<InstallComponentSurroundings> = {},
  ): Promise<number> {
    this.printed = [];
    return await installComponent(
      { agentHome: this.home, uninstall: false, restart: false, ...options },
      { program: this.program, print: (line) => this.printed.push(line), ...surroundings },
    );
  }

  close(): void {
    rmSync(this.folder, { recursive: true });
  }
}

/** An installed Elastic Agent as its folders show it, and what it does with the components that it finds there. */
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  globSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { parse } from "yaml";

/** `archive`: installed by the agent's own `install`, upgraded by itself. `package`: deb or rpm, upgraded by the system. */
export type InstallationKind = "archive" | "package";

const OWN_COMPONENT = "agentbeat";
const OWN_SPEC = "version: 2\ninputs:\n  - name: log\n    aliases: [logfile]\n";

export class AgentInstallation {
  readonly home: string;
  /** The link that names the running version: in the home, or for packages outside of it. */
  readonly link: string;
  readonly #kind: InstallationKind;
  readonly #owner: { readonly uid: number; readonly gid: number } | undefined;
  readonly #restarts: string;
  #running = "";

  /** `owner` is the user of an unprivileged agent; only root can make one. */
  constructor(root: string, kind: InstallationKind, owner?: { readonly uid: number; readonly gid: number }) {
    this.#kind = kind;
    this.#owner = owner;
    this.home = join(root, kind === "archive" ? "opt/Elastic/Agent" : "var/lib/elastic-agent");
    this.link =
      kind === "archive" ? join(this.home, "elastic-agent") : join(root, "usr/share/elastic-agent/bin/elastic-agent");
    this.#restarts = join(root, "restarts");
    mkdirSync(join(this.home, "data"), { recursive: true });
    mkdirSync(dirname(this.link), { recursive: true });
    writeFileSync(this.#restarts, "");
    chmodSync(this.#restarts, 0o666);
    this.#give(this.home);
    this.#give(join(this.home, "data"));
  }

  get places(): { readonly homes: readonly string[]; readonly links: readonly string[] } {
    return { homes: [this.home], links: this.#kind === "package" ? [this.link] : [] };
  }

  /** The folder of the version that runs. */
  get versionFolder(): string {
    return join(this.home, "data", this.#running);
  }

  get components(): string {
    return join(this.versionFolder, "components");
  }

  componentsOf(version: string): string {
    return join(this.home, "data", folderOf(version), "components");
  }

  /** The folder that a component of this version works in. */
  workFolder(componentId: string): string {
    return join(this.versionFolder, "run", componentId);
  }

  /** The file that has a line for each restart that was asked for. */
  get restartsFile(): string {
    return this.#restarts;
  }

  get restarts(): number {
    return readFileSync(this.#restarts, "utf8").split("\n").length - 1;
  }

  /** The first version, or an upgrade to the next; see `finishUpgrade`. */
  install(version: string): void {
    const former = this.#running;
    const folder = join(this.home, "data", folderOf(version));
    mkdirSync(join(folder, "components"), { recursive: true });
    mkdirSync(join(folder, "run"));
    const program = `#!/bin/sh\n[ "$1" = restart ] || exit 64\necho restart >> '${this.#restarts}'\n`;
    writeFileSync(join(folder, "elastic-agent"), program, { mode: 0o755 });
    writeFileSync(join(folder, "components", OWN_COMPONENT), "", { mode: 0o755 });
    writeFileSync(join(folder, "components", `${OWN_COMPONENT}.spec.yml`), OWN_SPEC);
    if (former !== "" && this.#kind === "archive") {
      cpSync(join(this.home, "data", former, "run"), join(folder, "run"), { recursive: true });
      writeFileSync(this.#marker, `version: ${version}\n`);
    }
    for (const path of [
      folder,
      ...readdirSync(folder, { recursive: true }).map((name) => join(folder, String(name))),
    ]) {
      this.#give(path);
    }
    this.#running = basename(folder);
    rmSync(this.link, { force: true });
    symlinkSync(join(folder, "elastic-agent"), this.link);
    if (former !== "" && this.#kind === "package") {
      this.#removePackaged(join(this.home, "data", former));
    }
  }

  /** The upgraded agent has proved itself: the former version goes. */
  finishUpgrade(): void {
    rmSync(this.#marker, { force: true });
    for (const name of readdirSync(join(this.home, "data"))) {
      if (name.startsWith("elastic-agent-") && name !== this.#running) {
        rmSync(join(this.home, "data", name), { recursive: true });
      }
    }
  }

  /**
   * What the agent does with its components when it starts: as root it tightens their modes, then it reads every spec. The
   * executable of each input type. Throws where the whole agent would not start.
   */
  start(): ReadonlyMap<string, string> {
    const inputs = new Map<string, string>();
    for (const name of readdirSync(this.components)) {
      const path = join(this.components, name);
      const stats = lstatSync(path);
      if (this.#owner === undefined && stats.isFile()) {
        chmodSync(path, (stats.mode & 0o100) === 0 ? 0o640 : 0o750);
      }
    }
    for (const spec of globSync("*.spec.yml", { cwd: this.components })) {
      const executable = join(this.components, basename(spec, ".spec.yml"));
      const content = parse(readFileSync(join(this.components, spec), "utf8"));
      if (content.version !== 2 || !existsSync(executable)) {
        throw new Error(`failed to detect inputs and outputs: ${spec}`);
      }
      if ((statSync(executable).mode & 0o022) !== 0) {
        throw new Error(`${executable} can be written by others`);
      }
      for (const input of content.inputs) {
        for (const type of [input.name, ...(input.aliases ?? [])]) {
          if (inputs.has(type)) {
            throw new Error(`failed to detect inputs and outputs: two specs have ${type}`);
          }
          inputs.set(type, executable);
        }
      }
    }
    return inputs;
  }

  get #marker(): string {
    return join(this.home, "data", ".update-marker");
  }

  /** A package takes away what it has brought; folders with other files in them stay. */
  #removePackaged(folder: string): void {
    for (const name of ["elastic-agent", `components/${OWN_COMPONENT}`, `components/${OWN_COMPONENT}.spec.yml`]) {
      rmSync(join(folder, name));
    }
  }

  #give(path: string): void {
    if (this.#owner !== undefined) {
      chownSync(path, this.#owner.uid, this.#owner.gid);
    }
  }
}

function folderOf(version: string): string {
  return `elastic-agent-${version}-abc123`;
}

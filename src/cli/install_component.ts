import { createHash } from "node:crypto";
import {
  chmodSync,
  chownSync,
  copyFileSync,
  createReadStream,
  globSync,
  readFileSync,
  renameSync,
  rmSync,
  type Stats,
  statSync,
  writeFileSync,
} from "node:fs";
import { basename, join } from "node:path";
import { parse } from "yaml";
import { asRunnerError, GIVE_UP, RunnerError } from "../core/errors.ts";
import { type AgentHome, findAgentHome } from "./agent_home.ts";
import {
  COMPONENT_NAME,
  type ComponentFile,
  componentFiles,
  REMOVABLE_FILES,
  type RunnerProgram,
  SPEC_FILE,
} from "./component_files.ts";
import { VERSION } from "./version.ts";

export interface InstallComponentOptions {
  /** Found in the usual places if `undefined`. */
  readonly agentHome: string | undefined;
  readonly uninstall: boolean;
}

export interface InstallComponentSurroundings {
  readonly program: RunnerProgram;
  readonly print: (line: string) => void;
  readonly usualHomes?: readonly string[];
  readonly platform?: NodeJS.Platform;
}

/**
 * `install-component`: puts the runner beside a running Elastic Agent, or takes it away, and says what has to be done next.
 * Files that are there already as they should be stay, so it can be run again at any time, such as after an upgrade of the
 * agent, whose new version knows nothing of components that others brought. Throws `agent_home_unusable`.
 */
export async function installComponent(
  options: InstallComponentOptions,
  surroundings: InstallComponentSurroundings,
): Promise<number> {
  const { print, program, platform = process.platform } = surroundings;
  if (platform === "win32") {
    throw unusable(
      "Elastic Agent on Windows can't start the runner.",
      "Use an agent on Linux or macOS, or the command run.",
    );
  }
  const home = findAgentHome(options.agentHome, surroundings.usualHomes);
  refuseOtherSpecs(home);
  const changes = await changing(home, () =>
    options.uninstall ? removed(home, REMOVABLE_FILES) : written(home, componentFiles(program)),
  );
  for (const change of changes) {
    print(change);
  }
  if (changes.length === 0) {
    const state = options.uninstall ? "is not installed" : `${VERSION} is already installed`;
    print(`${COMPONENT_NAME} ${state} in ${home.components}; nothing to do.`);
  } else {
    print(`${COMPONENT_NAME} ${VERSION} is ${options.uninstall ? "removed from" : "installed in"} ${home.components}.`);
    print("Now restart the agent: sudo elastic-agent restart (or restart its container).");
  }
  return 0;
}

/** An input type that two specs declare keeps the whole agent from starting. */
function refuseOtherSpecs({ components }: AgentHome): void {
  for (const path of globSync("*.spec.yml", { cwd: components })) {
    if (basename(path) !== SPEC_FILE && declaredInputs(join(components, path)).includes(COMPONENT_NAME)) {
      throw unusable(
        `${join(components, path)} declares the input ${COMPONENT_NAME} too; with both the agent would not start.`,
        "Remove that file first.",
      );
    }
  }
}

function declaredInputs(path: string): unknown[] {
  const spec: unknown = parse(readFileSync(path, "utf8"));
  const inputs = typeof spec === "object" && spec !== null && "inputs" in spec ? spec.inputs : [];
  return Array.isArray(inputs) ? inputs.flatMap((input) => [input?.name, ...(input?.aliases ?? [])]) : [];
}

/** Writes what differs and says so; a file is complete at every moment, and the spec comes last. */
async function written(home: AgentHome, files: readonly ComponentFile[]): Promise<string[]> {
  const { uid, gid } = statSync(home.components);
  const changes: string[] = [];
  for (const file of files) {
    const path = join(home.components, file.name);
    const before = statSync(path, { throwIfNoEntry: false });
    const sameContent = before?.isFile() === true && (await hasContent(path, before, file));
    if (!sameContent) {
      const fresh = join(home.components, `.${file.name}.new`);
      try {
        writeContent(fresh, file);
        chmodSync(fresh, file.mode);
        giveTo(fresh, uid, gid);
        renameSync(fresh, path);
      } finally {
        rmSync(fresh, { force: true });
      }
      changes.push(`${before === undefined ? "Wrote" : "Replaced"} ${path}`);
    } else if ((before.mode & 0o7777) !== file.mode || before.uid !== uid || before.gid !== gid) {
      chmodSync(path, file.mode);
      giveTo(path, uid, gid);
      changes.push(`Mended the owner and mode of ${path}`);
    }
  }
  const names = new Set(files.map(({ name }) => name));
  return [
    ...changes,
    ...removed(
      home,
      REMOVABLE_FILES.filter((name) => !names.has(name)),
    ),
  ];
}

function removed({ components }: AgentHome, names: readonly string[]): string[] {
  return names.flatMap((name) => {
    const path = join(components, name);
    if (statSync(path, { throwIfNoEntry: false }) === undefined) {
      return [];
    }
    rmSync(path);
    return [`Removed ${path}`];
  });
}

function writeContent(path: string, { content }: ComponentFile): void {
  if ("text" in content) {
    writeFileSync(path, content.text);
  } else {
    copyFileSync(content.copyOf, path);
  }
}

async function hasContent(path: string, stats: Stats, { content }: ComponentFile): Promise<boolean> {
  if ("text" in content) {
    return readFileSync(path, "utf8") === content.text;
  }
  return stats.size === statSync(content.copyOf).size && (await digest(path)) === (await digest(content.copyOf));
}

async function digest(path: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(path)) {
    hash.update(chunk);
  }
  return hash.digest("hex");
}

/** Files belong to whom the agent belongs to; only root can give files away, and others need not. */
function giveTo(path: string, uid: number, gid: number): void {
  if (process.getuid?.() === 0) {
    chownSync(path, uid, gid);
  }
}

async function changing(home: AgentHome, act: () => Promise<string[]> | string[]): Promise<string[]> {
  try {
    return await act();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EACCES" || code === "EPERM" || code === "EROFS") {
      throw unusable(`${home.components} can't be written (${code}).`, "Run the command as root, with sudo.");
    }
    throw asRunnerError(error);
  }
}

function unusable(message: string, cure: string): RunnerError {
  return new RunnerError("agent_home_unusable", message, { next: GIVE_UP, cure });
}

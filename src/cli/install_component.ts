import { globSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { asRunnerError } from "../core/errors.ts";
import { type AgentHome, type AgentPlaces, findAgentHome, unusable } from "./agent_home.ts";
import {
  COMPONENT_NAME,
  type ComponentFile,
  componentFiles,
  type RunnerProgram,
  removableFiles,
  SPEC_FILE,
} from "./component_files.ts";
import { ComponentFolder } from "./component_folder.ts";
import { tryComponent } from "./component_trial.ts";
import { restartAgent } from "./restart_agent.ts";
import { VERSION } from "./version.ts";

export interface InstallComponentOptions {
  /** Found in the usual places if `undefined`. */
  readonly agentHome: string | undefined;
  readonly uninstall: boolean;
  /** Has the agent start anew if anything was changed. */
  readonly restart: boolean;
}

export interface InstallComponentSurroundings {
  readonly program: RunnerProgram;
  readonly print: (line: string) => void;
  readonly places?: AgentPlaces;
  readonly platform?: NodeJS.Platform;
}

/**
 * `install-component`: puts the runner beside a running Elastic Agent, or takes it away, and restarts the agent or says that
 * this has to be done. Throws `agent_home_unusable`.
 */
export async function installComponent(
  options: InstallComponentOptions,
  surroundings: InstallComponentSurroundings,
): Promise<number> {
  const { print } = surroundings;
  const { home, changes } = putInPlace(options, surroundings);
  for (const change of changes) {
    print(change);
  }
  if (changes.length === 0) {
    const state = options.uninstall ? "is not installed" : `${VERSION} is already installed`;
    print(`${COMPONENT_NAME} ${state} in ${home.components}; nothing to do.`);
    return 0;
  }
  print(`${COMPONENT_NAME} ${VERSION} is ${options.uninstall ? "removed from" : "installed in"} ${home.components}.`);
  if (options.restart) {
    await restartAgent(home);
    print("Restarted the agent.");
  } else {
    print("Now restart the agent: sudo elastic-agent restart (or restart its container).");
  }
  return 0;
}

export interface PutInPlace {
  readonly home: AgentHome;
  /** A line for each file that was touched; none if everything was as it should be. */
  readonly changes: readonly string[];
}

/**
 * Files that are there already as they should be stay, so it can be done again at any time, such as after an upgrade of the
 * agent, whose new version knows nothing of components that others brought. From versions that no longer run, the files are
 * removed. Throws `agent_home_unusable`.
 */
export function putInPlace(
  { agentHome, uninstall }: Pick<InstallComponentOptions, "agentHome" | "uninstall">,
  { program, places, platform = process.platform }: Omit<InstallComponentSurroundings, "print">,
): PutInPlace {
  if (platform === "win32") {
    throw unusable(
      "Elastic Agent on Windows can't start the runner.",
      "Use an agent on Linux or macOS, or the command run.",
    );
  }
  const home = findAgentHome(agentHome, places);
  const changes = inFolder(home.components, (folder) => {
    refuseOtherSpecs(folder);
    return uninstall ? removed(folder) : written(folder, componentFiles(program));
  });
  for (const former of home.former) {
    changes.push(...inFolder(former, (folder) => removed(folder)));
  }
  return { home, changes };
}

/** An input type that two specs declare keeps the whole agent from starting. */
function refuseOtherSpecs(folder: ComponentFolder): void {
  for (const name of globSync("*.spec.yml", { cwd: folder.path })) {
    if (name !== SPEC_FILE && declaredInputs(folder.text(name) ?? "").includes(COMPONENT_NAME)) {
      throw unusable(
        `${join(folder.path, name)} declares the input ${COMPONENT_NAME} too; with both the agent would not start.`,
        "Remove that file first.",
      );
    }
  }
}

function declaredInputs(text: string): unknown[] {
  const spec: unknown = parse(text);
  const inputs = typeof spec === "object" && spec !== null && "inputs" in spec ? spec.inputs : [];
  return Array.isArray(inputs) ? inputs.flatMap((input) => [input?.name, ...(input?.aliases ?? [])]) : [];
}

/** Writes what differs, once it has been tried, and says so; the spec comes last. */
function written(folder: ComponentFolder, files: readonly ComponentFile[]): string[] {
  const differing = files.filter((file) => !folder.holds(file));
  if (differing.length > 0) {
    tryComponent(folder, files);
  }
  const changes: string[] = [];
  for (const file of differing) {
    const verb = folder.has(file.name) ? "Replaced" : "Wrote";
    folder.put(file);
    changes.push(`${verb} ${join(folder.path, file.name)}`);
  }
  return [...changes, ...removed(folder, new Set(files.map(({ name }) => name)))];
}

function removed(folder: ComponentFolder, kept: ReadonlySet<string> = new Set()): string[] {
  return removableFiles(folder.path)
    .filter((name) => !kept.has(name) && folder.has(name))
    .map((name) => {
      folder.remove(name);
      return `Removed ${join(folder.path, name)}`;
    });
}

function inFolder<T>(path: string, act: (folder: ComponentFolder) => T): T {
  let folder: ComponentFolder | undefined;
  try {
    folder = new ComponentFolder(path);
    return act(folder);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EACCES" || code === "EPERM" || code === "EROFS") {
      throw unusable(`${path} can't be written (${code}).`, "Run the command as root, with sudo.");
    }
    if (code === "ENOTDIR" && folder === undefined) {
      throw unusable(
        `${path} is a link.`,
        "The command follows none; install the component in the folder it leads to.",
      );
    }
    throw asRunnerError(error);
  } finally {
    folder?.close();
  }
}

import { existsSync, readdirSync, realpathSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { GIVE_UP, RunnerError } from "../core/errors.ts";

/** Where Elastic Agent is usually installed: by its own `install`, by a package of the system, in its container image. */
export const USUAL_AGENT_HOMES: Readonly<Partial<Record<NodeJS.Platform, readonly string[]>>> = {
  linux: ["/opt/Elastic/Agent", "/var/lib/elastic-agent", "/usr/share/elastic-agent"],
  darwin: ["/Library/Elastic/Agent"],
};

export interface AgentHome {
  readonly path: string;
  /** The folder that the running version of the agent reads component specs from. */
  readonly components: string;
}

/**
 * The agent at `path`, or the one of this machine. Throws `agent_home_unusable` if there is none, if there are several, or if
 * the folder is not an agent's home or does not tell which of its versions runs.
 */
export function findAgentHome(
  path: string | undefined,
  usual: readonly string[] = USUAL_AGENT_HOMES[process.platform] ?? [],
): AgentHome {
  if (path !== undefined) {
    return agentHomeAt(resolve(path));
  }
  const [first, ...others] = usual.filter((home) => versionsOf(home).length > 0);
  if (first === undefined) {
    throw unusable(
      `No Elastic Agent was found in ${usual.join(", ") || "any usual place"}.`,
      "Install the agent first, or say where it is with --agent-home.",
    );
  }
  if (others.length > 0) {
    throw unusable(`There are several agents: ${[first, ...others].join(", ")}.`, "Choose one with --agent-home.");
  }
  return agentHomeAt(first);
}

function agentHomeAt(path: string): AgentHome {
  const versions = versionsOf(path);
  if (versions.length === 0) {
    throw unusable(
      `${path} is not the home of an Elastic Agent: it has no folder data/elastic-agent-*/components.`,
      "The home is the folder that holds the folder data and the file elastic-agent, such as /opt/Elastic/Agent.",
    );
  }
  const active = versions.length === 1 ? versions[0] : versions.find((version) => version === activeVersion(path));
  if (active === undefined) {
    throw unusable(
      `${path} holds several versions of the agent and does not tell which one runs: ${versions.join(", ")}.`,
      "Wait until an upgrade under way is finished, then try again.",
    );
  }
  return { path, components: join(active, "components") };
}

/** The folders of the agent's versions; after an upgrade the one before stays for a while. */
function versionsOf(home: string): string[] {
  const data = join(home, "data");
  return isFolder(data)
    ? readdirSync(data)
        .filter((name) => name.startsWith("elastic-agent-"))
        .map((name) => realpathSync(join(data, name)))
        .filter((version) => isFolder(join(version, "components")))
        .toSorted()
    : [];
}

/** The version that the link `elastic-agent` in the home leads into; on macOS the file is deep inside an application. */
function activeVersion(home: string): string | undefined {
  const link = join(home, "elastic-agent");
  if (!existsSync(link)) {
    return undefined;
  }
  let folder = dirname(realpathSync(link));
  while (!isFolder(join(folder, "components"))) {
    const outer = dirname(folder);
    if (outer === folder) {
      return undefined;
    }
    folder = outer;
  }
  return folder;
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

function unusable(message: string, cure: string): RunnerError {
  return new RunnerError("agent_home_unusable", message, { next: GIVE_UP, cure });
}

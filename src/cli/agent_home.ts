import { existsSync, readdirSync, realpathSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { GIVE_UP, RunnerError } from "../core/errors.ts";
import { isFolder } from "../core/private_file.ts";

/** Where to look for Elastic Agent. */
export interface AgentPlaces {
  readonly homes: readonly string[];
  /** Links to the running version's program that lie outside of its home. */
  readonly links: readonly string[];
}

const NOWHERE: AgentPlaces = { homes: [], links: [] };

/**
 * Where Elastic Agent is usually installed: by its own `install`, by a package of the system (deb and rpm keep the link to
 * the running version below /usr/share), in its container image.
 */
const USUAL_PLACES: Readonly<Partial<Record<NodeJS.Platform, AgentPlaces>>> = {
  linux: {
    homes: ["/opt/Elastic/Agent", "/var/lib/elastic-agent", "/usr/share/elastic-agent"],
    links: ["/usr/share/elastic-agent/bin/elastic-agent"],
  },
  darwin: { homes: ["/Library/Elastic/Agent"], links: [] },
};

/** The agent writes it when it upgrades itself, and removes it when the new version has proved itself. */
const UPGRADE_MARKER = ".update-marker";

export interface AgentHome {
  readonly path: string;
  /** The folder that the running version of the agent reads component specs from. */
  readonly components: string;
  /** The same folders of versions that no longer run; none while the agent may still go back to one. */
  readonly former: readonly string[];
  /** The running version's own program. */
  readonly program: string;
}

/**
 * The agent at `path`, or the one of this machine. Throws `agent_home_unusable` if there is none, if there are several, or if
 * the folder is not an agent's home or does not tell which of its versions runs.
 */
export function findAgentHome(
  path: string | undefined,
  places: AgentPlaces = USUAL_PLACES[process.platform] ?? NOWHERE,
): AgentHome {
  if (path !== undefined) {
    return agentHomeAt(resolve(path), places.links);
  }
  const [first, ...others] = places.homes.filter((home) => versionsOf(home).length > 0);
  if (first === undefined) {
    throw unusable(
      `No Elastic Agent was found in ${places.homes.join(", ") || "any usual place"}.`,
      "Install the agent first, or say where it is with --agent-home.",
    );
  }
  if (others.length > 0) {
    throw unusable(`There are several agents: ${[first, ...others].join(", ")}.`, "Choose one with --agent-home.");
  }
  return agentHomeAt(first, places.links);
}

function agentHomeAt(path: string, links: readonly string[]): AgentHome {
  const versions = versionsOf(path);
  const [only] = versions;
  if (only === undefined) {
    throw unusable(
      `${path} is not the home of an Elastic Agent: it has no folder data/elastic-agent-*/components.`,
      "The home is the folder that holds the folder data, such as /opt/Elastic/Agent, or /var/lib/elastic-agent for a deb or rpm package.",
    );
  }
  const active = activeVersion(versions, [join(path, "elastic-agent"), ...links]) ?? soleVersion(versions);
  if (active === undefined) {
    throw unusable(
      `${path} holds several versions of the agent and does not tell which one runs: ${versions.join(", ")}.`,
      "Wait until an upgrade under way is finished, then try again.",
    );
  }
  const upgrading = existsSync(join(path, "data", UPGRADE_MARKER));
  const others = versions.filter((version) => version !== active.version);
  return {
    path,
    components: join(active.version, "components"),
    former: upgrading ? [] : others.map((version) => join(version, "components")),
    program: active.program,
  };
}

/** The folders of the agent's versions; after an upgrade the one before stays for a while, or as long as it holds our files. */
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

interface ActiveVersion {
  readonly version: string;
  readonly program: string;
}

/** The version that one of the links leads into; on macOS the program is deep inside an application. */
function activeVersion(versions: readonly string[], links: readonly string[]): ActiveVersion | undefined {
  for (const program of links.filter((link) => existsSync(link))) {
    for (let folder = dirname(realpathSync(program)); folder !== dirname(folder); folder = dirname(folder)) {
      if (versions.includes(folder)) {
        return { version: folder, program };
      }
    }
  }
  return undefined;
}

function soleVersion([version, ...others]: readonly string[]): ActiveVersion | undefined {
  return version !== undefined && others.length === 0
    ? { version, program: join(version, "elastic-agent") }
    : undefined;
}

/** An error about the folder of Elastic Agent. */
export function unusable(message: string, cure: string): RunnerError {
  return new RunnerError("agent_home_unusable", message, { next: GIVE_UP, cure });
}

import { lstatSync } from "node:fs";
import { join } from "node:path";
import type { Clock } from "../core/clock.ts";
import { asRunnerError, type RunnerError } from "../core/errors.ts";
import { type AgentPlaces, findAgentHome } from "./agent_home.ts";
import { removableFiles } from "./component_files.ts";
import { type InstallComponentOptions, type InstallComponentSurroundings, putInPlace } from "./install_component.ts";
import { restartAgent } from "./restart_agent.ts";

/**
 * Milliseconds between two looks. An agent that upgrades itself goes back to its former version when a component has failed
 * for half a minute, so the component must be there well before.
 */
const LOOK_EVERY_MS = 5_000;

export interface WatchSurroundings extends InstallComponentSurroundings {
  readonly clock: Clock;
  readonly stop: AbortSignal;
}

/**
 * `install-component --watch`: keeps the runner beside the agent until the signal aborts. After each upgrade of the agent, in
 * whatever way, it puts the files into the new version and restarts the agent. What goes wrong is told once and tried again.
 */
export async function watchComponent(
  { agentHome }: Pick<InstallComponentOptions, "agentHome">,
  surroundings: WatchSurroundings,
): Promise<number> {
  const { print, places, clock, stop } = surroundings;
  let settled: string | undefined;
  let restartDue = false;
  let said: string | undefined;
  const tell = (problem: RunnerError | undefined) => {
    if (problem !== undefined && problem.text !== said) {
      print(problem.text);
    }
    said = problem?.text;
  };
  while (!stop.aborted) {
    try {
      if (look(agentHome, places) !== settled) {
        const { home, changes } = putInPlace({ agentHome, uninstall: false }, surroundings);
        changes.forEach(print);
        restartDue ||= changes.length > 0;
        if (settled === undefined && changes.length === 0) {
          print(`The runner is installed in ${home.components}; watching for upgrades of the agent.`);
        }
        settled = look(agentHome, places);
      }
      if (restartDue) {
        await restartAgent(findAgentHome(agentHome, places));
        restartDue = false;
        print("Restarted the agent, with the runner beside it.");
      }
      tell(undefined);
    } catch (error) {
      tell(asRunnerError(error));
    }
    await clock.sleep(LOOK_EVERY_MS, stop).catch(() => {});
  }
  return 0;
}

/** What can be seen at little cost: which version runs, and the size and time of each file. */
function look(agentHome: string | undefined, places: AgentPlaces | undefined): string {
  const { components, former } = findAgentHome(agentHome, places);
  const files = [components, ...former].flatMap((folder) =>
    removableFiles(folder).map((name) => {
      const stats = lstatSync(join(folder, name), { throwIfNoEntry: false });
      return stats === undefined ? null : [name, stats.ino, stats.size, stats.mode, stats.uid, stats.mtimeMs];
    }),
  );
  return JSON.stringify([components, files]);
}

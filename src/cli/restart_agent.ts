import { execFile } from "node:child_process";
import { statSync } from "node:fs";
import { promisify } from "node:util";
import { GIVE_UP, RunnerError } from "../core/errors.ts";
import type { AgentHome } from "./agent_home.ts";

/** Milliseconds that the agent may take to answer. */
const LONGEST_MS = 60_000;

/**
 * Has the running agent start anew, with the components that are there now. Its program is started as the agent's own user,
 * who may have written it. Throws `agent_home_unusable`.
 */
export async function restartAgent({ program, components }: AgentHome): Promise<void> {
  try {
    const { uid, gid } = statSync(components);
    const user = process.getuid?.() === 0 ? { uid, gid } : {};
    await promisify(execFile)(program, ["restart"], { ...user, cwd: "/", timeout: LONGEST_MS });
  } catch (error) {
    const { stderr = "", message } = error as { readonly stderr?: string; readonly message: string };
    const [said = message] = stderr.split("\n").filter((line) => line !== "");
    throw new RunnerError("agent_home_unusable", `The agent could not be restarted: ${said.slice(0, 300)}.`, {
      next: GIVE_UP,
      cure: "See that it runs, or restart its service or container yourself.",
    });
  }
}

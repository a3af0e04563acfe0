import { spawnSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { GIVE_UP, RunnerError } from "../core/errors.ts";
import { COMPONENT_NAME, type ComponentFile } from "./component_files.ts";
import type { ComponentFolder } from "./component_folder.ts";

/** Milliseconds that the component may take to tell its version. */
const LONGEST_MS = 60_000;

/**
 * Puts the files into a folder of their own below the agent's, and has the agent's user start the component from there.
 * Where that fails the agent would see its component end again and again, so it throws `agent_home_unusable` with the reason.
 */
export function tryComponent(folder: ComponentFolder, files: readonly ComponentFile[]): void {
  const name = `.${COMPONENT_NAME}-${randomUUID()}`;
  const trial = folder.makeFolder(name);
  try {
    for (const file of files) {
      trial.put(file);
    }
    const reason = reasonAgainst(join(trial.path, COMPONENT_NAME), folder.owner);
    if (reason !== undefined) {
      throw startRefusal(folder.path, folder.owner.uid, reason);
    }
  } finally {
    trial.close();
    folder.removeFolder(name);
  }
}

export function startRefusal(folder: string, uid: number, reason: string): RunnerError {
  const message = `The agent's user (uid ${uid}) can't start the runner in ${folder}: ${reason.slice(0, 300)}. Nothing was changed.`;
  return new RunnerError("agent_home_unusable", message, {
    next: GIVE_UP,
    cure: "This user needs access to every folder on the way, on a disk that allows programs (not noexec), and the runner must be built for this machine.",
  });
}

/** Why that user can't start the program; `undefined` if it can. Only root can become another user. */
function reasonAgainst(program: string, user: { readonly uid: number; readonly gid: number }): string | undefined {
  const { status, error, stderr } = spawnSync(program, ["version"], {
    ...(process.getuid?.() === 0 ? user : {}),
    cwd: "/",
    env: { PATH: "/usr/local/bin:/usr/bin:/bin" },
    encoding: "utf8",
    timeout: LONGEST_MS,
  });
  if (status === 0) {
    return undefined;
  }
  if (error !== undefined) {
    return (error as NodeJS.ErrnoException).code ?? error.message;
  }
  return stderr.split("\n").find((line) => line.trim() !== "") ?? `exit code ${status}`;
}

import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { existsSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { ServiceUser } from "./cache_folder.ts";
import type { Installed } from "./distribution.ts";
import type { NodeControl } from "./node_control.ts";

const BETWEEN_LOOKS = 100;
const LONGEST_SHUTDOWN = 30_000;

/**
 * Starts the node of the cluster in `folder` as a process group of its own, which outlives the caller. Its output goes to
 * `logs/console.log` there.
 */
export function spawnNode({ home, javaHome }: Installed, folder: string, user: ServiceUser | undefined): ChildProcess {
  const output = openSync(join(folder, "logs/console.log"), "w");
  const child = spawn("bash", [join(home, "bin/elasticsearch")], {
    detached: true,
    stdio: ["ignore", output, output],
    cwd: folder,
    env: {
      PATH: process.env.PATH,
      ...(javaHome === undefined ? {} : { ES_JAVA_HOME: javaHome }),
      ES_PATH_CONF: join(folder, "config"),
      ES_JAVA_OPTS: "-Xms1g -Xmx1g",
      ES_TMPDIR: join(folder, "tmp"),
    },
    ...user,
  });
  child.unref();
  return child;
}

/**
 * Whether `pid` is still the node of the cluster in `folder`, told by its command line: after a reboot the number may be
 * another program's. Between `spawn` and the launcher's start it is bash with the same environment but another command line.
 */
export function isNodeOf(folder: string, pid: number): boolean {
  return commandLine(pid).includes(`-Daquila.cluster=${join(folder, "config")}`);
}

/** Stops the node: politely, or at once when its data are of no further use. Does nothing to a process that isn't it. */
export async function stopNode(folder: string, pid: number, how: "politely" | "at once"): Promise<void> {
  if (!isNodeOf(folder, pid)) {
    return;
  }
  signalGroup(pid, "SIGCONT");
  if (how === "politely") {
    signalGroup(pid, "SIGTERM");
    const end = Date.now() + LONGEST_SHUTDOWN;
    while (isNodeOf(folder, pid) && Date.now() < end) {
      await sleep(BETWEEN_LOOKS);
    }
  }
  signalGroup(pid, "SIGKILL");
  while (isNodeOf(folder, pid)) {
    await sleep(BETWEEN_LOOKS);
  }
}

/** Stops (`SIGSTOP`) or continues (`SIGCONT`) every process of the node. Throws if it isn't running. */
function signalNode(folder: string, pid: number, signal: "SIGSTOP" | "SIGCONT"): void {
  if (!isNodeOf(folder, pid)) {
    throw new Error(`The node of ${folder} is not running`);
  }
  signalGroup(pid, signal);
}

function signalGroup(leader: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-leader, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") {
      throw error;
    }
  }
}

function commandLine(pid: number): string {
  try {
    return existsSync("/proc/self/cmdline")
      ? readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ")
      : execFileSync("ps", ["-o", "command=", "-p", String(pid)], { encoding: "utf8" });
  } catch {
    return "";
  }
}

export function processControl(folder: string, pid: number): NodeControl {
  return {
    isRunning: () => isNodeOf(folder, pid),
    stop: (how) => stopNode(folder, pid, how),
    discard: () => stopNode(folder, pid, "at once"),
    suspend: () => signalNode(folder, pid, "SIGSTOP"),
    resume: () => signalNode(folder, pid, "SIGCONT"),
  };
}

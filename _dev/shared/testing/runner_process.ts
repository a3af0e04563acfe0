import { type ChildProcess, spawn } from "node:child_process";
import { resolve } from "node:path";
import { setTimeout as wait } from "node:timers/promises";

const MAIN = resolve(import.meta.dirname, "../../../src/main.ts");

/** The runner as its users start it: a process of its own, which tests may kill. */
export interface RunnerProcess {
  readonly child: ChildProcess;
  /** Resolves with the exit code, or the signal that ended it. */
  readonly ended: Promise<number | NodeJS.Signals>;
  /** Lines of its log so far, each one parsed. */
  log(): Record<string, unknown>[];
  /** Standard output so far. */
  stdout(): string;
}

export function startRunner(args: readonly string[], environment: NodeJS.ProcessEnv = {}): RunnerProcess {
  const child = spawn(process.execPath, [MAIN, ...args], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, ...environment },
  });
  let stderr = "";
  let stdout = "";
  child.stderr.on("data", (chunk) => {
    stderr += chunk;
  });
  child.stdout.on("data", (chunk) => {
    stdout += chunk;
  });
  const ended = new Promise<number | NodeJS.Signals>((done) => {
    child.once("close", (code, signal) => done(code ?? signal ?? -1));
  });
  return {
    child,
    ended,
    stdout: () => stdout,
    log: () =>
      stderr
        .split("\n")
        .filter((line) => line.startsWith("{"))
        .map((line) => JSON.parse(line)),
  };
}

/** Waits until the runner's log says it, behind its first `after` lines. Rejects when the runner has ended. */
export async function said(runner: RunnerProcess, text: string | RegExp, after = 0): Promise<void> {
  const isSaid = (message: string) => (typeof text === "string" ? message.includes(text) : text.test(message));
  while (
    !runner
      .log()
      .slice(after)
      .some(({ message }) => isSaid(String(message)))
  ) {
    requireRunning(runner);
    await wait(50);
  }
}

export function requireRunning(runner: RunnerProcess): void {
  const { exitCode, signalCode } = runner.child;
  if (exitCode !== null || signalCode !== null) {
    throw new Error(`the runner ended: ${JSON.stringify(runner.log().slice(-5))}`);
  }
}

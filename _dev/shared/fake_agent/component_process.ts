import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { chownSync, mkdirSync } from "node:fs";
import { createInterface } from "node:readline";

export interface ComponentOptions {
  /** Node's executable and arguments of the component; `-E path.data=…` is appended as the agent does. */
  readonly command: readonly string[];
  readonly dataDirectory: string;
  readonly environment?: Readonly<Record<string, string>>;
  /** Whom the agent runs as; only root can choose. */
  readonly user?: { readonly uid: number; readonly gid: number };
}

/** The component's process, with its start-up information on standard input. */
export class ComponentProcess {
  readonly #child: ChildProcess;
  readonly #exited: Promise<unknown>;

  /** `line` is told each line of its standard output and error, `ended` its end. */
  constructor(options: ComponentOptions, startUp: Buffer, line: (text: string) => void, ended: () => void) {
    const { command, dataDirectory, environment, user } = options;
    const [executable = "", ...args] = command;
    mkdirSync(dataDirectory, { recursive: true });
    if (user !== undefined) {
      chownSync(dataDirectory, user.uid, user.gid);
    }
    const child = spawn(executable, [...args, "-E", `path.data=${dataDirectory}`], {
      stdio: ["pipe", "pipe", "pipe"],
      cwd: dataDirectory,
      ...user,
      env: { ...process.env, ...environment, AGENT_COMPONENT_TYPE: "aquila-salesforce" },
    });
    this.#child = child;
    this.#exited = once(child, "exit");
    child.stdin.on("error", () => {});
    child.stdin.end(startUp);
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on("line", line);
    }
    child.on("exit", ended);
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  get running(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Resolves with the exit code, null if a signal has ended it. */
  async exit(): Promise<number | null> {
    await this.#exited;
    return this.#child.exitCode;
  }
}

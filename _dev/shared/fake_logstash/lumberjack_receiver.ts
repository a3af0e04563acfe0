/** Elastic's own receiver of the Lumberjack protocol (go-lumber), as a process of its own that tests may kill. */
import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { ReceivedDocument } from "./fake_logstash.ts";

const SOURCES = join(import.meta.dirname, "go_lumber");

/** Why it can't be built on this machine; `undefined` if it can. */
export function receiverUnavailable(): string | undefined {
  const { error, status } = spawnSync("go", ["version"]);
  return error === undefined && status === 0 ? undefined : "there is no Go on this machine";
}

/** Builds the program in a folder, with the Go that is on the PATH. */
export function buildReceiver(folder: string): string {
  const program = join(folder, "lumberjack-receiver");
  execFileSync("go", ["build", "-o", program, "."], { cwd: SOURCES, stdio: ["ignore", "ignore", "inherit"] });
  return program;
}

export class LumberjackReceiver {
  /** What was acknowledged or was about to be, over all of its lives. */
  readonly received: ReceivedDocument[] = [];
  readonly #program: string;
  readonly #address: string;
  #running: { readonly child: ChildProcess; readonly over: Promise<unknown> } | undefined;

  constructor(program: string, address: string) {
    this.#program = program;
    this.#address = address;
  }

  async start(): Promise<void> {
    const child = spawn(this.#program, [this.#address], { stdio: ["ignore", "pipe", "ignore"] });
    const lines = createInterface({ input: child.stdout });
    // Its own "close" may never come, since Node can miss the end of a pipe that was read to its end.
    this.#running = { child, over: Promise.all([once(child, "exit"), once(lines, "close")]) };
    const listening = Promise.withResolvers<void>();
    child.once("exit", () => listening.reject(new Error("the receiver ended at once")));
    lines.on("line", (line) => {
      if (line === "listening") {
        listening.resolve();
      } else if (line.endsWith("}")) {
        this.received.push(JSON.parse(line));
      }
    });
    await listening.promise;
  }

  /** Ends it without a warning. */
  async kill(): Promise<void> {
    const running = this.#running;
    this.#running = undefined;
    running?.child.kill("SIGKILL");
    await running?.over;
  }
}

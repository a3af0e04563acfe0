import { spawn } from "node:child_process";

export interface ToolResult {
  readonly code: number | "absent" | "too slow";
  /** Standard output; empty where it goes to the terminal. */
  readonly output: string;
  /** The end of standard error. */
  readonly complaint: string;
}

export interface ToolOptions {
  readonly cwd?: string;
  /** Milliseconds; no limit by default. */
  readonly limit?: number;
  /** Lets a person on a terminal see what the tool says of its progress. */
  readonly showProgress?: boolean;
  readonly environment?: NodeJS.ProcessEnv;
}

/** Runs a program to its end. */
export function runTool(tool: string, args: readonly string[], options: ToolOptions = {}): Promise<ToolResult> {
  return new Promise((resolve, reject) => {
    const shown = options.showProgress === true && process.stderr.isTTY;
    const output = shown ? process.stderr.fd : "pipe";
    const child = spawn(tool, args, {
      cwd: options.cwd,
      stdio: ["ignore", output, output],
      env: options.environment ?? process.env,
    });
    // Node's own limit goes on keeping the process where the tool is not there at all.
    const limit = options.limit === undefined ? undefined : setTimeout(() => child.kill("SIGKILL"), options.limit);
    const said = { stdout: "", stderr: "" };
    child.stdout?.setEncoding("utf8").on("data", (chunk: string) => {
      said.stdout += chunk;
    });
    child.stderr?.setEncoding("utf8").on("data", (chunk: string) => {
      said.stderr = `${said.stderr}${chunk}`.slice(-2_000);
    });
    child.on("error", (error: NodeJS.ErrnoException) => {
      clearTimeout(limit);
      error.code === "ENOENT" ? resolve({ code: "absent", output: "", complaint: "" }) : reject(error);
    });
    child.on("close", (code) => {
      clearTimeout(limit);
      resolve({ code: code ?? "too slow", output: said.stdout.trim(), complaint: said.stderr.trim() });
    });
  });
}

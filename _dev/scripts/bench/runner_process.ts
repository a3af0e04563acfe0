import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { ALLOCATOR_ENVIRONMENT, NODE_FLAGS } from "../../../src/cli/component_files.ts";
import { buildBundle } from "../build_bundle.ts";

const ACCOUNT = resolve(import.meta.dirname, "process_account.mjs");

/** Time of all threads in microseconds, peak resident memory in KiB. */
interface ProcessAccount {
  readonly cpuMicroseconds: number;
  readonly peakKibibytes: number;
}

/** What a finished runner process used, by the operating system's own account. */
export interface ProcessFigures {
  readonly exitCode: number | null;
  readonly wallSeconds: number;
  readonly cpuSeconds: number;
  /** Peak resident memory. */
  readonly peakMebibytes: number;
  readonly stderr: string;
}

/** What the environment of the bench says itself counts. */
const ENVIRONMENT = {
  ...Object.fromEntries(ALLOCATOR_ENVIRONMENT.map((line) => line.split("=") as [string, string])),
  ...process.env,
};

let bundle: Promise<string> | undefined;

/** The runner as it is installed, made once for this process and removed with it. */
function runner(): Promise<string> {
  if (bundle === undefined) {
    const folder = mkdtempSync(join(tmpdir(), "bench-bundle-"));
    process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
    bundle = buildBundle(folder);
  }
  return bundle;
}

/** Starts the runner as its users do, in a process of its own. */
export async function startBundle(args: readonly string[]): Promise<ChildProcess> {
  return spawn(process.execPath, [...NODE_FLAGS, await runner(), ...args], { stdio: "ignore", env: ENVIRONMENT });
}

/** Runs the runner as its users do, in a process of its own, and measures it whole: start, collection and end. */
export async function measureRunner(args: readonly string[]): Promise<ProcessFigures> {
  const folder = mkdtempSync(join(tmpdir(), "bench-runner-"));
  const account = join(folder, "account.json");
  const program = await runner();
  try {
    const started = performance.now();
    const child = spawn(process.execPath, [...NODE_FLAGS, "--import", ACCOUNT, program, ...args], {
      stdio: ["ignore", "ignore", "pipe"],
      env: { ...ENVIRONMENT, PROCESS_ACCOUNT: account },
    });
    let stderr = "";
    child.stderr.on("data", (chunk) => {
      stderr += chunk;
    });
    const exitCode = await new Promise<number | null>((done) => child.once("exit", done));
    const wallSeconds = (performance.now() - started) / 1_000;
    const usage = JSON.parse(readFileSync(account, "utf8")) as ProcessAccount;
    return {
      exitCode,
      wallSeconds,
      cpuSeconds: usage.cpuMicroseconds / 1e6,
      peakMebibytes: usage.peakKibibytes / 1_024,
      stderr,
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

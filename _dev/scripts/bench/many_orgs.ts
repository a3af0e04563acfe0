/**
 * One process for many orgs: what a thousand idle ones cost, and whether small orgs wait for one with a huge file and one that
 * never answers.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { stringify } from "yaml";
import { type RunnerProcess, startRunner } from "../../shared/testing/runner_process.ts";
import { type DemoOrg, startDemoOrg } from "../demo/demo_orgs.ts";

const HOUR = 3_600_000;
/** Clock ticks a second of /proc/PID/stat on Linux. */
const TICKS = 100;

function policyOf(inputs: readonly (readonly [name: string, org: DemoOrg])[], out: string): string {
  return stringify({
    outputs: { default: { type: "file", path: out } },
    inputs: inputs.map(([name, { url, clientId, username, privateKeyPath }]) => ({
      id: name,
      type: "aquila-salesforce",
      organization: { name },
      auth: { login_url: url, client_id: clientId, username, private_key_path: privateKeyPath },
      streams: [
        {
          id: `${name}-login`,
          data_stream: { dataset: "aquila_salesforce.login" },
          event_log_files: { event_types: ["Login"], interval: "hourly" },
        },
      ],
    })),
  });
}

async function inFolder<T>(act: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), "bench-orgs-"));
  try {
    return await act(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function start(folder: string, inputs: readonly (readonly [string, DemoOrg])[]): RunnerProcess {
  const policy = join(folder, "policy.yml");
  writeFileSync(policy, policyOf(inputs, join(folder, "out")), { mode: 0o600 });
  return startRunner(["run", "--policy", policy, "--data-dir", join(folder, `data-${inputs.length}`)]);
}

async function end(runner: RunnerProcess): Promise<void> {
  runner.child.kill("SIGKILL");
  await runner.ended;
}

/** Names of the orgs of which the log says this. */
function orgsThatSay(runner: RunnerProcess, pattern: RegExp): Set<unknown> {
  return new Set(
    runner
      .log()
      .filter(({ message }) => pattern.test(String(message)))
      .map((line) => line["organization.name"]),
  );
}

async function until(runner: RunnerProcess, count: number, pattern: RegExp): Promise<void> {
  for (const deadline = Date.now() + 300_000; orgsThatSay(runner, pattern).size < count; ) {
    if (runner.child.exitCode !== null || Date.now() > deadline) {
      throw new Error(`only ${orgsThatSay(runner, pattern).size} of ${count} orgs came so far`);
    }
    await wait(100);
  }
}

function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
  return (Number(fields[11]) + Number(fields[12])) / TICKS;
}

function residentMebibytes(pid: number): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) / 1_024;
}

/** Orgs that have nothing new, after their first rounds. */
async function benchIdle(orgs: number, seconds: number): Promise<string[]> {
  return await inFolder(async (folder) => {
    const org = await startDemoOrg(folder, { name: "Idle", sandbox: false, serial: 1 });
    const runner = start(
      folder,
      Array.from({ length: orgs }, (_, n) => [`org-${n}`, org] as const),
    );
    try {
      await until(runner, orgs, /Logged in/);
      await wait(2_000);
      const pid = runner.child.pid ?? 0;
      const before = cpuSeconds(pid);
      await wait(seconds * 1_000);
      const share = ((cpuSeconds(pid) - before) / seconds) * 100;
      return [
        `orgs: resident memory with ${orgs} idle orgs ${Math.round(residentMebibytes(pid))} MiB`,
        `orgs: share of a core with ${orgs} idle orgs ${share.toFixed(1)} %`,
      ];
    } finally {
      await end(runner);
      await org.stop();
    }
  });
}

/** Seconds until small orgs have their file, with and without a huge and a silent org beside them. */
async function benchFairness(smallOrgs: number, hugeRows: number): Promise<string[]> {
  return await inFolder(async (folder) => {
    const open = (name: string, serial: number) => startDemoOrg(folder, { name, sandbox: false, serial });
    const [small, huge, silent] = await Promise.all([open("Small", 1), open("Huge", 2), open("Silent", 3)]);
    try {
      const logDate = new Date(Math.floor(Date.now() / HOUR - 6) * HOUR).toISOString();
      const file = { eventType: "Login", interval: "Hourly", logDate } as const;
      await small.given.logFile({ ...file, generate: { rows: 500 } });
      const { length } = await huge.given.logFile({ ...file, generate: { rows: hugeRows } });
      await silent.given.fault({ on: "query", hang: true });
      const smallInputs = Array.from({ length: smallOrgs }, (_, n) => [`small-${n}`, small] as const);
      const measured = async (inputs: readonly (readonly [string, DemoOrg])[]) => {
        const begun = performance.now();
        const runner = start(folder, inputs);
        await until(runner, smallOrgs, /500 rows\.$/);
        const took = (performance.now() - begun) / 1_000;
        await end(runner);
        return took;
      };
      const alone = await measured(smallInputs);
      const beside = await measured([["huge", huge], ["silent", silent], ...smallInputs]);
      return [
        `orgs: ${smallOrgs} small files alone ${alone.toFixed(1)} s`,
        `orgs: ${smallOrgs} small files beside a file of ${(length / 1e9).toFixed(1)} GB and a silent org ${beside.toFixed(1)} s`,
      ];
    } finally {
      await Promise.all([small.stop(), huge.stop(), silent.stop()]);
    }
  });
}

/** One line per figure. */
async function benchManyOrgs(idleOrgs = 1_000, idleSeconds = 30, hugeRows = 5_000_000): Promise<string[]> {
  return [...(await benchIdle(idleOrgs, idleSeconds)), ...(await benchFairness(50, hugeRows))];
}

if (import.meta.main) {
  const lines = await benchManyOrgs();
  process.stdout.write(`${lines.join("\n")}\n`);
}

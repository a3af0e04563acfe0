import { systemClock } from "../core/clock.ts";
import { asRunnerError, type RunnerError } from "../core/errors.ts";
import type { Log } from "../core/log.ts";
import { createDiskLedger } from "../cursors/row_ledger_disk.ts";
import { openSqliteCursors } from "../cursors/sqlite_cursors.ts";
import { parsePolicy } from "../policy/parse_policy.ts";
import type { Policy } from "../policy/policy.ts";
import { followPolicyFile, readText } from "../policy/policy_file.ts";
import type { Environment } from "../policy/variables.ts";
import { type InputRun, Supervisor } from "../pump/supervisor.ts";
import { knownDatasets, type Surroundings, Wiring } from "./wire.ts";

export interface RunOptions {
  readonly policy: string;
  readonly dataDirectory: string;
  readonly once: boolean;
}

export interface RunSurroundings {
  readonly environment: Environment;
  readonly log: Log;
  readonly stop: AbortSignal;
  readonly observe?: Surroundings["observe"];
}

/**
 * `run`: collects what the policy says, until stopped or, with `once`, until everything is delivered. Gives the exit code.
 * Throws what keeps it from starting at all: an unusable policy or data directory.
 */
export async function run(options: RunOptions, surroundings: RunSurroundings): Promise<number> {
  const { log, stop, environment, observe } = surroundings;
  const parse = (text: string) => parsePolicy(text, { datasets: knownDatasets(), environment });
  const firstPolicy = options.once ? parse(await readText(options.policy)) : undefined;
  const cursors = openSqliteCursors(options.dataDirectory);
  try {
    const wiring = new Wiring({
      cursors,
      ledger: createDiskLedger(options.dataDirectory),
      log,
      ...(observe === undefined ? {} : { observe }),
    });
    const supervisor = new Supervisor(systemClock);
    if (firstPolicy !== undefined) {
      return await runOnce(firstPolicy, wiring, supervisor, log, stop);
    }
    const policies = followPolicyFile(options.policy, { parse, clock: systemClock, log }, stop);
    for await (const policy of policies) {
      tellProblems(policy, log);
      const runs = new Map<string, () => InputRun>();
      for (const input of policy.inputs) {
        const started = wiring.run(input);
        runs.set(started.key, () => started);
      }
      await supervisor.replace(runs);
    }
    log.info("Stopping: batches under way are delivered and their cursors saved.");
    await supervisor.stop();
    return 0;
  } finally {
    cursors.close();
  }
}

async function runOnce(
  policy: Policy,
  wiring: Wiring,
  supervisor: Supervisor,
  log: Log,
  stop: AbortSignal,
): Promise<number> {
  tellProblems(policy, log);
  const errors = await supervisor.once(
    policy.inputs.map((input) => wiring.run(input)),
    stop,
  );
  return exitCode([...errors, ...policy.brokenInputs.map(({ error }) => error)]);
}

/** 2 if everything that failed is wrong configuration, 1 if anything failed otherwise. */
export function exitCode(errors: readonly RunnerError[]): number {
  if (errors.length === 0) {
    return 0;
  }
  return errors.every((error) => asRunnerError(error).fault === "configuration") ? 2 : 1;
}

function tellProblems(policy: Policy, log: Log): void {
  for (const warning of policy.warnings) {
    log.warn(warning);
  }
  for (const { error, name } of policy.brokenInputs) {
    log.error(error.text, { "organization.name": name });
  }
}

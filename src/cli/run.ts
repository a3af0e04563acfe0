import { type Clock, systemClock } from "../core/clock.ts";
import type { RunnerError } from "../core/errors.ts";
import type { Log } from "../core/log.ts";
import type { Policy } from "../policy/policy.ts";
import type { Environment } from "../policy/variables.ts";
import { Supervisor } from "../pump/supervisor.ts";
import { exitCodeOf } from "./exit_codes.ts";
import { followPolicies, tellProblems } from "./follow_policies.ts";
import { openState, runnerFacts } from "./open_state.ts";
import { policySource } from "./policy_source.ts";
import { type Surroundings, Wiring } from "./wire.ts";

export interface RunOptions {
  /** A file, or the page of an agent policy in Kibana. */
  readonly policy: string | URL;
  readonly dataDirectory: string;
  readonly once: boolean;
}

export interface RunSurroundings {
  readonly environment: Environment;
  readonly log: Log;
  readonly stop: AbortSignal;
  readonly observe?: Surroundings["observe"];
  /** Told what kept a collection that ends from collecting everything. */
  readonly ended?: (errors: readonly RunnerError[]) => void;
  readonly clock?: Clock;
}

/**
 * `run`: collects what the policy says, until stopped or, with `once`, until everything is delivered. Gives the exit code.
 * Throws what keeps it from starting at all: an unusable policy or data directory.
 */
export async function run(options: RunOptions, surroundings: RunSurroundings): Promise<number> {
  const { log, stop, environment, observe, ended, clock = systemClock } = surroundings;
  const source = policySource(options.policy, { environment, log, stop });
  const firstPolicy = options.once ? await source.readAloud() : undefined;
  const state = openState(options.dataDirectory);
  try {
    const wiring = new Wiring({
      ...state,
      agent: await runnerFacts(state.cursors),
      log,
      clock,
      ...(observe === undefined ? {} : { observe }),
    });
    const supervisor = new Supervisor(clock);
    if (firstPolicy !== undefined) {
      const errors = await runOnce(firstPolicy, wiring, supervisor, log, stop);
      ended?.(errors);
      return exitCodeOf(
        errors.map(({ code }) => code),
        stop.aborted,
      );
    }
    await followPolicies(source.follow(), wiring, supervisor, log);
    return 0;
  } finally {
    source.close();
    state.close();
  }
}

async function runOnce(
  policy: Policy,
  wiring: Wiring,
  supervisor: Supervisor,
  log: Log,
  stop: AbortSignal,
): Promise<readonly RunnerError[]> {
  tellProblems(policy, log);
  const errors = await supervisor.once([...wiring.wanted(policy.inputs).values()], stop);
  await wiring.leave();
  await wiring.closeUnused();
  return [...errors, ...policy.brokenInputs.map(({ error }) => error)];
}

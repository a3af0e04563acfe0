import type { Log } from "../core/log.ts";
import type { Input, Policy } from "../policy/policy.ts";
import type { InputRun, Supervisor } from "../pump/supervisor.ts";
import type { Wiring } from "./wire.ts";

/**
 * Runs each policy until the next one comes, wherever they come from; inputs that stay the same go on undisturbed. When there
 * are no more, everything is stopped: what is under way is delivered and saved. `starting` is called for each input before it
 * starts, when its former run has ended.
 */
export async function followPolicies(
  policies: AsyncIterable<Policy>,
  wiring: Wiring,
  supervisor: Supervisor,
  log: Log,
  starting: (input: Input) => void = () => {},
): Promise<void> {
  for await (const policy of policies) {
    tellProblems(policy, log);
    const runs = new Map<string, () => InputRun>();
    for (const input of policy.inputs) {
      const run = wiring.run(input);
      runs.set(run.key, () => {
        starting(input);
        return run;
      });
    }
    await supervisor.replace(runs);
  }
  log.info("Stopping: batches under way are delivered and their cursors saved.");
  await supervisor.stop();
}

export function tellProblems(policy: Policy, log: Log): void {
  for (const warning of policy.warnings) {
    log.warn(warning);
  }
  for (const { error, name } of policy.brokenInputs) {
    log.error(error.text, { "organization.name": name });
  }
}

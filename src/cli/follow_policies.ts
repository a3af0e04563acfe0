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
  let told: ReadonlySet<string> = new Set();
  for await (const policy of policies) {
    told = tellProblems(policy, log, told);
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

/** Logs what is wrong with a policy, and gives it; what was `told` of the policy before is not told again. */
export function tellProblems(policy: Policy, log: Log, told: ReadonlySet<string> = new Set()): ReadonlySet<string> {
  for (const warning of policy.warnings.filter((text) => !told.has(text))) {
    log.warn(warning);
  }
  for (const { error, name } of policy.brokenInputs.filter(({ error: { text } }) => !told.has(text))) {
    log.error(error.text, { "organization.name": name });
  }
  return new Set([...policy.warnings, ...policy.brokenInputs.map(({ error }) => error.text)]);
}

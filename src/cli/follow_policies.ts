import type { Log } from "../core/log.ts";
import type { Input, Policy } from "../policy/policy.ts";
import type { Supervisor } from "../pump/supervisor.ts";
import type { Wiring } from "./wire.ts";

/**
 * Runs each policy until the next one comes, wherever they come from; inputs that stay the same go on undisturbed. When there
 * are no more, everything is stopped: what is under way is delivered and saved. `starting` is called for each input before a run of it
 * starts, when the former one has ended.
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
    await supervisor.replace(wiring.wanted(policy.inputs, starting));
    await wiring.closeUnused();
  }
  log.info("Stopping: batches under way are delivered and their cursors saved.");
  await wiring.leave();
  await supervisor.stop();
  await wiring.closeUnused();
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

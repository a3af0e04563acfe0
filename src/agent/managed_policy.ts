import { asRunnerError, GIVE_UP, RunnerError } from "../core/errors.ts";
import { readOutput } from "../policy/output_block.ts";
import { type PolicyContext, parsePolicy } from "../policy/parse_policy.ts";
import type { OutputReading, Policy } from "../policy/policy.ts";
import { UNIT_TYPE } from "./control_protocol.ts";
import { type Unit, type Units, unitKey } from "./units.ts";

/** The policy that a set of units says, and which unit each part of it is. */
export interface ManagedPolicy {
  readonly policy: Policy;
  /** By unit key: why a unit can't run as it is configured. */
  readonly broken: ReadonlyMap<string, RunnerError>;
  /** By unit key: the id of the policy's input. */
  readonly inputIds: ReadonlyMap<string, string>;
}

const COMPONENT = "aquila-salesforce-";
const NOTHING: Policy = { inputs: [], brokenInputs: [], warnings: [] };

/**
 * Reads units as a policy with one output and an input for each org. Elastic Agent has replaced the variables and secrets
 * before. `undefined` as long as the output's config has not come. Pure.
 */
export function managedPolicy(units: Units, context: Omit<PolicyContext, "environment">): ManagedPolicy | undefined {
  const listed = [...units.values()];
  const output = listed.find(({ type }) => type === UNIT_TYPE.output);
  const inputs = listed.filter(
    ({ type, wanted, config }) => type === UNIT_TYPE.input && wanted && config !== undefined,
  );
  if (output === undefined || !output.wanted || inputs.length === 0) {
    return { policy: NOTHING, broken: new Map(), inputIds: new Map() };
  }
  if (output.config === undefined) {
    return undefined;
  }
  return withOutput(output, inputs, context);
}

function withOutput(output: Unit, units: readonly Unit[], context: Omit<PolicyContext, "environment">): ManagedPolicy {
  const name = outputName(output);
  const broken = new Map<string, RunnerError>();
  const outputProblem = problemOf(readOutput(name, output.config, undefined));
  if (outputProblem !== undefined) {
    broken.set(unitKey(output), outputProblem);
  }

  const inputIds = new Map<string, string>();
  const blocks: object[] = [];
  for (const unit of units) {
    const id = typeof unit.config?.id === "string" && unit.config.id !== "" ? unit.config.id : unit.id;
    if ([...inputIds.values()].includes(id)) {
      broken.set(
        unitKey(unit),
        invalid(`The input id ${id} is there twice in the policy. Give each input its own id.`),
      );
    } else {
      inputIds.set(unitKey(unit), id);
      blocks.push({ ...unit.config, id, use_output: name });
    }
  }

  const policy = read({ outputs: { [name]: output.config }, inputs: blocks }, context);
  for (const [key, id] of inputIds) {
    const error = policy instanceof RunnerError ? policy : policy.brokenInputs.find((input) => input.id === id)?.error;
    if (error !== undefined) {
      broken.set(key, error);
    }
  }
  return { policy: policy instanceof RunnerError ? NOTHING : policy, broken, inputIds };
}

function read(value: unknown, context: Omit<PolicyContext, "environment">): Policy | RunnerError {
  try {
    return parsePolicy(value, context);
  } catch (error) {
    return asRunnerError(error);
  }
}

function problemOf(reading: OutputReading): RunnerError | undefined {
  return "problems" in reading
    ? invalid(reading.problems.map(({ path, text }) => `${path}: ${text}.`).join("\n"))
    : undefined;
}

/** Elastic Agent names the unit `<input type>-<name of the output>`. */
function outputName({ id }: Unit): string {
  return id.startsWith(COMPONENT) ? id.slice(COMPONENT.length) : id;
}

function invalid(message: string): RunnerError {
  return new RunnerError("policy_invalid", message, { next: GIVE_UP });
}

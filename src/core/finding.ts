import { asRunnerError, type ErrorCode, type RunnerError } from "./errors.ts";

/** `warning`: events are collected, but less or later than the policy asks. `failed`: nothing is. */
export type Verdict = "ok" | "warning" | "failed" | "skipped";

/** What one step of a check has found. */
export interface Finding {
  readonly step: string;
  readonly verdict: Verdict;
  /** What was found, as one sentence. */
  readonly message: string;
  /** What a person does about it. */
  readonly cure?: string;
  /** The code of the error, for programs. */
  readonly code?: ErrorCode;
}

export function ok(step: string, message: string): Finding {
  return { step, verdict: "ok", message };
}

export function warning(step: string, message: string, cure?: string): Finding {
  return { step, verdict: "warning", message, ...(cure === undefined ? {} : { cure }) };
}

/** An error as a finding. With `warning` the step does not keep the org from being collected. */
export function failed(step: string, error: unknown, verdict: "failed" | "warning" = "failed"): Finding {
  const { message, cure, code } = asRunnerError(error);
  return { step, verdict, message, code, ...(cure === undefined ? {} : { cure }) };
}

/** One thing to look at. What `run` throws is the step's failure. */
export interface Step {
  readonly name: string;
  /** Without it nothing that follows can succeed, so that would only repeat the same failure. */
  readonly needed: boolean;
  run(signal: AbortSignal): Promise<readonly Finding[]>;
}

/**
 * The findings of steps, one after the other, each as soon as it is known. A needed step that fails ends it; what was not
 * looked at is said in one last finding. When the signal aborts, the step under way fails with `tooLate`.
 */
export async function* findingsOf(
  steps: readonly Step[],
  tooLate: () => RunnerError,
  signal: AbortSignal,
): AsyncGenerator<Finding> {
  for (const [index, step] of steps.entries()) {
    const findings = await step.run(signal).catch((error) => [failed(step.name, signal.aborted ? tooLate() : error)]);
    yield* findings;
    const over = signal.aborted || (step.needed && findings.some(({ verdict }) => verdict === "failed"));
    const rest = steps.slice(index + 1);
    if (over && rest.length > 0) {
      yield { step: "not checked", verdict: "skipped", message: `${rest.map(({ name }) => name).join(", ")}.` };
    }
    if (over) {
      return;
    }
  }
}

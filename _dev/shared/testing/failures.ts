import { RunnerError } from "../../../src/core/errors.ts";

/** The error of the runner's that an action throws. */
export function failureOf(action: () => unknown): RunnerError {
  try {
    action();
  } catch (error) {
    if (error instanceof RunnerError) {
      return error;
    }
    throw error;
  }
  throw new Error("nothing failed");
}

/** What a promise is rejected with. */
export async function rejectionOf(outcome: Promise<unknown>): Promise<RunnerError> {
  return await outcome.then(
    () => {
      throw new Error("nothing failed");
    },
    (error: RunnerError) => error,
  );
}

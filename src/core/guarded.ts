import type { RunnerError } from "./errors.ts";

/** Does what may fail, and throws what `meaning` makes of its error. */
export function guardedBy(meaning: (error: unknown) => RunnerError): <T>(action: () => T) => T {
  return (action) => {
    try {
      return action();
    } catch (error) {
      throw meaning(error);
    }
  };
}

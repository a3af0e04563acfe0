import { ERRORS, type ErrorCode } from "../core/errors.ts";

/** How the program ends, for every command. */
export const EXIT_CODES = {
  done: { code: 0, meaning: "done" },
  failed: { code: 1, meaning: "failed while running" },
  configuration: { code: 2, meaning: "wrong configuration or usage" },
} as const;

/** The table as one sentence, for the help. */
export const EXIT_CODE_TEXT = `Exit codes: ${Object.values(EXIT_CODES)
  .map(({ code, meaning }) => `${code} ${meaning}`)
  .join(", ")}.`;

/**
 * The exit code for what went wrong: `configuration` if nothing but a person's change can mend any of it. What was stopped before
 * its end is not done, and goes on when it is started again. Pure.
 */
export function exitCodeOf(errors: readonly ErrorCode[], isStopped = false): number {
  if (isStopped) {
    return EXIT_CODES.failed.code;
  }
  if (errors.length === 0) {
    return EXIT_CODES.done.code;
  }
  return errors.every((code) => ERRORS[code].fault === "configuration")
    ? EXIT_CODES.configuration.code
    : EXIT_CODES.failed.code;
}

import { GIVE_UP, RunnerError } from "../core/errors.ts";
import { LOG_LEVELS, type LogLevel } from "../core/log.ts";

export interface Option {
  readonly type: "string" | "boolean";
  /** One letter, for `-E`. */
  readonly short?: string;
  readonly multiple?: true;
  readonly value?: string;
  readonly help: string;
  readonly default?: string;
  readonly required?: true;
  /** Required, unless one of these other options is given. */
  readonly requiredUnless?: readonly string[];
  /** All that it may be. */
  readonly values?: readonly string[];
}

/** One command: its help, its options and its arguments are made from this. */
export interface CommandDeclaration {
  readonly summary: string;
  /** A word without dashes that the command needs; with `many`, any number of words, also none. */
  readonly argument?: { readonly value: string; readonly values?: readonly string[]; readonly many?: true };
  readonly options: Readonly<Record<string, Option>>;
  /** Complete command lines. */
  readonly examples: readonly string[];
}

export type OptionValue = string | boolean | readonly (string | boolean)[] | undefined;

/** What stands on the command line, by the names of the options; defaults are filled in. */
export type OptionValues = Readonly<Record<string, OptionValue>>;

/** An option's text, or `undefined` where it is not given. */
export function textOf(values: OptionValues, option: string): string | undefined {
  const value = values[option];
  return value === undefined ? undefined : String(value);
}

/** A mistake on the command line. */
export function usage(message: string, cure: string): RunnerError {
  return new RunnerError("usage", message, { next: GIVE_UP, cure });
}

/** For commands that read a policy once. */
export const POLICY = {
  policy: { type: "string", value: "FILE", requiredUnless: ["policy-url"], help: "The policy." },
  "policy-url": {
    type: "string",
    value: "URL",
    help: "Instead: an agent policy in Kibana. Its page in Fleet; the API key is in KIBANA_API_KEY.",
  },
} as const satisfies Record<string, Option>;

/** For commands that go on for a while. */
export const LOG_LEVEL = {
  type: "string",
  value: "LEVEL",
  values: LOG_LEVELS,
  help: `What is logged: ${LOG_LEVELS.join(", ")}. By default info, and warn below a line of progress.`,
} as const satisfies Option;

export function logLevelOf(values: OptionValues): LogLevel | undefined {
  return LOG_LEVELS.find((level) => level === values["log-level"]);
}

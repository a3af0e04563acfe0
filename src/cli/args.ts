import { parseArgs } from "node:util";
import { GIVE_UP, RunnerError } from "../core/errors.ts";

/** What the runner is asked to do. */
export type Command =
  | { readonly command: "help"; readonly about: string | undefined }
  | { readonly command: "version" }
  | { readonly command: "run"; readonly policy: string; readonly dataDirectory: string; readonly once: boolean };

interface Option {
  readonly type: "string" | "boolean";
  readonly value?: string;
  readonly help: string;
  readonly default?: string;
  readonly required?: true;
}

interface CommandHelp {
  readonly summary: string;
  readonly options: Readonly<Record<string, Option>>;
  readonly examples: readonly string[];
}

/** Every command with its options, once: parsing and help are made from it. */
export const COMMANDS = {
  run: {
    summary: "Collects the events of every org of a policy.",
    options: {
      policy: {
        type: "string",
        value: "FILE",
        required: true,
        help: "The policy. It is followed: changes take effect at once.",
      },
      "data-dir": { type: "string", value: "DIR", default: "./data", help: "Where the cursors are kept." },
      once: { type: "boolean", help: "Ends when everything that is available now is delivered." },
    },
    examples: [
      "aquila-salesforce run --policy policy.yml --data-dir /var/lib/aquila-salesforce",
      "aquila-salesforce run --policy policy.yml --once",
    ],
  },
} as const satisfies Record<string, CommandHelp>;

type CommandName = keyof typeof COMMANDS;

/** The command of an argument list (without node and script). Throws `usage` with what is wrong and what is possible. */
export function parseCommand(argv: readonly string[]): Command {
  const [first, ...rest] = argv;
  if (first === undefined || first === "--help" || first === "-h" || first === "help") {
    return { command: "help", about: rest[0] };
  }
  if (first === "--version" || first === "version") {
    return { command: "version" };
  }
  if (!isCommand(first)) {
    throw usage(`There is no command ${first}.`, `Commands: ${Object.keys(COMMANDS).join(", ")}.`);
  }
  const values = optionsOf(first, rest);
  if (values.help === true) {
    return { command: "help", about: first };
  }
  switch (first) {
    case "run":
      return {
        command: "run",
        policy: String(values.policy),
        dataDirectory: String(values["data-dir"]),
        once: values.once === true,
      };
  }
}

function isCommand(name: string): name is CommandName {
  return Object.hasOwn(COMMANDS, name);
}

function optionsOf(name: CommandName, argv: readonly string[]): Readonly<Record<string, string | boolean | undefined>> {
  const declared: Readonly<Record<string, Option>> = COMMANDS[name].options;
  let values: Record<string, string | boolean | undefined>;
  try {
    ({ values } = parseArgs({
      args: [...argv],
      strict: true,
      options: {
        help: { type: "boolean", short: "h" },
        ...Object.fromEntries(Object.entries(declared).map(([option, { type }]) => [option, { type }])),
      },
    }));
  } catch (error) {
    const reason = error instanceof Error ? (error.message.split(". ")[0] ?? "") : String(error);
    throw usage(`${reason}.`, `See aquila-salesforce ${name} --help.`);
  }
  for (const [option, { default: fallback, required }] of Object.entries(declared)) {
    if (values[option] === undefined && fallback !== undefined) {
      values[option] = fallback;
    }
    if (values[option] === undefined && required === true && values.help !== true) {
      throw usage(`${name} needs --${option}.`, `See aquila-salesforce ${name} --help.`);
    }
  }
  return values;
}

/** The help text, of one command or of all. */
export function helpText(about: string | undefined): string {
  if (about !== undefined && isCommand(about)) {
    const { summary, options, examples }: CommandHelp = COMMANDS[about];
    const lines = Object.entries(options).map(([option, { value, help, default: fallback }]) => {
      const left = `  --${option}${value === undefined ? "" : ` ${value}`}`;
      return `${left.padEnd(22)}${help}${fallback === undefined ? "" : ` Default: ${fallback}`}`;
    });
    return [
      `${summary}`,
      "",
      "Options:",
      ...lines,
      "",
      "Examples:",
      ...examples.map((example) => `  ${example}`),
      "",
    ].join("\n");
  }
  const commands = Object.entries(COMMANDS).map(([name, { summary }]) => `  ${name.padEnd(18)}${summary}`);
  return [
    "AQUILA for Salesforce: every login, Apex and API event of each org in Elasticsearch.",
    "",
    "Usage: aquila-salesforce COMMAND [OPTIONS]",
    "",
    "Commands:",
    ...commands,
    "",
    "aquila-salesforce COMMAND --help says more.",
    "Exit codes: 0 done, 1 failed while running, 2 wrong configuration or usage.",
    "",
  ].join("\n");
}

function usage(message: string, cure: string): RunnerError {
  return new RunnerError("usage", message, { next: GIVE_UP, cure });
}

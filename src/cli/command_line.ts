import { parseArgs } from "node:util";
import { didYouMean } from "../core/suggestion.ts";
import {
  type CommandDeclaration,
  type Option,
  type OptionValue,
  type OptionValues,
  usage,
} from "./command_declaration.ts";
import { EXIT_CODE_TEXT } from "./exit_codes.ts";
import { hangingText } from "./hanging_text.ts";

/**
 * The declared options and `--help`, as they stand on a command line. `name` is the program's in messages, `helpCommand` shows its
 * help. Throws `usage` with what is wrong and what is possible.
 */
export function readOptions(
  { name, helpCommand }: { readonly name: string; readonly helpCommand: string },
  { options: declared, argument }: Pick<CommandDeclaration, "options" | "argument">,
  argv: readonly string[],
): OptionValues {
  const help = `See ${helpCommand}.`;
  let values: Record<string, OptionValue>;
  let positionals: readonly string[];
  try {
    ({ values, positionals } = parseArgs({
      args: [...argv],
      strict: true,
      allowPositionals: argument !== undefined,
      options: {
        help: { type: "boolean", short: "h" },
        ...Object.fromEntries(
          Object.entries(declared).map(([option, { type, short, multiple = false }]) => [
            option,
            { type, multiple, ...(short === undefined ? {} : { short }) },
          ]),
        ),
      },
    }));
  } catch (error) {
    const reason = error instanceof Error ? (error.message.split(". ")[0] ?? "") : String(error);
    throw usage(`${reason}${suggestion(error, Object.keys(declared))}`, help);
  }
  if (values.help === true) {
    return values;
  }
  for (const [option, { default: fallback, required, requiredUnless, values: possible }] of Object.entries(declared)) {
    if (values[option] === undefined && fallback !== undefined) {
      values[option] = fallback;
    }
    const given = values[option];
    if (given === undefined && required === true) {
      throw usage(`${name} needs --${option}.`, help);
    }
    if (given === undefined && requiredUnless?.every((other) => values[other] === undefined) === true) {
      throw usage(`${name} needs ${[option, ...requiredUnless].map((one) => `--${one}`).join(" or ")}.`, help);
    }
    if (possible !== undefined && given !== undefined && !possible.includes(String(given))) {
      throw usage(`The value of --${option} must be one of ${possible.join(", ")}.`, help);
    }
  }
  if (argument !== undefined) {
    const { values: possible, many = false } = argument;
    const isRight = many || positionals.length === 1;
    if (!isRight || positionals.some((given) => possible?.includes(given) === false)) {
      throw usage(`${name} ${many ? "takes" : "needs one of"} ${possible?.join(", ") ?? argument.value}.`, help);
    }
    values.argument = many ? positionals : positionals[0];
  }
  return values;
}

/** How the message of an unknown option ends. */
function suggestion(error: unknown, known: readonly string[]): string {
  const { code, message } = error as { code?: string; message?: string };
  const unknown = code === "ERR_PARSE_ARGS_UNKNOWN_OPTION" ? /'--([^']+)'/.exec(message ?? "")?.[1] : undefined;
  const meant = unknown === undefined ? "" : didYouMean(unknown, known);
  return meant === "" ? "." : meant.replace("mean ", "mean --");
}

/** What a command does, how it is typed, its options and its examples. */
export function commandHelp(
  typed: string,
  { summary, argument, options, examples }: CommandDeclaration,
  columns?: number,
): string {
  const rows = Object.entries({ ...options, help: HELP_OPTION }).map(([option, declared]) => {
    const { short, value }: Option = declared;
    const names = short === undefined ? `--${option}` : `-${short}, --${option}`;
    return { left: value === undefined ? names : `${names} ${value}`, right: optionText(declared) };
  });
  const width = Math.max(...rows.map(({ left }) => left.length)) + 2;
  const needed = Object.entries(options).flatMap(([option, { required, value }]) =>
    required === true ? [`--${option} ${value} `] : [],
  );
  return [
    hangingText(summary, 0, columns),
    "",
    `Usage: ${typed} ${argument === undefined ? "" : `${argument.value} `}${needed.join("")}[OPTIONS]`,
    "",
    "Options:",
    ...rows.map(({ left, right }) => `  ${left.padEnd(width)}${hangingText(right, width + 2, columns)}`),
    "",
    "Examples:",
    ...examples.map((example) => `  ${example}`),
    "",
    EXIT_CODE_TEXT,
    "",
  ].join("\n");
}

const HELP_OPTION: Option = { type: "boolean", short: "h", help: "Shows this." };

function optionText({ help, default: fallback, required, requiredUnless }: Option): string {
  return [
    ...(required === true ? ["Required."] : []),
    ...(requiredUnless === undefined ? [] : [`Required, or --${requiredUnless.join(", --")}.`]),
    help,
    ...(fallback === undefined ? [] : [`Default: ${fallback}`]),
  ].join(" ");
}

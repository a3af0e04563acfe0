/**
 * Variables in the values of a policy, as Elastic Agent writes them: `${env.NAME}`, `${NAME}` (the same), the text of a file
 * `${filesource.NAME}`, facts of the machine `${host.platform}`, alternatives and constants `${env.A|env.B|'text'}`, a default `${env.A:text}`, and `$${…}` for a literal `${…}`.
 * Source: "Variables and conditions in input configurations" in Elastic's documentation.
 */
import { lookup } from "../core/lookup.ts";

/** Environment variables by name. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** The text of a file that the policy names, or why there is none. */
export type FileText = { readonly text: string } | { readonly problem: string };

/** Where the values of variables come from: what stands before the dot of their names. */
export interface VariableProviders {
  readonly env: Environment;
  readonly host?: Environment;
  /** A file of `providers.filesource.sources` by its name. */
  readonly filesource?: (name: string) => FileText;
}

export interface Substitution {
  readonly text: string;
  /** What could not be replaced, one sentence each. They name variables, never their values. */
  readonly problems: readonly string[];
}

const VARIABLE = /\$\$?\{([\p{L}\d\s\\\-_|.'":/]*)\}/gu;
const OPENING = /(?<!\$)\$\{/;

/** `text` with every variable replaced. It is one value of the policy, so its content can't change the policy's shape. */
export function substitute(text: string, providers: VariableProviders): Substitution {
  const problems: string[] = [];
  const substituted = text.replaceAll(VARIABLE, (match, expression: string) => {
    if (match.startsWith("$$")) {
      return match.slice(1);
    }
    const found = resolveVariable(expression, providers);
    if ("problem" in found) {
      problems.push(found.problem);
      return match;
    }
    return found.value;
  });
  if (OPENING.test(text.replaceAll(VARIABLE, " "))) {
    problems.push("holds a ${ that is no variable; write $${ for the characters themselves");
  }
  return { text: substituted, problems };
}

/** `unknownProvider`: Elastic Agent may know a value where the runner does not. */
export type Resolution = { readonly value: string } | { readonly problem: string; readonly unknownProvider: boolean };

/** The value of what stands between `${` and `}`. */
export function resolveVariable(expression: string, providers: VariableProviders): Resolution {
  const { choices, fallback } = parsed(expression);
  const missing: string[] = [];
  let unknownProvider = false;
  for (const choice of choices) {
    if (choice.constant) {
      return { value: choice.text };
    }
    const [, provider = "env", name = choice.text] = /^([^.]+)\.(.+)$/.exec(choice.text) ?? [];
    if (provider === "filesource") {
      const file = providers.filesource?.(name) ?? { problem: "is not among providers.filesource.sources" };
      if ("text" in file) {
        return { value: file.text };
      }
      missing.push(`the file ${name}, which ${file.problem}`);
    } else if (provider === "env" || provider === "host") {
      const value = lookup(providers[provider] ?? {}, name);
      if (value !== undefined) {
        return { value };
      }
      unknownProvider ||= provider === "host";
      missing.push(
        provider === "env" ? `the environment variable ${name}, which is not set` : `host.${name}, which is not known`,
      );
    } else {
      return {
        problem: `uses the variable ${choice.text}; the runner knows only env, filesource and host, such as \${env.NAME}`,
        unknownProvider: true,
      };
    }
  }
  if (fallback !== undefined) {
    return { value: fallback };
  }
  return {
    problem: missing.length === 0 ? "holds a variable without a name" : `needs ${missing.join(", or ")}`,
    unknownProvider,
  };
}

interface Choice {
  readonly text: string;
  readonly constant: boolean;
}

/** The alternatives between `|`, and what follows an unquoted `:`. A backslash takes the next character as it is. */
function parsed(expression: string): { choices: Choice[]; fallback: string | undefined } {
  const choices: Choice[] = [];
  let text = "";
  let constant = false;
  let quote: string | undefined;
  const finish = () => {
    const value = constant ? text : text.trim();
    if (constant || value !== "") {
      choices.push({ text: value, constant });
    }
    text = "";
    constant = false;
  };
  for (let at = 0; at < expression.length; at += 1) {
    const character = expression[at] ?? "";
    if (character === "\\") {
      at += 1;
      text += expression[at] ?? "";
    } else if (quote !== undefined) {
      if (character === quote) {
        quote = undefined;
      } else {
        text += character;
      }
    } else if (character === "'" || character === '"') {
      quote = character;
      constant = true;
      text = "";
    } else if (character === "|") {
      finish();
    } else if (character === ":" && !constant) {
      finish();
      return { choices, fallback: expression.slice(at + 1) };
    } else if (!constant) {
      text += character;
    }
  }
  finish();
  return { choices, fallback: undefined };
}

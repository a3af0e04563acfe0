import type { CommandDeclaration } from "./command_declaration.ts";

export const SHELLS = ["bash", "zsh", "fish"] as const;
export type Shell = (typeof SHELLS)[number];

export const COMPLETION_COMMAND = {
  summary: "Prints what makes the Tab key complete commands and options: completion bash, zsh or fish.",
  argument: { value: "SHELL", values: SHELLS },
  options: {},
  examples: ["aquila-salesforce completion bash", "aquila-salesforce completion fish"],
} as const satisfies CommandDeclaration;

const NAME = "aquila-salesforce";
const FUNCTION = "_aquila_salesforce";

type Commands = Readonly<Record<string, CommandDeclaration>>;

/** The script that a shell reads: by `source <(…)` in bash and zsh, by `… | source` in fish. Pure. */
export function completionScript(shell: Shell, commands: Commands): string {
  return { bash, zsh, fish }[shell](commands);
}

/** Options whose value is a file or folder are completed by the shell itself, as is every value. */
function bash(commands: Commands): string {
  return `${FUNCTION}() {
  local word=\${COMP_WORDS[COMP_CWORD]} words=
  if [ "$COMP_CWORD" -eq 1 ]; then
    words="${Object.keys(commands).join(" ")} --help --version"
  else
    case "\${COMP_WORDS[1]}" in
${Object.entries(commands)
  .map(([name, { options, argument }]) => {
    const words = [...(argument?.values ?? []), ...Object.keys({ ...options, help: {} }).map((one) => `--${one}`)];
    return `      ${name}) words="${words.join(" ")}" ;;`;
  })
  .join("\n")}
    esac
  fi
  COMPREPLY=($(compgen -W "$words" -- "$word"))
}
complete -o default -F ${FUNCTION} ${NAME}
`;
}

/** Zsh understands bash's completions by itself. */
function zsh(commands: Commands): string {
  return `autoload -U +X compinit && compinit\nautoload -U +X bashcompinit && bashcompinit\n${bash(commands)}`;
}

function fish(commands: Commands): string {
  const lines = Object.entries(commands).flatMap(([name, { summary, options, argument }]) => [
    `complete -c ${NAME} -n __fish_use_subcommand -f -a ${name} -d ${quoted(summary)}`,
    ...(argument?.values ?? []).map((value) => `complete -c ${NAME} -n ${within(name)} -f -a ${value}`),
    ...Object.entries(options).map(
      ([option, { type, help }]) =>
        `complete -c ${NAME} -n ${within(name)} -l ${option}${type === "string" ? " -r" : ""} -d ${quoted(help)}`,
    ),
  ]);
  return `${lines.join("\n")}\n`;
}

function within(command: string): string {
  return quoted(`__fish_seen_subcommand_from ${command}`);
}

function quoted(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}

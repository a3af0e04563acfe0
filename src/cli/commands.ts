import type { LogLevel } from "../core/log.ts";
import { closest } from "../core/suggestion.ts";
import type { BackfillOptions } from "./backfill.ts";
import { BACKFILL_COMMAND, backfillOptions } from "./backfill_arguments.ts";
import type { CheckOptions } from "./check.ts";
import { CHECK_COMMAND, checkOptions } from "./check_arguments.ts";
import {
  type CommandDeclaration,
  LOG_LEVEL,
  logLevelOf,
  type OptionValue,
  type OptionValues,
  textOf,
  usage,
} from "./command_declaration.ts";
import { commandHelp, readOptions } from "./command_line.ts";
import { COMPLETION_COMMAND, SHELLS, type Shell } from "./completion.ts";
import type { CursorsOptions } from "./cursors.ts";
import { CURSORS_COMMAND, cursorsOptions } from "./cursors_arguments.ts";
import { EXIT_CODE_TEXT } from "./exit_codes.ts";
import { hangingText } from "./hanging_text.ts";
import type { InitOptions } from "./init.ts";
import { INIT_COMMAND, initOptions } from "./init_arguments.ts";
import type { InstallComponentOptions } from "./install_component.ts";
import type { InstallPackageOptions } from "./install_package.ts";
import type { RunOptions } from "./run.ts";

/** What the runner is asked to do. */
export type Command =
  | { readonly command: "help"; readonly about: string | undefined }
  | { readonly command: "version" }
  | ({ readonly command: "init" } & InitOptions)
  | ({ readonly command: "check" } & CheckOptions)
  | ({ readonly command: "run"; readonly logLevel: LogLevel | undefined } & RunOptions)
  | ({ readonly command: "backfill"; readonly logLevel: LogLevel | undefined } & BackfillOptions)
  | ({ readonly command: "cursors" } & CursorsOptions)
  | { readonly command: "agent"; readonly dataDirectory: string }
  | ({ readonly command: "install-component"; readonly watch: boolean } & InstallComponentOptions)
  | ({ readonly command: "install-package" } & InstallPackageOptions)
  | { readonly command: "completion"; readonly shell: Shell };

/** Every command with its options, once: parsing and help are made from it. */
export const COMMANDS = {
  init: INIT_COMMAND,
  check: CHECK_COMMAND,
  run: {
    summary: "Collects the events of every org of a policy.",
    options: {
      policy: {
        type: "string",
        value: "FILE",
        requiredUnless: ["policy-url"],
        help: "The policy. It is followed: changes take effect at once.",
      },
      "policy-url": {
        type: "string",
        value: "URL",
        help: "Instead: an agent policy in Kibana, also followed. Its page in Fleet; the API key is in KIBANA_API_KEY.",
      },
      "data-dir": { type: "string", value: "DIR", default: "./data", help: "Where the cursors are kept." },
      once: { type: "boolean", help: "Ends when everything that is available now is delivered." },
      "log-level": LOG_LEVEL,
    },
    examples: [
      "aquila-salesforce run --policy policy.yml --data-dir /var/lib/aquila-salesforce",
      "aquila-salesforce run --policy policy.yml --once",
      "aquila-salesforce run --policy-url https://kibana.example.com/app/fleet/policies/6f1c0d",
    ],
  },
  backfill: BACKFILL_COMMAND,
  cursors: CURSORS_COMMAND,
  agent: {
    summary: "Collects what Elastic Agent says. Elastic Agent itself starts this command.",
    options: {
      set: {
        type: "string",
        short: "E",
        multiple: true,
        value: "KEY=VALUE",
        help: "path.data is the folder that the agent gives; cursors are kept beside the agent's versions, in data/aquila-salesforce.",
      },
    },
    examples: [
      "aquila-salesforce agent -E path.data=/opt/Elastic/Agent/data/elastic-agent-9.5.2-abae0c/run/aquila-salesforce-default",
    ],
  },
  "install-component": {
    summary: "Puts the runner beside a running Elastic Agent, and with --watch keeps it there through upgrades.",
    options: {
      "agent-home": {
        type: "string",
        value: "DIR",
        help: "The agent's folder, if it is not in a usual place such as /opt/Elastic/Agent.",
      },
      restart: { type: "boolean", help: "Restarts the agent if anything was changed." },
      watch: {
        type: "boolean",
        help: "Goes on, as a service: after each upgrade of the agent it puts the runner back and restarts the agent.",
      },
      uninstall: { type: "boolean", help: "Takes the runner away again. Its cursors stay." },
    },
    examples: [
      "aquila-salesforce install-component --restart",
      "aquila-salesforce install-component --watch",
      "aquila-salesforce install-component --agent-home /opt/Elastic/Agent --uninstall",
    ],
  },
  "install-package": {
    summary: "Uploads the package to Kibana. Credentials: KIBANA_API_KEY, or KIBANA_USERNAME and KIBANA_PASSWORD.",
    options: {
      kibana: { type: "string", value: "URL", required: true, help: "Kibana's address, with /s/NAME for a space." },
      package: {
        type: "string",
        value: "ZIP",
        help: "The package's zip file. By default the one beside the runner, or in this folder.",
      },
    },
    examples: ["aquila-salesforce install-package --kibana https://kibana.example.com:5601"],
  },
  completion: COMPLETION_COMMAND,
} as const satisfies Record<string, CommandDeclaration>;

type CommandName = keyof typeof COMMANDS;

/** The command of an argument list (without node and script). Throws `usage` with what is wrong and what is possible. */
export function parseCommand(argv: readonly string[]): Command {
  const [first, ...rest] = argv;
  if (first === undefined || first === "--help" || first === "-h" || first === "help") {
    return { command: "help", about: rest[0] };
  }
  if (first === "--version" || first === "-v" || first === "version") {
    return { command: "version" };
  }
  if (!isCommand(first)) {
    const meant = closest(first, Object.keys(COMMANDS));
    const commands = `Commands: ${Object.keys(COMMANDS).join(", ")}.`;
    throw usage(
      `There is no command ${first}.`,
      meant === undefined ? commands : `Did you mean aquila-salesforce ${meant}? ${commands}`,
    );
  }
  const program = { name: first, helpCommand: `aquila-salesforce ${first} --help` };
  const values = readOptions(program, COMMANDS[first], rest);
  if (values.help === true) {
    return { command: "help", about: first };
  }
  switch (first) {
    case "init":
      return { command: "init", ...initOptions(values) };
    case "check":
      return { command: "check", ...checkOptions(values, policyOf(first, values)) };
    case "run":
      return {
        command: "run",
        policy: policyOf(first, values),
        dataDirectory: String(values["data-dir"]),
        once: values.once === true,
        logLevel: logLevelOf(values),
      };
    case "backfill":
      return { command: "backfill", logLevel: logLevelOf(values), ...backfillOptions(values, policyOf(first, values)) };
    case "cursors":
      return { command: "cursors", ...cursorsOptions(values) };
    case "agent":
      return { command: "agent", dataDirectory: dataDirectoryOf(values.set) };
    case "install-component":
      return {
        command: "install-component",
        agentHome: values["agent-home"] === undefined ? undefined : String(values["agent-home"]),
        uninstall: values.uninstall === true,
        restart: values.restart === true,
        watch: watchOf(values),
      };
    case "install-package":
      return { command: "install-package", kibana: String(values.kibana), package: textOf(values, "package") };
    case "completion":
      return { command: "completion", shell: SHELLS.find((shell) => shell === values.argument) ?? "bash" };
  }
}

function policyOf(command: CommandName, values: OptionValues): RunOptions["policy"] {
  const { policy, "policy-url": url } = values;
  if (policy !== undefined && url !== undefined) {
    throw usage(`${command} takes either --policy or --policy-url.`, `See aquila-salesforce ${command} --help.`);
  }
  if (url === undefined) {
    return String(policy);
  }
  if (!URL.canParse(String(url))) {
    throw usage("The value of --policy-url is not a web address.", `See aquila-salesforce ${command} --help.`);
  }
  return new URL(String(url));
}

function watchOf({ watch, uninstall }: OptionValues): boolean {
  if (watch === true && uninstall === true) {
    throw usage(
      "install-component takes either --watch or --uninstall.",
      "See aquila-salesforce install-component --help.",
    );
  }
  return watch === true;
}

function isCommand(name: string): name is CommandName {
  return Object.hasOwn(COMMANDS, name);
}

/** Elastic Agent appends `-E path.data=DIR` to the arguments of every component; the other settings of Beats mean nothing here. */
function dataDirectoryOf(settings: OptionValue): string {
  const listed = Array.isArray(settings) ? settings.map(String) : [];
  const given = listed.findLast((one) => one.startsWith("path.data="))?.slice("path.data=".length);
  return given === undefined || given === "" ? "." : given;
}

/** The help text, of one command or of all, for a terminal that is so wide. */
export function helpText(about: string | undefined, columns?: number): string {
  if (about !== undefined && isCommand(about)) {
    return commandHelp(`aquila-salesforce ${about}`, COMMANDS[about], columns);
  }
  const commands = Object.entries(COMMANDS).map(
    ([name, { summary }]) => `  ${name.padEnd(19)}${hangingText(summary, 21, columns)}`,
  );
  return [
    hangingText("AQUILA for Salesforce: every login, Apex and API event of each org in Elasticsearch.", 0, columns),
    "",
    "Usage: aquila-salesforce COMMAND [OPTIONS]",
    "",
    "Commands:",
    ...commands,
    "",
    "aquila-salesforce COMMAND --help says more.",
    "aquila-salesforce --version says which one this is.",
    EXIT_CODE_TEXT,
    "",
  ].join("\n");
}

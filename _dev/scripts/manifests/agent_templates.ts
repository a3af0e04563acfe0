/** The Handlebars templates that Fleet renders into blocks of a policy, one line for each setting. Pure. */
import type { AskedSetting } from "./package_variables.ts";

const MAKER = `# Made by _dev/scripts/build_manifests.ts from src/policy/settings.ts.
# Some versions of Fleet join the lines between two quotation marks, wherever these stand. A text may hold one: the
# comment behind it closes that, and is nothing if there is none.`;

/** `\"` is skipped within a quotation and begins one outside; the last mark ends it either way. */
const QUOTATION_END = ' # \\" "';

/** A data stream that the runner itself writes: it is in the policy so that the output's API key may write it. */
const NOTHING_TO_COLLECT = "event_log_files:\n  enabled: false\n";

/** The template of a block with these settings; the keys are those of `settings.ts`. */
export function agentTemplate(settings: readonly AskedSetting[]): string {
  const lines: string[] = [];
  let group: string | undefined;
  for (const asked of settings) {
    const [first = "", second] = asked.setting.path.split(".");
    if (second !== undefined && first !== group) {
      lines.push(`${first}:`);
    }
    group = second === undefined ? undefined : first;
    lines.push(...settingLines(asked, second === undefined ? first : `  ${second}`));
  }
  return `${MAKER}\n${settings.length === 0 ? NOTHING_TO_COLLECT : `${lines.join("\n")}\n`}`;
}

/** `key` with its indentation. A value that may be empty stands in an `if`, so that the runner's default applies. */
function settingLines({ setting, variable }: AskedSetting, key: string): string[] {
  const { name } = variable;
  switch (setting.kind) {
    case "flag":
    case "number":
      return [`${key}: {{${name}}}`];
    case "list":
      return ifGiven(name, `${key}: {{to_json ${name}}}`);
    case "yaml":
      return ifGiven(name, `${key}: {{${name}}}`);
    case "text":
    case "secret":
    case "url":
    case "choice":
    case "duration":
      return ifGiven(name, `${key}: {{escape_string ${name}}}${QUOTATION_END}`);
  }
}

function ifGiven(name: string, line: string): string[] {
  return [`{{#if ${name}}}`, line, "{{/if}}"];
}

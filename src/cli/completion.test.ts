import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";
import { COMMANDS } from "./commands.ts";
import { completionScript, SHELLS } from "./completion.ts";

/** What bash offers for a command line, as it asks the function of the script. */
function offered(...words: string[]): string[] {
  const ask = `COMP_WORDS=(${words.map((word) => `'${word}'`).join(" ")}); COMP_CWORD=${words.length - 1}
_aquila_salesforce; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const script = `${completionScript("bash", COMMANDS)}${ask}`;
  return execFileSync("bash", ["-c", script], { encoding: "utf8" }).trim().split("\n");
}

test("bash completes commands, options and shells", () => {
  expect(offered("aquila-salesforce", "ch")).toEqual(["check"]);
  expect(offered("aquila-salesforce", "--v")).toEqual(["--version"]);
  expect(offered("aquila-salesforce", "run", "--policy")).toEqual(["--policy", "--policy-url"]);
  expect(offered("aquila-salesforce", "completion", "f")).toEqual(["fish"]);
  expect(offered("aquila-salesforce", "nonsense", "--")).toEqual([""]);
});

test.each(SHELLS)("%s knows every command and option", (shell) => {
  const script = completionScript(shell, COMMANDS);
  for (const [name, { options }] of Object.entries(COMMANDS)) {
    expect(script).toContain(` ${name}`);
    for (const option of Object.keys(options)) {
      expect(script).toMatch(new RegExp(`(--|-l )${option}\\b`));
    }
  }
});

test("fish reads texts with quotes", () => {
  for (const line of completionScript("fish", COMMANDS).trim().split("\n")) {
    expect(line.replaceAll(/\\\\|\\'/g, "").split("'").length % 2, line).toBe(1);
  }
});

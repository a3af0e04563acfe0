/** The shell commands that a Markdown text tells people to run. */

/** A block of commands that are run one after the other, in one shell. */
export type ShellBlock = readonly string[];

const FENCE = /^( *)```sh\n([\s\S]*?)^\1```$/gm;

/** The fenced blocks of `sh`, without the indentation that a list gives them. Pure. */
export function shellBlocks(markdown: string): ShellBlock[] {
  return [...markdown.matchAll(FENCE)].map(([, indent = "", text = ""]) =>
    text
      .split("\n")
      .map((line) => line.slice(indent.length).trimEnd())
      .filter((line) => line !== "" && !line.startsWith("#")),
  );
}

const PROGRAM = "aquila-salesforce";

/** Command lines of the runner between back-quotes; its bare name, and names of its files, are none. Pure. */
export function inlineCommands(markdown: string): string[] {
  return codeSpans(markdown).filter((span) => runnerArguments(span) !== undefined);
}

/** What stands between back-quotes, blocks apart. Pure. */
export function codeSpans(markdown: string): string[] {
  return [...markdown.replaceAll(FENCE, "").matchAll(/`([^`\n]+)`/g)].map(([, span = ""]) => span);
}

/** The arguments of a command line of the runner, also behind sudo or npm; `undefined` for another program's. Pure. */
export function runnerArguments(line: string): string[] | undefined {
  const words = wordsOf(line.replace(/^(?:sudo )/, "").replace(/^npm run aquila-salesforce --/, PROGRAM));
  return words[0] === PROGRAM && words.length > 1 ? words.slice(1) : undefined;
}

/** A line as a shell splits it, double quotes understood. */
function wordsOf(line: string): string[] {
  return [...line.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? "");
}

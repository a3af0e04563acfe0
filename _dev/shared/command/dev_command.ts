/** Programs of this project that a person types: their options, help and mistakes are those of the runner's own commands. */
import { errors } from "@elastic/elasticsearch";
import type { CommandDeclaration, OptionValues } from "../../../src/cli/command_declaration.ts";
import { commandHelp, readOptions } from "../../../src/cli/command_line.ts";
import { RunnerError } from "../../../src/core/errors.ts";
import { ElasticsearchUnavailable } from "../elasticsearch/unavailable.ts";

export interface DevCommand extends CommandDeclaration {
  /** As it is typed: `npm run demo`. */
  readonly name: string;
}

/** The exit code of a program that can't do what was asked of it, as things are. */
const REFUSED = 2;

/**
 * Reads the options and does the work, whose result is the exit code. What a person can mend ends it with one sentence and its
 * cure, and with exit code 2; a stack is shown only for what should not happen.
 */
export async function runDevCommand(
  command: DevCommand,
  work: (values: OptionValues) => Promise<number>,
  argv: readonly string[] = process.argv.slice(2),
): Promise<void> {
  // Who reads what is printed may leave at any time, as head does. What is still printed then is for nobody.
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") {
      throw error;
    }
  });
  try {
    const values = readOptions({ name: command.name, helpCommand: `${command.name} -- --help` }, command, argv);
    if (values.help === true) {
      process.stdout.write(commandHelp(`${command.name} --`, command, process.stdout.columns));
      return;
    }
    process.exitCode = await work(values);
  } catch (error) {
    const sentence = mendable(error);
    if (sentence === undefined) {
      throw error;
    }
    process.stderr.write(`${sentence}\n`);
    process.exitCode = REFUSED;
  }
}

/** What a person reads of an error that is not this project's fault; undefined for one that is. */
export function mendable(error: unknown): string | undefined {
  if (error instanceof RunnerError) {
    return error.fault === "ours" ? undefined : error.text;
  }
  if (error instanceof ElasticsearchUnavailable) {
    return error.message;
  }
  if (error instanceof errors.ResponseError) {
    const reason = error.message.split("\n")[0];
    return `Elasticsearch refuses (${error.statusCode}): ${reason}. Its user or API key needs the rights of an administrator.`;
  }
  const { code, path, syscall } = error as NodeJS.ErrnoException;
  const cure = code === undefined ? undefined : FILE_CURES[code];
  return cure === undefined || path === undefined ? undefined : `${path}: ${syscall} fails (${code}). ${cure}`;
}

const FILE_CURES: Readonly<Record<string, string>> = {
  EACCES: "Give yourself the permission, or take another folder.",
  EPERM: "Give yourself the permission, or take another folder.",
  EROFS: "The file system is read-only: take another folder.",
  ENOTDIR: "A part of this path is a file: remove it, or take another folder.",
  EEXIST: "A file is where a folder should be: remove it, or take another folder.",
  ENOENT: "Look whether the path is right.",
  EISDIR: "A folder is where a file should be.",
  ENOSPC: "Make room on the disk.",
};

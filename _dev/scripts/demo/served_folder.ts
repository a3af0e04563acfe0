import { createHash } from "node:crypto";
import { readdirSync, type Stats, statSync } from "node:fs";
import { basename, extname, join } from "node:path";
import { usage } from "../../../src/cli/command_declaration.ts";

/** A folder of event log files that a mock org serves. */
export interface ServedFolder {
  /** Absolute. */
  readonly path: string;
  /** Tells the folder's org from every other. */
  readonly serial: number;
  /** Tells what the folder holds from what it held before: names, sizes and times of its files. */
  readonly past: string;
}

/** Serials below are the generated orgs'. */
const FIRST_SERIAL = 1_000;

/** The folder, if it holds CSV files. Throws `usage`. */
export function servedFolder(path: string): ServedFolder {
  const cure = "Give a folder of event log files (CSV) with --files.";
  const found = statsOf(path);
  if (found === undefined || typeof found === "string") {
    throw usage(found === undefined ? `There is no folder ${path}.` : `${path} can't be read (${found}).`, cure);
  }
  if (!found.isDirectory()) {
    throw usage(`${path} is a file.`, `Give the folder that holds it, such as --files ${join(path, "..")}.`);
  }
  const names = readdirSync(path).toSorted();
  const csv = names.filter((name) => extname(name).toLowerCase() === ".csv");
  if (csv.length === 0) {
    const holds = names.length === 0 ? "is empty" : `holds no CSV file, but ${basename(names[0] ?? "")}`;
    throw usage(`${path} ${holds}.`, cure);
  }
  const listing = csv.map((name) => {
    const { size, mtimeMs } = statSync(join(path, name));
    return `${name} ${size} ${mtimeMs}`;
  });
  return {
    path,
    serial: FIRST_SERIAL + digestOf(path).readUInt32BE(),
    past: digestOf([path, ...listing].join("\n"))
      .toString("hex")
      .slice(0, 12),
  };
}

function statsOf(path: string): Stats | string | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? "unreadable";
  }
}

function digestOf(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}

/** Which mutants the compiler refuses: no test needs to notice those. */
import { spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";

export interface MutantOfFile {
  readonly file: string;
  readonly mutant: { readonly text: string };
}

/** Leaves them out. One of each file is tried at a time: what the compiler says of a file is said of its mutant. */
export async function typed<T extends MutantOfFile>(all: readonly T[], copy: string): Promise<readonly T[]> {
  const refused = new Set<T>();
  let left = all;
  while (left.length > 0) {
    const batch = new Map(left.toReversed().map((one) => [one.file, one]));
    const originals = [...batch.keys()].map(
      (file) => [join(copy, file), readFileSync(join(copy, file), "utf8")] as const,
    );
    for (const { file, mutant } of batch.values()) {
      writeFileSync(join(copy, file), mutant.text);
    }
    for (const [, file] of (await compile(copy)).matchAll(/^(\S+)\(\d+,\d+\): error/gm)) {
      const one = batch.get(file ?? "");
      if (one !== undefined) {
        refused.add(one);
      }
    }
    for (const [path, original] of originals) {
      writeFileSync(path, original);
    }
    left = left.filter((one) => batch.get(one.file) !== one);
  }
  return all.filter((one) => !refused.has(one));
}

async function compile(copy: string): Promise<string> {
  const remembered = ["--incremental", "--tsBuildInfoFile", join(copy, "build/types.tsbuildinfo")];
  const child = spawn(join(copy, "node_modules/.bin/tsc"), remembered, {
    cwd: copy,
    stdio: ["ignore", "pipe", "ignore"],
  });
  return text(child.stdout);
}

/** Which mutants the compiler refuses: no test needs to notice those. */
import { spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { type Mutant, withAll } from "./mutants.ts";

/** Leaves them out. All are tried at once, without those that errors were found behind, until none is left. */
export async function typed<T extends { readonly file: string; readonly mutant: Mutant }>(
  all: readonly T[],
  copy: string,
): Promise<readonly T[]> {
  let left = all;
  for (;;) {
    const byFile = Map.groupBy(left, ({ file }) => file);
    const originals = [...byFile.keys()].map((file) => [file, readFileSync(join(copy, file), "utf8")] as const);
    for (const [file, original] of originals) {
      const mutants = (byFile.get(file) ?? []).map(({ mutant }) => mutant);
      writeFileSync(join(copy, file), withAll(original, mutants));
    }
    const errors = await compile(copy);
    for (const [file, original] of originals) {
      writeFileSync(join(copy, file), original);
    }
    const refused = new Set(errors.map(({ file, line }) => culpritOf(byFile.get(file) ?? [], line)));
    refused.delete(undefined);
    if (refused.size === 0) {
      return left;
    }
    left = left.filter((one) => !refused.has(one));
  }
}

/** The nearest before the error, which stands where it was made or behind that; else the first of the file. */
function culpritOf<T extends { readonly mutant: Mutant }>(mutants: readonly T[], line: number): T | undefined {
  const inOrder = mutants.toSorted((a, b) => a.mutant.offset - b.mutant.offset);
  return inOrder.findLast(({ mutant }) => mutant.line <= line) ?? inOrder[0];
}

async function compile(copy: string): Promise<readonly { readonly file: string; readonly line: number }[]> {
  const remembered = ["--incremental", "--tsBuildInfoFile", join(copy, "build/types.tsbuildinfo")];
  const child = spawn(join(copy, "node_modules/.bin/tsc"), remembered, {
    cwd: copy,
    stdio: ["ignore", "pipe", "ignore"],
  });
  const found = (await text(child.stdout)).matchAll(/^(\S+)\((\d+),\d+\): error/gm);
  return [...found].map(([, file = "", line]) => ({ file, line: Number(line) }));
}

/** Which mutants the compiler refuses: no test needs to notice those. */
import { spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";

/** Leaves them out. One of each file is tried at a time: what the compiler says of a file is said of its mutant. */
export async function typed<T extends { readonly file: string; readonly mutant: { readonly text: string } }>(
  all: readonly T[],
  copy: string,
): Promise<readonly T[]> {
  const refused = new Set<T>();
  let left = all;
  while (left.length > 0) {
    const batch = new Map(left.map((one) => [one.file, one]));
    const originals = [...batch.keys()].map((file) => [file, readFileSync(join(copy, file), "utf8")] as const);
    for (const { file, mutant } of batch.values()) {
      writeFileSync(join(copy, file), mutant.text);
    }
    for (const file of await filesWithErrors(copy)) {
      const one = batch.get(file);
      if (one !== undefined) {
        refused.add(one);
      }
    }
    for (const [file, original] of originals) {
      writeFileSync(join(copy, file), original);
    }
    left = left.filter((one) => batch.get(one.file) !== one);
  }
  return all.filter((one) => !refused.has(one));
}

async function filesWithErrors(copy: string): Promise<ReadonlySet<string>> {
  const remembered = ["--incremental", "--tsBuildInfoFile", join(copy, "build/types.tsbuildinfo")];
  const child = spawn(join(copy, "node_modules/.bin/tsc"), remembered, {
    cwd: copy,
    stdio: ["ignore", "pipe", "ignore"],
  });
  const errors = (await text(child.stdout)).matchAll(/^(\S+)\(\d+,\d+\): error/gm);
  return new Set([...errors].map(([, file = ""]) => file));
}

/**
 * How many small wrong changes the unit tests notice: `npm run mutate -- [--count N] [--seed N] [FOLDER OR FILE…]`, by default 100 of
 * src/pump, src/sources, src/sinks and src/cursors. Works on a copy of the working tree; prints a line for each mutant that survives.
 */
import { spawnSync } from "node:child_process";
import { cpSync, globSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { parseArgs } from "node:util";
import { mutantsOf, sampleOf } from "./mutants.ts";

const ROOT = join(import.meta.dirname, "../../..");
const LONGEST_RUN = 300_000;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { count: { type: "string", default: "100" }, seed: { type: "string", default: "1" } },
});
const places = positionals.length === 0 ? ["src/pump", "src/sources", "src/sinks", "src/cursors"] : positionals;
const files = places
  .flatMap((place) => (statSync(join(ROOT, place)).isFile() ? [place] : globSync(`${place}/**/*.ts`, { cwd: ROOT })))
  .filter((file) => !/\.(test|contract|fixture)\.ts$/.test(file))
  .toSorted();

const copy = mkdtempSync(join(tmpdir(), "mutation-"));
try {
  cpSync(ROOT, copy, {
    recursive: true,
    filter: (path) => !/^(node_modules|\.git|build)(\/|$)/.test(relative(ROOT, path)),
  });
  symlinkSync(join(ROOT, "node_modules"), join(copy, "node_modules"));
  const all = files.flatMap((file) =>
    mutantsOf(readFileSync(join(ROOT, file), "utf8")).map((mutant) => ({ file, mutant })),
  );
  const sample = sampleOf(all, Number(values.count), Number(values.seed));
  process.stdout.write(`${sample.length} of ${all.length} mutants of ${files.length} files\n`);
  let killed = 0;
  for (const { file, mutant } of sample) {
    const path = join(copy, file);
    const original = readFileSync(path, "utf8");
    writeFileSync(path, mutant.text);
    const noticed = !testsPass(file);
    writeFileSync(path, original);
    killed += noticed ? 1 : 0;
    if (!noticed) {
      process.stdout.write(`survived: ${file}:${mutant.line} ${mutant.from} -> ${mutant.to || "nothing"}\n`);
    }
  }
  process.stdout.write(
    `mutation: ${killed} of ${sample.length} noticed (${Math.round((100 * killed) / sample.length)} %)\n`,
  );
} finally {
  rmSync(copy, { recursive: true, force: true });
}

/** The unit tests that import the file, up to the first failure. What hangs is noticed too. */
function testsPass(file: string): boolean {
  const { status } = spawnSync(
    join(ROOT, "node_modules/.bin/vitest"),
    ["related", file, "--run", "--project", "unit", "--bail", "1", "--reporter", "dot", "--dir", "src"],
    { cwd: copy, timeout: LONGEST_RUN, stdio: "ignore" },
  );
  return status === 0;
}

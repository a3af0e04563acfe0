/** `npm run mutate`: how many small wrong changes the unit tests notice. Works on a copy of the working tree. */
import { spawnSync } from "node:child_process";
import { cpSync, globSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { type OptionValues, usage } from "../../../src/cli/command_declaration.ts";
import { type DevCommand, runDevCommand } from "../../shared/command/dev_command.ts";
import { mutantsOf, sampleOf } from "./mutants.ts";

const ROOT = join(import.meta.dirname, "../../..");
const LONGEST_RUN = 300_000;

const COMMAND: DevCommand = {
  name: "npm run mutate",
  summary: "Changes the product in small wrong ways and says which of them no unit test notices.",
  argument: { value: "[FOLDER OR FILE…]", many: true },
  options: {
    count: { type: "string", value: "NUMBER", default: "100", help: "How many changes." },
    seed: { type: "string", value: "NUMBER", default: "1", help: "Another number tries other changes." },
  },
  examples: ["npm run mutate", "npm run mutate -- --count 20 --seed 7 src/pump src/sinks/ndjson.ts"],
};
const PLACES = ["src/pump", "src/sources", "src/sinks", "src/cursors"];

await runDevCommand(COMMAND, mutate);

async function mutate({ argument, count, seed }: OptionValues): Promise<number> {
  const given = Array.isArray(argument) ? argument.map(String) : [];
  const files = (given.length === 0 ? PLACES : given)
    .flatMap(sourcesIn)
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
    const sample = sampleOf(all, Number(count), Number(seed));
    process.stdout.write(`${sample.length} of ${all.length} mutants of ${files.length} files\n`);
    let killed = 0;
    for (const { file, mutant } of sample) {
      const path = join(copy, file);
      const original = readFileSync(path, "utf8");
      writeFileSync(path, mutant.text);
      const noticed = !testsPass(copy, file);
      writeFileSync(path, original);
      killed += noticed ? 1 : 0;
      if (!noticed) {
        process.stdout.write(`survived: ${file}:${mutant.line} ${mutant.from} -> ${mutant.to || "nothing"}\n`);
      }
    }
    process.stdout.write(
      `mutation: ${killed} of ${sample.length} noticed (${Math.round((100 * killed) / sample.length)} %)\n`,
    );
    return 0;
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

function sourcesIn(place: string): string[] {
  const found = statSync(join(ROOT, place), { throwIfNoEntry: false });
  if (found === undefined) {
    throw usage(`There is no ${place}.`, "Give folders and files of src, from the root of the repository.");
  }
  return found.isFile() ? [place] : globSync(`${place}/**/*.ts`, { cwd: ROOT });
}

/** The unit tests that import the file, up to the first failure. What hangs is noticed too. */
function testsPass(copy: string, file: string): boolean {
  const { status } = spawnSync(
    join(ROOT, "node_modules/.bin/vitest"),
    ["related", file, "--run", "--project", "unit", "--bail", "1", "--reporter", "dot", "--dir", "src"],
    { cwd: copy, timeout: LONGEST_RUN, stdio: "ignore" },
  );
  return status === 0;
}

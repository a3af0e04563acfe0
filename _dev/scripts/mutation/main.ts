/** `npm run mutate`: how many small wrong changes the unit tests notice. Works on a copy of the working tree. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  cpSync,
  existsSync,
  globSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { type OptionValues, usage } from "../../../src/cli/command_declaration.ts";
import { GIVE_UP, RunnerError } from "../../../src/core/errors.ts";
import { type DevCommand, runDevCommand } from "../../shared/command/dev_command.ts";
import { mutantsOf, sampleOf } from "./mutants.ts";

const ROOT = join(import.meta.dirname, "../../..");
/** Time for the tests of one file without a mutant; a mutant gets five times what they took, and a minute. */
const LONGEST_RUN = 600_000;

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
    const took = new Map<string, number>();
    const counts = { failed: 0, "timed out": 0, passed: 0 };
    for (const { file, mutant } of sample) {
      const path = join(copy, file);
      const original = readFileSync(path, "utf8");
      if (!took.has(file)) {
        const began = performance.now();
        const outcome = await runTests(copy, file, LONGEST_RUN);
        if (outcome !== "passed") {
          throw new RunnerError("internal", `The unit tests of ${file} ${outcome} without any change.`, {
            next: GIVE_UP,
            cure: "Mend them first; on a machine that is busy, try again when it is calm.",
          });
        }
        took.set(file, performance.now() - began);
      }
      writeFileSync(path, mutant.text);
      const outcome = await runTests(copy, file, Math.ceil(5 * (took.get(file) ?? 0)) + 60_000);
      writeFileSync(path, original);
      counts[outcome] += 1;
      if (outcome !== "failed") {
        const what = outcome === "passed" ? "survived" : "hangs";
        process.stdout.write(`${what}: ${file}:${mutant.line} ${mutant.from} -> ${mutant.to || "nothing"}\n`);
      }
    }
    const noticed = sample.length - counts.passed;
    process.stdout.write(
      `mutation: ${noticed} of ${sample.length} noticed (${Math.round((100 * noticed) / sample.length)} %), ${counts["timed out"]} of them by a test that never ended\n`,
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

type Outcome = "failed" | "timed out" | "passed";

/** The unit tests that import the file, up to the first failure: its own test first, which finds most. */
async function runTests(copy: string, file: string, timeout: number): Promise<Outcome> {
  const own = file.replace(/\.ts$/, ".test.ts");
  const first = existsSync(join(copy, own)) ? await vitest(copy, ["run", own], timeout) : "passed";
  return first === "passed" ? await vitest(copy, ["related", file, "--run", "--exclude", "_dev/**"], timeout) : first;
}

/** As a group of processes, so that a worker that hangs ends with its parent. */
async function vitest(copy: string, what: readonly string[], timeout: number): Promise<Outcome> {
  const child = spawn(
    join(ROOT, "node_modules/.bin/vitest"),
    [...what, "--project", "unit", "--bail", "1", "--reporter", "dot"],
    { cwd: copy, stdio: "ignore", detached: true },
  );
  let timedOut = false;
  const timer = setTimeout(() => {
    timedOut = true;
    process.kill(-(child.pid ?? 0), "SIGKILL");
  }, timeout);
  const [status] = await once(child, "exit");
  clearTimeout(timer);
  if (timedOut) {
    return "timed out";
  }
  return status === 0 ? "passed" : "failed";
}

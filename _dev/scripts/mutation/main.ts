/** `npm run mutate`: how many small wrong changes the unit tests notice. Works on a copy of the working tree, one change at a time. */
import {
  cpSync,
  globSync,
  mkdirSync,
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
import { type DevCommand, runDevCommand } from "../../shared/command/dev_command.ts";
import { baselineOf, type TestFile } from "./baseline.ts";
import { differing, drawn, type Mutant, mutantsOf } from "./mutants.ts";
import { reachOf } from "./reach.ts";
import { runTests } from "./test_run.ts";
import { typed } from "./typed.ts";

const ROOT = join(import.meta.dirname, "../../..");
/** Of the unit tests without a mutant, until their files change. */
const KNOWN = join(ROOT, "build/mutation/baseline.json");

const COMMAND: DevCommand = {
  name: "npm run mutate",
  summary: "Changes the product in small wrong ways and says which of them no unit test notices.",
  argument: { value: "[FOLDER OR FILE…]", many: true },
  options: {
    count: { type: "string", value: "NUMBER", default: "25", help: "How many changes of each folder or file." },
    seed: { type: "string", value: "NUMBER", default: "1", help: "Another number tries other changes." },
    tests: {
      type: "string",
      value: "PLACES",
      default: "src",
      help: "Folders whose tests are run, and test files; with commas.",
    },
    longest: { type: "string", value: "SECONDS", default: "600", help: "Leaves out test files that take longer." },
  },
  examples: ["npm run mutate", "npm run mutate -- --count 20 --seed 7 --longest 5 src/pump src/sinks/ndjson.ts"],
};
const PLACES = ["src/pump", "src/sources", "src/sinks", "src/cursors"];

/** The mutants of each file, once. */
const known = new Map<string, readonly Placed[]>();

await runDevCommand(COMMAND, mutate);

async function mutate({ argument, count, seed, tests, longest }: OptionValues): Promise<number> {
  const given = Array.isArray(argument) && argument.length > 0 ? argument.map(String) : PLACES;
  const most = Number(count);
  const pools = given.map((place) => ({ place, pool: mutantsIn(place, Number(seed)) }));
  const copy = copyOfTree();
  try {
    // As many again as are wanted, for those that the compiler refuses.
    const wanted = new Set(pools.flatMap(({ pool }) => pool.slice(0, 2 * most)));
    const compiled = new Set(await typed([...wanted], copy));
    const running = await baselineOf(copy, String(tests).split(","), KNOWN);
    const able = running.filter(({ seconds }) => seconds <= Number(longest));
    for (const { place, pool } of pools) {
      const sample = pool.filter((one) => compiled.has(one)).slice(0, most);
      process.stdout.write(`${place}: ${sample.length} of ${pool.length} mutants\n`);
      const counts: Record<Fate, number> = { noticed: 0, hangs: 0, survived: 0, unsure: 0 };
      for (const one of sample) {
        const fate = await fateOf(one, able, copy);
        counts[fate] += 1;
      }
      const noticed = counts.noticed + counts.hangs;
      process.stdout.write(
        `mutation ${place}: ${noticed} of ${sample.length} noticed (${Math.round((100 * noticed) / sample.length)} %), ${counts.hangs} of them by a test that does not end; unsure ${counts.unsure}\n`,
      );
    }
    return 0;
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

interface Placed {
  readonly file: string;
  readonly mutant: Mutant;
  /** Which stays the same when other lines change. */
  readonly name: string;
}

function mutantsIn(place: string, seed: number): readonly Placed[] {
  return drawn(sourcesIn(place).flatMap(mutantsOfFile), ({ name }) => name, seed);
}

/** The same for each place that the file is in. */
function mutantsOfFile(file: string): readonly Placed[] {
  const text = readFileSync(join(ROOT, file), "utf8");
  const lines = text.split("\n");
  const all =
    known.get(file) ??
    differing(text, mutantsOf(text)).map((mutant) => ({
      file,
      mutant,
      name: `${file} ${mutant.from} ${lines[mutant.line - 1]?.trim()}`,
    }));
  known.set(file, all);
  return all;
}

function sourcesIn(place: string): string[] {
  const found = statSync(join(ROOT, place), { throwIfNoEntry: false });
  if (found === undefined) {
    throw usage(`There is no ${place}.`, "Give folders and files of src, from the root of the repository.");
  }
  return found.isFile()
    ? [place]
    : globSync(`${place}/**/*.ts`, { cwd: ROOT }).filter((file) => !/\.(test|contract|fixture)\.ts$/.test(file));
}

function copyOfTree(): string {
  const copy = mkdtempSync(join(tmpdir(), "mutation-"));
  cpSync(ROOT, copy, {
    recursive: true,
    filter: (path) => !/^(node_modules|\.git|build)(\/|$)/.test(relative(ROOT, path)),
  });
  symlinkSync(join(ROOT, "node_modules"), join(copy, "node_modules"));
  mkdirSync(join(copy, "build"));
  return copy;
}

/** `unsure`: a test did not end, but neither does it without the mutant, as busy as the machine is. */
type Fate = "noticed" | "hangs" | "survived" | "unsure";

async function fateOf({ file, mutant }: Placed, tests: readonly TestFile[], copy: string): Promise<Fate> {
  const path = join(copy, file);
  const original = readFileSync(path, "utf8");
  const say = (fate: Fate, by: string): Fate => {
    process.stdout.write(`${fate}: ${file}:${mutant.line} ${mutant.from} -> ${mutant.to || "nothing"}: ${by}\n`);
    return fate;
  };
  const chunks = inChunks(testsThatReach(file, mutant.offset, tests));
  for (const chunk of chunks) {
    const paths = chunk.map((test) => test.path);
    writeFileSync(path, mutant.text);
    const run = await runTests(copy, paths, limitsOf(chunk));
    writeFileSync(path, original);
    if (run.outcome === "failed") {
      return say("noticed", run.by ?? "");
    }
    if (run.outcome === "hung") {
      const again = await runTests(copy, paths, limitsOf(chunk));
      return again.outcome === "passed" ? say("hangs", run.by ?? paths.join(" ")) : say("unsure", paths.join(" "));
    }
  }
  return say("survived", chunks.length === 0 ? "no test reaches it" : `${chunks.flat().length} test files`);
}

/** Those most likely to notice first: the file's own, then those that reach the very place, and the quick ones of each. */
function testsThatReach(file: string, offset: number, tests: readonly TestFile[]): readonly TestFile[] {
  const own = file.replace(/\.ts$/, ".test.ts");
  return tests
    .map((test) => ({ test, reach: reachOf(offset, test.loads[file]?.processes ?? []) }))
    .filter(({ reach }) => reach !== "nothing")
    .map(({ test, reach }) => ({ test, rank: (test.path === own ? 0 : 1) + (reach === "place" ? 0 : 2) }))
    .toSorted((a, b) => a.rank - b.rank || a.test.seconds - b.test.seconds)
    .map(({ test }) => test);
}

/** Each takes about twice as long as the one before, so that one that hangs is soon known. */
function inChunks(tests: readonly TestFile[]): readonly (readonly TestFile[])[] {
  const chunks: TestFile[][] = [];
  let left = 0;
  let size = 2;
  for (const test of tests) {
    if (left <= 0) {
      chunks.push([]);
      left = size;
      size *= 2;
    }
    chunks.at(-1)?.push(test);
    left -= test.seconds + 0.5;
  }
  return chunks;
}

/** Far more than the tests take when the machine is quiet: what is still not done hangs. */
function limitsOf(tests: readonly TestFile[]): { readonly longestTest: number; readonly longest: number } {
  const seconds = tests.map((test) => test.seconds);
  const sum = seconds.reduce((a, b) => a + b, 0);
  return {
    longestTest: 1000 * (20 + 5 * Math.max(...seconds)),
    longest: 1000 * (60 + 5 * (sum + tests.length)),
  };
}

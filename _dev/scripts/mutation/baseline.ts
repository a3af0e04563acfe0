/** What each test file does without a mutant: that it passes, how long it takes, and what of the product it reaches. */
import { createHash } from "node:crypto";
import { existsSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { GIVE_UP, RunnerError } from "../../../src/core/errors.ts";
import { type ScriptCoverage, type Unreached, unreachedOf } from "./reach.ts";
import { runTests, type TestRun } from "./test_run.ts";

export interface TestFile {
  /** From the root of the repository. */
  readonly path: string;
  /** Without the start of its process. */
  readonly seconds: number;
  /** Of each file of the project that it loads: the hash of its text, and what each process left out. */
  readonly loads: Readonly<Record<string, { readonly hash: string; readonly processes: readonly Unreached[] }>>;
}

const NOTHING_RUN: TestRun = { outcome: "passed", passed: new Map() };

/** Runs each unit test of the folders, or named, whose files have changed since it was last run here; what is `known` is written anew. Throws if one fails. */
export async function baselineOf(copy: string, places: readonly string[], known: string): Promise<readonly TestFile[]> {
  const before: readonly TestFile[] = existsSync(known) ? JSON.parse(readFileSync(known, "utf8")) : [];
  const tests = places
    .flatMap((place) => (place.endsWith(".ts") ? [place] : globSync(`${place}/**/*.test.ts`, { cwd: copy })))
    .filter((path) => canRun(path, copy));
  const fresh = before.filter(
    ({ path, loads }) =>
      tests.includes(path) && Object.entries(loads).every(([file, { hash }]) => hashOf(join(copy, file)) === hash),
  );
  const stale = tests.filter((path) => !fresh.some((one) => one.path === path));
  process.stdout.write(`${stale.length} of ${tests.length} test files run without a mutant\n`);
  const folder = join(copy, "build/coverage");
  const limits = { longestTest: 300_000, longest: 3_600_000 };
  const run = stale.length === 0 ? NOTHING_RUN : await runTests(copy, stale, { ...limits, coverage: folder });
  const coverage = readCoverage(folder, copy);
  const passed = [...run.passed].map(([path, seconds]) => ({ path, seconds, loads: loadsOf(path, coverage, copy) }));
  const all = [...fresh, ...passed];
  const others = before.filter(({ path }) => !tests.includes(path));
  mkdirSync(dirname(known), { recursive: true });
  writeFileSync(known, JSON.stringify([...all, ...others]));
  rmSync(folder, { recursive: true, force: true });
  const failed = stale.filter((path) => !run.passed.has(path));
  if (failed.length > 0) {
    throw new RunnerError("internal", `Unit tests fail without any change: ${failed.join(", ")}.`, {
      next: GIVE_UP,
      cure: "Mend them first; on a machine that is busy, try again when it is calm: what passed is remembered.",
    });
  }
  return all;
}

/** Not those that need Elasticsearch, nor those that replace a module, which Node's own loader does not let them. */
function canRun(path: string, copy: string): boolean {
  return !path.endsWith(".e2e.test.ts") && !readFileSync(join(copy, path), "utf8").includes("vi.mock(");
}

function hashOf(path: string): string | undefined {
  return existsSync(path) ? createHash("sha256").update(readFileSync(path)).digest("base64") : undefined;
}

interface ProcessCoverage {
  /** The test file that started the process; undefined for the process that is a test file's own. */
  readonly startedBy: string | undefined;
  readonly scripts: ReadonlyMap<string, ScriptCoverage>;
}

function readCoverage(folder: string, copy: string): ProcessCoverage[] {
  const within = `${pathToFileURL(copy).href}/`;
  return globSync("**/coverage-*.json", { cwd: folder }).map((file) => {
    const ours = scriptsOf(join(folder, file)).filter(
      ({ url }) => url.startsWith(within) && !url.includes("/node_modules/"),
    );
    const by = dirname(file);
    return {
      startedBy: by === "." ? undefined : relative(copy, decodeURIComponent(by)),
      scripts: new Map(ours.map((script) => [relative(copy, fileURLToPath(script.url)), script])),
    };
  });
}

/** None of a process that ended while it wrote, as those that tests kill may. */
function scriptsOf(path: string): readonly ScriptCoverage[] {
  try {
    return (JSON.parse(readFileSync(path, "utf8")) as { result: ScriptCoverage[] }).result;
  } catch {
    return [];
  }
}

function loadsOf(test: string, coverage: readonly ProcessCoverage[], copy: string): TestFile["loads"] {
  const own = coverage.filter(
    ({ startedBy, scripts }) => startedBy === test || (startedBy === undefined && scripts.has(test)),
  );
  const files = new Set(own.flatMap(({ scripts }) => [...scripts.keys()]));
  return Object.fromEntries(
    [...files].map((file) => {
      const processes = own.flatMap(({ scripts }) => scripts.get(file) ?? []).map(unreachedOf);
      return [file, { hash: hashOf(join(copy, file)) ?? "", processes: file.endsWith(".test.ts") ? [] : processes }];
    }),
  );
}

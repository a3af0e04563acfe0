/** Test files of the copy, run in one process after the other until one fails. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";

export interface TestRun {
  /** `hung`: nothing failed but by a test, or all of them, that did not end, or without a word; a machine may do that too. */
  readonly outcome: "passed" | "failed" | "hung";
  /** The first test that failed. */
  readonly by?: string | undefined;
  /** Of each file that passed, in seconds. */
  readonly passed: ReadonlyMap<string, number>;
}

export interface RunOptions {
  /** In milliseconds: of one test and of all. */
  readonly longestTest: number;
  readonly longest: number;
  /** Where the coverage of each file goes; without it, the first failure ends the run. */
  readonly coverage?: string;
}

interface JsonReport {
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly startTime: number;
    readonly endTime: number;
    readonly message: string;
    readonly assertionResults: readonly {
      readonly fullName: string;
      readonly status: string;
      readonly failureMessages: readonly string[];
    }[];
  }[];
}

/** As a group of processes, so that what hangs ends with its parent. */
export async function runTests(copy: string, tests: readonly string[], options: RunOptions): Promise<TestRun> {
  const { longestTest, longest, coverage } = options;
  const report = join(copy, "build/mutation_report.json");
  rmSync(report, { force: true });
  const child = spawn(
    join(copy, "node_modules/.bin/vitest"),
    [
      ...["run", "--root", copy, "--config", join(copy, "_dev/scripts/mutation/vitest.config.ts")],
      ...["--reporter", "json", "--outputFile", report, "--bail", coverage === undefined ? "1" : "0"],
    ],
    {
      cwd: copy,
      stdio: "ignore",
      detached: true,
      env: {
        ...process.env,
        MUTATION_TESTS: tests.join(","),
        MUTATION_LONGEST_TEST: String(longestTest),
        ...(coverage === undefined
          ? { NODE_COMPILE_CACHE: join(copy, "build/compiled") }
          : { NODE_V8_COVERAGE: coverage }),
      },
    },
  );
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    if (child.pid !== undefined) {
      process.kill(-child.pid, "SIGKILL");
    }
  }, longest);
  const [status] = await once(child, "exit").finally(() => clearTimeout(timer));
  if (late) {
    return { outcome: "hung", passed: new Map() };
  }
  return { ...read(report, copy), ...(status === 0 ? { outcome: "passed" } : {}) };
}

function read(report: string, copy: string): TestRun {
  let results: JsonReport["testResults"];
  try {
    results = (JSON.parse(readFileSync(report, "utf8")) as JsonReport).testResults;
  } catch {
    return { outcome: "hung", by: "the process of the tests died", passed: new Map() };
  }
  const failed = results.flatMap(({ name, message, assertionResults }) => {
    const path = name.slice(copy.length + 1);
    const tests = assertionResults.filter(({ status }) => status === "failed");
    return tests.length === 0 && message !== ""
      ? [{ by: path, why: [message] }]
      : tests.map(({ fullName, failureMessages }) => ({ by: `${path}: ${fullName}`, why: failureMessages }));
  });
  const hung = failed.length > 0 && failed.every(({ why }) => why.every((text) => /timed out in \d+ms/.test(text)));
  return {
    outcome: hung ? "hung" : "failed",
    by: failed[0]?.by,
    passed: new Map(
      results
        .filter(({ status }) => status === "passed")
        .map(({ name, startTime, endTime }) => [name.slice(copy.length + 1), (endTime - startTime) / 1000]),
    ),
  };
}

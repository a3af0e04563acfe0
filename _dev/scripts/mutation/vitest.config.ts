/** How tests run in a mutation pass: one file after the other in the order given, loaded by Node itself. */
import { relative } from "node:path";
import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/** Paths from the root, in their order. */
const given = (process.env.MUTATION_TESTS ?? "").split(",");
const longest = Number(process.env.MUTATION_LONGEST_TEST);

class InTheOrderGiven extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = (file: TestSpecification): number => given.indexOf(relative(process.cwd(), file.moduleId));
    return files.toSorted((a, b) => place(a) - place(b));
  }
}

export default defineConfig({
  test: {
    include: given,
    setupFiles: process.env.NODE_V8_COVERAGE === undefined ? [] : ["_dev/scripts/mutation/write_coverage.ts"],
    // As Node loads them: places in its coverage are places in the files.
    experimental: { viteModuleRunner: false },
    pool: "forks",
    maxWorkers: 1,
    testTimeout: longest,
    hookTimeout: longest,
    sequence: { sequencer: InTheOrderGiven },
  },
});

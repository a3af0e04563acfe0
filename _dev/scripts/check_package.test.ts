import { execFile } from "node:child_process";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { beforeAll, describe, expect, test } from "vitest";
import { packageProblems } from "./check_package.ts";
import { packageFiles } from "./package/package_files.ts";
import { changelogProblems } from "./package_rules/changelog_rules.ts";
import { DEFECTS } from "./package_rules/defects.fixture.ts";
import { manifestProblems } from "./package_rules/manifest_rules.ts";
import { PackageDraft, type Step } from "./package_rules/package_draft.fixture.ts";
import { packageView } from "./package_rules/package_view.ts";
import { variableProblems } from "./package_rules/variable_rules.ts";

const ROOT = resolve(import.meta.dirname, "../..");

let sound: ReadonlyMap<string, Buffer>;
beforeAll(() => {
  sound = packageFiles(ROOT);
});

test("the package has no problem", () => {
  expect(packageProblems(sound)).toEqual([]);
});

describe("a package with", () => {
  test.each(DEFECTS)("%s is refused", (_, break_, said) => {
    const draft = new PackageDraft(sound);
    break_(draft);
    const problems = packageProblems(draft.files);
    expect(problems.filter((problem) => said.test(problem))).not.toEqual([]);
  });

  test("each of these defects has been put back once", () => {
    expect(new Set(DEFECTS.map(([what]) => what)).size).toBe(DEFECTS.length);
  });

  test("every sentence of the rules is brought out by one of them", { timeout: 120_000 }, async () => {
    const program = join(ROOT, "_dev/scripts/package_rules/untried_rules.fixture.ts");
    const { stdout } = await promisify(execFile)(process.execPath, [program]);
    expect(stdout).toBe("");
  });
});

/** Every place in a value, with the keys and indexes that lead to it. */
function places(value: unknown, at: readonly Step[] = []): (readonly Step[])[] {
  const inner = Array.isArray(value)
    ? value.flatMap((item, index) => places(item, [...at, index]))
    : typeof value === "object" && value !== null
      ? Object.entries(value).flatMap(([key, item]) => places(item, [...at, key]))
      : [];
  return [at, ...inner];
}

describe.each(["manifest.yml", "changelog.yml", "data_stream/login/manifest.yml"])("of %s", (path) => {
  const problemsAfter = (change: (draft: PackageDraft) => void) => {
    const draft = new PackageDraft(sound);
    change(draft);
    const { view } = packageView(draft.files);
    return [manifestProblems, changelogProblems, variableProblems].flatMap((rule) => rule(view));
  };

  test("every value is looked at: an absurd one in its place is a problem", () => {
    const { view } = packageView(sound);
    const passed = places(view.value(path)).filter(
      (steps) => problemsAfter((draft) => draft.set(path, steps, { absurd: [-1] })).length === 0,
    );
    expect(passed).toEqual([]);
  });

  test("every block is closed: a key that nobody knows is a problem", () => {
    const { view } = packageView(sound);
    const blocks = places(view.value(path)).filter((steps) => {
      const there = steps.reduce<unknown>((node, step) => Object(node)[step as string], view.value(path));
      return typeof there === "object" && there !== null && !Array.isArray(there);
    });
    expect(blocks.length).toBeGreaterThan(1);
    const passed = blocks.filter(
      (steps) =>
        problemsAfter((draft) => draft.change(path, steps, (block) => ({ ...Object(block), unheard_of: 1 }))).length ===
        0,
    );
    expect(passed).toEqual([]);
  });
});

import { execFile } from "node:child_process";
import { readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { beforeAll, describe, expect, test } from "vitest";
import { isMapping } from "../../src/core/block.ts";
import { packageProblems } from "./check_package.ts";
import { packageFiles } from "./package/package_files.ts";
import { changelogProblems } from "./package_rules/changelog_rules.ts";
import { DEFECTS } from "./package_rules/defects.fixture.ts";
import { deployerProblems } from "./package_rules/deployers.ts";
import { manifestProblems } from "./package_rules/manifest_rules.ts";
import { changed, PackageDraft, type Step } from "./package_rules/package_draft.fixture.ts";
import { type PackageView, packageView } from "./package_rules/package_view.ts";
import { variableProblems } from "./package_rules/variable_rules.ts";

const ROOT = resolve(import.meta.dirname, "../..");

let sound: ReadonlyMap<string, Buffer>;
beforeAll(() => {
  sound = packageFiles(ROOT);
});

test("the package has no problem", () => {
  expect(packageProblems(sound)).toEqual([]);
});

test("beside the package only what elastic-package deploys lies in _dev/deploy", () => {
  expect(deployerProblems(readdirSync(join(ROOT, "_dev/deploy")))).toEqual([]);
  expect(deployerProblems(["docker", "elasticsearch"])).toEqual([
    expect.stringMatching(/^_dev\/deploy\/elasticsearch /),
  ]);
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

function at(value: unknown, steps: readonly Step[]): unknown {
  return steps.reduce<unknown>((node, step) => Object(node)[String(step)], value);
}

describe.each(["manifest.yml", "changelog.yml", "data_stream/login/manifest.yml"])("of %s", (path) => {
  const problemsAfter = (view: PackageView, steps: readonly Step[], change: (value: unknown) => unknown) => {
    const content = changed(view.value(path), steps, change);
    const broken = { ...view, value: (other: string) => (other === path ? content : view.value(other)) };
    return [manifestProblems, changelogProblems, variableProblems].flatMap((rule) => rule(broken));
  };

  test("every value is looked at: an absurd one in its place is a problem", () => {
    const { view } = packageView(sound);
    const passed = places(view.value(path)).filter(
      (steps) => problemsAfter(view, steps, () => ({ absurd: [-1] })).length === 0,
    );
    expect(passed).toEqual([]);
  });

  test("every block is closed: a key that nobody knows is a problem", () => {
    const { view } = packageView(sound);
    const blocks = places(view.value(path)).filter((steps) => isMapping(at(view.value(path), steps)));
    expect(blocks.length).toBeGreaterThan(1);
    const passed = blocks.filter(
      (steps) => problemsAfter(view, steps, (block) => ({ ...Object(block), unheard_of: 1 })).length === 0,
    );
    expect(passed).toEqual([]);
  });
});

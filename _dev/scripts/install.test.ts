import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, test } from "vitest";

const ROOT = resolve(import.meta.dirname, "../..");
const read = (path: string) => readFileSync(join(ROOT, path), "utf8");
const own = JSON.parse(read("package.json"));

interface Locked {
  readonly engines?: { readonly node?: string };
  readonly hasInstallScript?: boolean;
}
const locked: [string, Locked][] = Object.entries(JSON.parse(read("package-lock.json")).packages);

/** Whether a version lies in a range of the kinds that are in the lock file: `>=1.2 || ^3.4.5 || 6.* || *`. */
function accepts(range: string, version: readonly number[]): boolean {
  return range.split("||").some((part) => {
    const [, operator = "", text = ""] = /^\s*(>=|\^|)\s*([\d.*]+)\s*$/.exec(part) ?? [];
    const [major = Number.NaN, minor = 0, patch = 0] = text.replace(".*", "").split(".").map(Number);
    if (text === "*") {
      return true;
    }
    expect(major, part).not.toBeNaN();
    const isNotOlder = (version[0] ?? 0) - major || (version[1] ?? 0) - minor || (version[2] ?? 0) - patch;
    return isNotOlder >= 0 && (operator === ">=" || version[0] === major);
  });
}

describe("npm ci", () => {
  /** What the Node that npm ci brings runs, and no older one; README.md tells of the warning. */
  const NEWER_NODE = ["dynamic-buffer", "kafka", "wasm-utils"].map((name) => `node_modules/@platformatic/${name}`);

  test.each([
    [[20, 19, 0], NEWER_NODE],
    [[22, 13, 0], NEWER_NODE],
    [[24, 0, 0], []],
  ])("on Node %j warns of no engine but those that README.md tells of", (version, told) => {
    const refused = locked.filter(([, { engines }]) => engines?.node !== undefined && !accepts(engines.node, version));
    expect(refused.map(([path]) => path)).toEqual(told);
  });

  test("knows of every install script whether it may run, and lets that of Node run", () => {
    const withScripts = locked.filter(([, { hasInstallScript }]) => hasInstallScript === true);
    const names = withScripts.map(([path]) => path.replace(/^.*node_modules\//, ""));
    expect(Object.keys(own.allowScripts).toSorted()).toEqual(names.toSorted());
    expect(own.allowScripts.node).toBe(true);
  });
});

test("what README.md and CONTRIBUTING.md have people type is a script of npm, which takes the Node that npm ci brings", () => {
  for (const path of ["README.md", "CONTRIBUTING.md"]) {
    expect(read(path)).not.toMatch(/\bnode (?:_dev|src)\//);
  }
});

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { releaseFolders, runnerProgram } from "./runner_program.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "runner-program-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

test("a bundle is the one that the part with main.ts lies beside", () => {
  const bundle = join(folder, "aquila-salesforce.mjs");
  writeFileSync(bundle, "");
  expect(runnerProgram(join(folder, "aquila-salesforce.main.mjs"))).toEqual({
    kind: "bundle",
    bundle,
    node: process.execPath,
  });
});

test("sources give the bundle that has been built from them, or say how to build it", () => {
  const main = join(folder, "src/main.ts");
  expect(() => runnerProgram(main)).toThrow(expect.objectContaining({ code: "usage", cure: "Run npm run build." }));
  const bundle = join(folder, "build/release/aquila-salesforce.mjs");
  mkdirSync(dirname(bundle), { recursive: true });
  writeFileSync(bundle, "");
  expect(runnerProgram(main)).toEqual({ kind: "bundle", bundle, node: process.execPath });
});

test("release files are looked for beside the program, and in the working directory", () => {
  expect(releaseFolders(join(folder, "aquila-salesforce.mjs"))).toEqual([folder, process.cwd()]);
  expect(releaseFolders(join(folder, "src/main.ts"))).toEqual([join(folder, "build/release"), process.cwd()]);
});

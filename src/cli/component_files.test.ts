import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";
import { ALLOCATOR_ENVIRONMENT, componentFiles, NODE_FLAGS } from "./component_files.ts";

const ROOT = resolve(import.meta.dirname, "../..");

test("every way to start the runner gives Node the same flags, and the allocator its environment where there is room", () => {
  const flags = NODE_FLAGS.join(" ");
  const environment = ALLOCATOR_ENVIRONMENT.join(" ");
  const [firstLine] = readFileSync(resolve(ROOT, "src/main.ts"), "utf8").split("\n");
  const { scripts } = JSON.parse(readFileSync(resolve(ROOT, "package.json"), "utf8"));
  expect(firstLine).toBe(`#!/usr/bin/env -S node ${flags}`);
  expect(scripts["aquila-salesforce"]).toBe(`${environment} node ${flags} src/main.ts`);
});

test("the files have what the executable needs before it, and it before the spec", () => {
  const folder = mkdtempSync(join(tmpdir(), "component-files-"));
  for (const name of ["aquila-salesforce.two.mjs", "aquila-salesforce.one.mjs", "other.mjs"]) {
    writeFileSync(join(folder, name), "");
  }
  const bundle = join(folder, "aquila-salesforce.mjs");
  expect(componentFiles({ kind: "bundle", bundle, node: process.execPath }).map(({ name }) => name)).toEqual([
    "aquila-salesforce-node",
    "aquila-salesforce.one.mjs",
    "aquila-salesforce.two.mjs",
    "aquila-salesforce.mjs",
    "aquila-salesforce",
    "aquila-salesforce.spec.yml",
  ]);
  rmSync(folder, { recursive: true });
});

import { readFileSync } from "node:fs";
import { resolve } from "node:path";
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

test("the files have the executable before the spec", () => {
  expect(
    componentFiles({ kind: "bundle", bundle: "runner.mjs", node: process.execPath }).map(({ name }) => name),
  ).toEqual(["aquila-salesforce-node", "aquila-salesforce.mjs", "aquila-salesforce", "aquila-salesforce.spec.yml"]);
});

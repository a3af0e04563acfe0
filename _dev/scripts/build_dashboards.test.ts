import { cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { staleKibanaFiles } from "./build_dashboards.ts";

const ROOT = resolve(import.meta.dirname, "../..");

test("the objects below kibana/ are as their sources make them", () => {
  expect([...staleKibanaFiles(ROOT).keys()]).toEqual([]);
});

test("a changed, a missing and a surplus file are noticed", () => {
  const copy = mkdtempSync(join(tmpdir(), "kibana-"));
  onTestFinished(() => rmSync(copy, { recursive: true }));
  for (const part of ["manifest.yml", "kibana", "data_stream"]) {
    cpSync(join(ROOT, part), join(copy, part), { recursive: true });
  }
  writeFileSync(join(copy, "kibana/dashboard/aquila_salesforce-logins.json"), "{}");
  writeFileSync(join(copy, "kibana/dashboard/aquila_salesforce-gone.json"), "{}");
  rmSync(join(copy, "kibana/tags.yml"));
  const stale = staleKibanaFiles(copy);
  expect([...stale.keys()].sort()).toEqual([
    "kibana/dashboard/aquila_salesforce-gone.json",
    "kibana/dashboard/aquila_salesforce-logins.json",
    "kibana/tags.yml",
  ]);
  expect(stale.get("kibana/dashboard/aquila_salesforce-gone.json")).toBeUndefined();
});

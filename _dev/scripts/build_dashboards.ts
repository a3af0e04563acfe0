/**
 * Writes the objects below kibana/ from _dev/shared/kibana and removes those that are no longer made.
 * With `--check` it changes nothing and fails if it would.
 */
import { globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { kibanaFiles } from "./dashboards/kibana_files.ts";

const ROOT = resolve(import.meta.dirname, "../..");

/** Files below kibana/ that are not as they would be made, and their text; undefined for one that would not be made. */
export function staleKibanaFiles(root: string): ReadonlyMap<string, string | undefined> {
  const made = kibanaFiles(root);
  const present = globSync("kibana/**/*.{json,yml}", { cwd: root });
  const changed = [...made].filter(
    ([path, text]) => !present.includes(path) || readFileSync(join(root, path), "utf8") !== text,
  );
  const surplus = present.filter((path) => !made.has(path)).map((path) => [path, undefined] as const);
  return new Map([...changed, ...surplus]);
}

if (import.meta.main) {
  const check = process.argv.includes("--check");
  const stale = staleKibanaFiles(ROOT);
  for (const [path, text] of stale) {
    if (check) {
      process.stderr.write(`dashboards: ${path} is stale; run: npm run dashboards\n`);
      process.exitCode = 1;
    } else if (text === undefined) {
      rmSync(join(ROOT, path));
    } else {
      mkdirSync(dirname(join(ROOT, path)), { recursive: true });
      writeFileSync(join(ROOT, path), text);
    }
  }
  process.stdout.write(`dashboards: ${stale.size} files ${check ? "stale" : "written or removed"}\n`);
}

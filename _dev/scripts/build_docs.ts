/**
 * Writes docs/README.md from its template _dev/build/docs/README.md, with the tables that the product's declarations make.
 * With `--check` it writes nothing and fails if that would change the file.
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { packageFiles } from "./package/package_files.ts";

const ROOT = resolve(import.meta.dirname, "../..");
const README = "docs/README.md";

/** The text that docs/README.md is to have. */
export function madeReadme(root: string): string {
  return packageFiles(root).get(README)?.toString("utf8") ?? "";
}

/** Whether the file is not as it would be made. */
export function isStale(root: string): boolean {
  try {
    return readFileSync(join(root, README), "utf8") !== madeReadme(root);
  } catch {
    return true;
  }
}

if (import.meta.main) {
  const check = process.argv.includes("--check");
  const stale = isStale(ROOT);
  if (stale && check) {
    process.stderr.write(`docs: ${README} is stale; run: node _dev/scripts/build_docs.ts\n`);
    process.exitCode = 1;
  } else if (stale) {
    mkdirSync(dirname(join(ROOT, README)), { recursive: true });
    writeFileSync(join(ROOT, README), madeReadme(ROOT));
  }
  process.stdout.write(`docs: ${README} is ${stale ? (check ? "stale" : "written") : "up to date"}\n`);
}

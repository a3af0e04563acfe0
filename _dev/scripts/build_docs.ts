/**
 * Writes the tables that the product's declarations make into the template _dev/build/docs/README.md, between their markers,
 * and docs/README.md from it, as elastic-package does. With `--check` it writes nothing and fails if that would change a file.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { withBlocks } from "./docs/generated_blocks.ts";
import { packageFiles } from "./package/package_files.ts";
import { renderReadme } from "./package/readme.ts";

const ROOT = resolve(import.meta.dirname, "../..");
const TEMPLATE = "_dev/build/docs/README.md";
const README = "docs/README.md";

/** The text that each file is to have. */
function madeDocs(root: string): ReadonlyMap<string, string> {
  const template = withBlocks(readFileSync(join(root, TEMPLATE), "utf8"));
  return new Map([
    [TEMPLATE, template],
    [README, renderReadme(template, packageFiles(root))],
  ]);
}

/** Paths of the files that are not as they would be made. */
export function staleDocs(root: string): readonly string[] {
  return [...madeDocs(root)]
    .filter(([path, text]) => !existsSync(join(root, path)) || readFileSync(join(root, path), "utf8") !== text)
    .map(([path]) => path);
}

if (import.meta.main) {
  const check = process.argv.includes("--check");
  const stale = staleDocs(ROOT);
  for (const path of stale) {
    if (check) {
      process.stderr.write(`docs: ${path} is stale; run: npm run generate\n`);
      process.exitCode = 1;
    } else {
      mkdirSync(dirname(join(ROOT, path)), { recursive: true });
      writeFileSync(join(ROOT, path), madeDocs(ROOT).get(path) ?? "");
    }
  }
  process.stdout.write(`docs: 2 files, ${stale.length} ${check ? "stale" : "written"}\n`);
}

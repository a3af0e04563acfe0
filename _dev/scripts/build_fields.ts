/**
 * Writes data_stream/<stream>/fields/*.yml from the catalogue, ECS and the fields of every stream.
 * With `--check` it writes nothing and fails if that would change a file.
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fieldFiles, STREAMS } from "./fields/stream_fields.ts";

const ROOT = resolve(import.meta.dirname, "../..");

/** The text of each file that is made, by its path from the root of the repository. */
export function madeFiles(): ReadonlyMap<string, string> {
  const files = new Map<string, string>();
  for (const stream of STREAMS) {
    for (const [name, text] of fieldFiles(stream)) {
      files.set(`data_stream/${stream}/fields/${name}`, text);
    }
  }
  return files;
}

/** Paths of the files that are not as they would be made. */
export function staleFiles(root: string): readonly string[] {
  return [...madeFiles()].filter(([path, text]) => textOf(join(root, path)) !== text).map(([path]) => path);
}

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}

if (import.meta.main) {
  const stale = staleFiles(ROOT);
  const check = process.argv.includes("--check");
  for (const path of stale) {
    if (check) {
      process.stderr.write(`fields: ${path} is stale; run: npm run generate\n`);
      process.exitCode = 1;
    } else {
      mkdirSync(dirname(join(ROOT, path)), { recursive: true });
      writeFileSync(join(ROOT, path), madeFiles().get(path) ?? "");
    }
  }
  process.stdout.write(`fields: ${madeFiles().size} files, ${stale.length} ${check ? "stale" : "written"}\n`);
}

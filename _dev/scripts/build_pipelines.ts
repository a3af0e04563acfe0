/**
 * Puts the ingest pipelines of `_dev/shared/ingest_pipeline/` into every data stream that calls them: Fleet finds a sub-pipeline only in
 * the data stream's own folder. With `--check`, exits with 1 if a copy differs from its source.
 */
import { existsSync, globSync, readFileSync, writeFileSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";

const ROOT = join(import.meta.dirname, "../..");
const SOURCES = "_dev/shared/ingest_pipeline";
const NAMED_MAKER = `# Made by _dev/scripts/build_pipelines.ts from ${SOURCES}; change it there.`;

export interface PipelineCopy {
  readonly path: string;
  readonly text: string;
}

/** What the copies below `root` have to be, with absolute paths. */
export function pipelineCopies(root: string): PipelineCopy[] {
  const entries = globSync("data_stream/*/elasticsearch/ingest_pipeline/default.yml", { cwd: root }).sort();
  const sources = globSync(`${SOURCES}/*.yml`, { cwd: root }).sort();
  return sources.flatMap((source) => {
    const name = basename(source, ".yml");
    const text = readFileSync(join(root, source), "utf8").replace(/^---\n/, `---\n${NAMED_MAKER}\n`);
    return entries
      .filter((entry) => readFileSync(join(root, entry), "utf8").includes(`{{ IngestPipeline "${name}" }}`))
      .map((entry) => ({ path: join(root, dirname(entry), `${name}.yml`), text }));
  });
}

/** The copies that are missing or differ. */
export function staleCopies(root: string): PipelineCopy[] {
  return pipelineCopies(root).filter(({ path, text }) => !existsSync(path) || readFileSync(path, "utf8") !== text);
}

if (import.meta.main) {
  const check = process.argv.includes("--check");
  for (const { path, text } of staleCopies(ROOT)) {
    if (check) {
      process.stderr.write(
        `${relative(ROOT, path)} differs from its source: run node _dev/scripts/build_pipelines.ts\n`,
      );
      process.exitCode = 1;
    } else {
      writeFileSync(path, text);
      process.stdout.write(`${relative(ROOT, path)}\n`);
    }
  }
}

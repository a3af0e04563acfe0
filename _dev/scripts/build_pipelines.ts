/**
 * Puts the ingest pipelines of `_dev/shared/ingest_pipeline/` into every data stream that calls them: Fleet finds a sub-pipeline only in
 * the data stream's own folder. What moves to ECS is that which the catalogue declares. With `--check`, exits with 1 if a copy differs from its source.
 */
import { existsSync, globSync, readFileSync, writeFileSync } from "node:fs";
import { basename, dirname, join, relative, sep } from "node:path";
import { movedFields } from "./fields/moved_fields.ts";

const ROOT = join(import.meta.dirname, "../..");
const SOURCES = "_dev/shared/ingest_pipeline";
const NAMED_MAKER = `# Made by _dev/scripts/build_pipelines.ts from ${SOURCES}; change it there.`;

export interface PipelineCopy {
  readonly path: string;
  readonly text: string;
}

/** The pipeline that moves values to ECS, which differs by data stream in what it moves. */
const MOVING = "ecs";

/** What the copies below `root` have to be, with absolute paths. */
export function pipelineCopies(root: string): PipelineCopy[] {
  const entries = globSync("data_stream/*/elasticsearch/ingest_pipeline/default.yml", { cwd: root }).sort();
  const sources = globSync(`${SOURCES}/*.yml`, { cwd: root }).sort();
  return sources.flatMap((source) => {
    const name = basename(source, ".yml");
    const shared = readFileSync(join(root, source), "utf8").replace(/^---\n/, `---\n${NAMED_MAKER}\n`);
    const textFor = (entry: string) => (name === MOVING ? withMoves(shared, entry.split(sep)[1] ?? "") : shared);
    return entries
      .filter((entry) => readFileSync(join(root, entry), "utf8").includes(`{{ IngestPipeline "${name}" }}`))
      .map((entry) => ({ path: join(root, dirname(entry), `${name}.yml`), text: textFor(entry) }));
  });
}

/** The text with what the catalogue declares to move, a line each; `stream` is a folder of data_stream/ with homes. */
function withMoves(text: string, stream: string): string {
  const list = (path: string) => `[${path.split(".").join(", ")}]`;
  const lines = movedFields(stream).map(({ from, to }) => `- { from: ${list(from)}, to: ${list(to)} }`);
  return text.replace(/^( *)moves: \[\]$/m, (_, indent: string) =>
    [`${indent}moves:`, ...lines.map((line) => `${indent}  ${line}`)].join("\n"),
  );
}

/** The copies that are missing or differ. */
export function staleCopies(root: string): PipelineCopy[] {
  return pipelineCopies(root).filter(({ path, text }) => !existsSync(path) || readFileSync(path, "utf8") !== text);
}

if (import.meta.main) {
  const check = process.argv.includes("--check");
  for (const { path, text } of staleCopies(ROOT)) {
    if (check) {
      process.stderr.write(`${relative(ROOT, path)} differs from its source: run npm run generate\n`);
      process.exitCode = 1;
    } else {
      writeFileSync(path, text);
      process.stdout.write(`${relative(ROOT, path)}\n`);
    }
  }
}

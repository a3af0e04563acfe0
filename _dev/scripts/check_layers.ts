/**
 * Holds the one direction of imports in src/: a folder may import only folders of a lower rank and itself. Fails with a line
 * for each breach, and for each circle of files in src/ and _dev/, whatever they import of each other. Only `cli/` puts roles and implementations together, in `wire*.ts` and `open_*.ts`; the fakes under _dev import
 * nothing of src. What src exports is needed by another file of the product, or by a generator.
 */
import { globSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";

const ROOT = resolve(import.meta.dirname, "../..");

/** A folder's rank; equal ranks may not see each other. */
const RANKS: Readonly<Record<string, number>> = {
  core: 0,
  elasticsearch: 1,
  processing: 1,
  coordination: 2,
  auth: 3,
  cursors: 3,
  catalog: 3,
  org: 4,
  sources: 5,
  policy: 6,
  sinks: 7,
  pump: 8,
  kibana: 9,
  agent: 9,
  reporting: 9,
  cli: 10,
  "main.ts": 11,
};

/** The pump knows roles and values, never who plays the role. */
const PUMP_MAY_SEE = new Set([
  "coordination/turn.ts",
  "sources/fact.ts",
  "sources/source.ts",
  "sinks/sink.ts",
  "cursors/cursor.ts",
  "cursors/cursor_store.ts",
  "cursors/kept_events.ts",
]);

/** Outside of `sources/`, who knows which kinds there are: what `init` writes for Salesforce differs from kind to kind. */
const NAME_KINDS = new Set(["cli/init.ts"]);

/** What plays a far side. */
const FAKES = /^_dev\/(deploy\/docker|shared\/fake_[a-z_]+)\//;

const IMPORT = /^\s*(?:import|export)\b[^"';]*?from\s+"(\.[^"]+)"|^\s*import\s+"(\.[^"]+)"|import\("(\.[^"]+)"\)/gm;

export interface SourceFile {
  /** Path from the root of the repository. */
  readonly path: string;
  readonly text: string;
}

/** One sentence for each import that runs against the direction. Pure. */
export function breaches(files: readonly SourceFile[]): string[] {
  const found: string[] = [];
  for (const file of files) {
    for (const target of importsOf(file)) {
      const problem = breach(file.path, target);
      if (problem !== undefined) {
        found.push(`${file.path} imports ${target}: ${problem}`);
      }
    }
  }
  return found;
}

function importsOf({ path, text }: SourceFile): string[] {
  return [...text.matchAll(IMPORT)].map((match) => join(dirname(path), match[1] ?? match[2] ?? match[3] ?? ""));
}

/** One sentence for each circle: the shortest way from its first file back to it. Imports of types count as well. Pure. */
export function circles(files: readonly SourceFile[]): string[] {
  const imports = new Map(files.map((file) => [file.path, importsOf(file)]));
  const told = new Set<string>();
  return [...imports.keys()].toSorted().flatMap((path) => {
    const circle = told.has(path) ? undefined : wayBack(path, imports);
    for (const member of circle ?? []) {
      told.add(member);
    }
    return circle === undefined ? [] : [`${circle.join(" imports ")} imports ${path}: a circle`];
  });
}

/** The files on the shortest way from one back to itself, it first; `undefined` if there is none. */
function wayBack(start: string, imports: ReadonlyMap<string, readonly string[]>): string[] | undefined {
  const ways = [[start]];
  const seen = new Set<string>();
  for (const way of ways) {
    for (const target of imports.get(way.at(-1) ?? start) ?? []) {
      if (target === start) {
        return way;
      }
      if (!seen.has(target)) {
        seen.add(target);
        ways.push([...way, target]);
      }
    }
  }
  return undefined;
}

function breach(from: string, to: string): string | undefined {
  if (FAKES.test(from) && to.startsWith("src/")) {
    return "fakes import nothing from src";
  }
  if (!from.startsWith("src/") || isTest(from)) {
    return undefined;
  }
  if (to === "package.json") {
    return undefined;
  }
  if (!to.startsWith("src/")) {
    return "src imports nothing outside itself";
  }
  const [source, target] = [from.slice(4), to.slice(4)];
  const [sourceFolder, targetFolder] = [folderOf(source), folderOf(target)];
  if (sourceFolder === targetFolder) {
    return sourceFolder === "sources" && isAnotherRoom(source, target)
      ? "a kind of source is known to sources/kinds.ts alone"
      : undefined;
  }
  const [sourceRank, targetRank] = [RANKS[sourceFolder], RANKS[targetFolder]];
  if (sourceRank === undefined || targetRank === undefined) {
    return `unknown folder ${sourceRank === undefined ? sourceFolder : targetFolder}: give it a rank in check_layers.ts`;
  }
  if (dirname(target) !== "sources" && targetFolder === "sources" && !NAME_KINDS.has(source)) {
    return "a kind of source is asked by way of sources/kinds.ts";
  }
  if (targetRank >= sourceRank) {
    return `${sourceFolder} may not see ${targetFolder}`;
  }
  if (sourceFolder === "pump" && targetFolder !== "core" && !PUMP_MAY_SEE.has(target)) {
    return "the pump sees roles, not implementations";
  }
  return undefined;
}

const EXPORT = /^export (?:async )?(?:const|class|function\*?) (\w+)/gm;
const NAMED_IMPORT = /\{([^{}]*)\}\s+(?:from\s+|= await import\()"(\.[^"]+)"/g;

/** One sentence for each function, class or constant of src that nothing needs, or nothing but tests. Pure. */
export function deadExports(files: readonly SourceFile[]): string[] {
  const [users, testers] = [new Set<string>(), new Set<string>()];
  for (const { path, text } of files) {
    const names = isTest(path) || path.startsWith("_dev/shared/testing/") ? testers : users;
    for (const [, list = "", from = ""] of text.matchAll(NAMED_IMPORT)) {
      for (const name of list.split(",")) {
        names.add(
          `${join(dirname(path), from)} ${
            name
              .trim()
              .replace(/^type /, "")
              .split(" as ")[0]
          }`,
        );
      }
    }
  }
  return files
    .filter(({ path }) => path.startsWith("src/") && !isTest(path))
    .flatMap(({ path, text }) =>
      [...text.matchAll(EXPORT)].flatMap(([, name = ""]) => {
        const key = `${path} ${name}`;
        const isUsedInside = text.split(new RegExp(`\\b${name}\\b`)).length > 2;
        if (users.has(key) || (testers.has(key) && isUsedInside)) {
          return [];
        }
        return [`${path} exports ${name}: ${testers.has(key) ? "only tests use it" : "nobody imports it"}`];
      }),
    );
}

/** Whether a room of `sources/` is seen from elsewhere in it; only the list of kinds may. */
function isAnotherRoom(from: string, to: string): boolean {
  const [room, other] = [dirname(from), dirname(to)];
  return room !== other && other !== "sources" && from !== "sources/kinds.ts";
}

function folderOf(path: string): string {
  return path.includes("/") ? (path.split("/")[0] ?? path) : path;
}

function isTest(path: string): boolean {
  return /\.(test|contract|fixture)\.ts$/.test(path);
}

if (import.meta.main) {
  const paths = globSync(["src/**/*.ts", "_dev/**/*.ts"], { cwd: ROOT, exclude: ["**/node_modules/**"] });
  const files = paths.map((path) => ({
    path: relative(ROOT, join(ROOT, path)),
    text: readFileSync(join(ROOT, path), "utf8"),
  }));
  const found = [...breaches(files), ...circles(files), ...deadExports(files)];
  for (const line of found) {
    process.stderr.write(`layers: ${line}\n`);
  }
  process.stdout.write(`layers: ${files.length} files, ${found.length} breaches\n`);
  process.exitCode = found.length === 0 ? 0 : 1;
}

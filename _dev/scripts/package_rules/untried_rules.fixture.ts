/**
 * Prints the sentences of the rules that no defect brings out: it breaks the package in every known way and asks the engine
 * which parts of the rules have not run. A program of its own, since source and running code must be the same text.
 */
import { globSync, readFileSync } from "node:fs";
import { Session } from "node:inspector/promises";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

const ROOT = resolve(import.meta.dirname, "../../..");
/** A literal with a space in it: what a rule says. Conditions and fallbacks without one say nothing. */
const SENTENCE = /`[^`]* [^`]*`|"[^"]* [^"]*"/;

const session = new Session();
session.connect();
await session.post("Profiler.enable");
await session.post("Profiler.startPreciseCoverage", { callCount: true, detailed: true });

const { packageProblems } = await import("../check_package.ts");
const { packageFiles } = await import("../package/package_files.ts");
const { DEFECTS } = await import("./defects.fixture.ts");
const { PackageDraft } = await import("./package_draft.fixture.ts");

const sound = packageFiles(ROOT);
for (const [, break_] of DEFECTS) {
  const draft = new PackageDraft(sound);
  break_(draft);
  packageProblems(draft.files);
}

const { result } = await session.post("Profiler.takePreciseCoverage");
const rules = globSync(
  ["_dev/scripts/package_rules/*_rules.ts", "_dev/scripts/pipeline_rules.ts", "_dev/scripts/check_package.ts"],
  {
    cwd: ROOT,
  },
);
for (const path of rules) {
  const file = join(ROOT, path);
  const script = result.find(({ url }) => url === pathToFileURL(file).href);
  const source = readFileSync(file, "utf8");
  /** What a file does when it is started by itself is no rule. */
  const isProgram = (line: number) => source.split("\n")[line - 1]?.startsWith("if (import.meta.main)");
  const untried = (script?.functions ?? [{ ranges: [{ startOffset: 0, endOffset: source.length, count: 0 }] }])
    .flatMap(({ ranges }) => ranges)
    .filter(({ count }) => count === 0)
    .map(({ startOffset, endOffset }) => ({
      line: source.slice(0, startOffset).split("\n").length,
      text: source.slice(startOffset, endOffset),
    }))
    .filter(({ line, text }) => SENTENCE.test(text) && !isProgram(line));
  for (const { line, text } of untried) {
    process.stdout.write(`${path}:${line}: ${text.trim().replaceAll(/\s+/g, " ").slice(0, 160)}\n`);
  }
}

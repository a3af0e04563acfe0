import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { isSea } from "node:sea";
import { GIVE_UP, RunnerError } from "../core/errors.ts";
import { BUNDLE_FILE, type RunnerProgram } from "./component_files.ts";

/**
 * What this process is made of, to be copied elsewhere: the single executable, the bundle, or, if it runs from its sources,
 * the bundle that has been built from them. `mainFile` is the file that holds main.ts.
 */
export function runnerProgram(mainFile: string): RunnerProgram {
  if (isSea()) {
    return { kind: "executable", executable: process.execPath };
  }
  const bundle = join(buildFolder(mainFile), BUNDLE_FILE);
  if (!existsSync(bundle)) {
    throw new RunnerError("usage", "The runner has not been built yet.", { next: GIVE_UP, cure: "Run npm run build." });
  }
  return { kind: "bundle", bundle, node: process.execPath };
}

/** Where release files lie that this process may need: beside its program, in build/release beside its sources, or here. */
export function releaseFolders(mainFile: string): readonly string[] {
  return [isSea() ? dirname(process.execPath) : buildFolder(mainFile), process.cwd()];
}

/** The folder of the bundle that a process runs, or that has been built from the sources that it runs. */
function buildFolder(mainFile: string): string {
  return mainFile.endsWith(".mjs") ? dirname(mainFile) : join(mainFile, "../../build/release");
}

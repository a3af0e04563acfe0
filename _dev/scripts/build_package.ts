/**
 * Builds build/release/aquila_salesforce-<version>.zip, the package as Fleet takes it, from the files that belong into it; they
 * are also in build/aquila_salesforce-<version>/, to be looked at. Nothing is written if `check_package` finds a problem.
 */
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { parse } from "yaml";
import { packageProblems } from "./check_package.ts";
import type { PackageFiles } from "./package/files_by_path.ts";
import { packageFiles } from "./package/package_files.ts";
import { zipOf } from "./package/zip.ts";
import { RELEASE_FOLDER, removeFromRelease, sealRelease } from "./release/release_folder.ts";

const ROOT = resolve(import.meta.dirname, "../..");

/** `aquila_salesforce-0.1.0`: the one folder in the zip and the name of the zip. */
export function packageFolder(files: PackageFiles): string {
  const { name, version } = parse(files.get("manifest.yml")?.toString("utf8") ?? "");
  return `${name}-${version}`;
}

if (import.meta.main) {
  const files = packageFiles(ROOT);
  const problems = packageProblems(files);
  for (const problem of problems) {
    process.stderr.write(`package: ${problem}\n`);
  }
  if (problems.length > 0) {
    process.exitCode = 1;
  } else {
    const folder = packageFolder(files);
    const staging = join(ROOT, "build", folder);
    rmSync(staging, { recursive: true, force: true });
    for (const [path, content] of files) {
      mkdirSync(dirname(join(staging, path)), { recursive: true });
      writeFileSync(join(staging, path), content);
      process.stdout.write(`${String(content.length).padStart(9)} ${path}\n`);
    }
    const zip = zipOf(files, folder);
    removeFromRelease(RELEASE_FOLDER, /^aquila_salesforce-.*\.zip$/);
    writeFileSync(join(RELEASE_FOLDER, `${folder}.zip`), zip);
    sealRelease(RELEASE_FOLDER);
    process.stdout.write(`${String(zip.length).padStart(9)} build/release/${folder}.zip (${files.size} files)\n`);
  }
}

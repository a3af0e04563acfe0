/**
 * Says what is wrong with the package, by the rules of the package specification, of Fleet and of Kibana's import, and by
 * those of this project: variables, templates and settings agree, and every field that is named is declared.
 */
import { readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import type { PackageFiles } from "./package/files_by_path.ts";
import { packageFiles } from "./package/package_files.ts";
import { changelogProblems } from "./package_rules/changelog_rules.ts";
import { deployerProblems } from "./package_rules/deployers.ts";
import { fieldProblems } from "./package_rules/field_rules.ts";
import { kibanaProblems } from "./package_rules/kibana_rules.ts";
import { layoutProblems } from "./package_rules/layout_rules.ts";
import { manifestProblems } from "./package_rules/manifest_rules.ts";
import { type PackageRule, packageView } from "./package_rules/package_view.ts";
import { stackProblems } from "./package_rules/stack_rules.ts";
import { templateProblems } from "./package_rules/template_rules.ts";
import { variableProblems } from "./package_rules/variable_rules.ts";
import { pipelineProblems } from "./pipeline_rules.ts";

const PIPELINE = /^data_stream\/[^/]+\/elasticsearch\/ingest_pipeline\/[^/]+\.yml$/;

const pipelines: PackageRule = (view) =>
  view.paths(PIPELINE).flatMap((path) => {
    const folder = path.slice(0, path.lastIndexOf("/"));
    const text = view.text(path) ?? "";
    const called = [...text.matchAll(/IngestPipeline\s+["']([^"']+)["']/g)].map(([, name]) => `${folder}/${name}.yml`);
    return [
      ...pipelineProblems(text).map((problem) => `${path}: ${problem}`),
      ...called.filter((other) => !view.files.has(other)).map((other) => `${path}: there is no pipeline ${other}`),
    ];
  });

const RULES: readonly PackageRule[] = [
  layoutProblems,
  manifestProblems,
  stackProblems,
  changelogProblems,
  variableProblems,
  templateProblems,
  fieldProblems,
  pipelines,
  kibanaProblems,
];

/** One sentence for each problem, with the path of the file in it; none if the package can be installed. */
export function packageProblems(files: PackageFiles): string[] {
  const { view, problems } = packageView(files);
  return problems.length > 0 ? [...problems] : RULES.flatMap((rule) => rule(view));
}

if (import.meta.main) {
  const root = resolve(import.meta.dirname, "../..");
  const files = packageFiles(root);
  const problems = [...packageProblems(files), ...deployerProblems(readdirSync(join(root, "_dev/deploy")))];
  for (const problem of problems) {
    process.stderr.write(`package: ${problem}\n`);
  }
  process.stdout.write(`package: ${files.size} files, ${problems.length} problems\n`);
  process.exitCode = problems.length === 0 ? 0 : 1;
}

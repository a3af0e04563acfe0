/**
 * Writes the variables of manifest.yml and data_stream/<stream>/manifest.yml and the templates that use them, from the
 * settings of src/policy/settings.ts. Everything else in the manifests is written by hand and stays as it is.
 * With `--check` it writes nothing and fails if that would change a file.
 */
import { existsSync, globSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { parseDocument, YAMLSeq } from "yaml";
import { agentTemplate } from "./manifests/agent_templates.ts";
import { type AskedSetting, connectionSettings, streamSettings } from "./manifests/package_variables.ts";

const ROOT = resolve(import.meta.dirname, "../..");
const INPUT_TEMPLATE = "input.yml.hbs";
const STREAM_TEMPLATE = "stream.yml.hbs";
const NAMED_MAKER = " Made by _dev/scripts/build_manifests.ts from src/policy/settings.ts.";

/** The text of each file that is made, by its path from the root of the package. */
function madeFiles(root: string): ReadonlyMap<string, string> {
  const files = new Map<string, string>();
  const connection = connectionSettings();
  files.set("manifest.yml", withVariables(root, "manifest.yml", ["policy_templates", 0, "inputs", 0], connection));
  files.set(`agent/input/${INPUT_TEMPLATE}`, agentTemplate(connection));
  for (const path of globSync("data_stream/*/manifest.yml", { cwd: root }).sort()) {
    const settings = streamSettings(basename(dirname(path)));
    files.set(path, withVariables(root, path, ["streams", 0], settings));
    files.set(`${dirname(path)}/agent/stream/${STREAM_TEMPLATE}`, agentTemplate(settings));
  }
  return files;
}

/** A manifest with the template and the variables of the block at `at`. */
function withVariables(
  root: string,
  path: string,
  at: readonly (string | number)[],
  settings: readonly AskedSetting[],
): string {
  const document = parseDocument(readFileSync(join(root, path), "utf8"));
  document.setIn([...at, "template_path"], at[0] === "streams" ? STREAM_TEMPLATE : INPUT_TEMPLATE);
  if (settings.length === 0) {
    document.deleteIn([...at, "vars"]);
  } else {
    const variables = document.createNode(settings.map(({ variable }) => variable));
    if (variables instanceof YAMLSeq) {
      variables.commentBefore = NAMED_MAKER;
    }
    document.setIn([...at, "vars"], variables);
  }
  return document.toString({ lineWidth: 0 });
}

/** Paths of the files that are not as they would be made. */
export function staleFiles(root: string): readonly string[] {
  return [...madeFiles(root)].filter(([path, text]) => textOf(join(root, path)) !== text).map(([path]) => path);
}

function textOf(path: string): string | undefined {
  return existsSync(path) ? readFileSync(path, "utf8") : undefined;
}

if (import.meta.main) {
  const made = madeFiles(ROOT);
  const stale = staleFiles(ROOT);
  const check = process.argv.includes("--check");
  for (const path of stale) {
    if (check) {
      process.stderr.write(`manifests: ${path} is stale; run: npm run generate\n`);
      process.exitCode = 1;
    } else {
      mkdirSync(dirname(join(ROOT, path)), { recursive: true });
      writeFileSync(join(ROOT, path), made.get(path) ?? "");
    }
  }
  process.stdout.write(`manifests: ${made.size} files, ${stale.length} ${check ? "stale" : "written"}\n`);
}

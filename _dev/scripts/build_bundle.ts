/**
 * Builds what a machine needs that has no sources: build/component/ with the runner in one file, its launcher, its component
 * spec and the licences of what is in it. With `--binary` also build/aquila-salesforce, a single executable with Node in it
 * ("Single executable applications" in Node's documentation).
 */
import { execFileSync } from "node:child_process";
import { chmodSync, copyFileSync, existsSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { inject } from "postject";
import { rolldown } from "rolldown";
import { BUNDLE_FILE, COMPONENT_NAME, componentFiles, NODE_FLAGS } from "../../src/cli/component_files.ts";

const ROOT = resolve(import.meta.dirname, "../..");
const LICENCES_FILE = `${COMPONENT_NAME}.licenses.txt`;
/** Marks the place in Node's executable that says whether it holds a program. */
const SENTINEL_FUSE = "NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2";

/** Builds the files of the component into `folder` and gives the path of the bundle. The launcher takes Node from the PATH. */
export async function buildBundle(folder: string): Promise<string> {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const bundle = join(folder, BUNDLE_FILE);
  const modules = await bundleTo(bundle, "esm");
  for (const { name, mode, content } of componentFiles({ kind: "bundle", bundle, node: "node" })) {
    if ("text" in content) {
      writeFileSync(join(folder, name), content.text, { mode });
      chmodSync(join(folder, name), mode);
    }
  }
  writeFileSync(join(folder, LICENCES_FILE), licences(modules));
  return bundle;
}

/** Builds the single executable for this machine's system and gives its path. */
export async function buildBinary(path: string): Promise<string> {
  const work = `${path}.work`;
  rmSync(work, { recursive: true, force: true });
  mkdirSync(work, { recursive: true });
  const [main, config, blob] = ["main.cjs", "sea.json", "sea.blob"].map((name) => join(work, name)) as [
    string,
    string,
    string,
  ];
  await bundleTo(main, "cjs");
  const execArgv = ["--disable-warning=ExperimentalWarning", ...NODE_FLAGS];
  writeFileSync(config, JSON.stringify({ main, output: blob, disableExperimentalSEAWarning: true, execArgv }));
  execFileSync(process.execPath, ["--experimental-sea-config", config], { stdio: "pipe" });
  const fresh = join(work, basename(path));
  copyFileSync(process.execPath, fresh);
  chmodSync(fresh, 0o755);
  const segment = process.platform === "darwin" ? { machoSegmentName: "NODE_SEA" } : {};
  await inject(fresh, "NODE_SEA_BLOB", readFileSync(blob), { sentinelFuse: SENTINEL_FUSE, ...segment });
  copyFileSync(fresh, path);
  chmodSync(path, 0o755);
  rmSync(work, { recursive: true });
  return path;
}

/** Gives the files that are in the bundle. */
async function bundleTo(file: string, format: "esm" | "cjs"): Promise<readonly string[]> {
  const build = await rolldown({ input: join(ROOT, "src/main.ts"), platform: "node", cwd: ROOT, logLevel: "warn" });
  try {
    const { output } = await build.write({ file, format, codeSplitting: false });
    writeFileSync(file, inAscii(readFileSync(file, "utf8")));
    return output.flatMap((part) => (part.type === "chunk" ? part.moduleIds : []));
  } finally {
    await build.close();
  }
}

/** The same program in ASCII: V8 keeps a source with one other character in two bytes for each. */
function inAscii(source: string): string {
  return source.replaceAll(/[^\u0000-\u007f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** The licence texts of every package that has a file in the bundle. */
function licences(modules: readonly string[]): string {
  const folders = new Set(modules.flatMap((path) => packageFolder(path) ?? []));
  const parts = [...folders].toSorted().map((folder) => {
    const { name, version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
    const [file] = globSync("{LICENSE,LICENCE,license,licence,COPYING}*", { cwd: folder }).sort();
    const text = file === undefined ? "" : `\n${readFileSync(join(folder, file), "utf8").trim()}\n`;
    return `${name} ${version} (${license})\n${text}`;
  });
  return `${parts.join(`\n${"-".repeat(80)}\n\n`)}`;
}

function packageFolder(path: string): string | undefined {
  const folder = /^(.*\/node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1];
  return folder !== undefined && existsSync(join(folder, "package.json")) ? folder : undefined;
}

if (import.meta.main) {
  const bundle = await buildBundle(join(ROOT, "build/component"));
  process.stdout.write(`${bundle}\n`);
  if (process.argv.includes("--binary")) {
    process.stdout.write(`${await buildBinary(join(ROOT, "build", COMPONENT_NAME))}\n`);
  }
}

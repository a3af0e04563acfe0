/**
 * Builds what a machine needs that has no sources into build/release/: the runner as a bundle in a few files, its launcher, its component
 * spec and the licences of what is in it; and a single executable for this platform with Node in it ("Single executable applications" in
 * Node's documentation).
 */
import { execFileSync } from "node:child_process";
import {
  chmodSync,
  copyFileSync,
  existsSync,
  globSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { basename, join, relative, resolve } from "node:path";
import { inject } from "postject";
import { type CodeSplittingGroup, type OutputOptions, rolldown } from "rolldown";
import {
  BUNDLE_FILE,
  COMPONENT_NAME,
  componentFiles,
  NODE_FLAGS,
  partFile,
  partsIn,
} from "../../src/cli/component_files.ts";
import { RELEASE_FOLDER, removeFromRelease, sealRelease } from "./release/release_folder.ts";

const ROOT = resolve(import.meta.dirname, "../..");
const MAIN = join(ROOT, "src/main.ts");
/** The single executable as it is released: it runs on one platform only. */
const EXECUTABLE_FILE = `${COMPONENT_NAME}-${process.platform}-${process.arch}`;
const OLDEST_NODE = 24;
const LICENCES_FILE = `${COMPONENT_NAME}.licenses.txt`;
/** Marks the place in Node's executable that says whether it holds a program. */
const SENTINEL_FUSE = "NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2";

/** Builds the files of the component into `folder` and gives the path of the bundle. The launcher takes Node from the PATH. */
export async function buildBundle(folder: string): Promise<string> {
  mkdirSync(folder, { recursive: true });
  const bundle = join(folder, BUNDLE_FILE);
  const modules = await bundled({
    dir: folder,
    format: "esm",
    entryFileNames: partFile("[name]"),
    chunkFileNames: partFile("[name]"),
    codeSplitting: { groups: PARTS },
    // By its own name, nothing is taken for something else in a part of another version.
    minifyInternalExports: false,
  });
  writeFileSync(bundle, startOf(folder));
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
  await bundled({ file: main, format: "cjs", codeSplitting: false });
  const execArgv = ["--disable-warning=ExperimentalWarning", ...NODE_FLAGS];
  const options = { main, output: blob, disableExperimentalSEAWarning: true, useCodeCache: true, execArgv };
  writeFileSync(config, JSON.stringify(options));
  // What V8 has compiled it takes only with the flags that it had then.
  execFileSync(process.execPath, [...NODE_FLAGS, "--experimental-sea-config", config], { stdio: "pipe" });
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

/**
 * What is run of the bundle in the folder. Of a file that asks for what an older Node lacks, such as `node:sqlite`, no line would
 * run there: it would end with a stack. So this one asks for what each has. A part that is missing, cut or of another release would be
 * noticed only when it is needed, so their lengths are compared here.
 */
function startOf(folder: string): string {
  const lengths = Object.fromEntries(partsIn(folder).map((name) => [name, statSync(join(folder, name)).size]));
  return `${readFileSync(MAIN, "utf8").split("\n", 1)}
import { statSync } from "node:fs";
if (Number(process.versions.node.split(".")[0]) < ${OLDEST_NODE}) {
  process.stderr.write("${COMPONENT_NAME} needs Node ${OLDEST_NODE} or newer; " + process.execPath + " is Node " +
    process.versions.node + ". Install a newer one, or use the single executable.\\n");
  process.exit(2);
}
for (const [name, length] of Object.entries(${JSON.stringify(lengths)})) {
  const part = statSync(new URL(name, import.meta.url), { throwIfNoEntry: false });
  if (part?.size !== length) {
    process.stderr.write("The runner is incomplete: " + name + (part === undefined ? " is missing" : " is cut, or of another release") +
      ". Put all files of one release beside each other.\\n");
    process.exit(2);
  }
}
await import("./${partFile("main")}");
`;
}

/** This library of Kafka's client reads its WebAssembly from a file beside it, or, in another form, holds it. */
const WASM_INSIDE = { "@platformatic/wasm-utils": "@platformatic/wasm-utils/bundled" };

/** The start of every run, and what several parts share. */
const EVERY_RUN = /\/src\/(main|cli\/writable_folder|cli\/check\/elasticsearch_answers)\.ts$|\/node_modules\/debug\//;

/**
 * What is imported only when it is needed, by the libraries that it needs: V8 reads a file whole before anything in it runs, and
 * keeps its text. With each module come those that it imports, unless an earlier group has them.
 */
const PARTS: CodeSplittingGroup[] = [
  { name: "main", test: EVERY_RUN },
  { name: "regexp", test: /\/node_modules\/re2js\// },
  { name: "avro", test: /\/node_modules\/avsc\// },
  { name: "grpc", test: /\/src\/(cli\/agent|org\/pub_sub_channel)\.ts$/ },
  { name: "kafka", test: /\/src\/(sinks\/kafka|cli\/check\/kafka_steps)\.ts$/ },
  {
    name: "elasticsearch",
    test: /\/src\/(cli\/check|sinks\/elasticsearch|coordination\/(state_index|gathered_writes|lease_keeper))\.ts$/,
  },
  { name: "init", test: /\/src\/cli\/init\.ts$/ },
];

/** Writes the program as these options say and gives the files that are in it. */
async function bundled(options: OutputOptions): Promise<readonly string[]> {
  const build = await rolldown({
    input: { main: MAIN },
    platform: "node",
    cwd: ROOT,
    logLevel: "warn",
    resolve: { alias: WASM_INSIDE },
  });
  try {
    const { output } = await build.write(options);
    return output.flatMap((part) => {
      if (part.type !== "chunk") {
        return [];
      }
      const path = options.file ?? join(options.dir ?? "", part.fileName);
      writeFileSync(path, inAscii(withoutImportsOfNode(part.code)));
      return part.moduleIds;
    });
  } finally {
    await build.close();
  }
}

/**
 * An `import` of one of Node's own modules evaluates whatever that exports, such as the WebSocket of `node:http`, which comes with
 * a whole client of HTTP.
 */
function withoutImportsOfNode(source: string): string {
  return source.replaceAll(
    /^import (?:([\w$]+),? )?(?:\{(.*)\} )?from "(node:.+)";$/gm,
    (_import, whole: string | undefined, names: string | undefined, module) =>
      [whole, names && `{${names.replaceAll(" as ", ": ")}}`]
        .flatMap((name) => (name ? `const ${name} = globalThis.process.getBuiltinModule("${module}");` : []))
        .join(" "),
  );
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
  removeFromRelease(RELEASE_FOLDER, new RegExp(`^${COMPONENT_NAME}`));
  await buildBundle(RELEASE_FOLDER);
  await buildBinary(join(RELEASE_FOLDER, EXECUTABLE_FILE));
  sealRelease(RELEASE_FOLDER);
  for (const name of readdirSync(RELEASE_FOLDER)) {
    process.stdout.write(`${relative(process.cwd(), join(RELEASE_FOLDER, name))}\n`);
  }
}

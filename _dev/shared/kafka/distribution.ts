/** Apache Kafka out of Maven Central, fetched once per user. It needs a Java of the machine. */
import { createHash } from "node:crypto";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { ownCacheFolder } from "../elasticsearch/cache_folder.ts";
import { digestOf } from "../elasticsearch/download.ts";
import { runTool } from "../elasticsearch/tool.ts";
import { madeOnce } from "../elasticsearch/unpacking.ts";

/** As pom.xml has it. */
const VERSION = "4.1.0";
/** SHA-256 over the names and digests of all files. */
const DIGEST = "f034c5681d2d056d3e793a7771edde9940023a8434365c2cea93791fb75a7c65";
/** Kafka 4 needs it. */
const OLDEST_JAVA = 17;

/** Kafka can't be had on this machine; the message says what is missing. */
export class KafkaUnavailable extends Error {
  override readonly name = "KafkaUnavailable";
}

export interface KafkaDistribution {
  /** The folder of its jars. */
  readonly jars: string;
  readonly java: string;
}

/** Throws KafkaUnavailable. */
export async function openKafka(environment: NodeJS.ProcessEnv = process.env): Promise<KafkaDistribution> {
  const java = await findJava(environment);
  const log = (line: string) => process.stderr.write(`${line}\n`);
  const jars = await madeOnce(join(ownCacheFolder(), `kafka-${VERSION}`), log, async (work) => {
    log("Fetching Apache Kafka (43 MB, once) by Maven.");
    const into = join(work, "jars");
    const copy = ["dependency:copy-dependencies", "-DincludeScope=runtime", `-DoutputDirectory=${into}`];
    const { code, output } = await runTool("mvn", ["-C", "-q", "-B", ...copy], { cwd: import.meta.dirname });
    if (code !== 0) {
      const said = output.split("\n").find((line) => line.includes("ERROR")) ?? "";
      const why = code === "absent" ? "Maven (mvn) is not installed" : `Maven can't fetch it (${said.slice(0, 300)})`;
      throw new KafkaUnavailable(why);
    }
    const found = await digestOfAll(into);
    if (found !== DIGEST) {
      throw new KafkaUnavailable(
        `what Maven has fetched has the digest ${found.slice(0, 12)}…, not ${DIGEST.slice(0, 12)}…`,
      );
    }
    return into;
  });
  return { jars, java };
}

async function digestOfAll(folder: string): Promise<string> {
  const all = createHash("sha256");
  for (const name of readdirSync(folder).toSorted()) {
    all.update(`${name} ${await digestOf("sha256", join(folder, name))}\n`);
  }
  return all.digest("hex");
}

async function findJava(environment: NodeJS.ProcessEnv): Promise<string> {
  const { JAVA_HOME: home = "" } = environment;
  const java = home === "" ? "java" : join(home, "bin/java");
  const { complaint } = await runTool(java, ["-version"]);
  const release = Number(/version "(?:1\.)?(\d+)/.exec(complaint)?.[1] ?? 0);
  if (release < OLDEST_JAVA) {
    throw new KafkaUnavailable(`there is no Java ${OLDEST_JAVA} or newer on the PATH or in JAVA_HOME`);
  }
  return java;
}

import { globSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { ElasticsearchUnavailable } from "./unavailable.ts";

/** Elasticsearch 9 needs it, and so does its launcher. */
const OLDEST_JAVA = 21;

/** Where JDKs are installed: Debian and Red Hat, macOS, Homebrew, SDKMAN!. */
const INSTALL_PATTERNS = [
  "/usr/lib/jvm/*",
  "/Library/Java/JavaVirtualMachines/*/Contents/Home",
  "/opt/homebrew/opt/openjdk*/libexec/openjdk.jdk/Contents/Home",
  "/usr/local/opt/openjdk*/libexec/openjdk.jdk/Contents/Home",
  "/opt/java/*",
  join(homedir(), ".sdkman/candidates/java/*"),
];

export interface Java {
  readonly home: string;
  /** The feature release: 21, 25. */
  readonly release: number;
}

/** The feature release in the text of a JDK's file `release`, or undefined. Pure. */
export function featureRelease(releaseFile: string): number | undefined {
  const version = /^JAVA_VERSION="(?:1\.)?(\d+)/m.exec(releaseFile)?.[1];
  return version === undefined ? undefined : Number(version);
}

/** The first of `preferred` that is new enough, else the newest of `installed`. Pure. */
export function chooseJava(preferred: readonly Java[], installed: readonly Java[]): Java | undefined {
  const newEnough = (java: Java) => java.release >= OLDEST_JAVA;
  return preferred.find(newEnough) ?? installed.filter(newEnough).sort((a, b) => b.release - a.release)[0];
}

/** Finds a JDK (with `javac`) by ES_JAVA_HOME, JAVA_HOME, then among the installed ones. Throws ElasticsearchUnavailable. */
export function findJava(environment: NodeJS.ProcessEnv = process.env): Java {
  const named = [environment.ES_JAVA_HOME, environment.JAVA_HOME].filter((home) => home !== undefined && home !== "");
  const preferred = named.flatMap((home) => javaAt(home as string));
  const installed = INSTALL_PATTERNS.flatMap((pattern) => globSync(pattern)).flatMap(javaAt);
  const java = chooseJava(preferred, installed);
  if (java === undefined) {
    const seen = [...preferred, ...installed].map(({ home, release }) => `${home} (${release})`);
    const found = seen.length === 0 ? "" : `, but ${seen.join(", ")}`;
    throw new ElasticsearchUnavailable("java", `there is no JDK of release ${OLDEST_JAVA} or newer${found}`, {
      cure: "Install a JDK (apt-get install openjdk-21-jdk-headless, brew install openjdk) or set ES_JAVA_HOME to its folder.",
    });
  }
  return java;
}

function javaAt(home: string): Java[] {
  if (globSync(join(home, "bin/javac")).length === 0) {
    return [];
  }
  try {
    const release = featureRelease(readFileSync(join(home, "release"), "utf8"));
    return release === undefined ? [] : [{ home, release }];
  } catch {
    return [];
  }
}

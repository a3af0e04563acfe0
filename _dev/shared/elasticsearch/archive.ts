/**
 * Elasticsearch as Elastic publishes it for each platform. The archive brings its own Java, and a checksum lies beside it. It is
 * fetched and unpacked once per user.
 */
import { existsSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Distribution } from "./distribution.ts";
import { download, downloadText } from "./download.ts";
import { ElasticsearchUnavailable } from "./unavailable.ts";
import { type Log, madeOnce, openToAll, START_SCRIPT, startScript, unpack } from "./unpacking.ts";
import { ELASTICSEARCH_VERSION } from "./version.ts";

const PUBLISHED = "https://artifacts.elastic.co/downloads/elasticsearch";

/** Node's names of platforms and processors to Elastic's. */
const PLATFORMS: Readonly<Record<string, string>> = {
  "linux x64": "linux-x86_64",
  "linux arm64": "linux-aarch64",
  "darwin x64": "darwin-x86_64",
  "darwin arm64": "darwin-aarch64",
};

/** What an archive holds, below its one folder, if it is one of Elasticsearch. */
const PARTS = ["bin/elasticsearch-env", "lib/tools/server-launcher", "config/jvm.options"];
const JAVA = ["jdk/bin/java", "jdk.app/Contents/Home/bin/java"];

/** The archive's name for a platform, or undefined where Elastic publishes none that this project can start. Pure. */
export function archiveName(platform: string, processor: string): string | undefined {
  const name = PLATFORMS[`${platform} ${processor}`];
  return name === undefined ? undefined : `elasticsearch-${ELASTICSEARCH_VERSION}-${name}.tar.gz`;
}

/** The digest of a file in the text that lies beside it, `<SHA-512>  <name>`. Undefined if it is of another file. Pure. */
export function publishedDigest(text: string, name: string): string | undefined {
  const [, digest, named = name] = /^([0-9a-f]{128})(?:\s+\*?(\S+))?\s*$/.exec(text) ?? [];
  return named === name ? digest : undefined;
}

export const ARCHIVE: Distribution = {
  name: "Elastic's archive",
  folder: (cache) => join(cache, `elasticsearch-${ELASTICSEARCH_VERSION}-archive`),
  async open(cache, environment, log) {
    const home = await madeOnce(ARCHIVE.folder(cache), log, (work) => make(work, environment, log));
    return { home };
  },
};

async function make(work: string, environment: NodeJS.ProcessEnv, log: Log): Promise<string> {
  const name = archiveName(process.platform, process.arch);
  if (name === undefined) {
    throw new ElasticsearchUnavailable("archive", `Elastic has no archive for ${process.platform} on ${process.arch}`);
  }
  const url = `${(environment.ELASTICSEARCH_MIRROR || PUBLISHED).replace(/\/+$/, "")}/${name}`;
  const digest = publishedDigest(await downloadText(`${url}.sha512`), name);
  if (digest === undefined) {
    throw new ElasticsearchUnavailable("archive", `${url}.sha512 is not the checksum of ${name}`);
  }
  log(`Fetching Elasticsearch (about 700 MB, once): ${url}`);
  const archive = join(work, name);
  await download(url, archive, digest);
  log("Unpacking Elasticsearch.");
  await unpack(archive, work, [["tar", "-xzf", archive]]);
  const home = join(work, `elasticsearch-${ELASTICSEARCH_VERSION}`);
  const missing = PARTS.find((part) => !existsSync(join(home, part)));
  if (missing !== undefined || !JAVA.some((java) => existsSync(join(home, java)))) {
    throw new ElasticsearchUnavailable("archive", `${url} holds no ${missing ?? "Java"}`);
  }
  renameSync(startScript(home), `${startScript(home)}.as-published`);
  writeFileSync(startScript(home), START_SCRIPT, { mode: 0o755 });
  await openToAll(home);
  return home;
}

import { execFile, execFileSync, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  chmodSync,
  createReadStream,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
} from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join, resolve } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { archiveName } from "../../shared/elasticsearch/archive.ts";
import { ownCacheFolder } from "../../shared/elasticsearch/cache_folder.ts";
import { findJava } from "../../shared/elasticsearch/java.ts";
import { MAVEN } from "../../shared/elasticsearch/maven.ts";
import { ELASTICSEARCH_VERSION } from "../../shared/elasticsearch/version.ts";
import { SCREEN } from "./last_words.ts";

const ROOT = resolve(import.meta.dirname, "../../..");
const FILES = join(ROOT, "_dev/shared/event_log_files");
const ARCHIVE = archiveName(process.platform, process.arch) ?? "";
const LONGEST_MS = 900_000;

const distribution = MAVEN.folder(ownCacheFolder());
const java = javaHome();

/** What the archive is made of here: the distribution of this machine, and a Java of its own. */
describe.skipIf(!existsSync(distribution) || java === undefined)("the demo without Java, Maven and Docker", () => {
  let folder: string;
  let server: Server;
  let environment: NodeJS.ProcessEnv;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "demo-"));
    chmodSync(folder, 0o755);
    const archive = join(folder, ARCHIVE);
    pack(archive);
    server = createServer(({ url }, response) => {
      if (url === `/${ARCHIVE}`) {
        createReadStream(archive).pipe(response);
      } else if (url === `/${ARCHIVE}.sha512`) {
        const digest = createHash("sha512").update(readFileSync(archive)).digest("hex");
        response.end(`${digest}  ${ARCHIVE}\n`);
      } else {
        response.writeHead(404).end();
      }
    }).listen(0, "127.0.0.1");
    await new Promise((done) => server.once("listening", done));
    environment = {
      PATH: pathWithout(/^(?:java|javac|jar|mvn|docker)$/),
      HOME: folder,
      AQUILA_SALESFORCE_CACHE: join(folder, "cache"),
      ELASTICSEARCH_MIRROR: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    };
  }, LONGEST_MS);
  afterAll(async () => {
    server.close();
    await typed("npm run -s elasticsearch -- clean");
    rmSync(folder, { recursive: true });
  }, LONGEST_MS);

  /** An archive with the layout of Elastic's. */
  function pack(path: string): void {
    const root = join(folder, "packed", `elasticsearch-${ELASTICSEARCH_VERSION}`);
    mkdirSync(root, { recursive: true });
    for (const part of readdirSync(distribution)) {
      symlinkSync(join(distribution, part), join(root, part));
    }
    symlinkSync(java ?? "", join(root, "jdk"));
    execFileSync("sh", ["-c", `tar -chf - -C "${join(root, "..")}" . | gzip -1 > "${path}"`]);
  }

  /** A folder with everything that is on the PATH but these programs. */
  function pathWithout(programs: RegExp): string {
    const bin = join(folder, "bin");
    mkdirSync(bin);
    for (const place of (process.env.PATH ?? "").split(delimiter).filter((one) => existsSync(one))) {
      for (const name of readdirSync(place)) {
        if (!programs.test(name) && !existsSync(join(bin, name))) {
          rmSync(join(bin, name), { force: true });
          symlinkSync(join(place, name), join(bin, name));
        }
      }
    }
    return bin;
  }

  async function typed(line: string): Promise<string> {
    const run = promisify(execFile)("bash", ["-e", "-c", line], { cwd: ROOT, env: environment, maxBuffer: 2 ** 26 });
    run.child.stdin?.end();
    return (await run).stdout;
  }

  const demo = (more = "") => typed(`npm run -s demo -- --folder ${join(folder, "demo")} --files ${FILES} ${more}`);

  test(
    "takes Elastic's archive, ends with events in Elasticsearch, and its last screen can be used as it stands",
    async () => {
      const said = await demo();
      expect(said).toMatch(
        /^Elasticsearch comes from Elastic's archive: ELASTICSEARCH_URL is not set; Docker is not installed\.$/m,
      );
      const record = JSON.parse(readFileSync(join(folder, "cache/clusters/local/cluster.json"), "utf8"));
      expect(record.runs).toEqual({
        by: "process",
        home: join(folder, `cache/elasticsearch-${ELASTICSEARCH_VERSION}-archive`),
      });

      const screen = said.slice(said.indexOf("This run brought"));
      const lines = screen.trimEnd().split("\n");
      expect(lines.length + 2).toBeLessThanOrEqual(SCREEN.lines);
      expect(lines.filter((line) => line.length > SCREEN.columns)).toEqual([]);
      const events = Number(/^This run brought ([\d,]+) events\.$/m.exec(screen)?.[1]?.replaceAll(",", ""));
      expect(events).toBeGreaterThan(0);

      const search = lines.slice(lines.indexOf("Search:") + 1).filter((line) => line.startsWith("  "));
      expect(search[0]).toBe("  npm run elasticsearch -- start");
      const answers = await typed(`${search[0]} >&2; ${search[1]}`);
      expect(JSON.parse(answers)).toMatchObject({ _shards: { failed: 0 }, count: expect.any(Number) });

      const second = await demo();
      expect(second).toContain("This run brought nothing new: all of it was collected before. To start anew:");
      const [, fresh = ""] = /^ {2}(npm run demo -- .*--fresh)$/m.exec(second) ?? [];
      const third = await typed(`${fresh} --folder ${join(folder, "demo")}`);
      expect(third).toContain(/^This run brought .*$/m.exec(screen)?.[0]);
      await typed("npm run -s elasticsearch -- stop");
    },
    LONGEST_MS,
  );

  test(
    "clean takes everything off the machine",
    async () => {
      await typed("npm run -s elasticsearch -- clean");
      expect(existsSync(join(folder, "cache"))).toBe(false);
    },
    LONGEST_MS,
  );

  test(
    "where nothing can be had, it says why and writes files",
    () => {
      const { status, stdout } = spawnSync(
        process.execPath,
        ["_dev/scripts/demo/main.ts", "--folder", join(folder, "files"), "--files", FILES],
        {
          cwd: ROOT,
          encoding: "utf8",
          env: { ...environment, ELASTICSEARCH_MIRROR: "http://127.0.0.1:65534", PATH: join(folder, "bin") },
        },
      );
      expect(stdout).toMatch(
        /^No Elasticsearch can be had on this machine: Docker is not installed; 127\.0\.0\.1:65534 can't be reached/m,
      );
      expect(stdout).toMatch(/^This run brought [\d,]+ events\.$/m);
      expect(status).toBe(0);
    },
    LONGEST_MS,
  );
});

function javaHome(): string | undefined {
  try {
    return findJava().home;
  } catch {
    return undefined;
  }
}

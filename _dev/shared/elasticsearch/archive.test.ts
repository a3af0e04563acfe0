import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { ARCHIVE, archiveName, publishedDigest } from "./archive.ts";
import { download, downloadText } from "./download.ts";
import { fetchArtifact } from "./maven.ts";
import { ELASTICSEARCH_VERSION } from "./version.ts";

const NAME = archiveName(process.platform, process.arch) ?? "";
const ROOT = `elasticsearch-${ELASTICSEARCH_VERSION}`;
const PARTS = ["bin/elasticsearch", "bin/elasticsearch-env", "lib/tools/server-launcher/a.jar", "config/jvm.options"];

let folder: string;
let server: Server;
let answer: RequestListener;
const url = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

/** An archive with the layout of Elastic's and these files. */
function archiveOf(files: readonly string[]): Buffer {
  const work = mkdtempSync(join(folder, "archive-"));
  for (const file of files) {
    const path = join(work, ROOT, file);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, `content of ${file}`, { mode: 0o700 });
  }
  execFileSync("tar", ["-czf", "all.tar.gz", ROOT], { cwd: work });
  return readFileSync(join(work, "all.tar.gz"));
}

const sha512 = (bytes: Buffer) => createHash("sha512").update(bytes).digest("hex");

/** The site as Elastic has it: the archive, and beside it its checksum. */
function site(archive: Buffer, checksum = `${sha512(archive)}  ${NAME}\n`): RequestListener {
  return ({ url: path }, response) => {
    if (path === `/downloads/${NAME}`) {
      response.end(archive);
    } else if (path === `/downloads/${NAME}.sha512`) {
      response.end(checksum);
    } else {
      response.writeHead(404).end();
    }
  };
}

beforeAll(async () => {
  server = createServer((request, response) => answer(request, response)).listen(0, "127.0.0.1");
  await new Promise((done) => server.once("listening", done));
});
afterAll(() => server.close());
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "archive-test-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const open = () => ARCHIVE.open(join(folder), { ELASTICSEARCH_MIRROR: `${url()}/downloads/` }, () => {});
/** What is left of Elasticsearch's in the cache, but for locks. */
const left = () => readdirSync(folder).filter((name) => /^elasticsearch-/.test(name) && !name.endsWith(".lock"));

describe("Elastic's archive", () => {
  test("is fetched from a mirror once, and brings its own Java", async () => {
    answer = site(archiveOf([...PARTS, "jdk/bin/java"]));
    const { home, javaHome } = await open();
    expect(javaHome).toBeUndefined();
    expect(readFileSync(join(home, "jdk/bin/java"), "utf8")).toBe("content of jdk/bin/java");
    expect(readFileSync(join(home, "bin/elasticsearch"), "utf8")).toContain("-Daquila.cluster=");
    answer = (_, response) => response.writeHead(500).end();
    expect(await open()).toEqual({ home });
    expect(left()).toEqual([`elasticsearch-${ELASTICSEARCH_VERSION}-archive`]);
  });

  const whole = () => archiveOf([...PARTS, "jdk/bin/java"]);
  test.each<[string, () => RequestListener, string]>([
    ["that is not there", () => (_, response) => void response.writeHead(404).end(), "answers 404"],
    ["with another checksum", () => site(whole(), `${"0".repeat(128)}  ${NAME}\n`), "has the SHA-512"],
    [
      "with the checksum of another file",
      () => site(whole(), `${sha512(whole())}  other.tar.gz\n`),
      "is not the checksum of",
    ],
    ["with a page in place of a checksum", () => site(whole(), "<html>".repeat(10_000)), "is no short text"],
    ["without Java", () => site(archiveOf(PARTS)), "holds no Java"],
    ["without a part", () => site(archiveOf(["bin/elasticsearch", "jdk/bin/java"])), "holds no bin/elasticsearch-env"],
    ["that is none", () => site(Buffer.from("not an archive")), "can't be unpacked"],
    [
      "that breaks off",
      () => {
        const bytes = whole();
        return (request, response) => {
          if (request.url?.endsWith(".sha512")) {
            site(bytes)(request, response);
            return;
          }
          response.writeHead(200, { "content-length": bytes.length });
          response.write(bytes.subarray(0, 100), () => response.destroy());
        };
      },
      "can't be reached",
    ],
  ])("%s is refused, and nothing of it is left", async (_, listener, reason) => {
    answer = listener();
    await expect(open()).rejects.toThrow(reason);
    expect(left()).toEqual([]);
    // What is whole at the next attempt is taken.
    answer = site(whole());
    expect(existsSync((await open()).home)).toBe(true);
  });

  test("half an unpacked folder of a process that was killed is never taken for whole", async () => {
    mkdirSync(join(folder, `elasticsearch-${ELASTICSEARCH_VERSION}-archive.work-abc`, ROOT, "jdk"), {
      recursive: true,
    });
    answer = site(whole());
    await open();
    expect(left()).toEqual([`elasticsearch-${ELASTICSEARCH_VERSION}-archive`]);
  });

  test("has a name for each platform", () => {
    expect(archiveName("linux", "arm64")).toBe(`elasticsearch-${ELASTICSEARCH_VERSION}-linux-aarch64.tar.gz`);
    expect(archiveName("darwin", "arm64")).toBe(`elasticsearch-${ELASTICSEARCH_VERSION}-darwin-aarch64.tar.gz`);
    expect(archiveName("sunos", "x64")).toBeUndefined();
    expect(publishedDigest(`${"a".repeat(128)}\n`, "x")).toBe("a".repeat(128));
  });
});

describe("a download", () => {
  test("from a server that never answers is given up", async () => {
    answer = () => {};
    await expect(downloadText(`${url()}/x`, { answer: 50, byte: 60_000 })).rejects.toThrow("no answer");
  });

  test("that stops in the middle is given up, with nothing left", async () => {
    answer = (_, response) => void response.write("some");
    const path = join(folder, "file");
    await expect(download(`${url()}/x`, path, "", { answer: 60_000, byte: 50 })).rejects.toThrow(
      "stopped in the middle",
    );
    expect(existsSync(path)).toBe(false);
  });

  test.skipIf(!existsSync("/dev/full"))("onto a full disk says so", async () => {
    answer = (_, response) => void response.end(Buffer.alloc(1_000_000));
    const path = join(folder, "file");
    symlinkSync("/dev/full", path);
    await expect(download(`${url()}/x`, path, "")).rejects.toThrow("the disk is full");
    expect(existsSync(path)).toBe(false);
  });
});

test("an artifact of Maven with another SHA-256 is refused", async () => {
  const mvn = join(folder, "mvn");
  writeFileSync(
    mvn,
    `#!/bin/sh\nfor last; do :; done\nmkdir -p "\${last#-DoutputDirectory=}" && echo x > "\${last#-DoutputDirectory=}/a.zip"\n`,
  );
  chmodSync(mvn, 0o755);
  const environment = { PATH: `${folder}:/usr/bin:/bin` };
  const artifact = { coordinates: "a:b:1:zip", what: "something", sha256: "0".repeat(64) };
  await expect(fetchArtifact(artifact, join(folder, "into"), environment, () => {})).rejects.toThrow(
    "a:b:1:zip has the SHA-256 73cb3858a687…, not 000000000000…",
  );
  const right = { ...artifact, sha256: "73cb3858a687a8494ca3323053016282f3dad39d42cf62ca4e79dda2aac7d9ac" };
  expect(await fetchArtifact(right, join(folder, "into2"), environment, () => {})).toBe(join(folder, "into2/a.zip"));
});

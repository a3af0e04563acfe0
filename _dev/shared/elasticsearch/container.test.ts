import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { clean } from "./clean.ts";
import { attachCluster, openCluster, runningCluster } from "./cluster.ts";
import { IMAGE } from "./container.ts";

let folder: string;
let said: string[];
const log = (line: string) => said.push(line);

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "docker-"));
  said = [];
  mkdirSync(join(folder, "bin"));
  const docker = join(folder, "bin/docker");
  writeFileSync(
    docker,
    `#!/bin/sh\nexec "${process.execPath}" "${join(import.meta.dirname, "fake_docker.ts")}" "$@"\n`,
  );
  chmodSync(docker, 0o755);
  vi.stubEnv("PATH", [join(folder, "bin"), process.env.PATH].join(delimiter));
  vi.stubEnv("DOCKER_STATE", folder);
  vi.stubEnv("AQUILA_SALESFORCE_CACHE", join(folder, "cache"));
  vi.stubEnv("ELASTICSEARCH_URL", "");
  // Whatever the machine has, no other way is open.
  vi.stubEnv("ELASTICSEARCH_MIRROR", "http://127.0.0.1:65534");
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

function docker(): { calls: string[]; containers: unknown[]; images: string[] } {
  return JSON.parse(readFileSync(join(folder, "docker.json"), "utf8"));
}

const greeting = (url: string) => fetch(url, { signal: AbortSignal.timeout(1_000) }).then(({ status }) => status);

test("a running Docker gives the pinned Elasticsearch, which stops, starts, freezes and is cleaned away", async () => {
  const cluster = await openCluster({ log });
  expect(said).toContain("Elasticsearch comes from Docker: ELASTICSEARCH_URL is not set.");
  expect(cluster).toMatchObject({ username: "elastic", apiKey: "a2V5", started: true });
  expect(docker().calls).toContain(`pull ${IMAGE}`);
  // The password is for nobody's eyes.
  expect(docker().calls.join("\n")).not.toContain(cluster.password);
  expect(await greeting(cluster.url)).toBe(401);

  const again = await openCluster({ log });
  expect(again).toMatchObject({ url: cluster.url, password: cluster.password, started: false });
  cluster.suspend();
  await expect(greeting(cluster.url)).rejects.toThrow();
  cluster.resume();
  expect(await greeting(cluster.url)).toBe(401);

  await cluster.stop();
  expect(runningCluster()).toBeUndefined();
  await expect(greeting(cluster.url)).rejects.toThrow();
  await attachCluster(cluster.folder ?? "").restart();
  expect(runningCluster()).toMatchObject({ url: cluster.url, password: cluster.password });

  await attachCluster(cluster.folder ?? "").stop();
  await openCluster({ log });
  expect(said).toContain("Elasticsearch comes from Docker, as before: ELASTICSEARCH_URL is not set.");

  await clean(join(folder, "cache"), log, join(folder, "no maven"));
  expect(docker()).toMatchObject({ containers: [], images: [] });
  await expect(greeting(cluster.url)).rejects.toThrow();
}, 120_000);

test("a cluster that lives with a process leaves no container", async () => {
  const cluster = await openCluster({ name: "test", lifetime: "process", log });
  await cluster.stop();
  expect(docker().containers).toEqual([]);
}, 60_000);

test.each([
  [{ daemon: false }, "Docker does not run"],
  [{ registry: false }, `Docker can't fetch ${IMAGE} (Error response from daemon: Get https://docker.elastic.co/v2/`],
])(
  "%j: the next ways are tried, and what is missing is said of each",
  async (state, reason) => {
    writeFileSync(join(folder, "docker.json"), JSON.stringify(state));
    const withoutJava = { ...process.env, PATH: join(folder, "bin"), ES_JAVA_HOME: folder, JAVA_HOME: folder };
    const refused = openCluster({ environment: withoutJava, log });
    await expect(refused).rejects.toThrow(reason);
    await expect(refused).rejects.toThrow("127.0.0.1:65534 can't be reached (ECONNREFUSED)");
    await expect(refused).rejects.toThrow("Name one by ELASTICSEARCH_URL");
  },
  60_000,
);

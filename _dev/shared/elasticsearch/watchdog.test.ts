import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { readRecord, writeRecord } from "./cluster_record.ts";
import { isNodeOf, stopNode } from "./node_process.ts";

/** A process that idles and whose command line is a node's. */
function standIn(markedFolder: string): ChildProcess {
  const script = "setInterval(() => {}, 1000)";
  const child = spawn(process.execPath, ["-e", script, "--", `-Daquila.cluster=${join(markedFolder, "config")}`], {
    detached: true,
    stdio: "ignore",
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  return child;
}

function clusterFolder(pid: number): string {
  const folder = mkdtempSync(join(tmpdir(), "cluster-"));
  writeRecord(folder, {
    pid,
    url: "http://127.0.0.1:1",
    ports: { http: 1, transport: 2 },
    username: "admin",
    password: "x",
  });
  return folder;
}

test("a cluster goes with the process that opened it, even if that is killed", async () => {
  const folder = mkdtempSync(join(tmpdir(), "cluster-"));
  const node = standIn(folder);
  await once(node, "spawn");
  writeRecord(folder, {
    pid: node.pid,
    url: "http://127.0.0.1:1",
    ports: { http: 1, transport: 2 },
    username: "admin",
    password: "x",
  });
  const opener = join(folder, "opener.ts");
  writeFileSync(
    opener,
    `import { watchOver } from ${JSON.stringify(join(import.meta.dirname, "watchdog.ts"))};
     watchOver(${JSON.stringify(folder)});
     process.stdout.write("watched");
     setInterval(() => {}, 1000);`,
  );
  const parent = spawn(process.execPath, [opener], { stdio: ["ignore", "pipe", "inherit"] });
  await once(parent.stdout, "data");
  expect(isNodeOf(folder, node.pid ?? -1)).toBe(true);
  parent.kill("SIGKILL");
  await once(node, "exit");
  await expect.poll(() => existsSync(folder)).toBe(false);
});

test("a process that is not the node is left alone", async () => {
  const other = standIn("/another/cluster");
  await once(other, "spawn");
  const folder = clusterFolder(other.pid ?? -1);
  await stopNode(folder, readRecord(folder)?.pid ?? -1, "at once");
  expect(isNodeOf("/another/cluster", other.pid ?? -1)).toBe(true);
});

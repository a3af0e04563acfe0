import { mkdtempSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { afterEach, beforeEach, expect, test } from "vitest";
import { makeFolder } from "./private_file.ts";

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "private-"));
});
afterEach(() => rmSync(root, { recursive: true }));

/** Makes a folder as soon as all `makers` are there; gives what was thrown. */
const MAKER = `
  const { parentPort, workerData: { module, path, makers, waiting } } = require("node:worker_threads");
  import(module).then(({ makeFolder }) => {
    if (Atomics.add(waiting, 0, 1) + 1 === makers) {
      Atomics.notify(waiting, 0);
    }
    for (let there = Atomics.load(waiting, 0); there < makers; there = Atomics.load(waiting, 0)) {
      Atomics.wait(waiting, 0, there);
    }
    try {
      makeFolder(path);
      parentPort.postMessage("made");
    } catch (error) {
      parentPort.postMessage(String(error));
    }
  });
`;

test("a folder that several make at the same moment is made, for its owner alone", async () => {
  const path = join(root, ...Array.from({ length: 200 }, () => "f"));
  const makers = 2;
  const waiting = new Int32Array(new SharedArrayBuffer(4));
  const module = new URL("./private_file.ts", import.meta.url).href;
  const outcomes = Array.from({ length: makers }, async () => {
    const worker = new Worker(MAKER, { eval: true, workerData: { module, path, makers, waiting } });
    const outcome = await new Promise((resolve, reject) => worker.once("message", resolve).once("error", reject));
    await worker.terminate();
    return outcome;
  });
  expect(await Promise.all(outcomes)).toEqual(["made", "made"]);
  expect(statSync(path).mode & 0o777).toBe(0o700);
});

test("neither a link to nowhere nor a file is a folder", () => {
  symlinkSync(join(root, "nowhere"), join(root, "link"));
  writeFileSync(join(root, "file"), "");
  expect(() => makeFolder(join(root, "link", "folder"))).toThrow("EEXIST");
  expect(() => makeFolder(join(root, "file"))).toThrow("EEXIST");
  expect(() => makeFolder(join(root, "file", "folder"))).toThrow();
  expect(readdirSync(root)).toEqual(["file", "link"]);
});

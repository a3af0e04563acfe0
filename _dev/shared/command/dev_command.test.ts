import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { text } from "node:stream/consumers";
import { afterAll, describe, expect, test, vi } from "vitest";
import { RETRY, RunnerError } from "../../../src/core/errors.ts";
import { mendable } from "./dev_command.ts";

const ROOT = resolve(import.meta.dirname, "../../..");
const folder = mkdtempSync(join(tmpdir(), "dev-command-"));
const file = join(folder, "file");
writeFileSync(file, "");
afterAll(() => rmSync(folder, { recursive: true }));
// Each starts a program.
vi.setConfig({ testTimeout: 60_000 });

const DEMO = "_dev/scripts/demo/main.ts";
const INSTALLER = "_dev/scripts/install_assets/main.ts";
const ELASTICSEARCH = "_dev/shared/elasticsearch/main.ts";
const PREVIEW = "_dev/scripts/preview/main.ts";
const BENCH = "_dev/scripts/bench/main.ts";
const MUTATION = "_dev/scripts/mutation/main.ts";

function typed(program: string, args: readonly string[], environment: NodeJS.ProcessEnv = {}) {
  return spawnSync(process.execPath, [join(ROOT, program), ...args], {
    encoding: "utf8",
    env: { PATH: process.env.PATH, AQUILA_SALESFORCE_CACHE: join(folder, "cache"), ...environment },
  });
}

describe("a mistake is one sentence with its cure, and exit code 2", () => {
  test.each([
    [DEMO, ["--fils", "x"], "Unknown option '--fils'; did you mean --files? See npm run demo -- --help."],
    [DEMO, ["--files"], "See npm run demo -- --help."],
    [DEMO, ["--files", "/nonexistent"], "There is no folder /nonexistent. Give a folder of event log files"],
    [DEMO, ["--files", import.meta.dirname], "holds no CSV file"],
    [DEMO, ["--folder", join(file, "below")], "A part of this path is a file"],
    [INSTALLER, ["--url"], "See npm run install-assets -- --help."],
    [INSTALLER, ["--url", "elasticsearch"], "is not a web address."],
    [INSTALLER, ["--url", "http://127.0.0.1:1"], "Elasticsearch can't be reached: "],
    [ELASTICSEARCH, ["begin"], "There is no begin. One of these: start, stop, status, clean."],
    [ELASTICSEARCH, [], "Nothing is asked for."],
    [PREVIEW, ["--srve"], "Unknown option '--srve'; did you mean --serve? See npm run preview -- --help."],
    [BENCH, ["colect"], "npm run bench takes collect, names, small_files, memory, "],
    [MUTATION, ["--count"], "See npm run mutate -- --help."],
    [MUTATION, ["src/nowhere"], "There is no src/nowhere. Give folders and files of src"],
    [ELASTICSEARCH, ["status", "--now"], "Unknown option '--now'."],
  ])("%s %j", (program, args, sentence) => {
    const { status, stderr } = typed(program, args);
    expect(stderr).toContain(sentence);
    expect(stderr.trim().split("\n")).toHaveLength(1);
    expect(status).toBe(2);
  });

  test("an Elasticsearch that is not there", () => {
    const environment = { ELASTICSEARCH_URL: "http://127.0.0.1:1" };
    const { status, stderr } = typed(DEMO, ["--folder", join(folder, "demo")], environment);
    expect(stderr).toContain("Elasticsearch can't be reached: ");
    expect(stderr.trim().split("\n")).toHaveLength(1);
    expect(status).toBe(2);
  });
});

test("an Elasticsearch that is named is not said to run", () => {
  const { status, stdout } = typed(ELASTICSEARCH, ["start"], { ELASTICSEARCH_URL: "http://127.0.0.1:1" });
  expect({ status, stdout }).toEqual({
    status: 0,
    stdout: "ELASTICSEARCH_URL names http://127.0.0.1:1: nothing is started here.\n",
  });
});

test.each([DEMO, INSTALLER, ELASTICSEARCH, PREVIEW, BENCH, MUTATION])("%s says what it can do", (program) => {
  const { status, stdout, stderr } = typed(program, ["--help"]);
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  expect(stdout).toContain("Examples:");
});

test.each([
  [DEMO, ["--help"]],
  [INSTALLER, ["--help"]],
  [ELASTICSEARCH, ["status"]],
])("%s %j ends quietly when nobody reads what it says, as with head", async (program, args) => {
  const env = { PATH: process.env.PATH, AQUILA_SALESFORCE_CACHE: join(folder, "cache") };
  const child = spawn(process.execPath, [join(ROOT, program), ...args], { env });
  child.stdout.destroy();
  expect(await text(child.stderr)).toBe("");
  expect(child.exitCode ?? (await once(child, "exit"))[0]).toBe(0);
});

test("what should not happen keeps its stack", () => {
  expect(mendable(new TypeError("x"))).toBeUndefined();
  expect(mendable(new RunnerError("internal", "x", { next: RETRY }))).toBeUndefined();
});

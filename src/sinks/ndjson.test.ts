import { execFileSync } from "node:child_process";
import {
  appendFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openFilesIn } from "../../_dev/shared/testing/open_files.ts";
import type { Clock } from "../core/clock.ts";
import type { RunnerError } from "../core/errors.ts";
import { createNdjsonSink } from "./ndjson.ts";
import { anEvent, sinkContract } from "./sink.contract.ts";

const INDEX = "logs-aquila_salesforce.login-default";
const never = new AbortController().signal;
let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "ndjson-"));
});
afterEach(() => {
  expect(openFilesIn(directory)).toEqual([]);
  rmSync(directory, { recursive: true, force: true });
});

function storedIds(index: string): string[] {
  const path = join(directory, `${index}.ndjson`);
  const lines = existsSync(path) ? readFileSync(path, "utf8").split("\n").filter(Boolean) : [];
  return lines.map((line) => JSON.parse(line).event.id).sort();
}

describe("ndjson sink keeps the contract", () => {
  sinkContract(
    async () => ({
      sink: createNdjsonSink(directory),
      stored: async (index) => storedIds(index),
      indexes: [INDEX, "logs-aquila_salesforce.api-default"],
      block: async () => {
        rmSync(directory, { recursive: true });
        writeFileSync(directory, "a file in the way");
      },
    }),
    { remembers: true },
  );
});

describe("ndjson sink", () => {
  test("cuts off the line that a killed process left unfinished", async () => {
    const first = createNdjsonSink(directory);
    await first.deliver([anEvent(INDEX, "a")], never);
    await first.close();
    appendFileSync(join(directory, `${INDEX}.ndjson`), '{"@timestamp":"2026-07-17T09:22:41.123Z","event":{"id":"b"');
    const second = createNdjsonSink(directory);
    expect(await second.deliver([anEvent(INDEX, "a"), anEvent(INDEX, "b")], never)).toMatchObject({
      created: 1,
      existing: 1,
    });
    await second.close();
    expect(storedIds(INDEX)).toEqual(["a", "b"]);
  });

  test("waits for a folder that can't be written, says why, and goes on", async () => {
    const blocked = join(directory, "out");
    writeFileSync(blocked, "a file in the way");
    const problems: Array<RunnerError | undefined> = [];
    const clock: Clock = {
      now: () => 0,
      random: () => 0,
      async sleep() {
        rmSync(blocked);
      },
    };
    const sink = createNdjsonSink(blocked, (problem) => problems.push(problem), clock);
    expect(await sink.deliver([anEvent(INDEX, "a")], never)).toMatchObject({ created: 1 });
    expect(problems[0]).toMatchObject({ code: "output_unwritable" });
    expect(problems[0]?.message).toContain(blocked);
    expect(problems.at(-1)).toBeUndefined();
    await sink.close();
  });

  test.runIf(process.platform === "linux")(
    "says where the system makes no folders, and ends when it is to",
    async () => {
      const problems: Array<RunnerError | undefined> = [];
      const sleep = () => Promise.reject(new Error("stopped"));
      const clock: Clock = { now: () => 0, random: () => 0, sleep };
      const sink = createNdjsonSink("/proc/nowhere/out", (problem) => problems.push(problem), clock);
      await expect(sink.deliver([anEvent(INDEX, "a")], never)).rejects.toThrow("stopped");
      expect(problems).toEqual([expect.objectContaining({ code: "output_unwritable" })]);
      await sink.close();
    },
  );

  test("follows no symbolic link and takes no pipe: it says so, waits, and writes when it is gone", async () => {
    const elsewhere = join(directory, "elsewhere");
    writeFileSync(elsewhere, "precious\n");
    const path = join(directory, `${INDEX}.ndjson`);
    const problems: Array<RunnerError | undefined> = [];
    for (const plant of [() => symlinkSync(elsewhere, path), () => execFileSync("mkfifo", [path])]) {
      plant();
      const clock: Clock = { now: () => 0, random: () => 0, sleep: async () => rmSync(path, { force: true }) };
      const sink = createNdjsonSink(directory, (problem) => problems.push(problem), clock);
      expect(await sink.deliver([anEvent(INDEX, "a")], never)).toMatchObject({ created: 1 });
      await sink.close();
      rmSync(path);
    }
    expect(problems[0]?.message).toContain("is a symbolic link");
    expect(problems.map((problem) => problem?.code)).toContain("output_unwritable");
    expect(readFileSync(elsewhere, "utf8")).toBe("precious\n");
  });

  test("files and their folders are the owner's alone where they are made", async () => {
    const folder = join(directory, "new", "out");
    const sink = createNdjsonSink(folder);
    await sink.deliver([anEvent(INDEX, "a")], never);
    await sink.close();
    expect(statSync(join(folder, `${INDEX}.ndjson`)).mode & 0o777).toBe(0o600);
    expect(statSync(join(directory, "new")).mode & 0o777).toBe(0o700);
  });

  test("what does not fit on the disk is taken back, and what is written later stands behind whole lines", () => {
    const path = join(directory, `${INDEX}.ndjson`);
    const batches = [
      [anEvent(INDEX, "a"), anEvent(INDEX, "b")],
      [anEvent(INDEX, "c"), anEvent(INDEX, "d", { filler: "x".repeat(50_000) })],
      [anEvent(INDEX, "e")],
    ];
    const script = `
      import { statSync } from "node:fs";
      import { createNdjsonSink } from ${JSON.stringify(import.meta.resolve("./ndjson.ts"))};
      const [directory, path, batches] = JSON.parse(process.argv[1]);
      const said = [];
      const giveUp = async () => {
        said.push(statSync(path).size);
        throw new Error("given up");
      };
      const clock = { now: () => 0, random: () => 0, sleep: giveUp };
      const sink = createNdjsonSink(directory, (problem) => problem && said.push(problem.message), clock);
      for (const batch of batches) {
        said.push(await sink.deliver(batch, new AbortController().signal).then(({ created }) => created, String));
      }
      await sink.close();
      console.log(JSON.stringify(said));`;
    // No file of the process may have more than 16 blocks, of 512 or 1,024 bytes.
    const alone = "unset NODE_V8_COVERAGE NODE_COMPILE_CACHE";
    const limited = `${alone} && ulimit -f 16 && exec "$0" --input-type=module --eval "$1" "$2"`;
    const given = JSON.stringify([directory, path, batches]);
    const said = JSON.parse(execFileSync("sh", ["-c", limited, process.execPath, script, given], { encoding: "utf8" }));
    const size = batches[0]?.reduce((sum, { json }) => sum + json.length + 1, 0);
    expect(said).toEqual([2, expect.stringContaining("EFBIG"), size, "Error: given up", 1]);
    expect(storedIds(INDEX)).toEqual(["a", "b", "e"]);
  });

  test("knows what the last lines hold, however long they are", async () => {
    const first = createNdjsonSink(directory);
    const long = { filler: "é".repeat(1_500_000) };
    await first.deliver([anEvent(INDEX, "a"), anEvent(INDEX, "b", long), anEvent(INDEX, "c")], never);
    await first.close();
    const second = createNdjsonSink(directory);
    const again = [anEvent(INDEX, "a"), anEvent(INDEX, "b", long), anEvent(INDEX, "c"), anEvent(INDEX, "d")];
    expect(await second.deliver(again, never)).toMatchObject({ created: 1, existing: 3 });
    await second.close();
    expect(storedIds(INDEX)).toEqual(["a", "b", "c", "d"]);
  });
});

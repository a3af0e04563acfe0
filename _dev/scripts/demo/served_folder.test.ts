import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { fileOutput } from "./demo_output.ts";
import { servedFolder } from "./served_folder.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "served-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

describe("a folder of event log files", () => {
  test.each([
    ["is not there", () => join(folder, "none"), "There is no folder"],
    ["is empty", () => folder, "is empty."],
    [
      "is a file",
      () => {
        writeFileSync(join(folder, "a.csv"), "x");
        return join(folder, "a.csv");
      },
      "is a file.",
    ],
    ["lies below a file", () => join(import.meta.filename, "below"), "There is no folder"],
    [
      "holds other files",
      () => {
        writeFileSync(join(folder, "notes.txt"), "x");
        return folder;
      },
      "holds no CSV file, but notes.txt.",
    ],
  ])("that %s is refused with a cure", (_, path, sentence) => {
    expect(() => servedFolder(path())).toThrow(
      expect.objectContaining({ message: expect.stringContaining(sentence), cure: expect.stringContaining("--files") }),
    );
  });

  test("is the same org each time and has another past when its files change; another folder is another org", () => {
    writeFileSync(join(folder, "a.csv"), "one");
    const before = servedFolder(folder);
    expect(servedFolder(folder)).toEqual(before);
    writeFileSync(join(folder, "b.csv"), "two");
    const after = servedFolder(folder);
    expect(after.serial).toBe(before.serial);
    expect(after.past).not.toBe(before.past);
    const other = join(folder, "other");
    mkdirSync(other);
    writeFileSync(join(other, "a.csv"), "one");
    expect(servedFolder(other).serial).not.toBe(before.serial);
  });
});

test("files tell of a run only what it has brought", async () => {
  const event = (code: string, time: string) => `${JSON.stringify({ "@timestamp": time, event: { code } })}\n`;
  const path = join(folder, "logs-aquila_salesforce.login-default.ndjson");
  writeFileSync(path, event("Login", "2026-01-01T00:00:00.000Z"));
  const output = fileOutput(folder);
  const brought = await output.begin([]);
  expect(await brought.contents()).toEqual([]);
  writeFileSync(path, event("Logout", "2026-01-02T00:00:00.000Z"), { flag: "a" });
  expect(await brought.contents()).toEqual([
    {
      stream: "login",
      events: 1,
      oldest: "2026-01-02T00:00:00.000Z",
      newest: "2026-01-02T00:00:00.000Z",
      byCode: [["Logout", 1]],
    },
  ]);
  expect(await brought.samples()).toEqual([{ "@timestamp": "2026-01-02T00:00:00.000Z", event: { code: "Logout" } }]);
});

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openSqliteCursors } from "../cursors/sqlite_cursors.ts";
import { PARKED_AFTER } from "../sources/part_failure.ts";
import { showCursors } from "./cursors.ts";

const NOON = Date.UTC(2026, 6, 20, 12);
const SOURCE = "login-1/event_log_files";

let dataDirectory: string;
beforeEach(async () => {
  dataDirectory = mkdtempSync(join(tmpdir(), "cursors-"));
  const file = { eventType: "Login", interval: "hourly", length: 9, logDate: NOON, created: NOON, rows: 4, lacked: 4 };
  const failure = { attempts: PARKED_AFTER, retryAt: NOON, code: "server_error", text: "Salesforce failed." };
  const cursors = openSqliteCursors(dataDirectory);
  await cursors.save(SOURCE, [
    { key: "organization", value: "00D000000000001AAA" },
    { key: "start", value: NOON },
    { key: "file:0AT1", value: { ...file, done: true } },
    { key: "file:0AT2", value: { ...file, done: false, failure } },
  ]);
  cursors.close();
});
afterEach(() => rmSync(dataDirectory, { recursive: true, force: true }));

async function printed(more: { retry?: string; json?: boolean; columns?: number } = {}): Promise<string[]> {
  const lines: string[] = [];
  const { columns, ...given } = more;
  const options = { dataDirectory, reset: undefined, retry: undefined, json: false, ...given };
  expect(await showCursors(options, { print: (line) => lines.push(line), columns })).toBe(0);
  return lines;
}

test("shows what is parked, with its cause", async () => {
  expect(await printed()).toEqual([
    expect.stringContaining("1 files done, 1 begun (4 rows delivered)"),
    "  parked: Event log file 0AT2 (Login), 16 attempts, next at 2026-07-20T12:00:00.000Z: Salesforce failed.",
  ]);
  expect(JSON.parse((await printed({ json: true }))[0] ?? "")).toMatchObject({
    failed: [{ id: "0AT2", parked: true, attempts: 16, cause: "Salesforce failed." }],
  });
});

test("fits what it says into a terminal, and leaves what programs read on one line", async () => {
  const [position = "", failure] = await printed({ columns: 60 });
  const all = position.split("\n");
  expect(all.length).toBeGreaterThan(1);
  expect(all.slice(1).every((line) => /^ {2}\S/.test(line))).toBe(true);
  expect(Math.max(...all.map((line) => line.length))).toBeLessThanOrEqual(60);
  expect(all.map((line) => line.trim()).join(" ")).toBe((await printed())[0]);
  expect(failure).toBe(
    [
      "  parked: Event log file 0AT2 (Login), 16 attempts, next at",
      "    2026-07-20T12:00:00.000Z: Salesforce failed.",
    ].join("\n"),
  );
  expect((await printed({ retry: "0AT2", columns: 40 }))[0]).toContain("\n");
  expect(await printed({ json: true, columns: 60 })).toEqual(await printed({ json: true }));
});

test("--retry has a parked file tried at once, behind the rows that it has brought", async () => {
  expect(await printed({ retry: "0AT2" })).toEqual(["0AT2 is tried again as soon as the runner starts."]);
  const cursors = openSqliteCursors(dataDirectory);
  const entry = (await cursors.load(SOURCE)).get("file:0AT2");
  cursors.close();
  expect(entry).toMatchObject({ rows: 4, done: false, failure: { attempts: PARKED_AFTER, retryAt: 0 } });
});

test("--retry of a file that has not failed names those that have", async () => {
  await expect(printed({ retry: "0AT1" })).rejects.toMatchObject({
    code: "usage",
    text: "Nothing that is called 0AT1 has failed. These have: 0AT2.",
  });
});

test("a window of an object that failed is shown and tried again by its id", async () => {
  const failure = { attempts: 3, retryAt: NOON, code: "server_error", text: "Salesforce failed." };
  const source = "login-1/objects/LoginEvent";
  const cursors = openSqliteCursors(dataDirectory);
  await cursors.save(source, [
    { key: "organization", value: "00D000000000001AAA" },
    { key: "after", value: NOON },
    { key: "failed:7", value: { after: NOON - 2_000, to: NOON - 1_000, failure } },
  ]);
  cursors.close();
  expect(await printed()).toContain(
    "  failed: LoginEvent of 2026-07-20T11:59:58.000Z to 2026-07-20T11:59:59.000Z (LoginEvent/7), 3 attempts, next at 2026-07-20T12:00:00.000Z: Salesforce failed.",
  );
  await expect(printed({ retry: "LoginEvent/8" })).rejects.toThrow(/LoginEvent\/8 has failed/);
  expect(await printed({ retry: "LoginEvent/7" })).toEqual([
    "LoginEvent/7 is tried again as soon as the runner starts.",
  ]);
  const again = openSqliteCursors(dataDirectory);
  expect((await again.load(source)).get("failed:7")).toMatchObject({ to: NOON - 1_000, failure: { retryAt: 0 } });
  again.close();
});

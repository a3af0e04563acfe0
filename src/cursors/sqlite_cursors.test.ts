import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { failureOf } from "../../_dev/shared/testing/failures.ts";
import { openFilesIn } from "../../_dev/shared/testing/open_files.ts";
import { cursorStoreContract } from "./cursor_store.contract.ts";
import { openSqliteCursors } from "./sqlite_cursors.ts";

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "cursors-"));
});
afterEach(() => {
  expect(openFilesIn(directory)).toEqual([]);
  rmSync(directory, { recursive: true, force: true });
});

describe("sqlite cursors keep the contract", () => {
  cursorStoreContract(
    () => openSqliteCursors(directory),
    (store) => {
      store.close();
      return openSqliteCursors(directory);
    },
  );
});

describe("sqlite cursors", () => {
  test("refuses a directory that another runner holds, and takes it when that one is gone", () => {
    const first = openSqliteCursors(directory);
    expect(failureOf(() => openSqliteCursors(directory)).code).toBe("data_directory_locked");
    first.close();
    openSqliteCursors(directory).close();
  });

  test("refuses what is not a folder, naming it", () => {
    const file = join(directory, "file");
    writeFileSync(file, "x");
    expect(failureOf(() => openSqliteCursors(file))).toMatchObject({
      code: "data_directory_unusable",
      message: expect.stringContaining(file),
      cure: expect.stringContaining("must be a folder"),
    });
  });

  /** A closed file of cursors that is longer than its first pages. */
  async function fileOfSeveralPages(): Promise<string> {
    const store = openSqliteCursors(directory);
    await store.save(
      "a",
      Array.from({ length: 200 }, (_, n) => ({ key: `file:${n}`, value: "x".repeat(100) })),
    );
    store.close();
    return join(directory, "cursors.sqlite");
  }

  test.each([
    ["is not a database", () => Buffer.from("this is no database, but text that is long enough to be looked at")],
    ["lacks its end", (file: Buffer) => file.subarray(0, 4_096 * 2)],
  ])("refuses a file that %s, leaves it as it is and says what can be done", async (_what, damage) => {
    const path = await fileOfSeveralPages();
    const bytes = damage(readFileSync(path));
    writeFileSync(path, bytes);
    expect(failureOf(() => openSqliteCursors(directory))).toMatchObject({
      code: "data_directory_unusable",
      message: expect.stringContaining(directory),
      cure: expect.stringContaining("cursors.sqlite is damaged"),
    });
    expect(readFileSync(path).equals(bytes)).toBe(true);
  });

  test("says the same of one that is found to be damaged when it is read", async () => {
    const path = await fileOfSeveralPages();
    writeFileSync(path, readFileSync(path).fill(0x5a, 4_096 * 2));
    const damaged = openSqliteCursors(directory);
    await expect(damaged.load("a")).rejects.toMatchObject({
      code: "state_unusable",
      cure: expect.stringContaining("cursors.sqlite is damaged"),
    });
    damaged.close();
  });

  test.runIf(process.platform === "linux")("refuses a place where no folder can be made", () => {
    expect(failureOf(() => openSqliteCursors("/proc/nowhere/data")).code).toBe("data_directory_unusable");
  });

  test("gives an entry whose text is damaged as null, and all others as they are", async () => {
    const store = openSqliteCursors(directory);
    await store.save("a", [
      { key: "x", value: { rows: 1 } },
      { key: "y", value: 2 },
    ]);
    store.close();
    const database = new DatabaseSync(join(directory, "cursors.sqlite"));
    database.exec("UPDATE cursors SET value = '{\"rows\"' WHERE key = 'x'");
    database.close();
    const again = openSqliteCursors(directory);
    expect(await again.load("a")).toEqual(
      new Map([
        ["x", null],
        ["y", 2],
      ] as [string, unknown][]),
    );
    again.close();
  });

  test("makes a folder with its parents", () => {
    openSqliteCursors(join(directory, "a", "b")).close();
    expect(statSync(join(directory, "a")).mode & 0o077).toBe(0);
  });

  test("refuses the state of a newer version and leaves it as it is", () => {
    const database = new DatabaseSync(join(directory, "cursors.sqlite"));
    database.exec("PRAGMA user_version = 99");
    database.close();
    const before = readFileSync(join(directory, "cursors.sqlite"));
    expect(failureOf(() => openSqliteCursors(directory)).message).toContain("newer version");
    expect(readFileSync(join(directory, "cursors.sqlite")).equals(before)).toBe(true);
  });

  test("keeps the state readable by its owner only", () => {
    chmodSync(directory, 0o755);
    openSqliteCursors(directory).close();
    expect(statSync(join(directory, "cursors.sqlite")).mode & 0o077).toBe(0);
  });
});

import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openFilesIn } from "../../_dev/shared/testing/open_files.ts";
import type { RunnerError } from "../core/errors.ts";
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

function errorOf(action: () => unknown): RunnerError {
  try {
    action();
  } catch (error) {
    return error as RunnerError;
  }
  throw new Error("no error");
}

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
    expect(errorOf(() => openSqliteCursors(directory)).code).toBe("data_directory_locked");
    first.close();
    openSqliteCursors(directory).close();
  });

  test("refuses what is not a folder, or not a database, naming the folder", () => {
    const file = join(directory, "file");
    writeFileSync(file, "x");
    expect(errorOf(() => openSqliteCursors(file))).toMatchObject({ code: "data_directory_unusable" });
    writeFileSync(
      join(directory, "cursors.sqlite"),
      "this is no database, but text that is long enough to be looked at",
    );
    const error = errorOf(() => openSqliteCursors(directory));
    expect(error.code).toBe("data_directory_unusable");
    expect(error.message).toContain(directory);
  });

  test.runIf(process.platform === "linux")("refuses a place where no folder can be made", () => {
    expect(errorOf(() => openSqliteCursors("/proc/nowhere/data")).code).toBe("data_directory_unusable");
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
    expect(errorOf(() => openSqliteCursors(directory)).message).toContain("newer version");
    expect(readFileSync(join(directory, "cursors.sqlite")).equals(before)).toBe(true);
  });

  test("keeps the state readable by its owner only", () => {
    chmodSync(directory, 0o755);
    openSqliteCursors(directory).close();
    expect(statSync(join(directory, "cursors.sqlite")).mode & 0o077).toBe(0);
  });
});

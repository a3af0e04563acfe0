import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { withExclusiveLock } from "./exclusive_lock.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "lock-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

test("the second waits, says so, and runs after the first", async () => {
  const path = join(folder, "lock");
  const order: string[] = [];
  const firstMayEnd = Promise.withResolvers<void>();
  const first = withExclusiveLock(path, async () => {
    order.push("first starts");
    await firstMayEnd.promise;
    order.push("first ends");
  });
  const second = withExclusiveLock(
    path,
    async () => {
      order.push("second starts");
    },
    () => {
      order.push("second waits");
      firstMayEnd.resolve();
    },
  );
  await Promise.all([first, second]);
  expect(order).toEqual(["first starts", "second waits", "first ends", "second starts"]);
});

test("the lock is free again after a failure", async () => {
  const path = join(folder, "lock");
  await expect(withExclusiveLock(path, () => Promise.reject(new Error("no room")))).rejects.toThrow("no room");
  await expect(withExclusiveLock(path, () => Promise.resolve("done"))).resolves.toBe("done");
});

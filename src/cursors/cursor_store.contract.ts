import { afterEach, beforeEach, expect, test } from "vitest";
import type { CursorStore } from "./cursor_store.ts";

/** What every cursor store does. `reopen`, where the store has a life after the process, gives a new store on the same state. */
export function cursorStoreContract(open: () => CursorStore, reopen?: (store: CursorStore) => CursorStore): void {
  let store: CursorStore;
  beforeEach(() => {
    store = open();
  });
  afterEach(() => store.close());

  test("an unknown source has no entries", async () => {
    expect(await store.load("nobody")).toEqual(new Map());
    expect(await store.sources()).toEqual([]);
  });

  test("saves, replaces and forgets entries of one source only", async () => {
    await store.save("a", [
      { key: "watermark", value: "2026-07-17T09:00:00.000Z" },
      { key: "file:1", value: { rows: 17, done: false } },
    ]);
    await store.save("b", [{ key: "watermark", value: null }]);
    await store.save("a", [
      { key: "file:1", value: { rows: 20, done: true } },
      { key: "watermark", value: undefined },
    ]);
    expect(await store.load("a")).toEqual(new Map([["file:1", { rows: 20, done: true }]]));
    expect(await store.load("b")).toEqual(new Map([["watermark", null]]));
    expect(await store.sources()).toEqual(["a", "b"]);
  });

  test("applies all changes of a save or none", async () => {
    await store.save("a", [{ key: "file:1", value: 1 }]);
    const circular: Record<string, unknown> = {};
    circular.self = circular;
    const changes = [
      { key: "file:1", value: 2 },
      { key: "file:2", value: circular as never },
    ];
    await expect(store.save("a", changes)).rejects.toThrow();
    expect(await store.load("a")).toEqual(new Map([["file:1", 1]]));
    await store.save("a", [{ key: "file:1", value: 3 }]);
    expect(await store.load("a")).toEqual(new Map([["file:1", 3]]));
  });

  test("keeps values by copy", async () => {
    const value = { rows: 1 };
    await store.save("a", [{ key: "file:1", value }]);
    value.rows = 99;
    expect((await store.load("a")).get("file:1")).toEqual({ rows: 1 });
  });

  test("a source without entries is none", async () => {
    await store.save("a", [{ key: "k", value: 1 }]);
    await store.save("a", [{ key: "k", value: undefined }]);
    expect(await store.sources()).toEqual([]);
  });

  test("clears one source", async () => {
    await store.save("a", [{ key: "x", value: 1 }]);
    await store.save("b", [{ key: "x", value: 2 }]);
    await store.clear("a");
    expect(await store.sources()).toEqual(["b"]);
  });

  if (reopen !== undefined) {
    test("what was saved is there for the next process", async () => {
      await store.save("a", [{ key: "file:1", value: { rows: 17 } }]);
      store = reopen(store);
      expect(await store.load("a")).toEqual(new Map([["file:1", { rows: 17 }]]));
    });
  }
}

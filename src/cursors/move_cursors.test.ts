import { expect, test } from "vitest";
import { createMemoryCursors } from "../../_dev/shared/testing/memory_cursors.ts";
import { isUnderWayId, underWayId } from "../pump/under_way.ts";
import { copyCursors, moveCursors, sourcesOf } from "./move_cursors.ts";

const SOURCES = ["a", "b"];

async function storeWith(entries: Readonly<Record<string, Readonly<Record<string, number>>>>) {
  const store = createMemoryCursors();
  for (const [source, values] of Object.entries(entries)) {
    const changes = Object.entries(values).map(([key, value]) => ({ key, value }));
    await store.save(source, changes);
  }
  return store;
}

test("moves what is not there, gives up what is, and leaves others alone", async () => {
  const from = await storeWith({ a: { n: 1, file: 2 }, b: { n: 1 }, other: { n: 1 } });
  const to = await storeWith({ b: { n: 9 } });
  expect(await moveCursors(from, to, SOURCES)).toEqual({ moved: ["a"], known: ["b"] });
  expect(await to.load("a")).toEqual(
    new Map([
      ["n", 1],
      ["file", 2],
    ]),
  );
  expect(await to.load("b")).toEqual(new Map([["n", 9]]));
  expect(await from.sources()).toEqual(["other"]);
});

test("a move that is cut off loses nothing, and can be done again", async () => {
  const from = await storeWith({ a: { n: 1 }, b: { n: 2 } });
  const to = await storeWith({});
  const cut = { ...from, clear: () => Promise.reject(new Error("cut")) };
  await expect(moveCursors(cut, to, SOURCES)).rejects.toThrow("cut");
  await moveCursors(from, to, SOURCES);
  expect([await to.load("a"), await to.load("b")]).toEqual([new Map([["n", 1]]), new Map([["n", 2]])]);
});

test.each([0, 1, 2, 3, 4])(
  "cut off after %i writes, no source is there without what it has under way",
  async (writes) => {
    const from = await storeWith({});
    for (const source of ["a/files", "b/objects/Account"].flatMap((id) => [id, underWayId(id)])) {
      await from.save(source, [{ key: "n", value: 1 }]);
    }
    const to = createMemoryCursors();
    let left = writes;
    const cut = {
      ...to,
      save: async (...save: Parameters<typeof to.save>) =>
        left-- > 0 ? to.save(...save) : Promise.reject(new Error("cut")),
    };
    const moving = moveCursors(from, cut, await sourcesOf([{ id: "a" }, { id: "b" }], from));
    await moving.catch(() => {});
    const there = await to.sources();
    expect(there).toHaveLength(writes);
    for (const source of there.filter((one) => !isUnderWayId(one))) {
      expect(there).toContain(underWayId(source));
    }
  },
);

test("nothing is given up, and nothing called copied, that the other store could not save", async () => {
  const from = await storeWith({ a: { n: 1 } });
  const full = { ...(await storeWith({})), save: () => Promise.reject(new Error("full")) };
  await expect(moveCursors(from, full, SOURCES)).rejects.toThrow("full");
  await expect(copyCursors(from, full, SOURCES)).rejects.toThrow("full");
  expect(await from.load("a")).toEqual(new Map([["n", 1]]));
});

test("copies over whatever is there, and takes nothing away", async () => {
  const from = await storeWith({ a: { n: 5, file: 1 }, b: { n: 5 } });
  const to = await storeWith({ a: { n: 1, old: 1 }, other: { n: 1 } });
  await copyCursors(from, to, SOURCES);
  expect(await to.load("a")).toEqual(
    new Map([
      ["n", 5],
      ["file", 1],
    ]),
  );
  expect(await to.sources()).toEqual(["a", "b", "other"]);
  expect(await from.sources()).toEqual(["a", "b"]);
});

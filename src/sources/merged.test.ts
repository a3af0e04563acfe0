import { expect, test } from "vitest";
import { merged } from "./merged.ts";

async function* numbers(from: number, count: number): AsyncGenerator<number> {
  for (let n = from; n < from + count; n += 1) {
    await Promise.resolve();
    yield n;
  }
}

test("gives every item of every sequence, each sequence in its order", async () => {
  const items = await Array.fromAsync(merged([() => numbers(0, 5), () => numbers(100, 0), () => numbers(200, 3)], 2));
  expect(items.filter((n) => n < 100)).toEqual([0, 1, 2, 3, 4]);
  expect(items.filter((n) => n >= 200)).toEqual([200, 201, 202]);
});

test("opens no more than width sequences at a time", async () => {
  let open = 0;
  let most = 0;
  async function* counted(): AsyncGenerator<number> {
    open += 1;
    most = Math.max(most, open);
    yield* numbers(0, 3);
    open -= 1;
  }
  const items = await Array.fromAsync(merged([counted, counted, counted, counted, counted], 2));
  expect(items).toHaveLength(15);
  expect(most).toBe(2);
});

test("a sequence that stands still does not hold the others up", async () => {
  let release = () => {};
  const gate = new Promise<void>((resolve) => {
    release = resolve;
  });
  async function* slow(): AsyncGenerator<number> {
    await gate;
    yield -1;
  }
  const items: number[] = [];
  for await (const item of merged([slow, () => numbers(0, 10)], 2)) {
    items.push(item);
    if (item === 9) {
      release();
    }
  }
  expect(items.at(-1)).toBe(-1);
  expect(items).toHaveLength(11);
});

test("stopping early closes the open sequences", async () => {
  const closed: string[] = [];
  async function* watched(name: string): AsyncGenerator<string> {
    try {
      for (;;) {
        yield name;
      }
    } finally {
      closed.push(name);
    }
  }
  for await (const item of merged([() => watched("a"), () => watched("b"), () => watched("c")], 2)) {
    expect(item).toBe("a");
    break;
  }
  expect(closed.sort()).toEqual(["a", "b"]);
});

test("what was pulled ahead of a reader that stops is told", async () => {
  const dropped: number[] = [];
  for await (const item of merged([() => numbers(0, 5), () => numbers(100, 5)], 2, (pulled) => dropped.push(pulled))) {
    expect(item).toBe(0);
    break;
  }
  expect(dropped.sort((a, b) => a - b)).toEqual([1, 100]);
});

test("an error of a sequence is thrown on, and closes the others", async () => {
  let closed = false;
  async function* other(): AsyncGenerator<number> {
    try {
      yield* numbers(0, 100);
    } finally {
      closed = true;
    }
  }
  // biome-ignore lint/correctness/useYield: it fails before it gives anything
  async function* broken(): AsyncGenerator<number> {
    throw new Error("broken");
  }
  await expect(Array.fromAsync(merged<number>([other, broken], 2))).rejects.toThrow("broken");
  expect(closed).toBe(true);
});

test("what fails while the reader is busy is thrown when the reader comes back", async () => {
  const unhandled: unknown[] = [];
  const listen = (reason: unknown) => unhandled.push(reason);
  process.on("unhandledRejection", listen);
  try {
    async function* failing() {
      yield 1;
      throw new Error("cut");
    }
    const reader = merged([failing], 1);
    expect(await reader.next()).toEqual({ done: false, value: 1 });
    await new Promise((turn) => setImmediate(turn));
    await expect(reader.next()).rejects.toThrow("cut");
    expect(unhandled).toEqual([]);
  } finally {
    process.off("unhandledRejection", listen);
  }
});

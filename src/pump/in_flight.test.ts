import { expect, test } from "vitest";
import { InFlight } from "./in_flight.ts";

function gate(): { promise: Promise<void>; open: () => void; fail: (error: Error) => void } {
  let open = () => {};
  let fail: (error: Error) => void = () => {};
  const promise = new Promise<void>((resolve, reject) => {
    open = resolve;
    fail = reject;
  });
  return { promise, open, fail };
}

/** A flight, and the numbers that it has saved, each save apart. */
function flightOf(deliveries: number, unsaved = 0, saving: (n: readonly number[]) => Promise<void> = async () => {}) {
  const saved: (readonly number[])[] = [];
  const save = async (numbers: readonly number[]) => {
    saved.push(numbers);
    await saving(numbers);
  };
  return { flight: new InFlight<number>({ deliveries, unsaved, save }), saved };
}

test("saves in the order of adding, whichever delivery ends first", async () => {
  const { flight, saved } = flightOf(3);
  const [first, second] = [gate(), gate()];
  await flight.add(() => first.promise.then(() => 1));
  await flight.add(() => second.promise.then(() => 2));
  second.open();
  await second.promise;
  expect(saved).toEqual([]);
  first.open();
  await flight.drained();
  expect(saved.flat()).toEqual([1, 2]);
});

test.each([0, 3])("starts no more than limit deliveries, though %i may wait to be saved", async (unsaved) => {
  const { flight } = flightOf(2, unsaved);
  const gates = [gate(), gate(), gate()];
  let started = 0;
  const adding = (async () => {
    for (const { promise } of gates) {
      await flight.add(() => {
        started += 1;
        return promise.then(() => started);
      });
    }
  })();
  await new Promise(setImmediate);
  expect(started).toBe(2);
  gates[0]?.open();
  await new Promise(setImmediate);
  expect(started).toBe(3);
  gates[1]?.open();
  gates[2]?.open();
  await adding;
  await flight.drained();
});

test("nothing is saved behind a failed delivery, what was delivered before it is, and the failure is told", async () => {
  const slow = gate();
  const { flight, saved } = flightOf(8, 0, () => slow.promise);
  await flight.add(async () => 1);
  await new Promise(setImmediate);
  await flight.add(async () => 2);
  const broken = gate();
  await flight.add(() => broken.promise.then(() => 3));
  await flight.add(async () => 4);
  broken.fail(new Error("gone"));
  await new Promise(setImmediate);
  slow.open();
  await expect(flight.drained()).rejects.toThrow("gone");
  expect(saved).toEqual([[1], [2]]);
  await expect(flight.add(async () => 5)).rejects.toThrow("gone");
});

test("nothing is saved behind a failed save, and the failure is told", async () => {
  const broken = gate();
  const { flight, saved } = flightOf(8, 0, () => broken.promise);
  let given = 0;
  for (const n of [1, 2, 3]) {
    await flight.add(
      async () => n,
      () => {
        given += 1;
      },
    );
  }
  await new Promise(setImmediate);
  broken.fail(new Error("lost"));
  await expect(flight.drained()).rejects.toThrow("lost");
  expect(saved).toEqual([[1]]);
  expect(given).toBe(3);
  await expect(flight.add(async () => 4)).rejects.toThrow("lost");
});

test("what is delivered while a save is under way is saved by the next; no more than allowed waits for that", async () => {
  const slow = gate();
  const { flight, saved } = flightOf(2, 3, () => slow.promise);
  let started = 0;
  const adding = (async () => {
    for (const n of [1, 2, 3, 4, 5, 6, 7]) {
      await flight.add(async () => {
        started += 1;
        return n;
      });
    }
  })();
  await new Promise(setImmediate);
  expect(started).toBe(5);
  expect(saved).toEqual([[1]]);
  slow.open();
  await adding;
  await flight.drained();
  expect(saved[1]).toEqual([2, 3, 4, 5]);
  expect(saved.flat()).toEqual([1, 2, 3, 4, 5, 6, 7]);
});

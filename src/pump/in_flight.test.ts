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

test("saves in the order of adding, whichever delivery ends first", async () => {
  const flight = new InFlight(3);
  const [first, second] = [gate(), gate()];
  const saved: number[] = [];
  const save = (n: number) => async () => {
    saved.push(n);
  };
  await flight.add(() => first.promise, save(1));
  await flight.add(() => second.promise, save(2));
  second.open();
  await second.promise;
  expect(saved).toEqual([]);
  first.open();
  await flight.drained();
  expect(saved).toEqual([1, 2]);
});

test("starts no more than limit deliveries", async () => {
  const flight = new InFlight(2);
  const gates = [gate(), gate(), gate()];
  let started = 0;
  const adding = (async () => {
    for (const { promise } of gates) {
      await flight.add(
        () => {
          started += 1;
          return promise;
        },
        async () => {},
      );
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

test("nothing is saved behind a failed delivery, and the failure is told", async () => {
  const flight = new InFlight(4);
  const saved: number[] = [];
  await flight.add(
    async () => {},
    async () => {
      saved.push(1);
    },
  );
  const broken = gate();
  await flight.add(
    () => broken.promise,
    async () => {
      saved.push(2);
    },
  );
  await flight.add(
    async () => {},
    async () => {
      saved.push(3);
    },
  );
  broken.fail(new Error("gone"));
  await expect(flight.drained()).rejects.toThrow("gone");
  expect(saved).toEqual([1]);
  await expect(
    flight.add(
      async () => {},
      async () => {},
    ),
  ).rejects.toThrow("gone");
});

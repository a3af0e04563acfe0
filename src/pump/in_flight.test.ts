import { expect, test } from "vitest";
import { type Delivery, InFlight, type InFlightOptions } from "./in_flight.ts";

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
function flightOf(limits: Partial<InFlightOptions<number>>) {
  const saved: (readonly number[])[] = [];
  const flight = new InFlight<number>({
    deliveries: 100,
    undelivered: 100_000,
    unsaved: 100_000,
    pause: async () => {},
    ...limits,
    save: async (numbers) => {
      saved.push(numbers);
      await limits.save?.(numbers);
    },
  });
  const add = (deliver: () => Promise<number>, more: Partial<Delivery<number>> = {}) =>
    flight.add({ events: 1, begin: async () => {}, over: () => {}, ...more, deliver });
  return { flight, add, saved };
}

const settled = async () => {
  for (let turn = 0; turn < 3; turn += 1) {
    await new Promise(setImmediate);
  }
};

test("saves in the order of adding, whichever delivery ends first", async () => {
  const { flight, add, saved } = flightOf({});
  const [first, second] = [gate(), gate()];
  await add(() => first.promise.then(() => 1));
  await add(() => second.promise.then(() => 2));
  second.open();
  await settled();
  expect(saved).toEqual([]);
  first.open();
  await flight.drained();
  expect(saved.flat()).toEqual([1, 2]);
});

test("no more deliveries than allowed are under way from the oldest on, but for those without events", async () => {
  const { flight, add } = flightOf({ deliveries: 2 });
  const gates = [gate(), gate(), gate(), gate()];
  const started: string[] = [];
  for (const [n, { promise }] of gates.entries()) {
    await add(async () => {
      started.push(`${n}`);
      await promise;
      return n;
    });
    const deliver = async () => started.push(`end of ${n}`);
    await add(deliver, { events: 0 });
  }
  await settled();
  expect(started).toEqual(["0", "end of 0", "1", "end of 1"]);
  gates[1]?.open();
  await settled();
  expect(started).toHaveLength(4);
  gates[0]?.open();
  await settled();
  expect(started.slice(4)).toEqual(["2", "end of 2", "3", "end of 3"]);
  for (const { open } of gates) {
    open();
  }
  await flight.drained();
});

test("what has to be before a delivery begins for all at once, and none starts before an older one", async () => {
  const { flight, add } = flightOf({});
  const first = gate();
  const steps: string[] = [];
  for (const n of [1, 2]) {
    const begin = async () => {
      steps.push(`begin ${n}`);
      await (n === 1 ? first.promise : undefined);
    };
    const deliver = async () => {
      steps.push(`deliver ${n}`);
      return n;
    };
    await add(deliver, { begin });
  }
  await settled();
  expect(steps).toEqual(["begin 1", "begin 2"]);
  first.open();
  await flight.drained();
  expect(steps.slice(2)).toEqual(["deliver 1", "deliver 2"]);
});

test("what can't begin is not delivered, and neither is what comes behind it", async () => {
  const { flight, add, saved } = flightOf({});
  const slow = gate();
  const delivered: number[] = [];
  const over: number[] = [];
  const begins = [async () => {}, () => Promise.reject(new Error("lost")), () => slow.promise];
  for (const [n, begin] of begins.entries()) {
    const deliver = async () => {
      delivered.push(n);
      return n;
    };
    await add(deliver, { begin, over: () => over.push(n) });
  }
  await settled();
  slow.open();
  await expect(flight.drained()).rejects.toThrow("lost");
  expect([delivered, saved, over]).toEqual([[0], [[0]], [0, 1, 2]]);
});

test("what can't begin holds up what comes behind it even while an older one is being delivered", async () => {
  const { flight, add, saved } = flightOf({});
  const older = gate();
  const delivered: number[] = [];
  await add(() => older.promise.then(() => 0));
  const begins = [() => Promise.reject(new Error("lost")), async () => {}];
  for (const begin of begins) {
    await add(async () => delivered.push(1), { begin });
  }
  await settled();
  expect(delivered).toEqual([]);
  older.open();
  await expect(flight.drained()).rejects.toThrow("lost");
  expect([delivered, saved]).toEqual([[], [[0]]]);
});

test.each([
  ["few large ones", 1_000, 3],
  ["many small ones", 100, 10],
])(
  "as many batches may wait for their delivery as be under way, or as many events as allowed: %s",
  async (_, events, most) => {
    const { flight, add } = flightOf({ deliveries: 3, undelivered: 1_000 });
    const { promise, open } = gate();
    let added = 0;
    const adding = (async () => {
      for (; added < 20; added += 1) {
        await add(() => promise.then(() => added), { events });
      }
    })();
    await settled();
    expect(added).toBe(most);
    open();
    await adding;
    await flight.drained();
  },
);

test("batches without events are bounded too", async () => {
  const { flight, add } = flightOf({ unsaved: 200 });
  const { promise, open } = gate();
  let added = 0;
  const adding = (async () => {
    for (; added < 100; added += 1) {
      await add(() => promise.then(() => added), { events: 0 });
    }
  })();
  await settled();
  expect(added).toBe(10);
  open();
  await adding;
  await flight.drained();
});

test("nothing is saved behind a failed delivery, what was delivered before it is, and the failure is told", async () => {
  const slow = gate();
  const { flight, add, saved } = flightOf({ save: () => slow.promise });
  await add(async () => 1);
  await settled();
  await add(async () => 2);
  const broken = gate();
  await add(() => broken.promise.then(() => 3));
  await add(async () => 4);
  broken.fail(new Error("gone"));
  await settled();
  slow.open();
  await expect(flight.drained()).rejects.toThrow("gone");
  expect(saved).toEqual([[1], [2]]);
  await expect(add(async () => 5)).rejects.toThrow("gone");
});

test("nothing is saved behind a failed save, and the failure is told", async () => {
  const broken = gate();
  const { flight, add, saved } = flightOf({ save: () => broken.promise });
  const given: number[] = [];
  for (const n of [1, 2, 3]) {
    await add(async () => n, { over: () => given.push(n) });
  }
  await settled();
  broken.fail(new Error("lost"));
  await expect(flight.drained()).rejects.toThrow("lost");
  expect(saved).toEqual([[1]]);
  expect(given).toEqual([1, 2, 3]);
  await expect(add(async () => 4)).rejects.toThrow("lost");
});

test("what is delivered while a save is under way, and in the pause after it, is saved by the next; no more than allowed waits for that", async () => {
  const [slow, pausing] = [gate(), gate()];
  const { flight, add, saved } = flightOf({ unsaved: 500, save: () => slow.promise, pause: () => pausing.promise });
  let started = 0;
  const adding = (async () => {
    for (const n of [1, 2, 3, 4, 5, 6, 7]) {
      const deliver = async () => {
        started += 1;
        return n;
      };
      await add(deliver, { events: 100 });
    }
  })();
  await settled();
  expect(started).toBe(5);
  expect(saved).toEqual([[1]]);
  slow.open();
  await settled();
  // What is saved no longer takes room.
  expect(started).toBe(6);
  expect(saved).toEqual([[1]]);
  pausing.open();
  await adding;
  await flight.drained();
  expect(saved[1]).toEqual([2, 3, 4, 5, 6]);
  expect(saved.flat()).toEqual([1, 2, 3, 4, 5, 6, 7]);
});

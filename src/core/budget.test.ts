import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createBudget, type GiveBack } from "./budget.ts";

const never = new AbortController().signal;

test("gives places in the order of asking, and only once each back", async () => {
  const places = createBudget(1);
  const order: string[] = [];
  const first = await places.take(1, never);
  const second = places.take(1, never).then((back) => {
    order.push("second");
    return back;
  });
  const third = places.take(1, never).then(() => order.push("third"));
  first();
  first();
  const back = await second;
  expect(order).toEqual(["second"]);
  back();
  await third;
  expect(order).toEqual(["second", "third"]);
});

test("who gives up waiting leaves the queue", async () => {
  const places = createBudget(1);
  const back = await places.take(1, never);
  const leaving = new AbortController();
  const left = places.take(1, leaving.signal);
  const next = places.take(1, never);
  leaving.abort(new Error("gone"));
  await expect(left).rejects.toThrow("gone");
  back();
  (await next)();
  await expect(places.take(1, leaving.signal)).rejects.toThrow("gone");
  expect(places.taken).toBe(0);
});

describe("several parties", () => {
  /** Takes one by one until nothing is given any more. */
  async function takeAll(budget: ReturnType<typeof createBudget>, party: string): Promise<GiveBack[]> {
    const taken: GiveBack[] = [];
    for (;;) {
      const before = budget.taken;
      const asked = new AbortController();
      const asking = budget.take(1, asked.signal, [party]);
      asking.catch(() => {});
      if (budget.taken === before) {
        asked.abort(new Error("enough"));
        return taken;
      }
      taken.push(await asking);
    }
  }

  test("one that gives nothing back leaves a part to every other one", async () => {
    const budget = createBudget(64);
    const counts: number[] = [];
    for (let n = 0; n < 12; n += 1) {
      counts.push((await takeAll(budget, `stuck ${n}`)).length);
    }
    expect(counts[0]).toBe(43);
    expect(counts.slice(0, 4).every((count) => count > 0)).toBe(true);
  });

  test("a party that waits for its share holds up nobody else, and gets what it has given back", async () => {
    const budget = createBudget(9);
    const stuck = await takeAll(budget, "stuck");
    let got = false;
    const more = budget.take(1, never, ["stuck"]).then((back) => {
      got = true;
      return back;
    });
    (await budget.take(1, never, ["other"]))();
    await Promise.resolve();
    expect(got).toBe(false);
    stuck[0]?.();
    await more;
    expect(got).toBe(true);
  });

  test("an amount beyond all that is left is given while anything is left", async () => {
    const budget = createBudget(10);
    const huge = await budget.take(1_000, never, ["one"]);
    let got = false;
    const next = budget.take(1, never, ["two"]).then(() => {
      got = true;
    });
    await Promise.resolve();
    expect(got).toBe(false);
    huge();
    await next;
  });
});

test("whatever is taken, given back and given up: everybody gets something in the end, and nothing is left taken", async () => {
  const step = fc.record({
    amount: fc.integer({ min: 1, max: 12 }),
    party: fc.constantFrom("a", "b", "c"),
    abort: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      const budget = createBudget(10);
      const outcomes = steps.map(({ amount, party, abort }) => {
        const giving = new AbortController();
        const taking = budget.take(amount, giving.signal, [party, `org of ${party}`]).then(
          async (back) => {
            expect(budget.taken).toBeLessThan(10 + 12);
            await new Promise(setImmediate);
            back();
            return "had";
          },
          () => "left",
        );
        if (abort) {
          giving.abort(new Error("left"));
        }
        return taking;
      });
      const ended = await Promise.all(outcomes);
      expect(ended.every((outcome, n) => outcome === "had" || steps[n]?.abort === true)).toBe(true);
      expect(budget.taken).toBe(0);
    }),
    { numRuns: 50 },
  );
});

import { expect, test } from "vitest";
import { LookingClock } from "../../_dev/shared/testing/looking_clock.ts";
import { createProbingSink } from "./probing.ts";
import { EMPTY_RECEIPT, type Receipt, type Sink } from "./sink.ts";

const never = new AbortController().signal;

function probed(): { sink: Sink; probes: () => number; finish: () => void } {
  let probes = 0;
  let finish = () => {};
  return {
    probes: () => probes,
    finish: () => finish(),
    sink: {
      deliver: () =>
        new Promise<Receipt>((resolve) => {
          finish = () => resolve(EMPTY_RECEIPT);
        }),
      probe: async () => {
        probes += 1;
      },
      close: async () => {},
    },
  };
}

test("probes at the start and in each idle minute, not while or just after something is delivered", async () => {
  const clock = new LookingClock();
  const { sink, probes, finish } = probed();
  const first = clock.look();
  const probing = createProbingSink(sink, clock);
  await first;
  expect(probes()).toBe(1);
  await clock.look();
  expect(probes()).toBe(2);

  const delivery = probing.deliver([], never);
  await clock.look();
  await clock.look();
  expect(probes()).toBe(2);
  finish();
  await delivery;
  await clock.look();
  expect(probes()).toBe(2);
  await clock.look();
  expect(probes()).toBe(3);
  await probing.close();
  expect(clock.sleeping).toBe(0);
});

test("a delivery overtakes a probe, which then says nothing", async () => {
  const clock = new LookingClock();
  const asked = Promise.withResolvers<AbortSignal>();
  const { sink } = probed();
  const probing = createProbingSink(
    {
      ...sink,
      probe: (signal) => {
        asked.resolve(signal);
        return new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
      },
    },
    clock,
  );
  const signal = await asked.promise;
  expect(signal.aborted).toBe(false);
  probing.deliver([], never).catch(() => {});
  expect(signal.aborted).toBe(true);
  await probing.close();
});

test("a probe that is not answered is the only one, and a close ends it", async () => {
  const clock = new LookingClock();
  let probes = 0;
  const unanswered = {
    ...probed().sink,
    probe: (signal: AbortSignal) => {
      probes += 1;
      return new Promise<void>((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
    },
  };
  const probing = createProbingSink(unanswered, clock);
  await new Promise((turn) => setImmediate(turn));
  expect([probes, clock.sleeping]).toEqual([1, 0]);
  await probing.close();
  expect([probes, clock.sleeping]).toEqual([1, 0]);
});

test("a close waits for the probe that is under way", async () => {
  const answered = Promise.withResolvers<void>();
  const said: string[] = [];
  const { sink } = probed();
  const close = async () => void said.push("closed");
  const probe = () => answered.promise.then(() => void said.push("answered"));
  const closing = createProbingSink({ ...sink, probe, close }, new LookingClock()).close();
  await new Promise((turn) => setImmediate(turn));
  answered.resolve();
  await closing;
  expect(said).toEqual(["answered", "closed"]);
});

test("hands on what may have been sent before", async () => {
  const given: unknown[] = [];
  const deliver: Sink["deliver"] = async (...all) => {
    given.push(all);
    return EMPTY_RECEIPT;
  };
  const probing = createProbingSink({ ...probed().sink, deliver }, new LookingClock());
  const sentBefore = { "logs-aquila_salesforce.login-default": [".ds-1"] };
  await probing.deliver([], never, sentBefore);
  expect(given).toEqual([[[], never, sentBefore]]);
  await probing.close();
});

test("what has no far side stays as it is", () => {
  const { probe: _probe, ...console } = probed().sink;
  expect(createProbingSink(console, new LookingClock())).toBe(console);
});

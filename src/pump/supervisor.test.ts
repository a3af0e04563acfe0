import { describe, expect, test } from "vitest";
import { ManualClock } from "../../_dev/shared/testing/manual_clock.ts";
import { createMemoryCursors } from "../../_dev/shared/testing/memory_cursors.ts";
import { silentLog } from "../core/log.ts";
import { source as collected } from "../reporting/collected_source.fixture.ts";
import { Collector } from "../reporting/collector.ts";
import type { Sink } from "../sinks/sink.ts";
import type { Source } from "../sources/source.ts";
import { pump } from "./pump.ts";
import { type InputRun, Supervisor } from "./supervisor.ts";

/** An output that is down: a delivery ends only when it is given up. */
const down: Sink = {
  deliver: (_, signal) =>
    new Promise((_resolve, reject) => {
      signal.addEventListener("abort", () => reject(signal.reason), { once: true });
    }),
  close: async () => {},
};

const oneEvent: Source = {
  id: "one",
  async *read() {
    yield { events: [{ index: "i", id: "1", json: "{}" }], whenDelivered: { changes: [{ key: "n", value: 1 }] } };
    return undefined;
  },
};

describe("a stop", () => {
  test("while the output is down takes at most 8 s, reports included, and saves nothing that was not delivered", async () => {
    const clock = new ManualClock();
    const cursors = createMemoryCursors();
    const collector = new Collector({
      inputId: "acme",
      dataStream: { type: "logs", dataset: "aquila_salesforce.collector", namespace: "default" },
      organizationName: "Acme",
      agent: { id: "1", name: "here", type: "aquila-salesforce", version: "0" },
      apiCalls: () => undefined,
      clock,
      log: silentLog,
    });
    const tell = collector.tell(collected);
    const run: InputRun = {
      jobs: [
        {
          stream: "login-1",
          interval: 60_000,
          tell,
          round: (scope, stop, abandon) => {
            collector.begin(down);
            return pump({ source: oneEvent, sink: down, cursors, tell, clock, scope, stop, abandon });
          },
        },
      ],
      close: () => collector.close(),
    };
    const supervisor = new Supervisor(clock);
    await supervisor.replace(new Map([["acme", { start: () => run }]]));
    await settled();
    tell({ fact: "no_hourly_files" });
    const begun = clock.now();
    let ended: number | undefined;
    const stopping = supervisor.stop().then(() => {
      ended = clock.now();
    });
    for (let turn = 0; ended === undefined && turn < 100; turn += 1) {
      await settled();
      clock.advance(250);
    }
    await stopping;
    expect((ended ?? Number.NaN) - begun).toBeLessThanOrEqual(8_000);
    expect((ended ?? Number.NaN) - begun).toBeGreaterThanOrEqual(5_000);
    expect((await cursors.load("one")).size).toBe(0);
  });
});

describe("the grace after a stop", () => {
  const GRACE = 5_000;
  const never = new AbortController().signal;

  /** An output whose one delivery ends when it is told to. */
  function slow() {
    const { promise: done, resolve: end } = Promise.withResolvers<void>();
    const sink: Sink = {
      deliver: async (_, signal) => {
        const { promise: abandoned, reject } = Promise.withResolvers<never>();
        signal.addEventListener("abort", () => reject(signal.reason), { once: true });
        await Promise.race([done, abandoned]);
        return { created: 1, existing: 0, refused: [] };
      },
      close: async () => {},
    };
    return { sink, end };
  }

  function running(sink: Sink) {
    const clock = new ManualClock();
    const cursors = createMemoryCursors();
    const closedAt: number[] = [];
    const run: InputRun = {
      jobs: [
        {
          stream: "login-1",
          interval: 60_000,
          tell: () => {},
          round: (scope, stop, abandon) =>
            pump({ source: oneEvent, sink, cursors, tell: () => {}, clock, scope, stop, abandon }),
        },
      ],
      close: async () => {
        closedAt.push(clock.now());
      },
    };
    return { clock, cursors, run, closedAt };
  }

  test("is enough for a delivery that ends in it: it is saved, and nothing waits for the rest of it", async () => {
    const { sink, end } = slow();
    const { clock, cursors, run, closedAt } = running(sink);
    const supervisor = new Supervisor(clock);
    await supervisor.replace(new Map([["acme", { start: () => run }]]));
    await settled();
    const stopping = supervisor.stop();
    await settled();
    clock.advance(GRACE - 1);
    await settled();
    expect(closedAt).toEqual([]);
    end();
    await stopping;
    expect((await cursors.load("one")).get("n")).toBe(1);
    expect(closedAt).toEqual([clock.now()]);
    expect(clock.sleeping).toBe(0);
  });

  test("ends with it: the delivery is given up, and nothing is saved", async () => {
    const { sink, end } = slow();
    const { clock, cursors, run, closedAt } = running(sink);
    const supervisor = new Supervisor(clock);
    await supervisor.replace(new Map([["acme", { start: () => run }]]));
    await settled();
    const stopping = supervisor.stop();
    await settled();
    clock.advance(GRACE);
    await stopping;
    end();
    await settled();
    expect((await cursors.load("one")).get("n")).toBeUndefined();
    expect(closedAt).toHaveLength(1);
  });

  test("is given to a single run and to an input that leaves the policy as well, while the others go on", async () => {
    for (const how of ["once", "replace"] as const) {
      const { sink } = slow();
      const { clock, cursors, run, closedAt } = running(sink);
      const supervisor = new Supervisor(clock);
      const stop = new AbortController();
      let ending: Promise<unknown>;
      if (how === "once") {
        ending = supervisor.once([{ start: () => run }], stop.signal);
        await settled();
        stop.abort(new Error("stopped"));
      } else {
        await supervisor.replace(new Map([["acme", { start: () => run }]]));
        await settled();
        ending = supervisor.replace(new Map());
      }
      await settled();
      clock.advance(GRACE - 1);
      await settled();
      expect(closedAt, how).toEqual([]);
      clock.advance(1);
      await ending;
      expect(closedAt, how).toHaveLength(1);
      expect((await cursors.load("one")).get("n"), how).toBeUndefined();
    }
  });

  test("does not begin without a stop: a run that ends leaves nothing behind", async () => {
    const { sink, end } = slow();
    const { clock, run } = running(sink);
    end();
    expect(await new Supervisor(clock).once([{ start: () => run }], never)).toEqual([]);
    expect(clock.sleeping).toBe(0);
  });
});

async function settled(): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) {
    await new Promise((next) => setImmediate(next));
  }
}

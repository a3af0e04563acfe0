import { describe, expect, test } from "vitest";
import { ManualClock } from "../../_dev/shared/testing/manual_clock.ts";
import { createMemoryCursors } from "../../_dev/shared/testing/memory_cursors.ts";
import type { Turn, Turns } from "../coordination/turn.ts";
import { RETRY, RunnerError } from "../core/errors.ts";
import { silentLog } from "../core/log.ts";
import { source as collected } from "../reporting/collected_source.fixture.ts";
import { Collector } from "../reporting/collector.ts";
import type { Sink } from "../sinks/sink.ts";
import type { Source } from "../sources/source.ts";
import { pump } from "./pump.ts";
import { type InputRun, Supervisor, type WantedInput } from "./supervisor.ts";

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

describe("an org that several hosts share", () => {
  /** Turns of an org, as this host is given them. */
  function shared(patience = 30_000) {
    const waiting: PromiseWithResolvers<Turn>[] = [];
    let closed = 0;
    const turns: Turns = {
      patience,
      async next(stop) {
        stop.throwIfAborted();
        const turn = Promise.withResolvers<Turn>();
        stop.addEventListener("abort", () => turn.reject(stop.reason), { once: true });
        waiting.push(turn);
        return await turn.promise;
      },
      close: () => {
        closed += 1;
      },
    };
    /** Gives the host its next turn. */
    const give = (term: number) => {
      const ending = new AbortController();
      const over = new AbortController();
      const ended: string[] = [];
      const turn: Turn = {
        org: "acme",
        term,
        host: { id: "h1", name: "one" },
        since: 0,
        takenFrom: undefined,
        settle: 0,
        ending: ending.signal,
        over: over.signal,
        holds: () => !over.signal.aborted,
        lose: () => over.abort(lost),
        end: async () => {
          await new Promise((next) => setImmediate(next));
          ended.push(`turn ${term}`);
        },
      };
      waiting.shift()?.resolve(turn);
      return { turn, ending, over, ended };
    };
    return { turns, give, waiting, closed: () => closed };
  }
  const lost = new RunnerError("lease_lost", "another host", { next: RETRY });

  /** An input that delivers one event in each turn, into an output that is down. */
  function input(turns: Turns, sink: Sink = down) {
    const clock = new ManualClock();
    const cursors = createMemoryCursors();
    const log: string[] = [];
    const wanted: WantedInput = {
      turns: () => turns,
      start: (turn) => ({
        jobs: [
          {
            stream: "login-1",
            interval: 60_000,
            tell: () => {},
            round: (scope, stop, abandon) => {
              log.push(`round ${turn?.term}`);
              return pump({ source: oneEvent, sink, cursors, tell: () => {}, clock, scope, stop, abandon });
            },
          },
        ],
        close: async () => {
          await settled(3);
          log.push(`closed ${turn?.term}`);
        },
      }),
    };
    return { clock, cursors, log, wanted, supervisor: new Supervisor(clock) };
  }

  test("runs only in this host's turns: one that is to end gets its grace, one that is over ends at once", async () => {
    const org = shared();
    const { clock, log, wanted, supervisor } = input(org.turns);
    await supervisor.replace(new Map([["acme", wanted]]));
    await settled();
    expect(log).toEqual([]);

    const first = org.give(1);
    await settled();
    first.ending.abort(new Error("given up"));
    await settled();
    expect(log).toEqual(["round 1"]);
    clock.advance(5_000);
    await settled();
    expect(log).toEqual(["round 1", "closed 1"]);
    expect(first.ended).toEqual(["turn 1"]);

    const second = org.give(2);
    await settled();
    second.turn.lose();
    await settled();
    expect(log.slice(2)).toEqual(["round 2", "closed 2"]);
    expect(second.ended).toEqual(["turn 2"]);
    expect(org.closed()).toBe(0);

    await supervisor.stop();
    expect(org.closed()).toBe(1);
    expect(clock.sleeping).toBe(0);
  });

  test("a stop within a turn gives it its grace, ends it and gives the org up", async () => {
    const org = shared();
    const { clock, log, wanted, supervisor } = input(org.turns);
    await supervisor.replace(new Map([["acme", wanted]]));
    await settled();
    const { ended } = org.give(1);
    await settled();
    const stopping = supervisor.stop();
    await settled();
    expect(log).toEqual(["round 1"]);
    clock.advance(5_000);
    await stopping;
    expect(log).toEqual(["round 1", "closed 1"]);
    expect([ended, org.closed(), org.waiting.length]).toEqual([["turn 1"], 1, 0]);
  });

  test("a single run waits for its turn, and says that another host has the org when its patience ends", async () => {
    const org = shared();
    const { clock, log, wanted, supervisor } = input(org.turns);
    const running = supervisor.once([wanted], new AbortController().signal);
    await settled();
    clock.advance(29_999);
    await settled();
    expect(org.closed()).toBe(0);
    clock.advance(1);
    expect((await running).map(({ code }) => code)).toEqual(["lease_lost"]);
    expect([log, org.closed()]).toEqual([[], 1]);
  });

  test("a single run that has its turn delivers, ends the turn, and is no longer impatient", async () => {
    const org = shared();
    const sink: Sink = { deliver: async () => ({ created: 1, existing: 0, refused: [] }), close: async () => {} };
    const { clock, cursors, log, wanted, supervisor } = input(org.turns, sink);
    const running = supervisor.once([wanted], new AbortController().signal);
    await settled();
    const { ended } = org.give(1);
    expect(await running).toEqual([]);
    expect((await cursors.load("one")).get("n")).toBe(1);
    expect([log, ended, org.closed()]).toEqual([["round 1", "closed 1"], ["turn 1"], 1]);
    expect(clock.sleeping).toBe(0);
  });

  test("a single run whose turn is over in its middle says so; one that is stopped before has nothing to say", async () => {
    const org = shared();
    const { wanted, supervisor } = input(org.turns);
    const running = supervisor.once([wanted], new AbortController().signal);
    await settled();
    const { turn, ended } = org.give(1);
    await settled();
    turn.lose();
    expect(await running).toEqual([lost]);
    expect(ended).toEqual(["turn 1"]);

    const other = shared();
    const stop = new AbortController();
    const stopped = input(other.turns);
    const waiting = stopped.supervisor.once([stopped.wanted], stop.signal);
    await settled();
    stop.abort(new Error("stopped"));
    expect(await waiting).toEqual([]);
    expect([other.closed(), stopped.clock.sleeping]).toEqual([1, 0]);
  });
});

test("inputs that start together begin one after the other, and one that runs already goes on undisturbed", async () => {
  const clock = new ManualClock();
  const begun: string[] = [];
  const waiting = (name: string): WantedInput => ({
    start: () => ({
      jobs: [
        {
          stream: name,
          interval: 60_000,
          tell: () => {},
          round: async (_, stop) => {
            begun.push(`${name} at ${clock.now() - start}`);
            await new Promise((resolve) => stop.addEventListener("abort", resolve, { once: true }));
            return undefined;
          },
        },
      ],
      close: async () => {},
    }),
  });
  const start = clock.now();
  const supervisor = new Supervisor(clock);
  await supervisor.replace(new Map(["a", "b", "c"].map((name) => [name, waiting(name)])));
  for (let turn = 0; turn < 10; turn += 1) {
    await settled();
    clock.advance(10);
  }
  expect(begun).toEqual(["a at 0", "b at 20", "c at 40"]);
  await supervisor.replace(new Map(["a", "b", "d"].map((name) => [name, waiting(name)])));
  await settled();
  expect(begun.slice(3)).toEqual(["d at 100"]);
  await supervisor.stop();
});

async function settled(turns = 10): Promise<void> {
  for (let turn = 0; turn < turns; turn += 1) {
    await new Promise((next) => setImmediate(next));
  }
}

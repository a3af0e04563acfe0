import { expect, test } from "vitest";
import { ManualClock } from "../../_dev/shared/testing/manual_clock.ts";
import { createMemoryCursors } from "../../_dev/shared/testing/memory_cursors.ts";
import { RETRY, RunnerError } from "../core/errors.ts";
import type { SourceEvent } from "../core/event.ts";
import type { CursorStore } from "../cursors/cursor_store.ts";
import type { Fact } from "../reporting/facts.ts";
import type { Sink } from "../sinks/sink.ts";
import type { Source } from "../sources/source.ts";
import { pump } from "./pump.ts";
import { keepCollecting } from "./schedule.ts";

const never = new AbortController().signal;
const diskFull = new RunnerError("state_unusable", "database or disk is full", { next: RETRY });

/** A source of events 1 to `count`, one in each batch, that goes on behind its cursor. */
function countingSource(count: number): Source {
  return {
    id: "numbers",
    async *read(from) {
      for (let n = Number(from.get("n") ?? 0) + 1; n <= count; n += 1) {
        const event: SourceEvent = { index: "i", id: String(n), json: "{}" } as SourceEvent;
        yield { events: [event], whenDelivered: { changes: [{ key: "n", value: n }] } };
      }
      return undefined;
    },
  };
}

function recordingSink(delivered: string[]): Sink {
  return {
    async deliver(events) {
      delivered.push(...events.map(({ id }) => id));
      return { created: events.length, existing: 0, refused: [] };
    },
    async close() {},
  };
}

/** Cursors on a disk that is full for the first `failures` writes. */
function fullDisk(failures: number): CursorStore {
  const inner = createMemoryCursors();
  let left = failures;
  return {
    ...inner,
    async save(source, changes) {
      if (left > 0) {
        left -= 1;
        throw diskFull;
      }
      await inner.save(source, changes);
    },
  };
}

test("a full disk holds collection up, says so, and nothing is delivered twice when there is room again", async () => {
  const clock = new ManualClock();
  const cursors = fullDisk(5);
  const delivered: string[] = [];
  const facts: Fact[] = [];
  let ended = false;
  const round = pump({
    source: countingSource(20),
    sink: recordingSink(delivered),
    cursors,
    tell: (fact) => facts.push(fact as Fact),
    clock,
    stop: never,
    abandon: never,
  }).then(() => {
    ended = true;
  });
  for (let turn = 0; !ended && turn < 1_000; turn += 1) {
    await new Promise((next) => setImmediate(next));
    if (clock.sleeping > 0) {
      // No more than what may be under way at once has been delivered beyond the cursor.
      expect(delivered.length).toBeLessThanOrEqual(5);
      clock.advance(60_000);
    }
  }
  await round;
  expect(facts.filter(({ fact }) => fact === "round_failed")).toHaveLength(5);
  expect(delivered).toEqual(Array.from({ length: 20 }, (_, n) => String(n + 1)));
  expect((await cursors.load("numbers")).get("n")).toBe(20);
});

test("rounds that fail from the start on are tried for ever, ever more slowly", async () => {
  const clock = new ManualClock();
  const stop = new AbortController();
  const waits: number[] = [];
  let rounds = 0;
  const keeping = keepCollecting({
    round: async () => {
      rounds += 1;
      throw new RunnerError("host_unreachable", "connection refused", { next: RETRY });
    },
    interval: 600_000,
    tell: (fact) => {
      if (fact.fact === "round_failed") {
        waits.push(fact.nextAttemptAt - clock.now());
      }
    },
    clock,
    stop: stop.signal,
  });
  while (rounds < 200) {
    await new Promise((next) => setImmediate(next));
    clock.advance(60_000);
  }
  stop.abort(new Error("enough"));
  await keeping;
  expect(waits.slice(0, 8)).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000]);
  expect(Math.max(...waits)).toBe(60_000);
});

test("every batch is released once it has come to an end, also behind a delivery that fails", async () => {
  const batches = 12;
  const released: number[] = [];
  const source: Source = {
    id: "numbers",
    async *read() {
      for (let n = 1; n <= batches; n += 1) {
        const events = [{ index: "i", id: String(n), json: "{}" }];
        yield { events, whenDelivered: { changes: [] }, release: () => released.push(n) };
      }
      return undefined;
    },
  };
  const failing: Sink = {
    async deliver([event]) {
      if (event?.id === "3") {
        throw new Error("abandoned");
      }
      return { created: 1, existing: 0, refused: [] };
    },
    async close() {},
  };
  const given = { source, cursors: createMemoryCursors(), tell: () => {}, clock: new ManualClock() };
  await pump({ ...given, sink: recordingSink([]), stop: never, abandon: never });
  expect(released).toEqual(Array.from({ length: batches }, (_, n) => n + 1));
  released.length = 0;
  await expect(pump({ ...given, sink: failing, stop: never, abandon: never })).rejects.toThrow("abandoned");
  // The last one was pulled before the failure was known.
  expect(released.length).toBeGreaterThan(3);
  expect(released.sort((a, b) => a - b)).toEqual(Array.from({ length: released.length }, (_, n) => n + 1));
});

import { expect, test } from "vitest";
import { ManualClock } from "../../_dev/shared/testing/manual_clock.ts";
import { createMemoryCursors } from "../../_dev/shared/testing/memory_cursors.ts";
import { RETRY, RunnerError } from "../core/errors.ts";
import type { SourceEvent } from "../core/event.ts";
import type { CursorStore } from "../cursors/cursor_store.ts";
import type { Fact } from "../reporting/facts.ts";
import { EMPTY_RECEIPT, type Receipt, type Sink } from "../sinks/sink.ts";
import type { RoundEnd, Source } from "../sources/source.ts";
import type { DeliveryFact } from "./facts.ts";
import { MetEvents } from "./met_events.ts";
import { pump } from "./pump.ts";
import { keepCollecting } from "./schedule.ts";

const never = new AbortController().signal;
const diskFull = new RunnerError("state_unusable", "database or disk is full", { next: RETRY });

/** A source of events 1 to `count`, each so many times in its batch, that goes on behind its cursor. */
function countingSource(count: number, times = 1): Source {
  return {
    id: "numbers",
    async *read(from) {
      for (let n = Number(from.get("n") ?? 0) + 1; n <= count; n += 1) {
        const event: SourceEvent = { index: "i", id: String(n), json: "{}" } as SourceEvent;
        yield { events: Array(times).fill(event), whenDelivered: { changes: [{ key: "n", value: n }] } };
      }
      return undefined;
    },
  };
}

function recordingSink(delivered: string[]): Sink {
  return {
    async deliver(events) {
      delivered.push(...new Set(events.map(({ id }) => id)));
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
    source: countingSource(20, 2_000),
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

test("waits for a disk that stays full become longer, and a round ends when its source has", async () => {
  const clock = new ManualClock();
  const facts: Fact[] = [];
  const sourceEnded = Promise.withResolvers<void>();
  let ending = false;
  const source: Source = {
    id: "numbers",
    async *read() {
      try {
        yield* countingSource(100).read(new Map(), never);
      } finally {
        ending = true;
        await sourceEnded.promise;
      }
      return undefined;
    },
  };
  const stop = new AbortController();
  let ended = false;
  const round = pump({
    source,
    sink: recordingSink([]),
    cursors: fullDisk(Number.POSITIVE_INFINITY),
    tell: (fact) => facts.push({ ...fact, at: clock.now() } as Fact & { at: number }),
    clock,
    stop: never,
    abandon: stop.signal,
  }).finally(() => {
    ended = true;
  });
  round.catch(() => {});
  while (facts.length < 8) {
    await new Promise((next) => setImmediate(next));
    if (clock.sleeping > 0) {
      clock.advance(60_000);
    }
  }
  const waits = facts.map((fact) => Reflect.get(fact, "nextAttemptAt") - Reflect.get(fact, "at"));
  expect(waits).toEqual([...waits].sort((a, b) => a - b));
  expect(waits.at(-1)).toBeGreaterThanOrEqual(30_000);
  stop.abort(new Error("given up"));
  while (!ending) {
    await new Promise((next) => setImmediate(next));
  }
  for (let turn = 0; turn < 20; turn += 1) {
    await new Promise((next) => setImmediate(next));
  }
  expect(ended).toBe(false);
  sourceEnded.resolve();
  await expect(round).rejects.toThrow("given up");
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

test("a delivery that fails ends the round though its source waits for something to come", async () => {
  const released: number[] = [];
  const source: Source = {
    id: "numbers",
    async *read(_, signal) {
      const events = [{ index: "i", id: "1", json: "{}" }];
      yield { events, whenDelivered: { changes: [] }, release: () => released.push(1) };
      await new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
      return undefined;
    },
  };
  const sink: Sink = { deliver: () => Promise.reject(diskFull), close: async () => {} };
  const given = { source, sink, cursors: createMemoryCursors(), tell: () => {}, clock: new ManualClock() };
  await expect(pump({ ...given, stop: never, abandon: never })).rejects.toBe(diskFull);
  expect(released).toEqual([1]);
});

/** Numbers of a file, in one batch each; the round ends with `end`. */
function fileOf(numbers: readonly number[], end?: RoundEnd): Source {
  return {
    id: "numbers",
    async *read() {
      for (const n of numbers) {
        const events = [{ index: "i", id: String(n), json: "{}" }];
        yield { events, part: "file", whenDelivered: { changes: [{ key: "n", value: n }] } };
      }
      return end;
    },
  };
}

/** A sink that is never answered. */
const hanging: Sink = {
  deliver: (_, signal) => new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason))),
  close: async () => {},
};

test("what is under way is kept before it is sent, and how far the source is no more often than the store wants it", async () => {
  const steps: string[] = [];
  const inner = createMemoryCursors();
  const clock = new ManualClock();
  const began = clock.now();
  const cursors: CursorStore = {
    ...inner,
    pace: { between: 1_000, events: 80_000 },
    async save(source, changes) {
      steps.push(`${source}: ${changes.map(({ key }) => key)} at ${clock.now() - began}`);
      await inner.save(source, changes);
    },
  };
  const sink: Sink = {
    deliver: async (events) => {
      steps.push("sent");
      return { created: events.length, existing: 0, refused: [], landedIn: { i: ["i-1"] } };
    },
    close: async () => {},
  };
  /** A second for three batches. */
  const source: Source = {
    id: "numbers",
    async *read() {
      for (let n = 1; n <= 9; n += 1) {
        await clock.sleep(333);
        const events = [{ index: "i", id: String(n), json: "{}" }];
        yield { events, part: "file", whenDelivered: { changes: [{ key: `n${n}`, value: n }] } };
      }
      return undefined;
    },
  };
  await clock.passUntil(pump({ source, sink, cursors, tell: () => {}, clock, stop: never, abandon: never }));
  expect(steps.filter((step) => step !== "sent")).toEqual([
    "numbers under way: part:file at 333",
    "numbers under way: part:file at 333",
    "numbers: n1 at 333",
    "numbers: n2,n3,n4 at 1333",
    "numbers: n5,n6,n7 at 2333",
    // What is delivered when nothing more comes waits for nothing.
    "numbers: n8,n9 at 2997",
    "numbers under way: landed,part:file at 2997",
  ]);
  expect(steps.slice(0, 2)).toEqual(["numbers under way: part:file at 333", "sent"]);
  expect(await inner.load("numbers under way")).toEqual(new Map([["landed", { i: ["i-1"] }]]));
});

test("small files are kept as under way together while one is being kept, each before it is sent", async () => {
  const kept: string[][] = [];
  const sent: string[] = [];
  const inner = createMemoryCursors();
  const cursors: CursorStore = {
    ...inner,
    async save(source, changes) {
      // As long as several sources' steps take.
      for (let turn = 0; turn < 10; turn += 1) {
        await new Promise((next) => setImmediate(next));
      }
      if (source.endsWith("under way") && sent.length < 12) {
        kept.push(changes.map(({ key }) => key));
      }
      await inner.save(source, changes);
    },
  };
  const source: Source = {
    id: "numbers",
    async *read() {
      for (let n = 1; n <= 12; n += 1) {
        yield { events: [{ index: "i", id: `${n}`, json: "{}" }], part: `${n}`, whenDelivered: { changes: [] } };
      }
      return undefined;
    },
  };
  const sink: Sink = {
    deliver: async (events) => {
      const [{ id = "" } = {}] = events;
      expect(kept.flat()).toContain(`part:${id}`);
      sent.push(id);
      return { created: 1, existing: 0, refused: [] };
    },
    close: async () => {},
  };
  await pump({ source, sink, cursors, tell: () => {}, clock: new ManualClock(), stop: never, abandon: never });
  expect(sent).toHaveLength(12);
  expect(kept.flat()).toHaveLength(12);
  expect(kept.length).toBeLessThanOrEqual(7);
});

test("a file is under way until it is saved that it is done, and no longer than until another one begins", async () => {
  const inner = createMemoryCursors();
  const clock = new ManualClock();
  const slow = Promise.withResolvers<void>();
  const cursors: CursorStore = {
    ...inner,
    async save(source, changes) {
      await (source === "numbers" ? slow.promise : undefined);
      written = changes.map(({ key }) => key);
      await inner.save(source, changes);
    },
  };
  let written: readonly string[] = [];
  const underWay = async () => [...(await inner.load("numbers under way")).keys()];
  const kept: string[][] = [];
  const source: Source = {
    id: "numbers",
    async *read() {
      for (const part of ["a", "b", "c"]) {
        const events = [{ index: "i", id: part, json: "{}" }];
        yield { part, isLast: true, events, whenDelivered: { changes: [{ key: part, value: 1 }] } };
        await clock.sleep(1);
      }
      return undefined;
    },
  };
  const given = { source, cursors, tell: () => {}, clock, stop: never, abandon: never };
  const round = pump({ ...given, sink: recordingSink([]) });
  for (const turn of [1, 2, 3]) {
    for (let n = 0; n < 10; n += 1) {
      await new Promise(setImmediate);
    }
    kept.push(await underWay());
    if (turn === 2) {
      slow.resolve();
      for (let n = 0; n < 10; n += 1) {
        await new Promise(setImmediate);
      }
    }
    clock.advance(1);
  }
  await round;
  expect(kept).toEqual([["part:a"], ["part:a", "part:b"], ["part:c"]]);
  // What was forgotten before is not written once more at the end.
  expect(written).toEqual(["landed", "part:c"]);
});

test("how far one file is gets saved while it is still being kept that another one is under way", async () => {
  const inner = createMemoryCursors();
  const slow = Promise.withResolvers<void>();
  const cursors: CursorStore = {
    ...inner,
    async save(source, changes) {
      await (changes.some(({ key }) => key === "part:b") ? slow.promise : undefined);
      await inner.save(source, changes);
    },
  };
  const source: Source = {
    id: "numbers",
    async *read() {
      for (const part of ["a", "b", "b"]) {
        const events = [{ index: "i", id: part, json: "{}" }];
        yield { part, events, whenDelivered: { changes: [{ key: part, value: 1 }] } };
      }
      return undefined;
    },
  };
  const sent: string[] = [];
  const sink: Sink = {
    deliver: async ([event]) => {
      sent.push(event?.id ?? "");
      return EMPTY_RECEIPT;
    },
    close: async () => {},
  };
  const given = { source, sink, cursors, tell: () => {}, clock: new ManualClock(), stop: never, abandon: never };
  const round = pump(given);
  for (let n = 0; n < 10; n += 1) {
    await new Promise(setImmediate);
  }
  const saved = await inner.load("numbers");
  // Neither is a later batch sent before that.
  const before = [...sent];
  slow.resolve();
  await round;
  expect([[...saved.keys()], before, sent]).toEqual([["a"], ["a"], ["a", "b", "b"]]);
});

test("where events landed is saved before how far the source is, and that before anything is said of it", async () => {
  const steps: string[] = [];
  const inner = createMemoryCursors();
  const cursors: CursorStore = {
    ...inner,
    async save(source, changes) {
      const what = `${source}: ${changes.map(({ key }) => key)}`;
      steps.push(what);
      await new Promise((next) => setImmediate(next));
      await inner.save(source, changes);
      steps.push(`${what} saved`);
    },
  };
  const sink: Sink = {
    deliver: async () => ({ created: 1, existing: 0, refused: [], landedIn: { i: ["i-1"] } }),
    close: async () => {},
  };
  const source: Source = {
    id: "numbers",
    async *read() {
      const facts = [{ fact: "names_missing", error: diskFull }] as const;
      const whenDelivered = { changes: [{ key: "n", value: 1 }], facts };
      yield { events: [{ index: "i", id: "1", json: "{}" }], part: "file", whenDelivered };
      return undefined;
    },
  };
  const tell = ({ fact }: { readonly fact: string }) => steps.push(fact);
  await pump({ source, sink, cursors, tell, clock: new ManualClock(), stop: never, abandon: never });
  const of = (id: string, key: string) => [`${id}: ${key}`, `${id}: ${key} saved`];
  expect(steps).toEqual([
    ...of("numbers under way", "part:file"),
    "delivered",
    ...of("numbers under way", "part:file"),
    ...of("numbers", "n"),
    "names_missing",
    ...of("numbers under way", "landed,part:file"),
  ]);
});

test("what may have been sent before is told to the sink, until a round has come to its whole end", async () => {
  const cursors = createMemoryCursors();
  const given = { cursors, tell: () => {}, clock: new ManualClock(), stop: never };
  const told: unknown[] = [];
  const sink: Sink = {
    deliver: async (events, _, sentBefore) => {
      told.push(sentBefore);
      return { created: events.length, existing: 0, refused: [], landedIn: { i: ["i-1"] } };
    },
    close: async () => {},
  };
  const kill = async () => {
    const abandon = new AbortController();
    const round = pump({ ...given, source: fileOf([1]), sink: hanging, abandon: abandon.signal });
    await new Promise((next) => setImmediate(next));
    abandon.abort(new Error("killed"));
    await expect(round).rejects.toThrow("killed");
  };
  const round = (numbers: readonly number[], end?: RoundEnd) =>
    pump({ ...given, source: fileOf(numbers, end), sink, abandon: never });

  await kill();
  const open = { error: diskFull, retryIn: 1_000 };
  // A round that did not read the file, because something else failed, leaves it unsure.
  expect(await round([], open)).toEqual(open);
  await round([1]);
  expect(told).toEqual([{}]);
  await round([2]);
  expect(told).toEqual([{}, undefined]);

  await kill();
  // One that gave everything, without the file, needs to know nothing of it any more.
  expect(await round([])).toBeUndefined();
  await round([3]);
  expect(told.at(-1)).toBeUndefined();
});

test.each([0, 3])(
  "as many events may have been sent before as can be under way, %i batches unsaved",
  async (unsaved) => {
    const cursors = { ...createMemoryCursors(), pace: { between: 1_000, events: unsaved * 2_000 } };
    const batches = 4 + unsaved;
    const source: Source = {
      id: "numbers",
      async *read() {
        for (let n = 1; n <= batches; n += 1) {
          const events = Array.from({ length: 2_000 }, (_, at) => ({ index: "i", id: `${n}/${at}`, json: "{}" }));
          yield { events, part: "file", whenDelivered: { changes: [] } };
        }
        return undefined;
      },
    };
    const given = { source, cursors, tell: () => {}, clock: new ManualClock(), stop: never };
    const abandon = new AbortController();
    const killed = pump({ ...given, sink: hanging, abandon: abandon.signal });
    await new Promise((next) => setImmediate(next));
    abandon.abort(new Error("killed"));
    await expect(killed).rejects.toThrow("killed");
    const told: unknown[] = [];
    const sink: Sink = {
      deliver: async (events, _, sentBefore) => {
        told.push(sentBefore);
        return { created: events.length, existing: 0, refused: [] };
      },
      close: async () => {},
    };
    await pump({ ...given, sink, abandon: never });
    expect(told).toEqual(Array.from({ length: batches }, () => ({})));
  },
);

test("what was found there and may be doubled is told, and no more than that", async () => {
  const facts: DeliveryFact[] = [];
  const receipts: Receipt[] = [
    { created: 1, existing: 0, refused: [] },
    { created: 1, existing: 0, refused: [], possiblyDoubled: 1 },
  ];
  const sink: Sink = { deliver: async () => receipts.shift() ?? EMPTY_RECEIPT, close: async () => {} };
  const given = { cursors: createMemoryCursors(), clock: new ManualClock(), stop: never, abandon: never };
  await pump({ ...given, source: fileOf([1, 2]), sink, tell: (fact) => facts.push(fact as DeliveryFact) });
  expect(facts).toEqual([
    { fact: "delivered", created: 1, existing: 0, refused: 0 },
    { fact: "delivered", created: 1, existing: 0, refused: 0 },
    { fact: "possibly_doubled", events: 1 },
  ]);
});

test.each([true, undefined])("that files were there already is told of new ones alone (new: %s)", async (isNew) => {
  const facts: DeliveryFact[] = [];
  const source: Source = {
    id: "numbers",
    async *read() {
      for (const part of ["a", "b", "c"]) {
        const events = [{ index: "i", id: part, json: "{}" }];
        yield { events, part, ...(isNew === undefined ? {} : { isNew }), whenDelivered: { changes: [] } };
      }
      return undefined;
    },
  };
  const sink: Sink = { deliver: async () => ({ created: 0, existing: 1, refused: [] }), close: async () => {} };
  const given = { cursors: createMemoryCursors(), clock: new ManualClock(), stop: never, abandon: never };
  await pump({ ...given, met: new MetEvents(), source, sink, tell: (fact) => facts.push(fact as DeliveryFact) });
  expect(facts.filter(({ fact }) => fact === "collected_twice")).toHaveLength(isNew === true ? 1 : 0);
});

test("an org that another host has by now ends the round at its first save, with its batch released and nothing sent", async () => {
  const lost = new RunnerError("lease_lost", "another host", { next: RETRY });
  const cursors: CursorStore = { ...createMemoryCursors(), save: () => Promise.reject(lost) };
  const delivered: string[] = [];
  const released: string[] = [];
  const source: Source = {
    id: "numbers",
    async *read() {
      const events = [{ index: "i", id: "1", json: "{}" }];
      yield { events, whenDelivered: { changes: [] }, release: () => released.push("1") };
      return undefined;
    },
  };
  const clock = new ManualClock();
  const given = { source, cursors, tell: () => {}, clock, stop: never, abandon: never };
  await expect(pump({ ...given, sink: recordingSink(delivered) })).rejects.toBe(lost);
  expect([delivered, released, clock.sleeping]).toEqual([[], ["1"], 0]);
});

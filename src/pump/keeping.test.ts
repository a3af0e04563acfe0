import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { ManualClock } from "../../_dev/shared/testing/manual_clock.ts";
import type { Clock } from "../core/clock.ts";
import { RETRY, RunnerError } from "../core/errors.ts";
import type { SourceEvent } from "../core/event.ts";
import type { KeptEvents } from "../cursors/kept_events.ts";
import { openKeptEvents } from "../cursors/sqlite_kept_events.ts";
import type { Fact } from "../reporting/facts.ts";
import type { Place } from "../sinks/sink.ts";
import { Keeping } from "./keeping.ts";

const HOUR = 3_600_000;
const NOON = Date.UTC(2026, 6, 20, 12);
const SOURCE = "login-1/event_log_files";
const signal = new AbortController().signal;

let folder: string;
let kept: KeptEvents;
let clock: ManualClock;
let facts: Fact[];
/** Ids of events that nobody takes. */
let bad: Set<string>;
let placed: string[][];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "keeping-"));
  kept = openKeptEvents(folder, 1_000);
  clock = new ManualClock(NOON);
  facts = [];
  bad = new Set(["b"]);
  placed = [];
});
afterEach(() => {
  kept.close();
  rmSync(folder, { recursive: true });
});

const place: Place = async (events, abort) => {
  abort.throwIfAborted();
  placed.push(events.map(({ id }) => id));
  const unplaced = events.filter(({ id }) => bad.has(id)).map((event) => ({ event, reason: `${event.id} is bad` }));
  const refused = unplaced.map(({ event }) => ({ event, type: "bad_event", reason: `${event.id} is bad` }));
  return { receipt: { created: events.length - refused.length, existing: 0, refused }, unplaced };
};

function keeping(isReported = true, by: Clock = clock): Keeping {
  return new Keeping({ source: SOURCE, kept, place, isReported, tell: (fact) => facts.push(fact), clock: by });
}

const event = (id: string, length = 2): SourceEvent => ({ index: "logs-login", id, json: "{}".padEnd(length) });
const told = (name: Fact["fact"]) => facts.filter(({ fact }) => fact === name);
/** Lets everything run that does not wait for the clock. */
const settled = () => new Promise((turn) => setTimeout(turn, 20));

test("what has no place is kept before it is acknowledged; the first refusal and the first kept event are told, once", async () => {
  const one = keeping();
  await one.tryAgain(signal);
  const receipt = await one.sink.deliver([event("a"), event("b")], signal);
  expect(receipt).toMatchObject({ created: 1, refused: [{ event: { id: "b" } }] });
  expect(kept.read(SOURCE, 0, 1e6)).toMatchObject([{ event: event("b"), reason: "b is bad" }]);
  bad.add("c");
  await one.sink.deliver([event("c")], signal);
  expect(kept.of(SOURCE)?.events).toBe(2);
  expect(facts).toEqual([
    { fact: "events_refused", index: "logs-login", reason: "bad_event: b is bad" },
    { fact: "events_kept", events: 1, reason: "b is bad", isReported: true, isNews: true },
  ]);
  one.endOf(undefined);
  one.endOf(undefined);
  expect(told("events_kept").slice(1)).toEqual([
    { fact: "events_kept", events: 2, reason: "c is bad", isReported: true, isNews: false },
  ]);
});

test("a round does not end well while something is kept: it names count, cause and cure, and when it is tried again", async () => {
  const one = keeping();
  await one.tryAgain(signal);
  expect(one.endOf(undefined)).toBeUndefined();
  await one.sink.deliver([event("b")], signal);
  clock.advance(HOUR / 2);
  const end = one.endOf(undefined);
  expect(end?.retryIn).toBe(1.5 * HOUR);
  expect(end?.error).toMatchObject({ code: "events_refused", fault: "remote" });
  expect(end?.error?.text).toMatch(/neither them nor.* 1 are kept.*2026-07-20T12:00:00.000Z.*b is bad.*cursors --kept/);
  const error = new RunnerError("server_error", "a file failed", { next: RETRY });
  expect(one.endOf({ error, retryIn: 5_000 })).toMatchObject({ error: { code: "events_refused" }, retryIn: 5_000 });
  expect(one.endOf({ error, retryIn: 9 * HOUR })?.retryIn).toBe(1.5 * HOUR);
});

test("where the policy has no reports it is kept for good: said, and no trouble", async () => {
  const one = keeping(false);
  await one.sink.deliver([event("b")], signal);
  expect(one.endOf(undefined)).toBeUndefined();
  expect(told("events_kept")).toEqual([
    { fact: "events_kept", events: 1, reason: "b is bad", isReported: false, isNews: true },
  ]);
});

test("it is tried again at the start and every two hours, and forgotten when it has a place", async () => {
  const first = keeping();
  bad.add("c");
  await first.sink.deliver([event("b"), event("c")], signal);
  placed = [];
  facts = [];

  const next = keeping();
  await next.tryAgain(signal);
  expect(placed).toEqual([["b", "c"]]);
  expect(told("events_kept")).toMatchObject([{ events: 2, isNews: true }]);
  clock.advance(2 * HOUR - 1);
  await next.tryAgain(signal);
  expect(placed).toHaveLength(1);

  bad.delete("b");
  clock.advance(1);
  await next.tryAgain(signal);
  expect(kept.read(SOURCE, 0, 1e6).map((one) => one.event.id)).toEqual(["c"]);
  expect(told("kept_events_placed")).toEqual([{ fact: "kept_events_placed", events: 1 }]);

  bad.delete("c");
  clock.advance(2 * HOUR);
  await next.tryAgain(signal);
  expect(kept.of(SOURCE)).toBeUndefined();
  expect(next.endOf(undefined)).toBeUndefined();
  expect(told("events_kept").at(-1)).toMatchObject({ events: 0 });
});

test.each([-10, 10])("is sent again as soon, though the machine's clock was set by %d days", async (days) => {
  let ahead = 0;
  const machine: Clock = {
    now: () => clock.now() + ahead,
    elapsed: () => clock.now(),
    random: () => clock.random(),
    sleep: (ms, abort) => clock.sleep(ms, abort),
  };
  const one = keeping(true, machine);
  await one.sink.deliver([event("b")], signal);
  await one.tryAgain(signal);
  placed = [];
  ahead = days * 24 * HOUR;
  expect(one.endOf(undefined)?.retryIn).toBe(2 * HOUR);
  clock.advance(2 * HOUR - 1);
  await one.tryAgain(signal);
  expect(placed).toEqual([]);
  clock.advance(1);
  await one.tryAgain(signal);
  expect(placed).toEqual([["b"]]);
});

test("much that is kept is sent in pieces, each once, and what was placed is counted as delivered", async () => {
  kept.close();
  kept = openKeptEvents(folder, 10_000_000);
  const ids = ["b", "c", "d", "e"];
  bad = new Set(ids);
  await keeping().sink.deliver(
    ids.map((id) => event(id, id === "e" ? 400_000 : 600_000)),
    signal,
  );
  bad = new Set(["c"]);
  placed = [];
  facts = [];
  await keeping().tryAgain(signal);
  expect(placed).toEqual([["b"], ["c"], ["d", "e"]]);
  expect(told("delivered")).toEqual([
    { fact: "delivered", created: 1, existing: 0, refused: 0 },
    { fact: "delivered", created: 2, existing: 0, refused: 0 },
  ]);
  expect(told("kept_events_placed")).toEqual([{ fact: "kept_events_placed", events: 3 }]);
  expect(kept.of(SOURCE)).toMatchObject({ events: 1, reason: "c is bad" });
});

test("an attempt that is stopped keeps everything", async () => {
  const one = keeping();
  await one.sink.deliver([event("b")], signal);
  bad.clear();
  await expect(keeping().tryAgain(AbortSignal.abort(new Error("stopped")))).rejects.toThrow("stopped");
  expect(kept.of(SOURCE)?.events).toBe(1);
});

test("a full store is not acknowledged: collection waits, says why, and goes on when what is kept has found a place", async () => {
  const one = keeping();
  await one.tryAgain(signal);
  await one.sink.deliver([event("b", 1_000)], signal);
  bad.add("c");
  let receipt: unknown;
  const delivery = one.sink.deliver([event("c")], signal).then((answer) => {
    receipt = answer;
  });
  await settled();
  expect(receipt).toBeUndefined();
  expect(told("round_failed")).toMatchObject([{ error: { code: "events_refused" }, nextAttemptAt: NOON + 1_000 }]);
  expect(JSON.stringify(told("round_failed").map((fact) => "error" in fact && fact.error?.text))).toMatch(
    /collection waits.*c is bad.*cursors --kept/,
  );

  clock.advance(60_000);
  await settled();
  expect(receipt).toBeUndefined();
  bad.delete("b");
  clock.advance(2 * HOUR);
  await settled();
  clock.advance(60_000);
  await delivery;
  expect(receipt).toMatchObject({ refused: [{ event: { id: "c" } }] });
  expect(kept.read(SOURCE, 0, 1e6).map((each) => each.event.id)).toEqual(["c"]);
});

test("a wait for room ends with the signal", async () => {
  const one = keeping();
  await one.sink.deliver([event("b", 1_000)], signal);
  bad.add("c");
  const abort = new AbortController();
  const delivery = one.sink.deliver([event("c")], abort.signal);
  await settled();
  abort.abort(new Error("given up"));
  await expect(delivery).rejects.toThrow("given up");
});

test("a disk that can't be written holds collection up as a full store does", async () => {
  const one = keeping();
  let isBroken = true;
  const store: KeptEvents = {
    ...kept,
    keep: (...all) => {
      if (isBroken) {
        throw new RunnerError("state_unusable", "The disk is full.", { next: RETRY });
      }
      return kept.keep(...all);
    },
  };
  const other = new Keeping({
    source: SOURCE,
    kept: store,
    place,
    isReported: true,
    tell: (f) => facts.push(f),
    clock,
  });
  const delivery = other.sink.deliver([event("b")], signal);
  await settled();
  expect(told("round_failed")).toMatchObject([{ error: { code: "state_unusable" } }]);
  isBroken = false;
  clock.advance(1_000);
  await delivery;
  expect(one.endOf(undefined)?.error?.code).toBe("events_refused");
});

import { describe, expect, test } from "vitest";
import { ManualClock } from "../../../_dev/shared/testing/manual_clock.ts";
import { findObjectType } from "../../catalog/catalog.ts";
import { type ErrorCode, RETRY, RunnerError } from "../../core/errors.ts";
import { Memory } from "../../core/memory.ts";
import type { CursorChange } from "../../cursors/cursor.ts";
import type { OrgClient } from "../../org/org_client.ts";
import type { Fact } from "../../reporting/facts.ts";
import type { ObjectPages } from "./pages.ts";
import { afterRecords, afterWindow, type FailedWindow, type ObjectCursor } from "./progress.ts";
import { type ObjectRound, WindowReader } from "./reading.ts";
import type { ObjectRecords } from "./records.ts";
import type { ReadingOrder, Window } from "./window.ts";

const SECOND = 1_000;
const NOW = Date.UTC(2026, 6, 20, 12);
/** Ten seconds that lie an hour back. */
const WINDOW: Window = { after: NOW - 3_600 * SECOND, to: NOW - 3_590 * SECOND };
const type = findObjectType("LoginEvent");
if (type === undefined) {
  throw new Error("LoginEvent is gone");
}
const LOGIN_EVENT = type;

const failure = { attempts: 3, retryAt: NOW, code: "server_error", text: "Salesforce failed." } as const;

interface Scene {
  readonly window?: Window;
  readonly order?: ReadingOrder;
  readonly width?: number;
  readonly settledTo?: number;
  readonly failed?: ReadonlyMap<string, FailedWindow>;
  readonly signal?: AbortSignal;
  /** What the query of this range fails with. */
  readonly fails: (part: Window) => ErrorCode | undefined;
}

/** Reads a window without records. */
async function read({ window = WINDOW, order = "newest first", width = SECOND, ...scene }: Scene) {
  const { settledTo = NOW - 600 * SECOND, failed = new Map(), fails } = scene;
  const asked: Window[] = [];
  const facts: Fact[] = [];
  /** What is saved with each batch that tells something, by the fact. */
  const saved = new Map<string, readonly CursorChange[]>();
  const pages = {
    async *of(part: Window) {
      asked.push(part);
      const code = fails(part);
      if (code !== undefined) {
        throw new RunnerError(code, "It failed.", { next: RETRY });
      }
      yield [];
    },
  } as unknown as ObjectPages;
  const records = {
    know() {},
    read: (_: unknown, rest: Window) => ({
      events: [],
      delivered: [],
      edge: order === "newest first" ? rest.to : rest.after,
    }),
  } as unknown as ObjectRecords;
  const client = { time: async () => ({ now: NOW, machineAhead: 0 }) } as unknown as OrgClient;
  const reader = new WindowReader({
    type: LOGIN_EVENT,
    ...{ order, pages, client },
    memory: new Memory().share(),
    tell: (fact) => facts.push(fact),
    clock: new ManualClock(NOW),
  });
  const cursor: ObjectCursor = {
    organizationId: "00D000000000001AAA",
    after: window.after,
    open: undefined,
    delivered: new Map(),
    failed,
  };
  const horizon = { settledTo, readTo: NOW - 120 * SECOND };
  const signal = scene.signal ?? new AbortController().signal;
  const round: ObjectRound = { horizon, records, signal, cursor, unsettled: undefined };
  const widths = { ms: width };
  let error: unknown;
  try {
    const batches = reader.drain(
      {
        window,
        rest: window,
        width: widths,
        given: (rest, delivered) => afterRecords(round.cursor, { window, rest, settledTo, order }, delivered),
        whole: () => afterWindow(round.cursor, window, settledTo, round.unsettled === undefined),
      },
      round,
    );
    for await (const batch of batches) {
      const told = (batch.whenDelivered.facts ?? []) as Fact[];
      facts.push(...told);
      for (const { fact } of told) {
        saved.set(fact, batch.whenDelivered.changes);
      }
    }
  } catch (caught) {
    error = caught;
  }
  const pieces = [...round.cursor.failed.values()].slice(failed.size);
  return {
    asked,
    facts,
    saved,
    round,
    error,
    width: widths.ms,
    pieces: pieces.map(({ after, to }) => ({ after, to })),
  };
}

const isProbe = ({ to }: Window) => to === NOW - 120 * SECOND;
/** The second that begins so many seconds behind the beginning of the window. */
const second = (n: number): Window => ({ after: WINDOW.after + n * SECOND, to: WINDOW.after + (n + 1) * SECOND });

describe("pieces that can't be read", () => {
  test.each<ReadingOrder>(["newest first", "oldest first"])(
    "%s: the one is kept apart, all others are read",
    async (order) => {
      const { after: bad } = second(4);
      const { pieces, asked, round, facts, saved } = await read({
        order,
        fails: ({ after, to }) => (after <= bad && to > bad ? "server_error" : undefined),
      });
      expect(pieces).toHaveLength(1);
      expect(pieces[0]?.after).toBeLessThanOrEqual(bad);
      expect(pieces[0]?.to).toBeGreaterThan(bad);
      expect(asked.filter(isProbe)).toHaveLength(1);
      expect(round.cursor).toMatchObject({ after: WINDOW.to, open: undefined });
      expect(facts.map(({ fact }) => fact)).toEqual(["window_failed", "window_done"]);
      // What is read after a kill goes on behind it.
      const { open, after } = Object.fromEntries(
        (saved.get("window_failed") ?? []).map(({ key, value }) => [key, value]),
      );
      expect(order === "newest first" ? open : after).toEqual(
        order === "newest first" ? expect.objectContaining({ reached: pieces[0]?.after }) : pieces[0]?.to,
      );
      const covered = asked.filter((part) => !isProbe(part)).toSorted((a, b) => a.after - b.after);
      expect(covered[0]?.after).toBe(WINDOW.after);
      expect(covered.at(-1)?.to).toBe(WINDOW.to);
      covered.slice(1).forEach((part, at) => {
        expect(part.after).toBe(covered[at]?.to);
      });
    },
  );

  test("all of them: two are kept apart, and the rest is a third one, so that Salesforce is not asked for each", async () => {
    const { pieces, asked, round } = await read({ fails: (part) => (isProbe(part) ? undefined : "server_error") });
    expect(pieces).toEqual([second(9), second(8), { after: WINDOW.after, to: second(8).after }]);
    expect(asked).toHaveLength(6);
    expect(round.cursor.after).toBe(WINDOW.to);
  });

  test.each([
    [31, [second(9), { after: WINDOW.after, to: second(9).after }]],
    [32, [WINDOW]],
  ])("beside %i others", async (others, expected) => {
    const { after } = WINDOW;
    const failed = new Map(
      Array.from({ length: others }, (_, n) => [`failed:${n + 1}`, { after: after - 9, to: after - 8, failure }]),
    );
    const { pieces } = await read({ failed, fails: (part) => (isProbe(part) ? undefined : "server_error") });
    expect(pieces).toEqual(expected);
  });

  test("in which something may still appear: only what lies before that is kept apart, and the cursor stays there", async () => {
    const settledTo = WINDOW.after + 4_500;
    const { pieces, round } = await read({
      settledTo,
      width: 10 * SECOND,
      fails: (part) => (isProbe(part) ? undefined : "server_error"),
    });
    expect(pieces).toEqual([{ after: WINDOW.after, to: settledTo }]);
    expect(round.unsettled).toMatchObject({ code: "server_error" });
    expect(round.cursor.after).toBe(settledTo);
  });

  test("of the last moments alone: nothing is kept apart, the next round asks again", async () => {
    const { pieces, round, facts } = await read({
      settledTo: WINDOW.after,
      width: 10 * SECOND,
      fails: (part) => (isProbe(part) ? undefined : "server_error"),
    });
    expect(pieces).toEqual([]);
    expect(round.unsettled).toMatchObject({ code: "server_error" });
    expect(round.cursor.after).toBe(WINDOW.after);
    expect(facts.map(({ fact }) => fact)).toEqual(["window_done"]);
  });
});

describe("what is more than a piece", () => {
  test("concerns the org: nobody is asked again", async () => {
    const { error, asked, pieces } = await read({ fails: () => "host_unknown" });
    expect(error).toMatchObject({ code: "host_unknown" });
    expect([asked.length, pieces]).toEqual([1, []]);
  });

  test("concerns the object: the newest second fails too, with what it says itself", async () => {
    const { error, asked, pieces } = await read({ fails: (part) => (isProbe(part) ? "not_found" : "server_error") });
    expect(error).toMatchObject({ code: "not_found" });
    expect([asked.length, pieces]).toEqual([2, []]);
  });

  test("is a stop: its reason, and nothing is asked", async () => {
    const stop = new AbortController();
    const { error, asked, pieces } = await read({
      signal: stop.signal,
      fails: () => {
        stop.abort(new Error("stopped"));
        return "connection_lost";
      },
    });
    expect(error).toMatchObject({ message: "stopped" });
    expect([asked.length, pieces]).toEqual([1, []]);
  });
});

describe("what is too much at once", () => {
  test("is asked for in halves at once, down to a second, which is a piece of its own", async () => {
    const { asked, facts, pieces } = await read({
      width: 8 * SECOND,
      fails: (part) => (part.to === WINDOW.to ? "query_timed_out" : undefined),
    });
    expect(asked.slice(0, 4).map(({ after, to }) => to - after)).toEqual([8, 4, 2, 1].map((n) => n * SECOND));
    expect(facts.filter(({ fact }) => fact === "window_halved")).toMatchObject([
      { width: 4 * SECOND },
      { width: 2 * SECOND },
      { width: SECOND },
    ]);
    expect(pieces).toEqual([second(9)]);
  });

  test("took too long: it is a piece, and further slices are narrower", async () => {
    let isFirst = true;
    const { asked, pieces, facts } = await read({
      width: 8 * SECOND,
      fails: () => {
        const code = isFirst ? "timed_out" : undefined;
        isFirst = false;
        return code;
      },
    });
    expect(pieces).toEqual([{ after: WINDOW.to - 8 * SECOND, to: WINDOW.to }]);
    expect(asked.filter((part) => !isProbe(part)).map(({ after, to }) => to - after)).toEqual([8 * SECOND, 2 * SECOND]);
    expect(facts.some(({ fact }) => fact === "window_halved")).toBe(false);
  });
});

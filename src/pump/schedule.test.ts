import { describe, expect, test } from "vitest";
import type { Clock } from "../core/clock.ts";
import { GIVE_UP, type NextStep, RETRY, RunnerError } from "../core/errors.ts";
import type { Fact } from "../reporting/facts.ts";
import type { RoundEnd, RoundScope } from "../sources/source.ts";
import { collectOnce, keepCollecting, waitAfter } from "./schedule.ts";

const INTERVAL = 600_000;

/** Time that waiting moves. */
function movedClock(random = 0): Clock & { time: number } {
  return {
    time: 0,
    now() {
      return this.time;
    },
    random: () => random,
    async sleep(ms, signal) {
      signal?.throwIfAborted();
      this.time += ms;
    },
  };
}

const remote = (next: NextStep = RETRY) => new RunnerError("server_error", "down", { next });
const configuration = () => new RunnerError("login_refused", "refused", { next: GIVE_UP });

describe("the wait after a failed round", () => {
  test.each<[string, RunnerError, number, number]>([
    ["a first remote failure", remote(), 1, 500],
    ["a fifth one", remote(), 5, 8_000],
    ["many, but no longer than a minute's half and half of it by chance", remote(), 30, 30_000],
    ["a dead session", remote({ do: "refresh" }), 1, 500],
    ["what a person must mend", configuration(), 1, 30_000],
    ["the same for the third time", configuration(), 3, 120_000],
    ["a moment that is told, and a little more", remote({ do: "waitUntil", at: 100_000 }), 1, 102_000],
    ["a moment beyond all times: an hour", remote({ do: "waitUntil", at: 1e16 }), 1, 3_672_000],
    ["a moment that is past", remote({ do: "waitUntil", at: -5 }), 1, 1_020],
  ])("%s", (_, error, failures, expected) => {
    expect(waitAfter(error, failures, INTERVAL, movedClock())).toBe(expected);
  });

  test("is never longer than the interval for a remote failure", () => {
    expect(waitAfter(remote(), 30, 5_000, movedClock(1))).toBe(5_000);
  });
});

test.each([0, -3_600_000, 1])(
  "a far side that asks to be asked again in %i ms, for ever, is asked once a minute in the end",
  (ms) => {
    const waits = Array.from({ length: 20 }, (_, n) =>
      waitAfter(remote({ do: "waitUntil", at: ms }), n + 1, INTERVAL, movedClock()),
    );
    expect(waits[0]).toBeGreaterThanOrEqual(1_000);
    expect(waits.at(-1)).toBe(30_000);
    expect(waitAfter(remote({ do: "waitUntil", at: Number.MAX_SAFE_INTEGER }), 1, INTERVAL, movedClock())).toBe(
      3_672_000,
    );
  },
);

describe("rounds for ever", () => {
  test("go on after every kind of failure, and end when stopped", async () => {
    const stop = new AbortController();
    const outcomes = [remote(), configuration(), new Error("ours"), undefined, undefined];
    const facts: Fact[] = [];
    await keepCollecting({
      round: async () => {
        const outcome = outcomes.shift();
        if (outcomes.length === 0) {
          stop.abort();
        }
        if (outcome !== undefined) {
          throw outcome;
        }
      },
      interval: INTERVAL,
      tell: (fact) => facts.push(fact),
      clock: movedClock(),
      stop: stop.signal,
    });
    expect(facts.map(({ fact }) => fact)).toEqual([
      "round_failed",
      "round_failed",
      "round_failed",
      "round_done",
      "round_done",
    ]);
  });

  test("wait the interval after a good round", async () => {
    const stop = new AbortController();
    const clock = movedClock();
    const starts: number[] = [];
    await keepCollecting({
      round: async () => {
        starts.push(clock.time);
        if (starts.length === 3) {
          stop.abort();
        }
      },
      interval: INTERVAL,
      tell: () => {},
      clock,
      stop: stop.signal,
    });
    expect(starts).toEqual([0, 1.02 * INTERVAL, 2.04 * INTERVAL]);
  });
});

describe("what failed in a round that went on", () => {
  const MINUTE = 60_000;
  const failed = remote();

  /** Rounds that end one after the other as given, each at what time and of what scope; the last one stops it. */
  async function rounds(ends: readonly (RoundEnd | undefined | Error)[], interval = INTERVAL) {
    const stop = new AbortController();
    const clock = movedClock();
    const began: [time: number, scope: RoundScope][] = [];
    const facts: Fact[] = [];
    await keepCollecting({
      round: async (scope) => {
        began.push([clock.time, scope]);
        const end = ends[began.length - 1];
        if (began.length === ends.length) {
          stop.abort();
        }
        if (end instanceof Error) {
          throw end;
        }
        return end;
      },
      interval,
      tell: (fact) => facts.push(fact),
      clock,
      stop: stop.signal,
    });
    return { began, facts };
  }

  test("is tried again when that is due, and the next whole round comes when it would have come anyway", async () => {
    const again = { error: failed, retryIn: 4 * MINUTE };
    const { began, facts } = await rounds([again, again, again, undefined, undefined]);
    // Each wait is a fiftieth longer, so that a timer that is early finds something due.
    const wait = 1.02 * 4 * MINUTE;
    expect(began).toEqual([
      [0, "and what comes"],
      [wait, "what failed"],
      [2 * wait, "what failed"],
      [1.02 * INTERVAL, "and what comes"],
      [2 * 1.02 * INTERVAL, "and what comes"],
    ]);
    expect(facts.map((fact) => (fact.fact === "round_done" ? fact.open : fact.fact))).toEqual([
      ...[failed, failed, failed],
      ...[undefined, undefined],
    ]);
  });

  test("is not tried more often than each second, whatever is said", async () => {
    const { began } = await rounds([{ error: failed, retryIn: -5 }, { error: failed, retryIn: 0 }, undefined]);
    expect(began.map(([time]) => time)).toEqual([0, 1_020, 2_040]);
  });

  test("after a round that failed as a whole the next one is whole", async () => {
    const { began } = await rounds([{ error: failed, retryIn: MINUTE }, failed, undefined]);
    expect(began.map(([, scope]) => scope)).toEqual(["and what comes", "what failed", "and what comes"]);
  });

  test("a failure in between is the first again after a round that went on", async () => {
    const { began } = await rounds([failed, failed, undefined, failed, undefined], 1_000);
    const waits = began.slice(1).map(([time], n) => time - (began[n]?.[0] ?? 0));
    expect(waits).toEqual([500, 1_000, 1_020, 500]);
  });
});

describe("a single run of which a part failed", () => {
  const run = async (ends: readonly (RoundEnd | undefined)[], patience?: number) => {
    const clock = movedClock();
    const facts: Fact[] = [];
    let rounds = 0;
    const error = await collectOnce({
      round: async (scope) => {
        expect(scope).toBe("everything");
        rounds += 1;
        return ends[Math.min(rounds, ends.length) - 1];
      },
      interval: INTERVAL,
      tell: (fact) => facts.push(fact),
      clock,
      stop: new AbortController().signal,
      patience,
    });
    return { rounds, error, at: clock.time, facts };
  };

  test("tries it again when it is due, as long as that is within its patience", async () => {
    const error = remote();
    const { facts, ...rest } = await run([{ error, retryIn: 60_000 }, { error, retryIn: 0 }, undefined]);
    expect(rest).toEqual({ rounds: 3, error: undefined, at: 61_200 + 1_020 });
    expect(facts).toEqual([
      { fact: "round_failed", error, nextAttemptAt: 61_200 },
      { fact: "round_failed", error, nextAttemptAt: 62_220 },
      { fact: "round_done" },
    ]);
    expect(await run([{ error, retryIn: 10 * 60_000 }])).toMatchObject({ rounds: 1, error, at: 0 });
    expect(await run([{ error, retryIn: 60_000 }, undefined], 61_200)).toMatchObject({ rounds: 2, at: 61_200 });
    expect(await run([{ error, retryIn: 60_000 }, undefined], 61_199)).toMatchObject({ rounds: 1, at: 0 });
  });

  test("ends with what is parked or only a person can mend, however patient it is", async () => {
    for (const end of [
      { error: remote(), retryIn: 3_600_001 },
      { error: configuration(), retryIn: 1_000 },
    ]) {
      const { rounds, error, facts } = await run([end], Number.POSITIVE_INFINITY);
      expect([rounds, error]).toEqual([1, end.error]);
      expect(facts).toMatchObject([{ fact: "round_failed", nextAttemptAt: Number.POSITIVE_INFINITY }]);
    }
    const hour = { error: remote(), retryIn: 3_600_000 };
    expect(await run([hour, undefined], Number.POSITIVE_INFINITY)).toMatchObject({ rounds: 2, error: undefined });
  });

  test("a round without an error is done, though something is to come", async () => {
    expect(await run([{ error: undefined, retryIn: 5_000 }])).toMatchObject({ rounds: 1, error: undefined });
  });
});

describe("a single run", () => {
  const once = async (outcomes: (Error | undefined)[], patience?: number) => {
    let rounds = 0;
    const error = await collectOnce({
      round: async () => {
        const outcome = outcomes[Math.min(rounds, outcomes.length - 1)];
        rounds += 1;
        if (outcome !== undefined) {
          throw outcome;
        }
      },
      interval: INTERVAL,
      tell: () => {},
      clock: movedClock(),
      stop: new AbortController().signal,
      patience,
    });
    return { rounds, code: error?.code };
  };

  test("ends with the first good round", async () => {
    expect(await once([remote(), remote(), undefined])).toEqual({ rounds: 3, code: undefined });
  });

  test("ends rather than wait long, unless it is told to", async () => {
    const used = new RunnerError("request_limit_exceeded", "used", { next: { do: "waitUntil", at: 1e16 } });
    expect(await once([used, undefined])).toEqual({ rounds: 1, code: "request_limit_exceeded" });
    const often = [...Array.from({ length: 20 }, () => used), undefined];
    expect(await once(often, Number.POSITIVE_INFINITY)).toEqual({ rounds: 21, code: undefined });
  });

  test("ends at once with what only a person can mend", async () => {
    expect(await once([configuration()])).toEqual({ rounds: 1, code: "login_refused" });
  });

  test("gives up on a far side that stays down", async () => {
    expect(await once([remote()])).toEqual({ rounds: 8, code: "server_error" });
  });
});

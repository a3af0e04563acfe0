/** What the parts of a round of live events owe each other. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { HOUR, LiveRounds, MINUTE } from "../../../_dev/shared/testing/live_rounds.ts";

const LOGINS = "LoginEventStream";
/** For what only the network decides. */
const PATIENT = { timeout: 20_000, interval: 10 };

let rounds: LiveRounds;
beforeEach(async () => {
  rounds = new LiveRounds();
  await rounds.start();
});
afterEach(() => rounds.close());

const stored = (count: number) => vi.waitFor(() => expect(rounds.stored.size).toBe(count), PATIENT);
const told = (name: string) => rounds.facts.filter(({ fact }) => fact === name);
const streams = async () => (await rounds.org.given.pubSub()).streams;

test("equal events without an identifier of their own are two by the ids of their messages, and one that comes twice is one", async () => {
  const equal = { EventIdentifier: null, EventDate: "2026-07-20T11:59:58.123Z", Username: "ann@acme.example" };
  await rounds.org.given.published(LOGINS, [equal, equal], { copies: 2 });
  const round = rounds.begin();
  await vi.waitFor(() => expect(rounds.sent).toHaveLength(4), PATIENT);
  await round.stop();
  expect(rounds.stored.size).toBe(2);
});

test("a round whose subscription ends is over, though a gap is still to be read", async () => {
  await rounds.org.given.published(LOGINS, [{ Username: "before" }]);
  const first = rounds.begin();
  await stored(1);
  await vi.waitFor(() => expect(told("topic_heard")).not.toHaveLength(0), PATIENT);
  await first.stop();
  rounds.clock.advance(80 * HOUR);
  await rounds.org.given.fault({
    on: "query",
    match: "LoginEvent",
    status: 403,
    body: [{ errorCode: "INSUFFICIENT_ACCESS", message: "no" }],
  });
  // Its place is refused, and the next one begins anew, with a gap.
  await rounds.begin().ended;
  const before = (await streams()).length;
  const source = rounds.source();
  const round = rounds.begin(source);
  await vi.waitFor(() => expect(told("live_gap")).toHaveLength(1), PATIENT);
  await vi.waitFor(async () => expect((await streams()).length).toBeGreaterThan(before), PATIENT);
  await vi.waitFor(() => expect(rounds.clock.sleeping).toBeGreaterThan(1), PATIENT);
  rounds.clock.advance(MINUTE);
  await rounds.org.given.broken({ how: "ended" });
  expect(await round.ended).toEqual({ end: { error: undefined, retryIn: 1_000 }, error: undefined });
  expect(rounds.clock.sleeping).toBe(0);
});

test("silence while nothing is owed, because an output takes nothing, is not taken for Salesforce's", async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  rounds.gate = promise;
  await rounds.org.given.published(
    LOGINS,
    Array.from({ length: 100 }, (_, n) => ({ Username: `user${n}` })),
  );
  const round = rounds.begin();
  await vi.waitFor(() => expect(rounds.sent).toHaveLength(100), PATIENT);
  await vi.waitFor(() => expect(rounds.clock.sleeping).toBeGreaterThan(0), PATIENT);
  rounds.clock.advance(5 * MINUTE);
  await vi.waitFor(async () => expect((await streams())[0]?.end).toBe("ended"), PATIENT);
  resolve();
  expect(await round.ended).toEqual({ end: { error: undefined, retryIn: 1_000 }, error: undefined });
});

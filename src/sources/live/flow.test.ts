import { expect, test } from "vitest";
import { afterAcknowledgement, afterAnswer, afterAsking, type Flow, inBatches, START_OF_FLOW, wanted } from "./flow.ts";

const MEBIBYTE = 1024 * 1024;
const flow = (parts: Partial<Flow>): Flow => ({ ...START_OF_FLOW, ...parts });

test.each<[string, Partial<Flow>, number]>([
  ["at the beginning", {}, 100],
  ["with all of them owed", { owed: 100 }, 0],
  ["with some owed and some not acknowledged", { owed: 30, held: 60 }, 10],
  ["with none acknowledged", { held: 100 }, 0],
  ["with more than had been asked for", { held: 250 }, 0],
  ["of long events", { bytesAnEvent: MEBIBYTE / 4 }, 4],
  ["of events longer than all that may be under way", { bytesAnEvent: 3 * MEBIBYTE }, 1],
  ["of such an event that is not acknowledged", { bytesAnEvent: 3 * MEBIBYTE, held: 1 }, 0],
])("more are wanted %s", (_, parts, expected) => {
  expect(wanted(flow(parts))).toBe(expected);
});

test("what is asked for and comes is held until it is acknowledged", () => {
  const asked = afterAsking(START_OF_FLOW, 100);
  const arrived = afterAnswer(asked, 40, 40_000);
  expect(arrived).toEqual({ owed: 60, held: 40, bytesAnEvent: 1_000 });
  expect(wanted(arrived)).toBe(0);
  expect(wanted(afterAcknowledgement(arrived, 25))).toBe(25);
});

test("what comes without having been asked for makes no debt", () => {
  expect(afterAnswer(afterAsking(START_OF_FLOW, 10), 30, 0)).toMatchObject({ owed: 0, held: 30 });
});

test("long events are remembered for a while; an answer without events says nothing of them", () => {
  const long = afterAnswer(START_OF_FLOW, 1, MEBIBYTE);
  expect(wanted({ ...long, held: 0 })).toBe(1);
  expect(afterAnswer(long, 0, 0).bytesAnEvent).toBe(MEBIBYTE);
  const later = Array.from({ length: 60 }).reduce<Flow>((before) => afterAnswer(before, 1, 1_000), long);
  expect(wanted({ ...later, held: 0 })).toBe(100);
});

test("what has come goes on in batches of 50 at most, in its order; what is little goes together", () => {
  const serials = Array.from({ length: 157 }, (_, n) => n + 1).values();
  const answer = (events: number) => ({
    events: Array.from({ length: events }, () => ({ replayId: Uint8Array.of(Number(serials.next().value)) })),
    latestReplayId: Uint8Array.of(),
  });
  const arrived = [answer(110), answer(0), answer(20), answer(10), answer(0), answer(17)] as unknown as Parameters<
    typeof inBatches
  >[0];
  const batches = inBatches(arrived);
  expect(batches.map((batch) => batch.map(({ events }) => events.length))).toEqual([
    [50],
    [50],
    [10, 0, 20, 10, 0],
    [17],
  ]);
  const order = batches.flat().flatMap(({ events }) => events.map(({ replayId }) => replayId?.[0]));
  expect(order).toEqual(Array.from({ length: 157 }, (_, n) => n + 1));
  const exact = inBatches([answer(30), answer(20), answer(1)] as unknown as typeof arrived);
  expect(exact.map((batch) => batch.map(({ events }) => events.length))).toEqual([[30, 20], [1]]);
  expect(inBatches([answer(0)] as unknown as typeof arrived)).toHaveLength(1);
});

import { describe, expect, test } from "vitest";
import type { CollectorEvent } from "./collector_event.ts";
import { CollectorQueue } from "./collector_queue.ts";

function event(code: string, time: number): CollectorEvent {
  return { code, time, source: undefined, identity: [time], message: "" };
}

function filled(limit: number, ...events: readonly CollectorEvent[]): CollectorQueue {
  const queue = new CollectorQueue(limit);
  for (const one of events) {
    queue.add(one);
  }
  return queue;
}

const all = (queue: CollectorQueue) => queue.take(queue.length).map(({ code, time }) => `${code} ${time}`);

describe("what waits for delivery", () => {
  test.each<[string, CollectorEvent[], string[], number]>([
    ["keeps the order", [event("drift", 1), event("coverage", 2)], ["drift 1", "coverage 2"], 0],
    [
      "drops the oldest periodic report first",
      [event("file_collected", 1), event("stream_status", 2), event("api_budget", 3), event("drift", 4)],
      ["file_collected 1", "api_budget 3", "drift 4"],
      1,
    ],
    [
      "drops the oldest report when none is periodic",
      [event("file_failed", 1), event("file_gone", 2), event("drift", 3), event("file_collected", 4)],
      ["file_gone 2", "drift 3", "file_collected 4"],
      1,
    ],
  ])("%s", (_, events, expected, dropped) => {
    const queue = filled(3, ...events);
    expect(all(queue)).toEqual(expected);
    expect(queue.takeDropped()).toBe(dropped);
    expect(queue.takeDropped()).toBe(0);
  });

  test("what could not be delivered comes first again", () => {
    const queue = filled(3, event("file_collected", 1), event("coverage", 2));
    const taken = queue.take(1);
    queue.add(event("drift", 3));
    queue.putBack(taken);
    expect(all(queue)).toEqual(["file_collected 1", "coverage 2", "drift 3"]);
  });

  test("putting back drops as adding does", () => {
    const queue = filled(2, event("stream_status", 1), event("file_collected", 2));
    const taken = queue.take(2);
    queue.add(event("drift", 3));
    queue.putBack(taken);
    expect(all(queue)).toEqual(["file_collected 2", "drift 3"]);
    expect(queue.takeDropped()).toBe(1);
  });
});

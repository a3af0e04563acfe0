import { describe, expect, test } from "vitest";
import { ManualClock } from "../../_dev/shared/testing/manual_clock.ts";
import { createMemoryCursors } from "../../_dev/shared/testing/memory_cursors.ts";
import { callHoursContract } from "./call_hours.contract.ts";
import { createMemoryCallHours } from "./call_hours.ts";
import { SharedCallHours } from "./shared_call_hours.ts";

const MINUTE = 60_000;

describe("counts of several hosts", () =>
  callHoursContract(async () => {
    const hours = new SharedCallHours(createMemoryCallHours(), new ManualClock());
    await hours.begin(createMemoryCursors());
    return hours;
  }));

test("a host counts on where the one before has stopped", async () => {
  const cursors = createMemoryCursors();
  const clock = new ManualClock();
  const first = new SharedCallHours(createMemoryCallHours(), clock);
  first.add(100);
  await first.begin(cursors);
  first.add(100);
  first.add(101);
  expect(first.since(0)).toEqual(
    new Map([
      [100, 2],
      [101, 1],
    ]),
  );
  await first.end();

  const second = new SharedCallHours(createMemoryCallHours(), clock);
  second.add(101);
  await second.begin(cursors);
  expect(second.since(0)).toEqual(
    new Map([
      [100, 2],
      [101, 2],
    ]),
  );
  expect(second.since(101)).toEqual(new Map([[101, 2]]));
  await second.end();
  await second.begin(cursors);
  expect(second.since(101)).toEqual(new Map([[101, 2]]));
  await second.end();
  expect(await cursors.load("api calls")).toEqual(new Map([["hour:101", 2]]));
});

test("what a host that dies has counted is known but for the last minute", async () => {
  const cursors = createMemoryCursors();
  const clock = new ManualClock();
  const dying = new SharedCallHours(createMemoryCallHours(), clock);
  await dying.begin(cursors);
  dying.add(100);
  clock.advance(MINUTE);
  dying.add(100);
  dying.add(100);
  await Promise.resolve();
  const next = new SharedCallHours(createMemoryCallHours(), clock);
  await next.begin(cursors);
  expect(next.since(0)).toEqual(new Map([[100, 2]]));
});

test("calls of a backfill on the same host count as well", async () => {
  const local = createMemoryCallHours();
  const hours = new SharedCallHours(local, new ManualClock());
  await hours.begin(createMemoryCursors());
  hours.add(100);
  local.add(100);
  local.add(99);
  expect(hours.since(0)).toEqual(
    new Map([
      [100, 2],
      [99, 1],
    ]),
  );
});

test("what can't be a count is none, and a store that is away loses nothing that is counted here", async () => {
  const cursors = createMemoryCursors();
  await cursors.save("api calls", [
    { key: "hour:100", value: "many" },
    { key: "hour:101", value: -5 },
    { key: "hour:102", value: 1e300 },
    { key: "hour:103", value: 100_000_001 },
    { key: "hour:104", value: 100_000_000 },
    { key: "hour:105", value: 0 },
    { key: "year", value: 3 },
  ]);
  const hours = new SharedCallHours(createMemoryCallHours(), new ManualClock());
  await hours.begin({ ...cursors, save: () => Promise.reject(new Error("away")) });
  hours.add(100);
  await hours.end();
  expect(hours.since(0)).toEqual(
    new Map([
      [100, 1],
      [104, 100_000_000],
    ]),
  );
});

test("what is written is not written again, whatever is counted later", async () => {
  const cursors = createMemoryCursors();
  const written: string[] = [];
  const save: typeof cursors.save = async (source, changes) => {
    written.push(changes.map(({ key, value }) => `${key} ${value}`).join());
    await cursors.save(source, changes);
  };
  const hours = new SharedCallHours(createMemoryCallHours(), new ManualClock());
  for (const hour of [100, 101, 101]) {
    await hours.begin({ ...cursors, save });
    hours.add(hour);
    await hours.end();
  }
  await hours.begin({ ...cursors, save });
  await hours.end();
  expect(written).toEqual(["hour:100 1", "hour:101 1", "hour:101 2"]);
});

test("what a host has counted is saved when its turn has ended, and what could not be saved is with the next", async () => {
  const cursors = createMemoryCursors();
  const clock = new ManualClock();
  let isAway = true;
  const slow = {
    ...cursors,
    save: async (...given: Parameters<typeof cursors.save>) => {
      await new Promise((next) => setImmediate(next));
      if (isAway) {
        throw new Error("away");
      }
      await cursors.save(...given);
    },
  };
  const hours = new SharedCallHours(createMemoryCallHours(), clock);
  await hours.begin(slow);
  clock.advance(MINUTE);
  hours.add(100);
  await new Promise((next) => setTimeout(next, 5));
  expect(await cursors.load("api calls")).toEqual(new Map());
  isAway = false;
  hours.add(101);
  await hours.end();
  expect(await cursors.load("api calls")).toEqual(
    new Map([
      ["hour:100", 1],
      ["hour:101", 1],
    ]),
  );
});

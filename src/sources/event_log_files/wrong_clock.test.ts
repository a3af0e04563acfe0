import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { FileCollection } from "../../../_dev/shared/testing/file_collection.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const NOW = Date.UTC(2026, 6, 20, 12);

let collection: FileCollection;
beforeEach(async () => {
  collection = await new FileCollection().open();
});
afterEach(() => collection.close());

const at = (ms: number) => new Date(ms).toISOString();
const hourly = (logDate: number, ...ids: string[]) => ({
  eventType: "Login",
  logDate: at(logDate),
  interval: "Hourly" as const,
  rows: ids.map((id) => ({ EVENT_TYPE: "Login", TIMESTAMP: "20260720110000.123", REQUEST_ID: id })),
});

/** Whether the clock was told to be ahead (1), behind (-1) or right (0), each time that it was told. */
const clocks = () =>
  collection.facts.flatMap((fact) => (fact.fact === "clock_compared" ? [Math.sign(fact.ahead)] : []));

describe.each([
  ["30 days ahead", 30 * DAY],
  ["30 days behind", -30 * DAY],
  ["seven years behind", -7 * 365 * DAY],
])("a first run with the machine's clock %s", (words, ahead) => {
  test("collects what a right clock would have it collect, and the status names the difference", async () => {
    await collection.org.given.logFile(hourly(NOW - 40 * DAY, "long ago"));
    await collection.org.given.logFile(hourly(NOW - HOUR, "recent"));
    collection.machineAhead = ahead;
    collection.start(MINUTE);
    await collection.pass(4 * MINUTE);
    expect(collection.sent).toEqual(["recent"]);
    expect(collection.report).toMatchObject({
      health: "degraded",
      errorCode: "clock_off",
      message: expect.stringMatching(ahead > 0 ? /ahead of Salesforce's/ : /behind Salesforce's/),
    });
    expect(words).not.toBe("");
    expect(clocks()).toEqual([Math.sign(ahead)]);

    collection.machineAhead = 0;
    await collection.pass(4 * MINUTE);
    expect(collection.report).toMatchObject({ health: "healthy", message: "" });
    expect(clocks()).toEqual([Math.sign(ahead), 0]);
  });
});

test("a clock that jumps by days while the runner runs, there and back: nothing is sent again, nothing is missed", {
  timeout: 60_000,
}, async () => {
  for (let hour = 1; hour <= 60; hour += 1) {
    await collection.org.given.logFile(hourly(NOW - hour * HOUR, `h${hour}`));
  }
  collection.start(MINUTE);
  for (const ahead of [0, 5 * DAY, 0, -5 * DAY, 40 * DAY, 0]) {
    collection.machineAhead = ahead;
    await collection.pass(5 * MINUTE);
    await collection.org.given.logFile(hourly(collection.clock.now() - HOUR, `new ${ahead} ${collection.clock.now()}`));
    await collection.pass(5 * MINUTE);
  }
  expect(collection.sent.length).toBe(new Set(collection.sent).size);
  expect(collection.sent.filter((id) => id.startsWith("new"))).toHaveLength(6);
});

test("a start in the future, left by a clock that was wrong, is set anew and told", async () => {
  await collection.org.given.logFile(hourly(NOW - HOUR, "recent"));
  await collection.cursors.save("login", [
    { key: "organization", value: collection.org.orgId },
    { key: "start", value: NOW + 30 * DAY },
  ]);
  collection.start(MINUTE);
  await collection.pass(2 * MINUTE);
  expect(collection.sent).toEqual(["recent"]);
  expect(collection.facts).toContainEqual({ fact: "cursors_mended", keys: ["start"] });
  expect(collection.facts.filter(({ fact }) => fact === "cursors_mended")).toHaveLength(1);
});

describe("a listing that can't be meant", () => {
  const record = (id: string, more: object = {}) => ({
    attributes: { type: "EventLogFile" },
    Id: id,
    EventType: "Login",
    Interval: "Hourly",
    Sequence: 1,
    LogDate: at(NOW - HOUR),
    CreatedDate: at(NOW - MINUTE),
    LogFileLength: 10,
    LogFile: `/services/data/v66.0/sobjects/EventLogFile/${id}/LogFile`,
    ...more,
  });

  test.each<[string, object]>([
    ["no LogFile", { LogFile: null }],
    ["a LogFile somewhere else", { LogFile: "//elsewhere.example/file" }],
    ["no CreatedDate", { CreatedDate: null }],
    ["a CreatedDate of the year 275760", { CreatedDate: "+275760-09-13T00:00:00.000Z" }],
    ["an Interval that there is not", { Interval: "Weekly" }],
    ["a LogDate in the future", { LogDate: at(NOW + 400 * DAY) }],
    ["a LogDate that is none", { LogDate: "yesterday" }],
    ["a negative length", { LogFileLength: -1 }],
    ["an endless length", { LogFileLength: 1e300 }],
    ["an absurd Sequence", { Sequence: -7 }],
    ["an event type that nobody asked for", { EventType: "../../etc" }],
    ["no Id", { Id: null }],
  ])("%s: that file alone is told, once; the others are read", async (_, flaw) => {
    const good = await collection.org.given.logFile(hourly(NOW - HOUR, "good"));
    const own = record(good.id, { LogFileLength: good.length, CreatedDate: good.createdDate });
    const records = [record("0AT300000000099AAA", flaw), own, own];
    await collection.org.given.fault({ on: "query", body: { totalSize: 3, done: true, records } });
    collection.start(MINUTE);
    await collection.pass(5 * MINUTE);
    expect(collection.sent).toEqual(["good"]);
    expect(collection.facts.filter(({ fact }) => fact === "file_unusable")).toHaveLength(1);
    expect(collection.facts.filter(({ fact }) => fact === "round_failed")).toEqual([]);
  });

  test.each<[string, object, isUnusable: boolean]>([
    ["the first day of event log files", { LogDate: "2014-01-01T00:00:00.000Z" }, false],
    ["the day before it", { LogDate: "2013-12-31T23:59:59.999Z" }, true],
    ["two days ahead", { CreatedDate: at(NOW + 2 * DAY) }, false],
    ["more than two days ahead", { CreatedDate: at(NOW + 2 * DAY + 1) }, true],
    ["no Interval, which is a daily file's", { Interval: null }, false],
    ["no Sequence", { Sequence: null }, false],
    ["the Sequence 0", { Sequence: 0 }, false],
    ["half a Sequence", { Sequence: 0.5 }, true],
    ["the Sequence of a million", { Sequence: 1_000_000 }, false],
    ["one more", { Sequence: 1_000_001 }, true],
    ["a file without a byte", { LogFileLength: 0 }, false],
    ["a short Id", { Id: "0AT300000000099" }, false],
    ["one that is shorter", { Id: "0AT30000000009" }, true],
    ["one that is too long", { Id: "0AT300000000099AAAA" }, true],
  ])("%s: whether that may be", async (_, edge, isUnusable) => {
    const records = [record("0AT300000000099AAA", edge)];
    await collection.org.given.fault({ on: "query", body: { totalSize: 1, done: true, records } });
    collection.start(MINUTE);
    await collection.pass(MINUTE / 2);
    expect(collection.facts.filter(({ fact }) => fact === "file_unusable")).toHaveLength(isUnusable ? 1 : 0);
    expect(collection.facts.some(({ fact }) => fact === "file_opened")).toBe(!isUnusable);
  });
});

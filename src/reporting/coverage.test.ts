import { describe, expect, test } from "vitest";
import type { FileFacts } from "../sources/event_log_files/body.ts";
import type { Coverages } from "../sources/fact.ts";
import type { Fact } from "./facts.ts";
import { coverageAfterFact } from "./facts.ts";
import { hoursWithoutFile } from "./state_events.ts";

const HOUR = 3_600_000;
const DAY = Date.UTC(2026, 6, 20);

function hourly(hour: number, more: Partial<FileFacts> = {}): FileFacts {
  return {
    id: `0AT${hour}`,
    eventType: "Login",
    interval: "hourly",
    sequence: 1,
    logDate: DAY + hour * HOUR,
    created: DAY + (hour + 4) * HOUR,
    length: 1_000,
    ...more,
  };
}
const daily = hourly(-24, { id: "0ATd", interval: "daily", sequence: 0 });

function knownAfter(...facts: readonly Fact[]): Coverages {
  return facts.reduce<Coverages>(coverageAfterFact, new Map());
}

function done(file: FileFacts, newestEvent?: number): Fact {
  return { fact: "file_done", file, rows: 1, rejected: 0, newestEvent };
}

describe("coverage", () => {
  test("counts listed and open files by event type and interval", () => {
    const files = [hourly(3), hourly(4), hourly(4, { id: "late", sequence: 2 }), daily];
    const coverages = knownAfter({ fact: "listed", files, open: [files[2] as FileFacts, daily] });
    expect([...coverages.keys()]).toEqual(["Login/hourly", "Login/daily"]);
    expect(coverages.get("Login/hourly")).toMatchObject({
      listed: 3,
      coveredUntil: DAY + 5 * HOUR,
      newestEvent: undefined,
    });
    expect([...(coverages.get("Login/hourly")?.open.keys() ?? [])]).toEqual(["late"]);
    expect(coverages.get("Login/daily")).toMatchObject({ listed: 1, coveredUntil: undefined });
  });

  test.each<[string, Fact[], object]>([
    [
      "a collected file",
      [done(hourly(4), DAY + 4.5 * HOUR)],
      { coveredUntil: DAY + 5 * HOUR, newestEvent: DAY + 4.5 * HOUR },
    ],
    [
      "files in any order",
      [done(hourly(4), DAY + 4.5 * HOUR), done(hourly(3), DAY + 3.5 * HOUR)],
      { coveredUntil: DAY + 5 * HOUR, newestEvent: DAY + 4.5 * HOUR },
    ],
    ["a file without rows", [done(hourly(4))], { coveredUntil: DAY + 5 * HOUR, newestEvent: undefined }],
    ["a deleted file", [{ fact: "file_gone", file: hourly(4) }], { coveredUntil: DAY + 5 * HOUR }],
  ])("moves on with %s", (_, facts, expected) => {
    const listed: Fact = { fact: "listed", files: [hourly(3), hourly(4)], open: [hourly(3), hourly(4)] };
    expect(knownAfter(listed, ...facts).get("Login/hourly")).toMatchObject(expected);
  });

  test("has open what was listed so, until that is collected or gone", () => {
    const files = [hourly(3), hourly(4), hourly(5)];
    const listed: Fact = { fact: "listed", files, open: files };
    const known = knownAfter(listed, done(hourly(3)), { fact: "file_gone", file: hourly(5) });
    expect([...(known.get("Login/hourly")?.open.keys() ?? [])]).toEqual(["0AT4"]);
  });

  test("a daily file covers its day", () => {
    const listed: Fact = { fact: "listed", files: [daily], open: [] };
    expect(knownAfter(listed).get("Login/daily")?.coveredUntil).toBe(DAY);
  });

  test("names the hours between the first and the last file that have none", () => {
    const listed: Fact = { fact: "listed", files: [hourly(3), hourly(7), hourly(5)], open: [] };
    const coverage = knownAfter(listed).get("Login/hourly");
    expect(coverage && hoursWithoutFile(coverage)).toEqual([DAY + 4 * HOUR, DAY + 6 * HOUR]);
  });

  test("keeps what it knew of an event type that is no longer listed", () => {
    const first: Fact = { fact: "listed", files: [hourly(3)], open: [hourly(3)] };
    const coverages = knownAfter(first, done(hourly(3), DAY + 3.5 * HOUR), { fact: "listed", files: [], open: [] });
    expect(coverages.get("Login/hourly")).toMatchObject({
      listed: 0,
      coveredUntil: DAY + 4 * HOUR,
      newestEvent: DAY + 3.5 * HOUR,
    });
  });

  test("follows the windows of an object", () => {
    const window = { fact: "window_done", object: "LoginEvent", after: DAY, records: 3 } as const;
    const coverages = knownAfter({ ...window, to: DAY + HOUR }, { ...window, to: DAY + 2 * HOUR });
    expect(coverages.get("LoginEvent")).toMatchObject({ interval: undefined, coveredUntil: DAY + 2 * HOUR });
  });

  test("is the same after facts that say nothing of it", () => {
    const known = knownAfter({ fact: "listed", files: [hourly(3)], open: [] });
    expect(coverageAfterFact(known, { fact: "round_done" })).toBe(known);
  });
});

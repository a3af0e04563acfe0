import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  DAY,
  HOUR,
  iso,
  login,
  logins,
  MINUTE,
  NOW,
  numbers,
  ObjectRounds,
  sorted,
} from "../../../_dev/shared/testing/object_rounds.ts";
import { PARKED_AFTER } from "../part_failure.ts";
import type { ObjectWindows } from "./source.ts";

let rounds: ObjectRounds;
beforeEach(async () => {
  rounds = new ObjectRounds();
  await rounds.start();
});
afterEach(() => rounds.close());

const told = (name: string) => rounds.facts.filter(({ fact }) => fact === name);

async function failedEntries(): Promise<[string, unknown][]> {
  return [...(await rounds.cursors.load("object"))].filter(([key]) => key.startsWith("failed:"));
}

/** Rounds as the schedule would make them, each as soon as it is due, until nothing has failed or `most` rounds are over. */
async function untilDone(objects: ObjectWindows, most: number): Promise<string[]> {
  const names: string[] = [];
  let wait: number | undefined = 1_000;
  for (let n = 0; n < most && wait !== undefined; n += 1) {
    rounds.clock.advance(wait);
    const round = await rounds.round(objects, undefined, "what failed");
    names.push(...round.names);
    wait = round.end?.retryIn;
  }
  return names;
}

describe("a window that fails while Salesforce answers for others", () => {
  test("keeps no other waiting: what is older, newer and comes later is delivered at once, and the rest when it can be read", async () => {
    await rounds.org.given.records("LoginEvent", [
      login("older", NOW - 3 * HOUR),
      login("broken", NOW - 90 * MINUTE),
      login("newer", NOW - 30 * MINUTE),
    ]);
    await rounds.org.given.org({ brokenApplication: "broken" });
    const objects = rounds.source({ initialLookback: 4 * HOUR });
    const { names, error, end } = await rounds.round(objects);
    expect(error).toBeUndefined();
    expect(names).toEqual(["older", "newer"]);
    expect(end?.error).toMatchObject({ code: "server_error" });
    expect(end?.error?.text).toMatch(/^LoginEvent of \S+Z to \S+Z \(LoginEvent\/1\) could not be read in 1 attempts/);
    expect(told("window_failed")).toMatchObject([{ object: "LoginEvent", id: "LoginEvent/1", attempt: 1 }]);

    await rounds.org.given.records("LoginEvent", [login("later", NOW - 1_000)]);
    rounds.clock.advance(5 * MINUTE);
    expect((await rounds.round(objects)).names).toContain("later");

    await rounds.org.given.org({ brokenApplication: undefined });
    rounds.clock.advance(HOUR);
    const all = [...names, ...(await rounds.round(objects)).names];
    expect(all.filter((name) => name !== "later").sort()).toEqual(["broken", "newer", "older"].sort());
    expect(await failedEntries()).toEqual([]);
  });

  test("is not tried again before it is due, but by a new process, which may know better", async () => {
    await rounds.org.given.records("LoginEvent", [login("broken", NOW - 90 * MINUTE)]);
    await rounds.org.given.org({ brokenApplication: "broken" });
    const objects = rounds.source({ initialLookback: 4 * HOUR });
    const attempts: number[] = [];
    for (const source of [objects, objects, objects, rounds.source({ initialLookback: 4 * HOUR })]) {
      await rounds.round(source);
      attempts.push(told("window_failed").length);
    }
    expect(attempts).toEqual([1, 1, 1, 2]);
  });

  test("is read in ever narrower slices, so that in the end only the broken second is left, and nothing comes twice", async () => {
    const broken = NOW - 100 * MINUTE;
    await rounds.org.given.org({ pageSize: 200 });
    await rounds.org.given.records("LoginEvent", [
      ...logins(600, NOW - 110 * MINUTE, 2_000),
      login("broken", broken + 1),
    ]);
    await rounds.org.given.org({ brokenApplication: "broken" });
    const objects = rounds.source({ initialLookback: 2 * HOUR });
    const first = await rounds.round(objects);
    const names = [...first.names, ...(await untilDone(objects, PARKED_AFTER + 2))];
    expect(new Set(names).size).toBe(names.length);
    expect(names.length).toBeGreaterThanOrEqual(599);
    const [[, left] = [], ...others] = await failedEntries();
    expect(others).toEqual([]);
    const { after, to } = left as { after: number; to: number };
    expect([after < broken + 1, to >= broken + 1, to - after <= 1_000]).toEqual([true, true, true]);

    await rounds.org.given.org({ brokenApplication: undefined });
    rounds.clock.advance(DAY);
    names.push(...(await rounds.round(objects)).names);
    expect(sorted(names.filter((name) => name !== "broken"))).toEqual(numbers(600));
    expect(names.filter((name) => name === "broken")).toHaveLength(1);
    expect(await failedEntries()).toEqual([]);
  });

  test("is parked after 16 attempts, told, and tried once a day, by a new process too", async () => {
    await rounds.org.given.records("LoginEvent", [login("broken", NOW - 50 * MINUTE)]);
    await rounds.org.given.org({ brokenApplication: "broken" });
    const objects = rounds.source();
    await rounds.round(objects);
    expect(await untilDone(objects, PARKED_AFTER - 1)).toEqual([]);
    expect(told("window_failed").map((fact) => "attempt" in fact && fact.attempt)).toEqual(
      numbers(PARKED_AFTER - 1).map((n) => n + 1),
    );
    expect(told("window_parked")).toMatchObject([{ attempt: PARKED_AFTER }]);
    const { end } = await rounds.round(objects, undefined, "what failed");
    expect(end?.retryIn).toBeGreaterThan(0);
    expect(end?.error?.text).toMatch(/is parked.*cursors --retry LoginEvent\/\d+/);

    await rounds.org.given.org({ brokenApplication: undefined });
    expect((await rounds.round()).names).toEqual([]);
    rounds.clock.advance(end?.retryIn ?? 0);
    expect((await rounds.round(objects)).names).toEqual(["broken"]);
  });

  test("is tried at once by a new process, as long as it is not parked", async () => {
    await rounds.org.given.records("LoginEvent", [login("broken", NOW - 50 * MINUTE)]);
    await rounds.org.given.org({ brokenApplication: "broken" });
    await rounds.round();
    await rounds.org.given.org({ brokenApplication: undefined });
    expect((await rounds.round()).names).toEqual(["broken"]);
  });

  test("close to the present is asked for again with the next one, until nothing can appear there any more", async () => {
    await rounds.org.given.records("LoginEvent", [
      login("broken", NOW - 5 * MINUTE),
      login("settled", NOW - 50 * MINUTE),
    ]);
    await rounds.org.given.org({ brokenApplication: "broken" });
    const objects = rounds.source();
    const names: string[] = [];
    for (let minute = 0; minute < 20; minute += 1) {
      await rounds.org.given.records("LoginEvent", [login(`new${minute}`, rounds.clock.now() - MINUTE)]);
      names.push(...(await rounds.round(objects)).names);
      rounds.clock.advance(MINUTE);
    }
    await rounds.org.given.org({ brokenApplication: undefined });
    rounds.clock.advance(DAY);
    names.push(...(await rounds.round(objects)).names);
    expect(names.sort()).toEqual(["broken", "settled", ...numbers(20).map((n) => `new${n}`)].sort());
    expect(await failedEntries()).toEqual([]);
  });

  test("of a table that is read oldest first keeps nothing back either, and nothing comes twice", async () => {
    const at = (name: string, ms: number) => ({ LoginTime: iso(ms), Application: name });
    await rounds.org.given.org({ pageSize: 200 });
    await rounds.org.given.records("LoginHistory", [
      ...numbers(300).map((n) => at(`${n}`, NOW - 50 * MINUTE + n * 1_000)),
      at("broken", NOW - 44 * MINUTE),
      at("newer", NOW - 14 * MINUTE),
    ]);
    await rounds.org.given.org({ brokenApplication: "broken" });
    const objects = rounds.source({ objectName: "LoginHistory" });
    const names = [...(await rounds.round(objects)).names];
    expect(names).toHaveLength(200);
    names.push(...(await untilDone(objects, 8)));
    rounds.clock.advance(MINUTE);
    names.push(...(await rounds.round(objects)).names);
    await rounds.org.given.org({ brokenApplication: undefined });
    names.push(...(await untilDone(objects, 8)));
    expect(names.sort()).toEqual([...numbers(300).map(String), "broken", "newer"].sort());
  });
});

describe("what concerns more than one window", () => {
  test.each([500, 403])(
    "a %i for every query is the object's: the round fails, no window is set aside",
    async (status) => {
      await rounds.org.given.records("LoginEvent", [login("a", NOW - 50 * MINUTE)]);
      await rounds.org.given.fault({ on: "query", match: "FROM LoginEvent", status, body: "" });
      const { error } = await rounds.round();
      expect(error).toBeDefined();
      expect(await failedEntries()).toEqual([]);
      await rounds.org.given.noFault();
      expect((await rounds.round()).names).toEqual(["a"]);
    },
  );

  test("counts no attempt of a window that failed before", async () => {
    await rounds.org.given.records("LoginEvent", [login("broken", NOW - 50 * MINUTE)]);
    await rounds.org.given.org({ brokenApplication: "broken" });
    const objects = rounds.source();
    await rounds.round(objects);
    const before = await failedEntries();
    await rounds.org.given.fault({ on: "query", match: "FROM LoginEvent", status: 500, body: "" });
    rounds.clock.advance(1_000);
    expect((await rounds.round(objects, undefined, "what failed")).error).toMatchObject({ code: "server_error" });
    expect(await failedEntries()).toEqual(before);
  });

  test("a stop while Salesforce is asked about another window ends the round with its reason", async () => {
    await rounds.org.given.records("LoginEvent", [login("broken", NOW - 50 * MINUTE)]);
    await rounds.org.given.org({ brokenApplication: "broken" });
    const stop = new AbortController();
    const reading = rounds.source().read(new Map(), stop.signal);
    await reading.next();
    const step = reading.next();
    stop.abort(new Error("stopped"));
    await expect(step).rejects.toThrow("stopped");
  });
});

test("a failed window that can't be meant is named and left out", async () => {
  const objects = rounds.source();
  await rounds.round(objects);
  await rounds.cursors.save("object", [
    { key: "failed:1", value: { after: 1, to: "x" } },
    { key: "failed:2", value: null },
  ]);
  await rounds.round(objects);
  expect(told("cursors_mended")).toMatchObject([{ keys: ["failed:1", "failed:2"] }]);
  expect(await failedEntries()).toEqual([]);
});

import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  DAY,
  HOUR,
  login,
  logins,
  MINUTE,
  NOW,
  numbers,
  ObjectRounds,
  sorted,
} from "../../../_dev/shared/testing/object_rounds.ts";
import { MOST_REMEMBERED, readObjectCursor } from "./progress.ts";

let rounds: ObjectRounds;
beforeEach(async () => {
  rounds = new ObjectRounds();
  await rounds.start();
});
afterEach(() => rounds.close());

describe("a stop anywhere", { timeout: 60_000 }, () => {
  /** Groups of equal times that cross the borders of pages. */
  const grouped = (first: number) =>
    numbers(900).map((n) => login(`${n}`, first + Math.floor(n / 180) * MINUTE + (n % 2)));

  test.each<[string, string, number]>([
    ["LoginEvent in a window of the past", "LoginEvent", NOW - 50 * MINUTE],
    ["LoginEvent in the last minutes", "LoginEvent", NOW - 10 * MINUTE],
    ["LoginHistory in a window of the past", "LoginHistory", NOW - 50 * MINUTE],
    ["LoginHistory in the last minutes", "LoginHistory", NOW - 10 * MINUTE],
  ])("%s: after a kill behind each batch everything comes once", async (_, objectName, first) => {
    await rounds.org.given.org({ pageSize: 200 });
    const records = grouped(first).map(({ EventDate, Application }) =>
      objectName === "LoginEvent" ? { EventDate, Application } : { LoginTime: EventDate, Application },
    );
    await rounds.org.given.records(objectName, records);
    for (let acknowledged = 1; ; acknowledged += 1) {
      await rounds.cursors.clear("object");
      const before = await rounds.round(rounds.source({ objectName }), acknowledged);
      const after = await rounds.round(rounds.source({ objectName }));
      expect(sorted([...before.names, ...after.names])).toEqual(numbers(900));
      if (after.names.length === 0) {
        break;
      }
    }
  });

  test("a kill behind the first page of every round still comes to an end", async () => {
    await rounds.org.given.org({ pageSize: 200 });
    await rounds.org.given.records("LoginEvent", grouped(NOW - 50 * MINUTE));
    const names: string[] = [];
    for (let kills = 0; kills < 8; kills += 1) {
      names.push(...(await rounds.round(rounds.source(), 2)).names);
      rounds.clock.advance(MINUTE);
    }
    expect(sorted(names)).toEqual(numbers(900));
    expect((await rounds.round()).names).toEqual([]);
  });

  test("an abort ends the round with its reason", async () => {
    const stop = new AbortController();
    const reading = rounds.source().read(new Map(), stop.signal);
    await reading.next();
    stop.abort(new Error("stopped"));
    await expect(reading.next()).rejects.toThrow("stopped");
  });
});

describe("what Salesforce can't answer", () => {
  test("50,000 records in one window come once when it bears only 6,000 in a query", { timeout: 60_000 }, async () => {
    await rounds.org.given.org({ queryTimeoutRows: 6_000 });
    await rounds.org.given.records("LoginEvent", logins(50_000, NOW - 50 * MINUTE, 48));
    const objects = rounds.source();
    const { names, error } = await rounds.round(objects);
    expect(error).toBeUndefined();
    expect(sorted(names)).toEqual(numbers(50_000));
    expect(rounds.facts.filter(({ fact }) => fact === "window_halved").length).toBeGreaterThan(2);

    rounds.clock.advance(10 * DAY);
    await rounds.org.given.forgottenRequests();
    expect((await rounds.round(objects)).names).toEqual([]);
    expect(Math.max(...(await rounds.windowsAsked()).map(({ after, to }) => to - after))).toBe(DAY);
  });

  test.each([
    ["QUERY_TIMEOUT", "Your query request was running for too long."],
    ["OPERATION_TOO_LARGE", "exceeded 100000 distinct who/what's"],
  ])("%s for ever ends the round after windows down to a second", async (errorCode, message) => {
    await rounds.org.given.fault({ on: "query", status: 400, body: [{ errorCode, message }] });
    const { error } = await rounds.round();
    expect(error).toMatchObject({ code: "query_timed_out", next: { do: "retry" } });
    const widths = (await rounds.windowsAsked()).map(({ after, to }) => to - after);
    expect(widths.at(-1)).toBe(1_000);
    expect(widths.length).toBeLessThan(15);
  });

  test("remaining pages that Salesforce has dropped are asked for again", async () => {
    await rounds.org.given.org({ pageSize: 200 });
    await rounds.org.given.records("LoginEvent", logins(900, NOW - 50 * MINUTE, 1_000));
    const body = [{ errorCode: "INVALID_QUERY_LOCATOR", message: "invalid query locator" }];
    await rounds.org.given.fault({ on: "page", status: 400, body, after: 1, times: 1 });
    const { names, error } = await rounds.round();
    expect(error).toBeUndefined();
    expect(sorted(names)).toEqual(numbers(900));
  });

  test("an answer that takes too long fails the window; the next attempt asks for less", async () => {
    const slow = { on: "query", status: 408, body: "", match: "FROM LoginEvent", times: 1 } as const;
    await rounds.org.given.fault(slow);
    await rounds.org.given.records("LoginEvent", [login("a", NOW - 50 * MINUTE)]);
    const objects = rounds.source();
    expect(await rounds.round(objects)).toMatchObject({
      names: [],
      error: undefined,
      end: { error: { code: "timed_out" } },
    });
    rounds.clock.advance(1_000);
    await rounds.org.given.forgottenRequests();
    expect(await rounds.round(objects, undefined, "what failed")).toMatchObject({ names: ["a"], end: undefined });
    const [first] = await rounds.windowsAsked();
    expect((first?.to ?? 0) - (first?.after ?? 0)).toBe(24 * MINUTE);
  });

  test("a failure on a later page keeps what came before it", async () => {
    await rounds.org.given.org({ pageSize: 200 });
    await rounds.org.given.records("LoginEvent", logins(900, NOW - 50 * MINUTE, 1_000));
    await rounds.org.given.fault({ on: "page", status: 500, after: 2, times: 1 });
    const first = await rounds.round();
    expect(first).toMatchObject({ error: undefined, end: { error: { code: "server_error" }, retryIn: 1_000 } });
    expect(first.names).toHaveLength(600);
    rounds.clock.advance(1_000);
    const second = await rounds.round();
    expect(second.end).toBeUndefined();
    expect(sorted([...first.names, ...second.names])).toEqual(numbers(900));
  });

  test.each(["query", "page"] as const)("a token that dies at a %s is renewed once", async (on) => {
    await rounds.org.given.org({ pageSize: 200 });
    await rounds.org.given.records("LoginEvent", logins(500, NOW - 50 * MINUTE, 1_000));
    await rounds.org.given.fault({ on, killToken: true, times: 1 });
    const { names, error } = await rounds.round();
    expect(error).toBeUndefined();
    expect(sorted(names)).toEqual(numbers(500));
    expect(await rounds.org.given.counters()).toMatchObject({ logins: 2 });
  });

  test("records that come in no order are not taken as the end of a window", async () => {
    await rounds.org.given.records("LoginEvent", logins(3, NOW - 50 * MINUTE, MINUTE));
    const records = [0, 2].map((n) => ({
      ...login(`${n}`, NOW - 50 * MINUTE + n * MINUTE),
      EventIdentifier: `own${n}`,
    }));
    const nextRecordsUrl = "/services/data/v66.0/query/01g000000000009AAA-2";
    const body = { totalSize: 3, done: false, nextRecordsUrl, records };
    await rounds.org.given.fault({ on: "query", body, times: 1 });
    await rounds.org.given.fault({ on: "page", status: 500, times: 1 });
    expect((await rounds.round()).names).toEqual(["0", "2"]);
    rounds.clock.advance(1_000);
    expect((await rounds.round()).names).toEqual(["2", "1", "0"]);
  });
});

test("identities of a busy object are remembered within a limit, and nothing is repeated", {
  timeout: 60_000,
}, async () => {
  await rounds.org.given.records("LoginEvent", logins(13_000, NOW - 11 * MINUTE, 30));
  const objects = rounds.source();
  expect((await rounds.round(objects)).names).toHaveLength(13_000);
  const entries = await rounds.cursors.load("object");
  const ids = [...readObjectCursor(entries, rounds.org.orgId, NOW - HOUR).delivered.values()].flatMap(
    (each) => each.ids,
  );
  expect(ids.length).toBeGreaterThan(1_000);
  expect(ids.length).toBeLessThanOrEqual(MOST_REMEMBERED);
  rounds.clock.advance(MINUTE);
  expect((await rounds.round(objects)).names).toEqual([]);
});

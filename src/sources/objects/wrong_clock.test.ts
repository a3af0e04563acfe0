import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { DAY, HOUR, login, MINUTE, NOW, ObjectRounds, valueAt } from "../../../_dev/shared/testing/object_rounds.ts";
import type { CursorValue } from "../../cursors/cursor.ts";
import { pump } from "../../pump/pump.ts";
import { collectOnce } from "../../pump/schedule.ts";
import type { Fact } from "../../reporting/facts.ts";
import type { Sink } from "../../sinks/sink.ts";
import type { Tell } from "../fact.ts";
import type { ObjectWindows } from "./source.ts";

let rounds: ObjectRounds;
let sent: string[];
beforeEach(async () => {
  rounds = new ObjectRounds();
  await rounds.start();
  sent = [];
});
afterEach(() => rounds.close());

/** Collects what is available by the pump and the schedule that the product uses. */
async function collect(source: ObjectWindows): Promise<void> {
  const { clock, cursors, facts } = rounds;
  const tell: Tell = (fact) => facts.push(fact as Fact);
  const sink: Sink = {
    deliver: async (events) => {
      sent.push(
        ...events.map(({ json }) => String(valueAt(JSON.parse(json.toString()), "salesforce.login.application"))),
      );
      return { created: events.length, existing: 0, refused: [] };
    },
    close: async () => {},
  };
  const never = new AbortController().signal;
  const round = () => pump({ source, sink, cursors, tell, clock, stop: never, abandon: never });
  expect(await collectOnce({ round, interval: MINUTE, tell, clock, stop: never })).toBeUndefined();
}

const mended = () => rounds.facts.filter(({ fact }) => fact === "cursors_mended");

describe.each([
  ["30 days ahead", 30 * DAY],
  ["30 days behind", -30 * DAY],
])("objects of an org, with the machine's clock %s", (_, ahead) => {
  test("are collected as a right clock would have them collected, and the difference is told once", async () => {
    await rounds.org.given.records("LoginEvent", [
      login("long ago", NOW - 5 * DAY),
      login("recent", NOW - 30 * MINUTE),
    ]);
    rounds.machineAhead = ahead;
    const source = rounds.source();
    await collect(source);
    expect(sent).toEqual(["recent"]);
    rounds.clock.advance(MINUTE);
    await collect(source);
    expect(sent).toEqual(["recent"]);
    expect(rounds.facts.filter(({ fact }) => fact === "clock_compared")).toEqual([{ fact: "clock_compared", ahead }]);
  });
});

test("a clock that jumps by days while the runner runs: nothing is sent again, nothing is missed", async () => {
  await rounds.org.given.records("LoginEvent", [login("first", NOW - 30 * MINUTE)]);
  const source = rounds.source();
  await collect(source);
  for (const ahead of [5 * DAY, 0, -5 * DAY, 40 * DAY]) {
    rounds.machineAhead = ahead;
    rounds.clock.advance(20 * MINUTE);
    await rounds.org.given.records("LoginEvent", [login(`${ahead}`, rounds.clock.now() - 5 * MINUTE)]);
    await collect(source);
  }
  expect(sent).toEqual(["first", `${5 * DAY}`, "0", `${-5 * DAY}`, `${40 * DAY}`]);
});

describe("a saved position that can't be meant", () => {
  test.each<[string, CursorValue]>([
    ["in the future", NOW + 30 * DAY],
    ["an hour ahead", NOW + HOUR],
    ["no number", "yesterday"],
    ["null", null],
  ])("%s: it is set anew, told once, and what was not read is read", async (_, after) => {
    await rounds.org.given.records("LoginEvent", [login("recent", NOW - 30 * MINUTE)]);
    await rounds.cursors.save("object", [
      { key: "organization", value: rounds.org.orgId },
      { key: "after", value: after },
    ]);
    const source = rounds.source();
    await collect(source);
    await collect(source);
    expect(sent).toEqual(["recent"]);
    expect(mended()).toEqual([{ fact: "cursors_mended", keys: ["after"] }]);
  });

  test.each<[string, CursorValue]>([
    ["delivered:1", null],
    ["delivered:1", { newest: NOW - HOUR, oldest: NOW - HOUR, ids: "all" }],
    ["open", { to: "now" }],
    ["open", { to: NOW + DAY, reached: NOW - DAY }],
  ])("%s: it alone is left out", async (key, value) => {
    await rounds.org.given.records("LoginEvent", [login("old", NOW - 50 * MINUTE), login("new", NOW - 10 * MINUTE)]);
    await rounds.cursors.save("object", [
      { key: "organization", value: rounds.org.orgId },
      { key: "after", value: NOW - 40 * MINUTE },
      { key, value },
    ]);
    await collect(rounds.source());
    expect(sent).toEqual(["new"]);
    expect(mended()).toEqual([{ fact: "cursors_mended", keys: [key] }]);
  });
});

import { describe, expect, test } from "vitest";
import { createMemoryLedger } from "../../../_dev/shared/testing/memory_ledger.ts";
import { RETRY, RunnerError } from "../../core/errors.ts";
import type { RowLedger } from "../../cursors/row_ledger.ts";
import type { Fact } from "../../reporting/facts.ts";
import type { EventLogFile } from "./body.ts";
import type { FileProgress } from "./progress.ts";
import { Reconciliation, readingOrder } from "./reconcile.ts";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const MIDNIGHT = Date.UTC(2026, 6, 19);

function hourly(id: string, hour: number, more: Partial<EventLogFile> = {}): EventLogFile {
  const logDate = MIDNIGHT + hour * HOUR;
  const created = logDate + 4 * HOUR;
  return {
    ...{
      id,
      eventType: "Login",
      interval: "hourly",
      sequence: 1,
      logDate,
      created,
      length: 100,
      path: `/services/${id}`,
    },
    ...more,
  };
}

function daily(id: string, more: Partial<EventLogFile> = {}): EventLogFile {
  const created = MIDNIGHT + 27 * HOUR;
  return hourly(id, 0, { interval: "daily", sequence: 0, created, ...more });
}

/** The files as the cursors of an earlier round tell them. */
function known(...files: EventLogFile[]): ReadonlyMap<string, FileProgress> {
  return new Map(
    files.map(({ id, eventType, interval, length, logDate, created }) => [
      id,
      { eventType, interval, length, logDate, created, rows: 7, lacked: 7, done: true },
    ]),
  );
}

describe("the order of reading", () => {
  test.each<[string, EventLogFile[], ReadonlyMap<string, FileProgress>, string[], string[][]]>([
    ["hourly files of different hours", [hourly("a", 1), hourly("b", 2)], known(), ["a", "b"], []],
    ["hourly files before the daily one", [daily("d"), hourly("a", 1)], known(), ["a"], [["d"]]],
    ["a late file of an hour", [hourly("b", 1)], known(hourly("a", 1)), [], [["b"]]],
    ["a late file of another hour", [hourly("b", 2)], known(hourly("a", 1)), ["b"], []],
    ["two files of one hour", [hourly("a", 1), hourly("b", 1)], known(), ["a"], [["b"]]],
    ["an hourly file after the daily one", [hourly("a", 1)], known(daily("d")), [], [["a"]]],
    ["an hourly file after the daily one of another day", [hourly("a", 25)], known(daily("d")), ["a"], []],
    [
      "an hourly file after the daily one of another type",
      [hourly("a", 1)],
      known(daily("d", { eventType: "Logout" })),
      ["a"],
      [],
    ],
    ["an hourly file that was read in part", [hourly("a", 1)], known(hourly("a", 1)), ["a"], []],
    ["an hourly file that has grown", [hourly("a", 1, { length: 101 })], known(hourly("a", 1)), [], [["a"]]],
    ["late hourly files before daily ones", [daily("d"), hourly("b", 1)], known(hourly("a", 1)), [], [["b", "d"]]],
    ["a replaced daily file after the first", [daily("d"), daily("e")], known(), [], [["d", "e"]]],
    [
      "days and types side by side",
      [daily("d"), daily("e", { logDate: MIDNIGHT + DAY }), daily("f", { eventType: "Logout" })],
      known(),
      [],
      [["d"], ["e"], ["f"]],
    ],
  ])("%s", (_, due, files, firstHand, inTurn) => {
    const order = readingOrder(due, files);
    expect(order.firstHand.map(({ id }) => id)).toEqual(firstHand);
    expect(order.inTurn.map((list) => list.map(({ id }) => id))).toEqual(inTurn);
  });
});

const FULL = new RunnerError("state_unusable", "There is no space left.", { next: RETRY, cure: "Make some." });

/** A ledger that refuses what is named, and otherwise works. */
function refusing(refused: ReadonlySet<keyof RowLedger | "has">): RowLedger {
  const ledger = createMemoryLedger();
  const check = (what: keyof RowLedger | "has") => {
    if (refused.has(what)) {
      throw FULL;
    }
  };
  return {
    note(...all) {
      check("note");
      ledger.note(...all);
    },
    noted(rows) {
      check("noted");
      return ledger.noted(rows);
    },
    async open(files) {
      check("open");
      const rows = await ledger.open(files);
      return {
        ...rows,
        has(identity) {
          check("has");
          return rows.has(identity);
        },
      };
    },
    keep(...all) {
      check("keep");
      ledger.keep(...all);
    },
    scratch: ledger.scratch,
  };
}

function reconciliation(ledger: RowLedger = createMemoryLedger()) {
  const facts: Fact[] = [];
  return { facts, its: new Reconciliation({ ledger, source: "login", tell: (fact) => facts.push(fact) }) };
}

const has = async (its: Reconciliation, file: EventLogFile, of: string[], files = known()) => {
  const rows = await its.open(its.others(file, files));
  return of.filter((identity) => rows?.has(identity));
};

describe("reconciliation", () => {
  test("knows what is on its way, of the same type and day only", async () => {
    const { its } = reconciliation();
    its.give(hourly("a", 1), 0, 2, ["1", "2"]);
    its.give(hourly("b", 2), 0, 1, ["3"]);
    its.give(daily("d"), 0, 1, ["own"]);
    expect(await has(its, daily("d"), ["1", "2", "3", "4", "own"])).toEqual(["1", "2", "3"]);
    expect(await has(its, daily("d", { eventType: "Logout" }), ["1"])).toEqual([]);
    expect(await has(its, daily("d", { logDate: MIDNIGHT + DAY }), ["1"])).toEqual([]);
  });

  test("a row that was given in an earlier round is known if its cursor is past it, and only then", async () => {
    const { its } = reconciliation();
    const seven = ["1", "2", "3", "4", "5", "6", "7"];
    its.give(hourly("a", 1), 0, 7, seven);
    its.give(hourly("a", 1), 7, 9, ["8", "9"]);
    its.begin(known(hourly("a", 1)));
    const all = [...seven, "8", "9"];
    expect(await has(its, daily("d"), all, known(hourly("a", 1)))).toEqual(seven);
    expect(its.lacking(its.others(daily("d"), known(hourly("a", 1))))).toEqual([]);
    its.begin(known());
    expect(await has(its, daily("d"), all)).toEqual([]);
  });

  test("names the files of which the ledger lacks rows, replaced versions among them", () => {
    const { its } = reconciliation();
    its.give(hourly("a", 1), 0, 7, []);
    const [progress] = [...known(daily("d")).values()];
    const files = new Map([
      ...known(hourly("a", 1), hourly("b", 2)),
      ["d", { ...(progress as FileProgress), earlier: [{ length: 50, created: 1, rows: 3 }] }],
    ]);
    const version = { source: "login", length: 100 };
    expect(its.lacking(its.others(daily("d"), files))).toEqual([
      { file: { ...version, id: "b", created: hourly("b", 2).created }, rows: 7 },
      { file: { source: "login", id: "d", length: 50, created: 1 }, rows: 3 },
    ]);
  });

  test.each(["note", "open", "has", "keep"] as const)(
    "a ledger that refuses %s is told once, nothing is left out for it, and its recovery is told",
    async (what) => {
      const refused = new Set<keyof RowLedger | "has">();
      const { its, facts } = reconciliation(refusing(refused));
      const round = async (name: string) => {
        its.begin(known());
        its.give(hourly("a", 1), 0, 1, [`${name}1`]);
        const left = await has(its, daily("d"), [`${name}1`, `${name}2`]);
        const brought = await its.open(its.others(daily("d"), known()));
        const result = its.result(daily("d"), brought, { rows: 2, lacked: 1 });
        its.end();
        return { left, told: result.length };
      };
      expect(await round("x")).toEqual({ left: ["x1"], told: 1 });
      refused.add(what);
      expect((await round("y")).left).toEqual(what === "keep" ? ["y1"] : []);
      expect((await round("z")).told).toBe(0);
      expect(facts).toEqual([{ fact: "ledger_refused", error: FULL }]);
      refused.delete(what);
      expect(await round("w")).toEqual({ left: ["w1"], told: 1 });
      expect(facts).toEqual([{ fact: "ledger_refused", error: FULL }, { fact: "ledger_usable" }]);
    },
  );

  test("tells the result of daily files that were compared with something", async () => {
    const { its } = reconciliation();
    const counts = { rows: 3, lacked: 3 };
    const opened = () => its.open(its.others(daily("d"), known()));
    expect(its.result(daily("d"), await opened(), counts)).toEqual([]);
    its.give(hourly("a", 1), 0, 1, ["1"]);
    const brought = await opened();
    expect(its.result(hourly("b", 1), brought, counts)).toEqual([]);
    expect(its.result(daily("d"), undefined, counts)).toEqual([]);
    expect(its.result(daily("d"), brought, counts)).toEqual([{ fact: "reconciled", file: daily("d"), ...counts }]);
  });
});

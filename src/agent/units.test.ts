import { expect, test } from "vitest";
import { STATE, UNIT_LOG_LEVEL, UNIT_TYPE, type UnitExpected } from "./control_protocol.ts";
import { expectedUnits, type Units } from "./units.ts";

function expected(changes: Partial<UnitExpected> = {}, source?: object): UnitExpected {
  return {
    id: "in",
    type: UNIT_TYPE.input,
    state: STATE.healthy,
    configStateIdx: 1,
    config: source === undefined ? undefined : { source: { ...source }, id: "", type: "", name: "" },
    logLevel: UNIT_LOG_LEVEL.info,
    ...changes,
  };
}

const none: Units = new Map();
const known = expectedUnits(none, [expected({}, { id: "a" })]);

test("a new unit has its config", () => {
  expect([...known]).toEqual([
    ["input/in", { id: "in", type: 0, wanted: true, config: { id: "a" }, configStateIdx: 1, logLevel: "info" }],
  ]);
});

test("without a config the known one stays, with its number", () => {
  expect(expectedUnits(known, [expected()])).toBe(known);
  expect(expectedUnits(known, [expected({ configStateIdx: 2 })])).toBe(known);
});

test.each<[string, UnitExpected[], object | undefined]>([
  ["a new config", [expected({ configStateIdx: 2 }, { id: "b" })], { configStateIdx: 2, config: { id: "b" } }],
  ["a stop", [expected({ state: STATE.stopped })], { wanted: false, config: { id: "a" }, configStateIdx: 1 }],
  ["a log level", [expected({ logLevel: UNIT_LOG_LEVEL.trace })], { logLevel: "debug" }],
  ["its disappearance", [], undefined],
])("%s is a change", (_name, units, unit) => {
  const after = expectedUnits(known, units);
  expect(after).not.toBe(known);
  if (unit === undefined) {
    expect(after.size).toBe(0);
  } else {
    expect(after.get("input/in")).toMatchObject(unit);
  }
});

test("an input and an output may have the same id", () => {
  const both = [expected({}, { id: "a" }), expected({ type: UNIT_TYPE.output }, { type: "elasticsearch" })];
  expect([...expectedUnits(none, both).keys()]).toEqual(["input/in", "output/in"]);
});

import { describe, expect, test } from "vitest";
import { afterPart, inParts } from "./checkin_chunks.ts";
import {
  CHECKIN_EXPECTED,
  CHECKIN_OBSERVED,
  type CheckinExpected,
  STATE,
  type Timestamp,
  UNIT_TYPE,
} from "./control_protocol.ts";

const EMPTY = CHECKIN_EXPECTED.decode(new Uint8Array());
const [unit] = CHECKIN_EXPECTED.decode(CHECKIN_EXPECTED.encode({ units: [{ ...anyUnit(), id: "u" }] })).units;

function anyUnit() {
  return { id: "", type: UNIT_TYPE.input, state: STATE.healthy, configStateIdx: 1, config: undefined, logLevel: 2 };
}

function part(seconds: number | undefined, ...ids: readonly string[]): CheckinExpected {
  const unitsTimestamp: Timestamp | undefined = seconds === undefined ? undefined : { seconds, nanos: 0 };
  return { ...EMPTY, unitsTimestamp, units: ids.map((id) => ({ ...anyUnit(), ...unit, id })) };
}

describe("parts of a check-in are put together", () => {
  const cases: ReadonlyArray<readonly [string, readonly CheckinExpected[], readonly string[][]]> = [
    ["without a timestamp at once", [part(undefined, "a"), part(undefined)], [["a"], []]],
    ["up to the one without units", [part(1, "a"), part(1, "b", "c"), part(1)], [["a", "b", "c"]]],
    ["a set that has not ended", [part(1, "a"), part(1, "b")], []],
    ["a newer set drops an older one", [part(1, "a"), part(2, "b"), part(2)], [["b"]]],
    ["a part of an older set is dropped", [part(2, "b"), part(1, "a"), part(2)], [["b"]]],
    ["one set after another", [part(1, "a"), part(1), part(2, "b"), part(2)], [["a"], ["b"]]],
  ];
  test.each(cases)("%s", (_name, parts, expected) => {
    let pending: CheckinExpected | undefined;
    const whole: string[][] = [];
    for (const one of parts) {
      const assembly = afterPart(pending, one);
      pending = assembly.pending;
      if (assembly.whole !== undefined) {
        whole.push(assembly.whole.units.map(({ id }) => id));
      }
    }
    expect(whole).toEqual(expected);
  });
});

describe("a check-in is cut into parts", () => {
  const base = CHECKIN_OBSERVED.decode(new Uint8Array());
  const message = {
    ...base,
    token: "t",
    pid: 5,
    supports: [0],
    units: Array.from({ length: 50 }, (_, n) => ({
      id: `unit-${n}`,
      type: UNIT_TYPE.input,
      configStateIdx: 1,
      state: STATE.healthy,
      message: "x".repeat(100),
      payload: undefined,
    })),
  };
  const now = { seconds: 9, nanos: 1 };

  test("not where it fits", () => {
    expect(inParts(message, 100_000, now)).toEqual([message]);
  });

  test("of at most that size, with every unit once and an end", () => {
    const parts = inParts(message, 1_000, now);
    expect(parts.flatMap(({ units }) => units)).toEqual(message.units);
    expect(parts.every((one) => CHECKIN_OBSERVED.encode(one).length <= 1_000)).toBe(true);
    expect(parts.every(({ token, unitsTimestamp }) => token === "t" && unitsTimestamp === now)).toBe(true);
    expect(parts.map(({ pid }) => pid)).toEqual([5, ...Array(parts.length - 1).fill(0)]);
    expect(parts.map(({ units }) => units.length > 0)).toEqual([...Array(parts.length - 1).fill(true), false]);
  });

  test("a unit that is larger goes alone", () => {
    expect(inParts(message, 50, now).map(({ units }) => units.length)).toEqual([...Array(50).fill(1), 0]);
  });
});

import { describe, expect, test } from "vitest";
import { decoded, encoded, jsonOf, structOf } from "../../_dev/shared/fake_agent/control_messages.ts";
import type { JsonObject } from "../core/struct.ts";
import {
  ACTION_RESPONSE,
  CHECKIN_EXPECTED,
  CHECKIN_OBSERVED,
  START_UP_INFO,
  STATE,
  timestampOf,
  UNIT_TYPE,
} from "./control_protocol.ts";

/** JSON of every kind, with names that objects have by themselves. */
const JSON_VALUES: JsonObject = {
  nothing: null,
  yes: true,
  no: false,
  zero: 0,
  half: 0.5,
  text: "größer",
  empty: "",
  list: [1, "a", [null], {}],
  nested: { deeper: { deepest: [] } },
  "a.b": "dotted",
  ...JSON.parse('{"__proto__": {"polluted": true}}'),
};

// The other side has its own description of the messages and the library's own coding.
describe("messages are coded as the agent codes them", () => {
  test("a check-in is read by the agent", () => {
    const message = CHECKIN_OBSERVED.encode({
      token: "t",
      units: [
        {
          id: "u",
          type: UNIT_TYPE.output,
          configStateIdx: 2 ** 40,
          state: STATE.degraded,
          message: "waits",
          payload: JSON_VALUES,
        },
      ],
      versionInfo: { name: "n", meta: { runtime: "node" }, buildHash: "" },
      featuresIdx: 3,
      unitsTimestamp: timestampOf(1_790_000_000_123),
      supports: [0],
      pid: 77,
    });
    const read = decoded<{ units: ReadonlyArray<{ payload: object }> }>("CheckinObserved", message);
    expect(read).toMatchObject({
      token: "t",
      units: [{ id: "u", type: 1, configStateIdx: 2 ** 40, state: 3, message: "waits" }],
      versionInfo: { name: "n", meta: { runtime: "node" } },
      featuresIdx: 3,
      componentIdx: 0,
      unitsTimestamp: { seconds: 1_790_000_000, nanos: 123_000_000 },
      supports: [0],
      pid: 77,
    });
    expect(JSON.stringify(jsonOf(read.units[0]?.payload))).toBe(JSON.stringify(JSON_VALUES));
  });

  test("an expected state of the agent is read", () => {
    const message = encoded("CheckinExpected", {
      units: [
        {
          id: "u",
          type: 0,
          state: 2,
          configStateIdx: 9,
          logLevel: 3,
          config: { source: structOf(JSON_VALUES), id: "u" },
        },
      ],
      featuresIdx: 4,
    });
    const read = CHECKIN_EXPECTED.decode(message);
    expect(read).toMatchObject({
      units: [{ id: "u", type: 0, state: 2, configStateIdx: 9, logLevel: 3, config: { id: "u", type: "" } }],
      featuresIdx: 4,
      componentIdx: 0,
      unitsTimestamp: null,
    });
    expect(JSON.stringify(read.units[0]?.config?.source)).toBe(JSON.stringify(JSON_VALUES));
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  });

  test("fields that are not known are skipped", () => {
    const message = encoded("StartUpInfo", {
      addr: "a",
      services: [1],
      supports: [0],
      maxMessageSize: 5,
      agentInfo: { mode: 1 },
    });
    expect(START_UP_INFO.decode(message)).toMatchObject({ addr: "a", supports: [0], maxMessageSize: 5 });
  });

  test("an answer to an action is read by the agent", () => {
    const content = Buffer.from('{"a":1}');
    const file = { name: "n", filename: "n.json", description: "d", contentType: "application/json", content };
    const message = ACTION_RESPONSE.encode({
      token: "t",
      id: "i",
      status: 1,
      result: Buffer.from("{}"),
      diagnostic: [{ ...file, generated: timestampOf(0) }],
    });
    expect(decoded("ActionResponse", message)).toMatchObject({ token: "t", id: "i", status: 1, diagnostic: [file] });
  });

  test("bytes are those of the encoding's description", () => {
    const bytes = [0x0a, 1, 0x74, 0x1a, 7, 0x1a, 5, 0x0a, 1, 0x61, 0x12, 0, 0x28, 0xac, 0x02, 0x42, 1, 0, 0x48, 77];
    const message = { token: "t", versionInfo: { name: "", meta: { a: "" }, buildHash: "" }, featuresIdx: 300 };
    expect(CHECKIN_OBSERVED.decode(Buffer.from(bytes))).toEqual({
      ...message,
      units: [],
      componentIdx: 0,
      unitsTimestamp: null,
      supports: [0],
      pid: 77,
    });
    const sparse = CHECKIN_OBSERVED.encode({ token: "t", featuresIdx: 300, supports: [0], pid: 77 });
    expect([...sparse]).toEqual([0x0a, 1, 0x74, 0x28, 0xac, 0x02, 0x42, 1, 0, 0x48, 77]);
  });

  test("what is no message is refused", () => {
    expect(() => CHECKIN_EXPECTED.decode(Buffer.from([0x0a, 0x7f, 0x01]))).toThrow();
    expect(() => CHECKIN_EXPECTED.decode(Buffer.from([0x08, 0x01]))).toThrow();
  });
});

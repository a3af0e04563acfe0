import { expect, test } from "vitest";
import { parseFormatString } from "../policy/format_string.ts";
import type { KafkaPartition } from "../policy/policy.ts";
import { createPartitioner, fieldsOf, formatted, timestampOf } from "./kafka_routing.ts";

const EVENT = {
  index: "logs-aquila_salesforce.login-eu-west",
  id: "id-1",
  json: '{"@timestamp":"2026-07-17T09:22:41.123Z","organization":{"id":"00D1"},"salesforce":{"login":{"run_time":291}}}',
};

test.each([
  ["fixed", { text: "fixed" }],
  [
    "a-%{[data_stream.type]}.%{[data_stream.dataset]}/%{[data_stream.namespace]}",
    { text: "a-logs.aquila_salesforce.login/eu-west" },
  ],
  ["%{[event.id]}%{[organization.id]}-%{[salesforce.login.run_time]}", { text: "id-100D1-291" }],
  ["%{[nothing]:else}-%{[nothing.there]:}", { text: "else-" }],
  ["a-%{+yyyy.MM.dd}-%{[data_stream.type]}%{+HH}", { text: "a-2026.07.17-logs09" }],
  ["%{[organization]}", { missing: "organization" }],
  ["%{[organization.constructor]}", { missing: "organization.constructor" }],
])("%s becomes %j", (format, made) => {
  const parts = parseFormatString(format);
  expect(typeof parts).toBe("object");
  expect(typeof parts === "string" ? parts : formatted(parts, fieldsOf(EVENT), timestampOf(EVENT) ?? 0)).toEqual(made);
});

test("an event's time is read from its beginning, or else from all of it", () => {
  expect(timestampOf(EVENT)).toBe(Date.parse("2026-07-17T09:22:41.123Z"));
  expect(timestampOf({ ...EVENT, json: '{"a":1,"@timestamp":"2026-07-17T09:22:41.123Z"}' })).toBe(1_784_280_161_123);
  expect(timestampOf({ ...EVENT, json: '{"@timestamp":"yesterday at noon"}' })).toBeUndefined();
});

function choices(partition: KafkaPartition, keys: ReadonlyArray<string | undefined>, partitions = 5) {
  let chance = 0;
  const choose = createPartitioner(partition, () => {
    chance += 0.3;
    return chance % 1;
  });
  return keys.map((key) =>
    choose({ key: key === undefined ? undefined : Buffer.from(key), values: fieldsOf(EVENT) }, partitions),
  );
}

test("partitions are chosen as Beats choose them", () => {
  const none = [undefined, undefined, undefined, undefined, undefined];
  const hash = { by: "hash", fields: [], isRandomWithout: true, reachableOnly: false } as const;
  // FNV-1a of "a" is 0xe40c292c and of "foobar" 0xbf9cf968; the highest bit is left out.
  expect(choices(hash, ["a", "foobar", "a"], 1_000)).toEqual([
    0x640c292c % 1_000,
    0x3f9cf968 % 1_000,
    0x640c292c % 1_000,
  ]);
  expect(choices(hash, none)).toEqual([1, 3, 4, 0, 2]);
  const random = { by: "random", groupEvents: 2, reachableOnly: false } as const;
  expect(choices(random, none)).toEqual([1, 1, 3, 3, 4]);
  expect(choices({ ...random, by: "roundRobin" }, none, 3)).toEqual([0, 0, 1, 1, 2]);
  const fields = ["organization.id"];
  expect(choices({ ...hash, fields }, ["a", "b"])).toEqual(choices(hash, ["00D1", "00D1"]));
  expect(choices({ ...hash, fields: ["no.such"], isRandomWithout: false }, ["a"])).toEqual([{ missing: "no.such" }]);
});

import { expect, test } from "vitest";
import { BATCH_HEAD, encodedHeaders } from "./kafka_batch.ts";
import { batchesOf, type OutgoingRecord, parted, type RecordOptions, recordsByTopic } from "./kafka_records.ts";
import { anEvent } from "./sink.contract.ts";

const INDEX = "logs-aquila_salesforce.login-default";
const NOW = 1_780_000_000_000;
const HEADERS = encodedHeaders([]);
const options = (more: Partial<RecordOptions> = {}): RecordOptions => ({
  topic: [{ text: "t" }],
  key: undefined,
  bulkMaxSize: 100,
  maxMessageBytes: 1_000_000,
  sender: { version: "1.2.3" },
  ...more,
});
const fieldOf = (field: string) => [{ field, fallback: undefined }];
const ids = (records: readonly OutgoingRecord[] | undefined) => records?.map(({ event }) => event.id);

function recordsOf(lengths: readonly number[]): OutgoingRecord[] {
  return lengths.map((length, at) => {
    const event = anEvent(INDEX, `e${at}`);
    return { event, key: undefined, timestamp: NOW, values: () => undefined, length };
  });
}

test.each<[string, readonly number[], readonly string[][]]>([
  ["nothing", [], []],
  ["as many bytes as a batch may have", [60, 40, 1], [["e0", "e1"], ["e2"]]],
  ["one byte more", [60, 41, 59, 1], [["e0"], ["e1", "e2"], ["e3"]]],
  ["as many events as a batch may have, and one", [1, 1, 1, 1], [["e0", "e1", "e2"], ["e3"]]],
  ["one that fills a batch by itself", [100, 100, 1], [["e0"], ["e1"], ["e2"]]],
])("records in batches: %s", (_, lengths, batches) => {
  const some = options({ maxMessageBytes: 100 + BATCH_HEAD, bulkMaxSize: 3 });
  expect(batchesOf(recordsOf(lengths), some).map(ids)).toEqual(batches);
});

test("an event that is as long as a batch may be goes; one that is longer by a byte is refused, with both numbers", () => {
  const event = anEvent(INDEX, "e", { text: "ü".repeat(50) });
  const [{ length } = { length: 0 }] = recordsByTopic([event], options(), HEADERS, NOW).byTopic.get("t") ?? [];
  const at = (maxMessageBytes: number) => recordsByTopic([event], options({ maxMessageBytes }), HEADERS, NOW);
  expect(ids(at(length + BATCH_HEAD).byTopic.get("t"))).toEqual(["e"]);
  const { byTopic, refused } = at(length + BATCH_HEAD - 1);
  expect(byTopic.size).toBe(0);
  expect(refused).toMatchObject([{ type: "message_too_large", reason: expect.stringContaining(`${length} bytes`) }]);
  expect(refused[0]?.reason).toContain(`(${length + BATCH_HEAD - 1})`);
});

test("each event goes to its own topic; what makes no topic is refused by itself", () => {
  const topics = ["a", "", "a b", "..", "x".repeat(249), "x".repeat(250), "b", "a"];
  const events = topics.map((to, at) => anEvent(INDEX, `e${at}`, { to }));
  const some = options({ topic: fieldOf("to") });
  const { byTopic, refused } = recordsByTopic([...events, anEvent(INDEX, "none")], some, HEADERS, NOW);
  expect([...byTopic].map(([topic, records]) => [topic, ids(records)])).toEqual([
    ["a", ["e0", "e7"]],
    ["x".repeat(249), ["e4"]],
    ["b", ["e6"]],
  ]);
  expect(refused.map(({ event, type }) => [event.id, type])).toEqual([
    ["e1", "invalid_topic"],
    ["e2", "invalid_topic"],
    ["e3", "invalid_topic"],
    ["e5", "invalid_topic"],
    ["none", "field_missing"],
  ]);
});

test("a record has its event's key and time; without a time it has that of now, without the key's field no key", () => {
  const events = [
    anEvent(INDEX, "both", { org: "00D1" }),
    { index: INDEX, id: "neither", json: '{"@timestamp":"never"}' },
  ];
  const { byTopic } = recordsByTopic(events, options({ key: fieldOf("org") }), HEADERS, NOW);
  expect(byTopic.get("t")?.map(({ key, timestamp }) => [key?.toString(), timestamp])).toEqual([
    ["00D1", Date.parse("2026-07-17T09:22:41.123Z")],
    [undefined, NOW],
  ]);
});

test.each<[string, readonly number[], readonly string[]]>([
  ["none: in halves", [], ["abc", "de"]],
  ["one", [1], ["b", "acde"]],
  ["one, again and again", [1, 1, 1], ["b", "acde"]],
  ["some, in any order", [4, 0], ["e", "a", "bcd"]],
  ["all", [0, 1, 2, 3, 4], ["a", "b", "c", "d", "e"]],
  ["some that are not there", [-1, 5, 2 ** 31 - 1, 0.5, Number.NaN], ["abc", "de"]],
  ["one beside one that is not there", [5, 3], ["d", "abce"]],
])("a batch whose broker names as refused %s", (_, named, parts) => {
  expect(parted([..."abcde"], named).map((part) => part.join(""))).toEqual(parts);
});

test("a batch of two of which none is named is parted, so that it comes to an end", () => {
  expect(parted(["a", "b"], [])).toEqual([["a"], ["b"]]);
});

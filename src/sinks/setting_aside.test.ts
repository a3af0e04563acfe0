import { expect, test } from "vitest";
import type { SourceEvent } from "../core/event.ts";
import { refusedEvent, settingAside } from "./setting_aside.ts";
import type { Sink } from "./sink.ts";

const event: SourceEvent = {
  index: "logs-aquila_salesforce.api-acme",
  id: "abc",
  json: JSON.stringify({
    "@timestamp": "2026-07-17T09:22:41.123Z",
    event: { id: "abc", code: "RestApi", provider: "EventLogFile", module: "aquila_salesforce" },
    data_stream: { type: "logs", dataset: "aquila_salesforce.api", namespace: "acme" },
    organization: { id: "00D000000000001AAA", name: "Acme" },
    salesforce: { collection: { file: { id: "0AT1" }, row: 3 } },
    tags: ["forwarded"],
  }),
};

const signal = new AbortController().signal;
const rejected: SourceEvent = { ...event, id: "r", index: "logs-aquila_salesforce.collector-acme" };

/** Refuses those that `isRefused` names, in the words of `name`; what it was told of earlier sendings is in `before`. */
function refusing(name: string, isRefused: (event: SourceEvent) => boolean, before: unknown[] = []): Sink {
  return {
    async deliver(events, _, sentBefore) {
      before.push(sentBefore);
      const refused = events.filter(isRefused).map((one) => ({
        event: { ...one, json: one.json.replace("forwarded", "processed") },
        type: name,
        reason: `no ${one.index.split(".")[1]}`,
      }));
      return { created: events.length - refused.length, existing: 0, refused };
    },
    async close() {},
  };
}

test("what neither takes is given back as it came, with the reason of its own data stream, and counted as refused once", async () => {
  const place = settingAside({
    own: refusing("own", ({ id }) => id === "abc"),
    collector: refusing("collector", () => true),
  });
  const { receipt, unplaced } = await place([event, { ...event, id: "b" }, rejected], signal);
  expect(unplaced).toEqual([
    { event: rejected, reason: "collector: no collector-acme" },
    { event, reason: "own: no api-acme" },
  ]);
  expect(receipt.created).toBe(1);
  expect(receipt.refused.map((one) => one.event.id)).toEqual(["abc", "r"]);
});

test("where nobody takes reports, what would be one is given back", async () => {
  const place = settingAside({
    own: refusing("own", ({ id }) => id === "abc"),
    collector: undefined,
  });
  const { receipt, unplaced } = await place([event, { ...event, id: "b" }, rejected], signal);
  expect(unplaced).toEqual([
    { event: rejected, reason: expect.stringContaining("switched off") },
    { event, reason: "own: no api-acme" },
  ]);
  expect(receipt).toMatchObject({ created: 1, refused: [{ event: { id: "abc" } }] });
});

test("where the events may have been sent before, every delivery is told so", async () => {
  const before: unknown[] = [];
  const sentBefore = { [event.index]: ["backing-1"] };
  const place = settingAside({
    own: refusing("own", () => true, before),
    collector: refusing("collector", () => false, before),
  });
  await place([event, rejected], signal, sentBefore);
  expect(before).toEqual([sentBefore, sentBefore, sentBefore]);
});

test("a refused event becomes an event of the collector, with its text and reason, and is counted as refused", async () => {
  const delivered: SourceEvent[][] = [];
  const inner: Sink = {
    async deliver(events) {
      delivered.push([...events]);
      const refused = events.filter(({ id }) => id === "abc");
      return {
        created: events.length - refused.length,
        existing: 0,
        refused: refused.map((one) => ({ event: one, type: "document_parsing_exception", reason: "bad ip" })),
      };
    },
    async close() {},
  };
  const clock = { now: () => Date.UTC(2026, 6, 18), random: () => 0, sleep: async () => {} };
  const place = settingAside({
    own: inner,
    collector: inner,
    clock,
  });
  const { receipt, unplaced } = await place([event], signal);
  expect(unplaced).toEqual([]);
  expect(receipt).toMatchObject({ created: 0, refused: [{ reason: "bad ip" }] });
  expect(delivered).toHaveLength(2);
  const [kept] = delivered[1] ?? [];
  expect(kept?.index).toBe("logs-aquila_salesforce.collector-acme");
  const document = JSON.parse(kept?.json ?? "");
  expect(document.event).toMatchObject({ id: kept?.id, code: "event_refused", dataset: "aquila_salesforce.collector" });
  expect(document.organization.name).toBe("Acme");
  expect(document.data_stream).toEqual({ type: "logs", dataset: "aquila_salesforce.collector", namespace: "acme" });
  expect(document.salesforce.collector).toEqual({
    dataset: "aquila_salesforce.api",
    event_type: "RestApi",
    reason: "document_parsing_exception: bad ip",
    text: event.json,
  });
  expect(document.salesforce.collection.row).toBe(3);
});

test("rejected rows among the events go to the collector's sink, and every event is in the receipt once", async () => {
  const seen: string[] = [];
  const taking = (name: string, existing: number): Sink => ({
    async deliver(events) {
      seen.push(...events.map(({ id }) => `${name} ${id}`));
      return { created: events.length - existing, existing, refused: [] };
    },
    async close() {},
  });
  const place = settingAside({
    own: taking("own", 1),
    collector: taking("collector", 0),
  });
  expect(await place([event, rejected, { ...event, id: "b" }], signal)).toEqual({
    receipt: { created: 2, existing: 1, refused: [] },
    unplaced: [],
  });
  expect((await place([rejected], signal)).receipt).toMatchObject({ created: 1, existing: 0 });
  expect(seen).toEqual(["own abc", "own b", "collector r", "collector r"]);
});

test("a refused event's text is kept whole, however long it is", () => {
  const document = { ...JSON.parse(event.json), uri: "é".repeat(1_000_000) };
  const long = { ...event, json: JSON.stringify(document) };
  const aside = refusedEvent({ event: long, type: "t", reason: "r" }, 0);
  expect(JSON.parse(aside.json).salesforce.collector.text).toBe(long.json);
});

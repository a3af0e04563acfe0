import { expect, test } from "vitest";
import type { SourceEvent } from "../core/event.ts";
import { createSettingAsideSink, refusedEvent } from "./setting_aside.ts";
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
  const sink = createSettingAsideSink({
    own: inner,
    collector: inner,
    collectorDataset: "aquila_salesforce.collector",
    clock,
  });
  const receipt = await sink.deliver([event], new AbortController().signal);
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
  const sink = createSettingAsideSink({
    own: taking("own", 1),
    collector: taking("collector", 0),
    collectorDataset: "aquila_salesforce.collector",
  });
  const rejected = { ...event, id: "r", index: "logs-aquila_salesforce.collector-acme" };
  const signal = new AbortController().signal;
  expect(await sink.deliver([event, rejected, { ...event, id: "b" }], signal)).toEqual({
    created: 2,
    existing: 1,
    refused: [],
  });
  expect(await sink.deliver([rejected], signal)).toMatchObject({ created: 1, existing: 0 });
  expect(seen).toEqual(["own abc", "own b", "collector r", "collector r"]);
});

test("a refused event's text is kept whole, however long it is", () => {
  const document = { ...JSON.parse(event.json), uri: "é".repeat(1_000_000) };
  const long = { ...event, json: JSON.stringify(document) };
  const aside = refusedEvent({ event: long, type: "t", reason: "r" }, "aquila_salesforce.collector", 0);
  expect(JSON.parse(aside.json).salesforce.collector.text).toBe(long.json);
});

import { expect, test } from "vitest";
import type { SourceEvent } from "../core/event.ts";
import { createSettingAsideSink } from "./setting_aside.ts";
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
  const sink = createSettingAsideSink(inner, "aquila_salesforce.collector", clock);
  const receipt = await sink.deliver([event], new AbortController().signal);
  expect(receipt).toMatchObject({ created: 0, refused: [{ reason: "bad ip" }] });
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

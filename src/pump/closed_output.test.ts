import { afterEach, beforeEach, expect, test } from "vitest";
import { BulkEndpoint } from "../../_dev/shared/fake_elasticsearch/bulk_endpoint.ts";
import { createMemoryCursors } from "../../_dev/shared/testing/memory_cursors.ts";
import { systemClock } from "../core/clock.ts";
import { createElasticsearchSink } from "../sinks/elasticsearch.ts";
import type { Source } from "../sources/source.ts";
import { pump } from "./pump.ts";

/** More than may be under way at once, so that some are pulled only after the output has been closed. */
const EVENTS = 12;

let elasticsearch: BulkEndpoint;
beforeEach(async () => {
  elasticsearch = new BulkEndpoint();
  await elasticsearch.start();
});
afterEach(() => elasticsearch.close());

/** Events 1 to EVENTS, one in each batch, behind the cursor. */
function numbers(pulled: number[], released: number[]): Source {
  return {
    id: "numbers",
    async *read(from) {
      for (let n = Number(from.get("n") ?? 0) + 1; n <= EVENTS; n += 1) {
        const events = [{ index: "logs-numbers-default", id: String(n), json: `{"event":{"id":"${n}"}}` }];
        pulled.push(n);
        yield { events, whenDelivered: { changes: [{ key: "n", value: n }] }, release: () => released.push(n) };
      }
      return undefined;
    },
  };
}

function output() {
  return createElasticsearchSink({
    hosts: [elasticsearch.url],
    workers: 8,
    compressionLevel: 0,
    requestTimeout: 30_000,
  });
}

test("an output that is closed while events are under way: they are stored and saved, the rest is neither, and nothing comes twice", async () => {
  const cursors = createMemoryCursors();
  const never = new AbortController().signal;
  const [pulled, released]: [number[], number[]] = [[], []];
  const options = { cursors, tell: () => {}, clock: systemClock, stop: never, abandon: never };
  const sink = output();
  elasticsearch.hold();
  const round = pump({ ...options, source: numbers(pulled, released), sink });
  const outcome = expect(round).rejects.toThrow("The output is closed.");
  await elasticsearch.until("four deliveries under way", () => elasticsearch.held === 4);
  const closed = sink.close();
  elasticsearch.release();
  await closed;
  await outcome;

  expect((await cursors.load("numbers")).get("n")).toBe(4);
  expect(elasticsearch.documents.map(({ id }) => id).sort()).toEqual(["1", "2", "3", "4"]);
  expect([...new Set(released)].sort()).toEqual(pulled.toSorted());

  const next = output();
  await pump({ ...options, source: numbers(pulled, released), sink: next });
  await next.close();
  expect(elasticsearch.documents).toHaveLength(EVENTS);
  expect(elasticsearch.repeated).toBe(0);
  expect(await cursors.load("numbers")).toEqual(new Map([["n", EVENTS]]));
});

import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { BulkEndpoint } from "../../_dev/shared/fake_elasticsearch/bulk_endpoint.ts";
import { ManualClock } from "../../_dev/shared/testing/manual_clock.ts";
import type { RunnerError } from "../core/errors.ts";
import { Memory } from "../core/memory.ts";
import { createElasticsearchSink } from "./elasticsearch.ts";
import { anEvent, sinkContract } from "./sink.contract.ts";

const INDEX = "logs-aquila_salesforce.login-default";
const never = new AbortController().signal;
let elasticsearch: BulkEndpoint;
let clock: ManualClock;
let memory: Memory;
let problems: Array<RunnerError | undefined>;

beforeEach(async () => {
  elasticsearch = new BulkEndpoint();
  await elasticsearch.start();
  clock = new ManualClock();
  memory = new Memory();
  problems = [];
});
afterEach(() => elasticsearch.close());

function open({ hosts = [elasticsearch.url], compressionLevel = 1 } = {}) {
  const options = { hosts, compressionLevel, workers: 2, requestTimeout: 10_000 };
  return createElasticsearchSink(options, (problem) => problems.push(problem), clock, memory.share("output"));
}

describe("Elasticsearch sink keeps the contract", () => {
  sinkContract(
    async () => ({
      sink: open(),
      stored: async (index) =>
        elasticsearch.documents
          .filter((document) => document.index === index)
          .map(({ id }) => id)
          .sort(),
      indexes: [INDEX, "logs-aquila_salesforce.api-default"],
      block: async () => elasticsearch.answerWith(503),
    }),
    { remembers: true },
  );
});

test("events go to data streams alone, so that none lands in an index that is made for it", async () => {
  await open().deliver([anEvent(INDEX, "a")], never);
  expect(elasticsearch.requests.map(({ query }) => query.get("require_data_stream"))).toEqual(["true"]);
});

test.each([
  [0, undefined],
  [1, "gzip"],
])("with compression level %i a request says that it is encoded as %s", async (compressionLevel, encoding) => {
  await open({ compressionLevel }).deliver([anEvent(INDEX, "a")], never);
  expect(elasticsearch.requests.map(({ headers }) => headers["content-encoding"])).toEqual([encoding]);
});

/** Delivers one event; resolves as soon as it waits to send it again. */
async function waitsToRepeat(): Promise<{ readonly delivering: Promise<unknown>; readonly ms: number }> {
  const delivering = open().deliver([anEvent(INDEX, "a")], never);
  while (clock.nextWake === undefined) {
    await new Promise((turn) => setTimeout(turn, 1));
  }
  return { delivering, ms: clock.nextWake - clock.now() };
}

describe("what Elasticsearch asks to wait", () => {
  const HOUR = 3_600_000;
  const date = (ms: number) => new Date(Date.UTC(2026, 6, 17, 9) + ms).toUTCString();
  test.each([
    ["nothing", undefined, 1_000],
    ["seconds", "30", 30_000],
    ["less than is waited anyway", "0", 1_000],
    ["a date", date(90_000), 90_000],
    ["a date that is over", date(-90_000), 1_000],
    ["a huge number", "9999999999999", HOUR],
    ["a number beyond all numbers", "9".repeat(400), HOUR],
    ["a date in a thousand years", "Sun, 06 Nov 3094 08:49:37 GMT", HOUR],
    ["a negative number", "-5", 1_000],
    ["words", "soon", 1_000],
  ])("%s", async (_, header, ms) => {
    elasticsearch.answerWith(429, header === undefined ? {} : { "retry-after": header });
    const waiting = await waitsToRepeat();
    expect(waiting.ms).toBe(ms);
    elasticsearch.answerWith(200);
    clock.advance(ms);
    expect(await waiting.delivering).toMatchObject({ created: 1 });
    expect(memory.taken).toBe(0);
  });
});

test.each([
  ["long", {}, () => `{"items":"${"x".repeat(20_000_000)}"}`],
  ["long after decompression", { "content-encoding": "gzip" }, () => gzipSync("x".repeat(200_000_000))],
] as const)("an answer that is too %s is not read, and the events are sent again", async (_, headers, body) => {
  elasticsearch.answerWith(200, headers, body());
  const { delivering, ms } = await waitsToRepeat();
  expect(problems[0]?.code).toBe("output_unreachable");
  elasticsearch.answerWith(200);
  clock.advance(ms);
  expect(await delivering).toMatchObject({ created: 1 });
});

test("what is found after an answer was lost may be this runner's own; what is found at once is not", async () => {
  const sink = open();
  await sink.deliver([anEvent(INDEX, "a")], never);
  expect(await sink.deliver([anEvent(INDEX, "a")], never)).toEqual({ created: 0, existing: 1, refused: [] });
  elasticsearch.answerWith(502);
  const { delivering, ms } = await waitsToRepeat();
  elasticsearch.answerWith(200);
  clock.advance(ms);
  expect(await delivering).toMatchObject({ created: 0, existing: 1, resent: 1 });
});

test("a data stream that is blocked stays the problem while others are delivered, and until its events are there", async () => {
  const sink = open();
  const [API, APEX] = ["logs-aquila_salesforce.api-default", "logs-aquila_salesforce.apex-default"];
  const blocked = (index: string) => ({
    status: 403,
    type: "cluster_block_exception",
    reason: `${index} is read-only`,
  });
  elasticsearch.refuse((index) => (index === API ? undefined : blocked(index)));
  const waiting = [sink.deliver([anEvent(INDEX, "a")], never)];
  await vi.waitFor(() => expect(clock.sleeping).toBe(1));
  waiting.push(sink.deliver([anEvent(APEX, "b")], never));
  await vi.waitFor(() => expect(clock.sleeping).toBe(2));
  await sink.deliver([anEvent(API, "c")], never);
  await sink.probe?.(never);
  expect(new Set(problems.map((problem) => problem?.message))).toEqual(
    new Set([expect.stringContaining(`${INDEX} is read-only`)]),
  );
  elasticsearch.refuse(() => undefined);
  clock.advance(10_000);
  await Promise.all(waiting);
  expect(problems.at(-1)).toBeUndefined();
});

test("what ails Elasticsearch as a whole is what it said last, though older deliveries still wait", async () => {
  const sink = open();
  const delivered = (id: string) => sink.deliver([anEvent(INDEX, id)], never);
  const waiting: Promise<unknown>[] = [];
  for (const status of [503, 401]) {
    elasticsearch.answerWith(status);
    waiting.push(delivered(String(status)));
    await vi.waitFor(() => expect(clock.sleeping).toBe(waiting.length));
  }
  elasticsearch.answerWith(200);
  await delivered("taken");
  expect(problems.map((problem) => problem?.code)).toEqual(["output_unreachable", "output_refused", undefined]);
  clock.advance(10_000);
  await Promise.all(waiting);
});

test("what a probe has found is over with the next delivery", async () => {
  const sink = open();
  elasticsearch.answerWith(503);
  await sink.probe?.(never);
  elasticsearch.answerWith(200);
  await sink.deliver([anEvent(INDEX, "a")], never);
  expect(problems).toEqual([expect.objectContaining({ code: "output_unreachable" }), undefined]);
});

test("a delivery that is given up is no problem any more", async () => {
  const sink = open();
  const stop = new AbortController();
  elasticsearch.answerWith(503);
  const delivering = sink.deliver([anEvent(INDEX, "a")], stop.signal);
  await vi.waitFor(() => expect(clock.sleeping).toBe(1));
  stop.abort(new Error("stopped"));
  await expect(delivering).rejects.toThrow("stopped");
  expect(problems.at(-1)).toBeDefined();
  elasticsearch.answerWith(200);
  await sink.probe?.(never);
  expect(problems.at(-1)).toBeUndefined();
});

test("is known to be away, or there, before the first event", async () => {
  const hosts = [elasticsearch.url];
  const probed = async (signal = never) => {
    await open({ hosts }).probe?.(signal);
    return problems.splice(0);
  };
  expect(await probed()).toEqual([undefined]);
  elasticsearch.answerWith(401);
  expect(await probed()).toEqual([expect.objectContaining({ code: "output_refused" })]);
  elasticsearch.answerWith(503);
  expect(await probed()).toEqual([expect.objectContaining({ code: "output_unreachable" })]);
  await expect(probed(AbortSignal.abort(new Error("stopped")))).rejects.toThrow("stopped");
  expect(problems).toEqual([]);
  await elasticsearch.close();
  expect(await probed()).toEqual([expect.objectContaining({ code: "output_unreachable" })]);
  await elasticsearch.start();
});

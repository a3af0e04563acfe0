/** What may have been stored before the data stream was rolled over: through the sink, and through the pump after a kill. */
import { afterEach, beforeEach, expect, test } from "vitest";
import { BulkEndpoint } from "../../_dev/shared/fake_elasticsearch/bulk_endpoint.ts";
import { ManualClock } from "../../_dev/shared/testing/manual_clock.ts";
import type { RunnerError } from "../core/errors.ts";
import { createElasticsearchSink } from "./elasticsearch.ts";
import { anEvent } from "./sink.contract.ts";
import type { Receipt } from "./sink.ts";

const LOGINS = "logs-aquila_salesforce.login-default";
const CALLS = "logs-aquila_salesforce.api-default";
const never = new AbortController().signal;
const backing = (stream: string, generation: number) => `.ds-${stream}-2026.07.17-00000${generation}`;

let elasticsearch: BulkEndpoint;
let clock: ManualClock;
let problems: Array<RunnerError | undefined>;

beforeEach(async () => {
  elasticsearch = new BulkEndpoint();
  await elasticsearch.start();
  clock = new ManualClock();
  problems = [];
});
afterEach(() => elasticsearch.close());

function open() {
  const options = { hosts: [elasticsearch.url], compressionLevel: 0, workers: 2, requestTimeout: 10_000 };
  return createElasticsearchSink(options, (problem) => problems.push(problem), clock);
}

/** What comes of it, however often it waits; `whileWaiting` is done each time before it goes on. */
async function outcome(delivering: Promise<Receipt>, whileWaiting: () => void = () => {}): Promise<Receipt> {
  let receipt: Receipt | undefined;
  const ended = delivering.then((it) => {
    receipt = it;
  });
  while (receipt === undefined) {
    await new Promise((turn) => setTimeout(turn, 1));
    if (clock.nextWake !== undefined) {
      whileWaiting();
      clock.advance(clock.nextWake - clock.now());
    }
  }
  await ended;
  return receipt;
}

const sent = () => elasticsearch.requests.map(({ events }) => events);

test("the answer is lost and the stream rolled over: what is found is not sent again, and the rest is, once", async () => {
  const sink = open();
  await sink.deliver([anEvent(LOGINS, "before")], never);
  elasticsearch.loseAnswers(1);
  const events = [anEvent(LOGINS, "a"), anEvent(LOGINS, "b")];
  const receipt = await outcome(sink.deliver(events, never), () => elasticsearch.rollOver());
  expect(receipt).toEqual({ created: 0, existing: 2, refused: [], resent: 2 });
  expect(sent()).toEqual([1, 2]);
  expect(elasticsearch.documents.map(({ id }) => id)).toEqual(["before", "a", "b"]);
  expect(elasticsearch.lookUps).toEqual([
    `GET /_resolve/index/${LOGINS}`,
    `POST /${backing(LOGINS, 1)}/_mget`,
    `POST /${backing(LOGINS, 2)}/_mget`,
  ]);
  expect(problems.at(-1)).toBeUndefined();
  expect(problems.some((problem) => problem?.code === "output_unreachable")).toBe(true);
});

test("what was sent before a kill, in part and into two streams, is looked up where it may be, and sent where it is not", async () => {
  const before = open();
  await before.deliver([anEvent(LOGINS, "a"), anEvent(CALLS, "x")], never);
  elasticsearch.rollOver();
  elasticsearch.rollOver();
  const events = [anEvent(LOGINS, "a"), anEvent(LOGINS, "b"), anEvent(CALLS, "x"), anEvent(CALLS, "y")];
  const receipt = await open().deliver(events, never, { [LOGINS]: [backing(LOGINS, 1)], [CALLS]: [backing(CALLS, 2)] });
  // The second stream is said to have been at its second index by then: the first one is not asked.
  expect(receipt).toEqual({
    created: 3,
    existing: 1,
    refused: [],
    resent: 1,
    landedIn: { [LOGINS]: [backing(LOGINS, 3)], [CALLS]: [backing(CALLS, 3)] },
  });
  expect(elasticsearch.lookUps.filter((one) => one.startsWith("POST"))).toEqual([
    ...[1, 2, 3].map((generation) => `POST /${backing(LOGINS, generation)}/_mget`),
    ...[2, 3].map((generation) => `POST /${backing(CALLS, generation)}/_mget`),
  ]);
  expect(sent()).toEqual([2, 3]);
});

test.each([403, 404])(
  "a key that may not read (%i): sent again, and what lands elsewhere is counted",
  async (status) => {
    const sink = open();
    await sink.deliver([anEvent(LOGINS, "a"), anEvent(LOGINS, "b")], never);
    elasticsearch.answerLookUpsWith(status);
    const sentBefore = { [LOGINS]: [backing(LOGINS, 1)] };
    expect(await sink.deliver([anEvent(LOGINS, "a"), anEvent(LOGINS, "c")], never, sentBefore)).toEqual({
      created: 1,
      existing: 1,
      refused: [],
      resent: 1,
      landedIn: { [LOGINS]: [backing(LOGINS, 1)] },
    });
    elasticsearch.rollOver();
    expect(await sink.deliver([anEvent(LOGINS, "b")], never, sentBefore)).toMatchObject({
      created: 1,
      possiblyDoubled: 1,
    });
    // That a key lacks the privilege is found out once; that there is no such stream may change.
    expect(elasticsearch.lookUps).toHaveLength(status === 403 ? 1 : 2);
  },
);

test("an answer that is lost twice, the stream rolled over between, with a key that may not read, is counted", async () => {
  const sink = open();
  await sink.deliver([anEvent(LOGINS, "before")], never);
  elasticsearch.answerLookUpsWith(403);
  elasticsearch.loseAnswers(1);
  const receipt = await outcome(sink.deliver([anEvent(LOGINS, "a")], never), () => elasticsearch.rollOver());
  expect(receipt).toMatchObject({ created: 1, possiblyDoubled: 1, landedIn: { [LOGINS]: [backing(LOGINS, 2)] } });
  expect(elasticsearch.documents.map(({ id }) => id)).toEqual(["before", "a", "a"]);
});

test.each([
  [503, "output_unreachable"],
  [429, "output_busy"],
  [401, "output_refused"],
])("while looking up is answered with %i nothing is sent, and the output says so", async (status, code) => {
  const sink = open();
  await sink.deliver([anEvent(LOGINS, "a")], never);
  problems = [];
  elasticsearch.answerLookUpsWith(status, 2);
  const waits: number[] = [];
  const receipt = await outcome(sink.deliver([anEvent(LOGINS, "a")], never, { [LOGINS]: [backing(LOGINS, 1)] }), () => {
    waits.push((clock.nextWake ?? 0) - clock.now());
    expect(sent()).toEqual([1]);
  });
  expect(receipt).toEqual({ created: 0, existing: 1, refused: [], resent: 1 });
  expect(problems.map((problem) => problem?.code)).toEqual([code, code, undefined]);
  expect(waits).toEqual([1_000, 2_000]);
  expect(sent()).toEqual([1]);
});

test("a stop while it is looked up is a stop", async () => {
  const sink = open();
  elasticsearch.answerLookUpsWith(503);
  const stop = new AbortController();
  const delivering = sink.deliver([anEvent(LOGINS, "a")], stop.signal, {});
  delivering.catch(() => {});
  while (clock.nextWake === undefined) {
    await new Promise((turn) => setTimeout(turn, 1));
  }
  stop.abort(new Error("stopped"));
  await expect(delivering).rejects.toThrow("stopped");
  expect(sent()).toEqual([]);
});

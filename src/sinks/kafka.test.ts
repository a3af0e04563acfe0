import { describe, expect, test } from "vitest";
import {
  type Instead,
  int32,
  metadataBody,
  produceBody,
  producerBody,
  type RequestName,
  startFakeBroker,
  versionsBody,
} from "../../_dev/shared/kafka/fake_broker.ts";
import { sinkOptions } from "../../_dev/shared/kafka/sink_options.ts";
import { systemClock } from "../core/clock.ts";
import type { RunnerError } from "../core/errors.ts";
import { Memory } from "../core/memory.ts";
import { createKafkaSink } from "./kafka.ts";
import { anEvent } from "./sink.contract.ts";

const never = new AbortController().signal;
const TOPIC = "t";
const events = ["a", "b"].map((id) => anEvent("logs-aquila_salesforce.login-default", id));
/** Sleeps for no time at all, so that what is tried again is tried at once. */
const hurried = { ...systemClock, sleep: (_: number, signal?: AbortSignal) => systemClock.sleep(0, signal) };

/** Delivers to a broker whose first answer to such a request is another one, and gives what was said on the way. */
async function delivered(request: RequestName, wrong: (correlation: number) => Instead, timeout = 30_000) {
  await using broker = await startFakeBroker(TOPIC);
  let isOver = false;
  broker.fate = (asked, correlation) => {
    if (asked !== request || isOver) {
      return undefined;
    }
    isOver = true;
    return wrong(correlation);
  };
  const problems: (RunnerError | undefined)[] = [];
  const options = sinkOptions(broker.host, TOPIC, { timeout });
  const sink = createKafkaSink(options, (problem) => problems.push(problem), hurried);
  expect((await sink.deliver(events, never)).created).toBe(2);
  await sink.close();
  expect(problems.at(-1)).toBeUndefined();
  return {
    produced: broker.requests.filter((one) => one === "produce").length,
    said: problems.flatMap((problem) => problem?.text ?? []).join("\n"),
  };
}

test.each<[string, RequestName, (correlation: number) => Instead, RegExp]>([
  ["the batch of another topic", "produce", () => ({ body: produceBody("other", 0) }), /acknowledges .*other/],
  ["a very long topic", "produce", () => ({ body: produceBody("x".repeat(30_000), 0) }), /^.*acknowledges .{200,600}$/],
  ["the batch of another partition", "produce", () => ({ body: produceBody(TOPIC, 5) }), /acknowledges /],
  ["no batch at all", "produce", () => ({ body: int32(0, 0) }), /acknowledges /],
  ["half an answer", "produce", () => ({ body: produceBody(TOPIC, 0).subarray(0, 9) }), /can't be/],
  ["another request", "produce", () => ({ bytes: int32(8, 77, 0) }), /can't be/],
  ["nothing, of no length", "produce", (id) => ({ bytes: int32(0, id, 0) }), /can't be/],
  ["a negative length", "produce", (id) => ({ bytes: int32(-90, id, 0) }), /can't be/],
  ["two gigabytes", "produce", (id) => ({ bytes: int32(2 ** 31 - 1, id, 0) }), /can't be/],
  ["a web page", "produce", () => ({ bytes: Buffer.from("HTTP/1.1 400 Bad Request\r\n\r\n") }), /can't be/],
  ["a page in place of its versions", "apiVersions", () => ({ bytes: Buffer.from("<html>no</html>\n") }), /can't be/],
  ["a producer without a number", "initProducerId", () => ({ body: producerBody(-1n, -1) }), /number/],
  ["a leader elsewhere", "metadata", () => ({ body: metadataBody(TOPIC, "127.0.0.1", 1) }), /127.0.0.1:1: .*refused/],
  ["a leader at no port", "metadata", () => ({ body: metadataBody(TOPIC, "127.0.0.1", 700_000) }), /can't be/],
  ["a leader without a host", "metadata", () => ({ body: metadataBody(TOPIC, "", -5) }), /can't be/],
  ["very many topics in few bytes", "metadata", () => ({ body: int32(0, 2 ** 31 - 1, 0) }), /can't be/],
  ["another topic", "metadata", () => ({ body: metadataBody("other", "127.0.0.1", 1) }), /choosing a leader/],
  ["no partition", "metadata", () => ({ body: metadataBody(TOPIC, "127.0.0.1", 1, 0) }), /choosing a leader/],
])(
  "a broker that answers with %s is no acknowledgement: it is said, and sent again",
  async (_, request, wrong, words) => {
    const { produced, said } = await delivered(request, wrong);
    expect(said).toMatch(words);
    expect(produced).toBe(request === "produce" ? 2 : 1);
  },
);

/** The first answers to such a request, in their turn; what was stored meanwhile is not known to the runner. */
async function answered(first: readonly Instead[], request: RequestName = "produce") {
  await using broker = await startFakeBroker(TOPIC);
  const left = [...first];
  let producers = 0n;
  broker.fate = (asked) => {
    producers += asked === "initProducerId" ? 1n : 0n;
    return asked === request
      ? left.shift()
      : asked === "initProducerId"
        ? { body: producerBody(producers, 0) }
        : undefined;
  };
  const sink = createKafkaSink(sinkOptions(broker.host, TOPIC), () => {}, hurried);
  const receipt = await sink.deliver(events, never);
  await sink.close();
  return { ...receipt, produced: broker.requests.filter((one) => one === "produce").length, producers };
}

const [DUPLICATE, UNKNOWN_PRODUCER, NO_LEADER, TOO_LARGE] = [46, 59, 6, 10];
const lost: Instead = { bytes: Buffer.from("no answer\n") };
const said = (error: number, topic = TOPIC): Instead => ({ body: produceBody(topic, 0, error) });

describe("that a batch is stored already", () => {
  test("is believed of one that was sent under the same claim before", async () => {
    expect(await answered([lost, said(DUPLICATE)])).toMatchObject({ created: 2, produced: 2, producers: 1n });
  });
  test.each([
    ["was never sent", [said(DUPLICATE)]],
    ["was sent under another claim only", [said(UNKNOWN_PRODUCER), said(DUPLICATE)]],
  ])("is not believed of one that %s: it is sent under a claim of its own", async (_, first) => {
    const { created, produced, producers } = await answered(first);
    expect([created, produced, producers]).toEqual([2, first.length + 1, BigInt(first.length + 1)]);
  });
  test("is not believed where only the asking for a producer had failed before", async () => {
    await using broker = await startFakeBroker(TOPIC);
    const left: Partial<Record<RequestName, Instead[]>> = {
      initProducerId: [{ body: producerBody(-1n, -1) }, { body: producerBody(1n, 0) }, { body: producerBody(2n, 0) }],
      produce: [said(DUPLICATE)],
    };
    broker.fate = (asked) => left[asked]?.shift();
    const sink = createKafkaSink(sinkOptions(broker.host, TOPIC), () => {}, hurried);
    expect((await sink.deliver(events, never)).created).toBe(2);
    await sink.close();
    expect(broker.requests.filter((one) => one === "produce")).toHaveLength(2);
  });
});

test.each([
  ["is there already", DUPLICATE],
  ["is refused", TOO_LARGE],
])("that the batch of another topic %s says nothing of this one", async (_, error) => {
  const { created, refused, produced } = await answered([lost, said(error, "other")]);
  expect({ created, refused, produced }).toEqual({ created: 2, refused: [], produced: 3 });
});

test("a batch that is refused after an answer was lost goes on in parts under another producer's claim", async () => {
  expect(await answered([lost, said(TOO_LARGE)])).toMatchObject({ created: 2, produced: 4, producers: 2n });
  expect(await answered([said(TOO_LARGE)])).toMatchObject({ created: 2, produced: 3, producers: 1n });
});

test("another leader: who leads is asked for anew, and the batch is sent under the claim it had", async () => {
  await using broker = await startFakeBroker(TOPIC);
  const left = [said(NO_LEADER)];
  broker.fate = (asked) => (asked === "produce" ? left.shift() : undefined);
  const sink = createKafkaSink(sinkOptions(broker.host, TOPIC), () => {}, hurried);
  expect((await sink.deliver(events, never)).created).toBe(2);
  await sink.close();
  const asked = ["initProducerId", "metadata", "produce"].map(
    (request) => broker.requests.filter((one) => one === request).length,
  );
  expect(asked).toEqual([1, 2, 2]);
});

test.each([
  ["an offset that can't be", () => ({ body: produceBody(TOPIC, 0, 0, -(2n ** 62n)) })],
  ["a wait of weeks", () => ({ body: produceBody(TOPIC, 0, 0, 5n, 2 ** 31 - 1) })],
])("%s in an acknowledgement changes nothing", async (_, wrong) => {
  expect(await delivered("produce", wrong)).toEqual({ produced: 1, said: "" });
});

test.each([
  ["older", 0, 2],
  ["newer", 12, 20],
  ["absurd", 9, 2],
  ["negative", -9, -2],
])("a broker that speaks %s versions alone is sent nothing, and is said to be too old", async (_, least, most) => {
  await using broker = await startFakeBroker(TOPIC);
  broker.fate = (asked) => (asked === "apiVersions" ? { body: versionsBody(least, most) } : undefined);
  const problems: (RunnerError | undefined)[] = [];
  // Nothing is asked between the attempts, which must not keep out all else.
  const clock = { ...hurried, sleep: () => new Promise<void>((done) => setImmediate(done)) };
  const sink = createKafkaSink(sinkOptions(broker.host, TOPIC), (problem) => problems.push(problem), clock);
  const stop = new AbortController();
  const delivering = sink.deliver(events, stop.signal);
  delivering.catch(() => {});
  await expect.poll(() => problems.at(-1)?.text, { timeout: 60_000 }).toMatch(/is too old .*UNSUPPORTED_VERSION/);
  stop.abort(new Error("stopped"));
  await expect(delivering).rejects.toThrow("stopped");
  await sink.close();
  expect(broker.requests).not.toContain("produce");
});

test("of the versions that both speak the newest is taken, at either end of what the broker speaks", async () => {
  for (const [least, most] of [
    [3, 3],
    [3, 4],
    [0, 3],
  ]) {
    await using broker = await startFakeBroker(TOPIC);
    broker.fate = (asked) => (asked === "apiVersions" ? { body: versionsBody(least, most) } : undefined);
    const sink = createKafkaSink(sinkOptions(broker.host, TOPIC), () => {}, hurried);
    expect((await sink.deliver(events, never)).created).toBe(2);
    await sink.close();
  }
});

test("an error without a name is one of the broker's own", async () => {
  const { produced, said } = await delivered("produce", () => ({ body: produceBody(TOPIC, 0, 9_999) }));
  expect(produced).toBe(2);
  expect(said).toMatch(/^Kafka /);
});

test("a broker that takes and never answers: what is under way is bounded, however much is delivered", async () => {
  await using broker = await startFakeBroker(TOPIC);
  broker.fate = (asked) =>
    asked === "produce"
      ? { bytes: Buffer.alloc(0) }
      : asked === "metadata"
        ? { body: metadataBody(TOPIC, "127.0.0.1", broker.port, 40) }
        : undefined;
  const memory = new Memory();
  const partition = { by: "roundRobin", groupEvents: 1, reachableOnly: false } as const;
  const options = sinkOptions(broker.host, TOPIC, { partition });
  const sink = createKafkaSink(options, () => {}, hurried, memory.share());
  const long = [anEvent("logs-aquila_salesforce.login-default", "long", { text: "x".repeat(900_000) })];
  const stop = new AbortController();
  const delivering = Promise.allSettled(Array.from({ length: 100 }, () => sink.deliver(long, stop.signal)));
  const produced = () => broker.requests.filter((one) => one === "produce").length;
  // A request and its copy are counted; the last one that is begun within 24 MiB may go beyond.
  await expect.poll(produced, { timeout: 60_000 }).toBe(14);
  expect(memory.taken).toBeLessThan(24 * 1024 * 1024 + 2 * 901_000);
  stop.abort(new Error("stopped"));
  await delivering;
  await sink.close();
  await expect.poll(() => memory.taken, { timeout: 60_000 }).toBe(0);
  expect(produced()).toBe(14);
});

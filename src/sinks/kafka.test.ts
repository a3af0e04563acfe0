import { describe, expect, test } from "vitest";
import {
  type FakeBroker,
  type Instead,
  int32,
  metadataBody,
  produceBody,
  producerBody,
  type RequestName,
  sessionBody,
  startFakeBroker,
  versionsBody,
} from "../../_dev/shared/kafka/fake_broker.ts";
import { sinkOptions } from "../../_dev/shared/kafka/sink_options.ts";
import { makeAuthority } from "../../_dev/shared/testing/certificates.ts";
import { systemClock } from "../core/clock.ts";
import type { RunnerError } from "../core/errors.ts";
import { Memory } from "../core/memory.ts";
import { Secret } from "../core/secret.ts";
import { createKafkaSink } from "./kafka.ts";
import { KafkaCluster, keepNewest } from "./kafka_cluster.ts";
import { protocolErrorOf } from "./kafka_meaning.ts";
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
  ["an alert of TLS", "produce", () => ({ bytes: Buffer.from([0x15, 3, 3, 0, 2, 2, 40]) }), /can't be/],
  ["TLS", "apiVersions", () => ({ bytes: Buffer.from([0x15, 3, 4, 0, 2, 2, 40]) }), /A listener for TLS needs ssl/],
  [
    "a web page",
    "produce",
    () => ({ bytes: Buffer.from("HTTP/1.1 400 Bad Request\r\n\r\n") }),
    /: the connection was cut/,
  ],
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

test.each([
  [3, 3, 3],
  [3, 4, 3],
  [0, 3, 3],
  [4, 6, 5],
  [7, 7, 7],
  [0, 8, 8],
  [9, 10, 9],
  [3, 13, 11],
])("of the versions that both speak, here %i to %i, the newest is taken, and kept to", async (least, most, version) => {
  await using broker = await startFakeBroker(TOPIC);
  broker.fate = (asked) => (asked === "apiVersions" ? { body: versionsBody(least, most) } : undefined);
  const sink = createKafkaSink(sinkOptions(broker.host, TOPIC), () => {}, hurried);
  expect((await sink.deliver(events, never)).created).toBe(2);
  await sink.close();
  expect(broker.violations).toEqual([]);
  expect(broker.produced).toEqual([
    { version, acks: -1, topic: TOPIC, partition: 0, producer: 7n, sequence: 0, records: 2 },
  ]);
});

test("what nobody acknowledges needs no producer's number, and is delivered when the connection has it", async () => {
  await using broker = await startFakeBroker(TOPIC);
  const sink = createKafkaSink(sinkOptions(broker.host, TOPIC, { isAcknowledged: false }), () => {}, hurried);
  expect((await sink.deliver(events, never)).created).toBe(2);
  await expect.poll(() => broker.produced).toMatchObject([{ acks: 0, producer: -1n, records: 2 }]);
  await sink.close();
  expect(broker.requests).not.toContain("initProducerId");
});

test("the batches of a partition go one after the other, under a running count", async () => {
  await using broker = await startFakeBroker(TOPIC);
  const sink = createKafkaSink(sinkOptions(broker.host, TOPIC), () => {}, hurried);
  await Promise.all([0, 1, 2, 3].map(() => sink.deliver(events, never)));
  await sink.deliver(events, never);
  await sink.close();
  expect(broker.produced.map(({ sequence }) => sequence)).toEqual([0, 2, 4, 6, 8]);
  expect(broker.requests.filter((one) => one !== "produce")).toEqual(["apiVersions", "metadata", "initProducerId"]);
});

describe("TLS", () => {
  test.each([
    ["a name, which is sent", "localhost", "localhost"],
    ["an address in numbers, which is not sent as a name", "127.0.0.1", false],
  ])("a broker is known by %s", async (_, host, sent) => {
    const authority = await makeAuthority("Kafka CA");
    const { key, certificate: cert } = await authority.issue(host);
    await using broker = await startFakeBroker(TOPIC, { key, cert });
    broker.fate = (asked) => (asked === "metadata" ? { body: metadataBody(TOPIC, host, broker.port) } : undefined);
    const tls = { certificateAuthorities: [authority.certificate] };
    const sink = createKafkaSink(sinkOptions(`${host}:${broker.port}`, TOPIC, { tls }), () => {}, hurried);
    expect((await sink.deliver(events, never)).created).toBe(2);
    await sink.close();
    expect(broker.serverNames).toEqual([sent]);
  });

  // The library's own patience is longer.
  test("with a broker that says nothing is not waited for longer than for any answer", { timeout: 8_000 }, async () => {
    await using broker = await startFakeBroker(TOPIC);
    const problems: (RunnerError | undefined)[] = [];
    const options = sinkOptions(broker.host, TOPIC, { tls: {}, timeout: 50 });
    const sink = createKafkaSink(options, (problem) => problems.push(problem), hurried);
    await sink.probe?.(never);
    await sink.close();
    expect(problems.map((problem) => problem?.text)).toEqual([expect.stringContaining("no answer in time")]);
  });
});

describe("who leads a topic", () => {
  const asksOf = (broker: FakeBroker) => broker.requests.filter((one) => one === "metadata").length;

  test("is asked for again after a while", async () => {
    await using broker = await startFakeBroker(TOPIC);
    let now = Date.UTC(2026, 6, 17);
    const options = sinkOptions(broker.host, TOPIC, { refreshEvery: 60_000 });
    const sink = createKafkaSink(options, () => {}, { ...hurried, now: () => now });
    for (const [later, asks] of [
      [0, 1],
      [59_999, 1],
      [1, 2],
      [59_999, 2],
    ] as const) {
      now += later;
      await sink.deliver(events, never);
      expect(asksOf(broker)).toBe(asks);
    }
    await sink.close();
  });

  test.each([
    ["only what has a leader", true, [1, 1], 1],
    ["all alike", false, [0, 1], 2],
  ])("is not known of one partition: with %s the events get there", async (_, reachableOnly, partitions, asks) => {
    await using broker = await startFakeBroker(TOPIC);
    broker.fate = (asked) =>
      asked === "metadata"
        ? { body: metadataBody(TOPIC, "127.0.0.1", broker.port, 2, asksOf(broker) === 1 ? 1 : 0) }
        : undefined;
    const said: (string | undefined)[] = [];
    const partition = { by: "roundRobin", groupEvents: 1, reachableOnly } as const;
    const clock = { ...hurried, random: () => 0 };
    const options = sinkOptions(broker.host, TOPIC, { partition });
    const sink = createKafkaSink(options, (problem) => said.push(problem?.text), clock);
    const receipts = await Promise.all(events.map((event) => sink.deliver([event], never)));
    await sink.close();
    expect(receipts.map(({ created }) => created)).toEqual([1, 1]);
    expect(broker.produced.map((one) => one.partition).toSorted()).toEqual(partitions);
    expect(asksOf(broker)).toBe(asks);
    expect(said.some((text) => text?.includes(`is choosing a leader (${TOPIC}:0:`))).toBe(!reachableOnly);
    expect(said.at(-1)).toBeUndefined();
  });

  test("is not asked for any more by who has been stopped, and what is delivered elsewhere is fine", async () => {
    await using broker = await startFakeBroker(TOPIC);
    let producers = 0n;
    broker.fate = (asked) => {
      producers += asked === "initProducerId" ? 1n : 0n;
      return asked === "metadata"
        ? { body: metadataBody(TOPIC, "127.0.0.1", broker.port, 2, 1) }
        : asked === "initProducerId"
          ? { body: producerBody(producers, 0) }
          : undefined;
    };
    const said: (string | undefined)[] = [];
    const partition = { by: "roundRobin", groupEvents: 1, reachableOnly: false } as const;
    const options = sinkOptions(broker.host, TOPIC, { partition });
    const sink = createKafkaSink(options, (problem) => said.push(problem?.text), { ...hurried, random: () => 0 });
    const stop = new AbortController();
    const stuck = sink.deliver(events.slice(0, 1), stop.signal);
    stuck.catch(() => {});
    await expect.poll(() => said.at(-1)).toContain("is choosing a leader");
    stop.abort(new Error("stopped"));
    await expect(stuck).rejects.toThrow("stopped");
    expect((await sink.deliver(events.slice(1), never)).created).toBe(1);
    await sink.close();
    expect(said.at(-1)).toBeUndefined();
  });

  test("is not known of a topic that is not there: it is said until it is", async () => {
    const { said } = await delivered("metadata", () => ({ body: metadataBody(TOPIC, "127.0.0.1", 1, 0, 0, 3) }));
    expect(said).toMatch(/^Kafka has no such topic, .*Create the topic/);
  });

  test("is said by another host when the first one makes no sense", async () => {
    await using good = await startFakeBroker(TOPIC);
    await using bad = await startFakeBroker(TOPIC);
    bad.fate = () => ({ bytes: Buffer.from("<html>no</html>\n") });
    const options = { ...sinkOptions(good.host, TOPIC), hosts: [bad.host, good.host] };
    const sink = createKafkaSink(options, () => {}, hurried);
    expect((await sink.deliver(events, never)).created).toBe(2);
    await sink.close();
    expect(good.produced).toHaveLength(1);
  });
});

test.each([1, 600, 1_000, 1_003])("of %i topics the newest thousand are remembered", (count) => {
  const topics = new Map(Array.from({ length: count }, (_, n) => [`t${n}`, n]));
  keepNewest(topics);
  expect([...topics.values()]).toEqual(Array.from({ length: count }, (_, n) => n).slice(-1_000));
});

test("a topic that is looked at has its partitions; what a broker does not say of rights is not known", async () => {
  await using broker = await startFakeBroker(TOPIC);
  broker.fate = (asked) =>
    asked === "metadata" ? { body: metadataBody(TOPIC, "127.0.0.1", broker.port, 3, 1) } : undefined;
  const cluster = new KafkaCluster(sinkOptions(broker.host, TOPIC), hurried);
  expect(await cluster.inspect(TOPIC)).toEqual({ partitions: 3, mayWrite: undefined });
  broker.fate = (asked) =>
    asked === "metadata" ? { body: metadataBody(TOPIC, "127.0.0.1", broker.port, 0, 0, 3) } : undefined;
  await expect(cluster.inspect(TOPIC)).rejects.toSatisfy(
    (error) => protocolErrorOf(error) === "UNKNOWN_TOPIC_OR_PARTITION",
  );
  await cluster.close();
});

test("is known to be away, or there, before the first event", async () => {
  await using broker = await startFakeBroker(TOPIC);
  const problems: (RunnerError | undefined)[] = [];
  const probed = async (host: string, signal = never) => {
    const sink = createKafkaSink(sinkOptions(host, TOPIC), (problem) => problems.push(problem), hurried);
    await sink.probe?.(signal);
    await sink.close();
  };
  await probed(broker.host);
  await expect.poll(() => broker.open).toBe(0);
  expect([problems.splice(0), broker.requests]).toEqual([[undefined], ["apiVersions"]]);
  await probed("127.0.0.1:1");
  expect(problems.splice(0)).toEqual([expect.objectContaining({ code: "output_unreachable" })]);
  await expect(probed("127.0.0.1:1", AbortSignal.abort(new Error("stopped")))).rejects.toThrow("stopped");
  expect(problems).toEqual([]);
});

test.each([1n, 5n, 2n ** 32n, 2n ** 63n - 1n])(
  "a login that is good for %i ms is not made again at once",
  async (lifetime) => {
    await using broker = await startFakeBroker(TOPIC);
    broker.fate = (asked) => (asked === "saslAuthenticate" ? { body: sessionBody(lifetime) } : undefined);
    const warnings: Error[] = [];
    const onWarning = (warning: Error) => warnings.push(warning);
    process.on("warning", onWarning);
    const sasl = { mechanism: "PLAIN", username: "a", password: new Secret("b-secret") } as const;
    const sink = createKafkaSink(sinkOptions(broker.host, TOPIC, { sasl }), () => {}, hurried);
    for (let turn = 0; turn < 20; turn += 1) {
      expect((await sink.deliver(events, never)).created).toBe(2);
    }
    await sink.close();
    process.off("warning", onWarning);
    expect(warnings).toEqual([]);
    expect(broker.requests.filter((one) => one === "saslAuthenticate")).toHaveLength(1);
  },
);

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

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { describeOnKafka } from "../../_dev/shared/kafka/describe_on_kafka.ts";
import { type KafkaBroker, startKafka, WRITER } from "../../_dev/shared/kafka/kafka_broker.ts";
import { KafkaTopics } from "../../_dev/shared/kafka/kafka_topics.ts";
import { sinkOptions } from "../../_dev/shared/kafka/sink_options.ts";
import { kafkaSteps } from "../cli/check/kafka_steps.ts";
import { systemClock } from "../core/clock.ts";
import type { RunnerError } from "../core/errors.ts";
import { findingsOf } from "../core/finding.ts";
import { Secret } from "../core/secret.ts";
import { readOutput } from "../policy/output_block.ts";
import { createKafkaSink, type KafkaOptions } from "./kafka.ts";
import { anEvent, sinkContract } from "./sink.contract.ts";
import type { Sink } from "./sink.ts";

const never = new AbortController().signal;
const INDEX = "logs-aquila_salesforce.login-default";
/** Waits short, so that what is tried again is tried soon. */
const hurried = { ...systemClock, sleep: (_: number, signal?: AbortSignal) => systemClock.sleep(20, signal) };

await describeOnKafka("Kafka", () => {
  const folder = mkdtempSync(join(tmpdir(), "kafka-"));
  let broker: KafkaBroker;
  let topics: KafkaTopics;
  const sinks: Sink[] = [];
  beforeAll(async () => {
    broker = await startKafka(folder);
    topics = new KafkaTopics(broker.plain);
  });
  afterEach(async () => {
    await Promise.all(sinks.splice(0).map((sink) => sink.close()));
  });
  afterAll(async () => {
    await topics?.close();
    await broker?.[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true, force: true });
  });

  function aSink(topic: string, more: Partial<KafkaOptions> = {}) {
    const problems: (RunnerError | undefined)[] = [];
    const sink = createKafkaSink(sinkOptions(broker.plain, topic, more), (problem) => problems.push(problem), hurried);
    sinks.push(sink);
    return { sink, problems, texts: () => problems.flatMap((problem) => problem?.text ?? []) };
  }

  const events = (count: number, prefix = "e") =>
    Array.from({ length: count }, (_, n) => anEvent(INDEX, `${prefix}${n}`));
  /** Of now: brokers that are restarted know a producer no longer whose latest events are older than a day. */
  const newEvents = (count: number, prefix: string) =>
    events(count, prefix).map((event) => anEvent(INDEX, event.id, { "@timestamp": new Date().toISOString() }));
  const ids = async (topic: string) => (await topics.read(topic)).map(({ value }) => value["@metadata"]._id);
  let made = 0;
  async function aTopic(
    ...settings: [partitions?: number, configs?: Readonly<Record<string, string>>, replicas?: number]
  ) {
    made += 1;
    const topic = `topic-${made}`;
    await topics.create(topic, ...settings);
    return topic;
  }
  /** Delivers to a far side that does not take it, until `seen`; then gives up. */
  async function waits({ sink, texts }: ReturnType<typeof aSink>, words: RegExp) {
    const stop = new AbortController();
    const waiting = sink.deliver(events(3), stop.signal);
    await expect.poll(() => texts().at(-1), { timeout: 60_000 }).toMatch(words);
    stop.abort(new Error("stopped"));
    await expect(waiting).rejects.toThrow("stopped");
  }

  describe.each(["none", "gzip", "snappy", "lz4", "zstd"] as const)("with compression %s", (compression) => {
    let topic: string;
    beforeAll(async () => {
      topic = await aTopic();
    });
    sinkContract(
      async () => {
        const { sink } = aSink(topic, { compression });
        return {
          sink,
          indexes: [INDEX, "logs-aquila_salesforce.apex-default"],
          async stored(index) {
            const records = await topics.read(topic);
            return records
              .filter(({ value }) => {
                const { type, dataset, namespace } = value.data_stream as Record<string, string>;
                return `${type}-${dataset}-${namespace}` === index;
              })
              .map(({ value }) => value["@metadata"]._id)
              .toSorted();
          },
        };
      },
      { remembers: false },
    );
  });

  test("records that the broker names as refused are, and no others", async () => {
    const topic = await aTopic(1, { "cleanup.policy": "compact" });
    const { sink } = aSink(topic, { key: [{ field: "organization.id", fallback: undefined }] });
    const keyed = events(5, "keyed").map(({ id }) => anEvent(INDEX, id, { organization: { id: "00D1" } }));
    const receipt = await sink.deliver([...keyed.slice(0, 2), ...events(2, "bare"), ...keyed.slice(2)], never);
    expect(receipt.refused.map(({ event, type }) => [event.id, type])).toEqual([
      ["bare0", "invalid_record"],
      ["bare1", "invalid_record"],
    ]);
    expect((await ids(topic)).toSorted()).toEqual(keyed.map(({ id }) => id));
  });

  test("a record is as Beats write it: with @metadata, time, key and headers", async () => {
    const topic = await aTopic();
    const { sink } = aSink(topic, {
      key: [{ text: "org/" }, { field: "organization.id", fallback: undefined }],
      headers: [{ key: "from", value: "Salesforce é" }],
    });
    const event = anEvent(INDEX, "id-1", { organization: { id: "00D1" }, text: "日本😀" });
    await sink.deliver([event, anEvent(INDEX, "id-2")], never);
    const records = (await topics.read(topic)).toSorted((a, b) =>
      a.key === undefined ? 1 : b.key === undefined ? -1 : 0,
    );
    expect(records).toMatchObject([
      {
        key: "org/00D1",
        headers: { from: "Salesforce é" },
        timestamp: Date.parse("2026-07-17T09:22:41.123Z"),
        value: {
          "@timestamp": "2026-07-17T09:22:41.123Z",
          "@metadata": { beat: "aquila-salesforce", type: "_doc", version: "1.2.3", _id: "id-1", op_type: "create" },
          event: { id: "id-1" },
          text: "日本😀",
        },
      },
      { key: undefined, value: { "@metadata": { _id: "id-2" } } },
    ]);
  });

  test("a topic may be made of an event's fields and time; an event that lacks a field is refused by itself", async () => {
    const made = ["by-aquila_salesforce.login-2026.07.17", "by-aquila_salesforce.login-2026.07.18"];
    await Promise.all(made.map((topic) => topics.create(topic)));
    const { sink } = aSink("", {
      topic: [
        { text: "by-" },
        { field: "data_stream.dataset", fallback: undefined },
        { text: "-" },
        { date: "yyyy.MM.dd" },
      ],
    });
    await sink.deliver([...events(3), anEvent(INDEX, "next", { "@timestamp": "2026-07-18T00:00:00.000Z" })], never);
    expect((await ids(made[0] ?? "")).toSorted()).toEqual(["e0", "e1", "e2"]);
    expect(await ids(made[1] ?? "")).toEqual(["next"]);
    const other = aSink("", { topic: [{ field: "nothing.there", fallback: undefined }] });
    const receipt = await other.sink.deliver(events(1), never);
    expect(receipt).toMatchObject({ created: 0, refused: [{ type: "field_missing" }] });
  });

  test("records that are too long are refused alone: by the output's own limit, and by the broker's", async () => {
    const topic = await aTopic(1, { "max.message.bytes": "5000" });
    const { sink, problems } = aSink(topic, { bulkMaxSize: 64 });
    const long = anEvent(INDEX, "long", { text: "x".repeat(6_000) });
    const endless = anEvent(INDEX, "endless", { text: "x".repeat(1_000_000) });
    const receipt = await sink.deliver([...events(60), long, ...events(60, "f"), endless], never);
    expect(receipt.created).toBe(120);
    expect(receipt.refused.map(({ event, type }) => [event.id, type]).toSorted()).toEqual([
      ["endless", "message_too_large"],
      ["long", "message_too_large"],
    ]);
    expect((await ids(topic)).toSorted()).toEqual([...events(60), ...events(60, "f")].map(({ id }) => id).toSorted());
    expect(problems.filter((problem) => problem !== undefined)).toEqual([]);
  });

  test("without acknowledgements events are written all the same", async () => {
    const topic = await aTopic(1);
    // Once it has a leader: what a broker refuses is lost in this way.
    await aSink(topic).sink.deliver(events(1, "first"), never);
    const { sink } = aSink(topic, { isAcknowledged: false });
    await sink.deliver(events(500), never);
    await expect.poll(() => topics.count(topic), { timeout: 60_000 }).toBe(501);
  });

  describe("what keeps events from being taken is named, and they wait", () => {
    test("no topic; once it is there they come", async () => {
      const { sink, texts } = aSink("late-topic");
      const delivering = sink.deliver(events(5), never);
      await expect
        .poll(() => texts()[0])
        .toMatch(/^Kafka has no such topic.* \(late-topic: UNKNOWN_TOPIC_OR_PARTITION\)/);
      await topics.create("late-topic");
      expect((await delivering).created).toBe(5);
      expect((await ids("late-topic")).toSorted()).toEqual(["e0", "e1", "e2", "e3", "e4"]);
    });

    test.each(["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] as const)("a wrong password, by %s", async (mechanism) => {
      const topic = await aTopic();
      await topics.allow(WRITER.username, topic, "write");
      const hosts = [broker.login];
      const sasl = { mechanism, username: WRITER.username, password: new Secret(WRITER.password) };
      expect((await aSink(topic, { hosts, sasl }).sink.deliver(events(3), never)).created).toBe(3);
      const wrong = aSink(topic, { hosts, sasl: { ...sasl, password: new Secret("wrong") } });
      await waits(wrong, /^Kafka refuses the user or the password .*SASL_AUTHENTICATION_FAILED/);
      expect(await topics.count(topic)).toBe(3);
    });

    test("no right to write", async () => {
      const topic = await aTopic();
      await topics.allow(WRITER.username, topic, "describe");
      const sasl = { mechanism: "PLAIN", username: WRITER.username, password: new Secret(WRITER.password) } as const;
      await waits(aSink(topic, { hosts: [broker.login], sasl }), /does not let this user write to the topic/);
    });

    test("no login where one is wanted, and one where none is", async () => {
      await waits(aSink("any", { hosts: [broker.login] }), /^Kafka can't be reached: .*one for SASL needs username/);
      const sasl = { mechanism: "PLAIN", username: "a", password: new Secret("b-secret") } as const;
      await waits(aSink("any", { sasl }), /^Kafka .*(expects no login|can't be reached)/);
    });

    test("TLS: the broker's certificate, the client's own, and none at all", async () => {
      const topic = await aTopic();
      const { authority, client } = broker.certificates;
      const trust = { certificateAuthorities: [authority] };
      const hosts = [broker.tls];
      const known = aSink(topic, {
        hosts,
        tls: { ...trust, certificate: client.certificate, key: new Secret(client.key) },
      });
      expect((await known.sink.deliver(events(3), never)).created).toBe(3);
      await waits(aSink(topic, { hosts, tls: {} }), /^Kafka can't be reached: .*certificate/);
      await waits(aSink(topic, { hosts, tls: trust }), /^Kafka can't be reached: /);
      await waits(aSink(topic, { hosts }), /^Kafka can't be reached: .*A listener for TLS needs ssl/);
      await waits(aSink(topic, { tls: trust }), /^Kafka can't be reached: /);
      expect(await topics.count(topic)).toBe(3);
    });
  });

  test("a broker that stands still is waited for, and what it had is not doubled", async () => {
    const topic = await aTopic();
    const { sink, texts } = aSink(topic, { timeout: 1_000 });
    await sink.deliver(events(10, "before"), never);
    broker.suspend();
    const delivering = sink.deliver(events(1_000), never);
    try {
      await expect.poll(() => texts().join("\n"), { timeout: 60_000 }).toMatch(/^Kafka can't be .*no answer in time/m);
    } finally {
      broker.resume();
    }
    expect((await delivering).created).toBe(1_000);
    const stored = await ids(topic);
    expect([stored.length, new Set(stored).size]).toEqual([1_010, 1_010]);
  });

  test("a broker that is killed under traffic, and comes back: every event is there once", async () => {
    const topic = await aTopic();
    const { sink, problems } = aSink(topic, { timeout: 5_000 });
    const all = Array.from({ length: 200 }, (_, n) => newEvents(200, `k${n}-`));
    const delivering = all.map((batch) => sink.deliver(batch, never));
    await delivering[3];
    await broker.kill();
    try {
      await expect.poll(() => problems.at(-1)?.code, { timeout: 60_000 }).toBe("output_unreachable");
    } finally {
      await broker.start();
    }
    await Promise.all(delivering);
    const stored = await ids(topic);
    expect([stored.length, new Set(stored).size]).toEqual([40_000, 40_000]);
    expect(problems.at(-1)).toBeUndefined();
  });

  describe("with a second broker that is killed", () => {
    let second: Awaited<ReturnType<KafkaBroker["second"]>>;
    beforeAll(async () => {
      second = await broker.second(join(folder, "second"));
    });
    afterAll(async () => {
      await second?.[Symbol.asyncDispose]();
    });
    /** A topic of which both lead partitions. */
    async function aTopicOfBoth(replicas: number) {
      await expect.poll(() => aTopic(6, {}, replicas).catch(() => undefined), { timeout: 120_000 }).toBeDefined();
      const topic = `topic-${made}`;
      await expect.poll(async () => new Set(await topics.leaders(topic)), { timeout: 60_000 }).toEqual(new Set([1, 2]));
      return topic;
    }

    test("its partitions get another leader under traffic, or none and are left out: every event is there once", async () => {
      const [topic, lone] = [await aTopicOfBoth(2), await aTopicOfBoth(1)];
      const left = (await topics.leaders(lone)).flatMap((leader, partition) => (leader === 1 ? [partition] : []));
      const { sink, problems } = aSink(topic, { timeout: 5_000 });
      const all = Array.from({ length: 100 }, (_, n) => newEvents(200, `l${n}-`));
      const delivering = all.map((batch) => sink.deliver(batch, never));
      await delivering[3];
      await second.kill();
      await Promise.all(delivering);
      expect(await topics.leaders(topic)).toEqual([1, 1, 1, 1, 1, 1]);
      const stored = await ids(topic);
      expect([stored.length, new Set(stored).size]).toEqual([20_000, 20_000]);
      expect(problems.at(-1)).toBeUndefined();

      const partition = { by: "random", groupEvents: 1, reachableOnly: true } as const;
      expect((await aSink(lone, { partition }).sink.deliver(events(300), never)).created).toBe(300);
      const records = await topics.read(lone, left);
      expect(records.length).toBe(300);
      expect([...new Set(records.map((record) => record.partition))].toSorted()).toEqual(left);
      await waits(
        aSink(lone, { partition: { ...partition, by: "roundRobin", reachableOnly: false } }),
        /^Kafka is choosing a leader/,
      );
    });
  });

  test("is known to be away, or there, before the first event", async () => {
    const { sink, problems } = aSink("none", { hosts: ["127.0.0.1:1", broker.plain] });
    await sink.probe?.(never);
    expect(problems).toEqual([undefined]);
    const away = aSink("none", { hosts: ["127.0.0.1:1"] });
    await away.sink.probe?.(never);
    expect(away.texts()).toEqual([
      expect.stringMatching(/^Kafka can't be reached: .*127.0.0.1:1: the connection was refused/),
    ]);
  });

  describe("check", () => {
    // A broker that has just started numbers no producers yet.
    beforeAll(async () => {
      await aSink(await aTopic()).sink.deliver(events(1), never);
    });
    const tooLate = () => {
      throw new Error("nothing is too late here");
    };
    /** What it finds in a policy's output, as verdicts with their messages and cures. */
    async function findings(block: object): Promise<string[]> {
      const outcome = readOutput("default", { type: "kafka", ...block }, { env: {} });
      if (!("output" in outcome) || outcome.output.type !== "kafka") {
        throw new Error(JSON.stringify(outcome));
      }
      const streams = ["login", "apex"].map((name) => ({
        type: "logs",
        dataset: `aquila_salesforce.${name}`,
        namespace: "default",
      }));
      const { steps, close } = await kafkaSteps(outcome.output, streams, 30_000);
      const found = await Array.fromAsync(findingsOf(steps, tooLate, never));
      await close();
      return found.map(({ verdict, message, cure }) => `${verdict}: ${message}${cure === undefined ? "" : ` ${cure}`}`);
    }
    const once = expect.stringMatching(/^ok: .*@metadata\._id/);

    test("finds each broker, the topics of all streams, and writes nothing", async () => {
      await topics.create("checked-aquila_salesforce.login", 2);
      const found = await findings({
        hosts: [broker.plain, "127.0.0.1:1"],
        topic: "checked-%{[data_stream.dataset]}",
      });
      expect(found).toEqual([
        `ok: ${broker.plain} is reached, without TLS.`,
        expect.stringMatching(
          /^failed: Kafka can't be reached: No answer from 127.0.0.1:1: the connection was refused/,
        ),
        "ok: The topic checked-aquila_salesforce.login is there, with 2 partitions, and may be written to.",
        expect.stringMatching(/^failed: Kafka has no such topic.*checked-aquila_salesforce.apex.* Create the topic/),
        once,
      ]);
      expect(await topics.count("checked-aquila_salesforce.login")).toBe(0);
    });

    test("finds a wrong password, and a right that is missing", async () => {
      const topic = await aTopic();
      await topics.allow(WRITER.username, topic, "describe");
      const login = { hosts: [broker.login], topic, ...WRITER };
      expect(await findings(login)).toEqual([
        `ok: ${broker.login} is reached, without TLS, as writer.`,
        expect.stringMatching(/^failed: Kafka does not let this user write to the topic .* Describe and Write/),
        once,
      ]);
      await topics.allow(WRITER.username, topic, "write");
      expect((await findings(login))[1]).toMatch(/^ok: .*may be written to/);
      const wrong = await findings({ ...login, password: "another password" });
      expect(wrong[0]).toMatch(/^failed: Kafka refuses the user or the password/);
    });

    test("says what can't be known before, and that nothing is acknowledged", async () => {
      expect(await findings({ hosts: [broker.plain], topic: "%{[organization.id]}", required_acks: 0 })).toEqual([
        expect.stringMatching(/^ok: .* is reached/),
        expect.stringMatching(/^ok: Each event's own fields name its topic/),
        expect.stringMatching(/^warning: With required_acks 0 .* Write required_acks: 1\./),
      ]);
    });
  });
});

/** Delivery to a real broker on this machine: of the whole runner, and of the library's own producer with ready-made records. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ProduceAcks, Producer } from "@platformatic/kafka";
import type { SourceEvent } from "../../../src/core/event.ts";
import { createKafkaSink } from "../../../src/sinks/kafka.ts";
import { startKafka } from "../../shared/kafka/kafka_broker.ts";
import { KafkaTopics } from "../../shared/kafka/kafka_topics.ts";
import { sinkOptions } from "../../shared/kafka/sink_options.ts";
import { benchCollect, collectLines } from "./collect.ts";
import { measureBare, ReceivedLogins, ROWS, rateOfCollection, shareLines } from "./queues.ts";

const COMPRESSION_LEVEL = 4;
type Compression = "none" | "gzip";

export async function benchKafka(print: (line: string) => void): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "bench-kafka-"));
  try {
    await using broker = await startKafka(folder);
    const topics = new KafkaTopics(broker.plain);
    try {
      for (const compression of ["none", "gzip"] as const) {
        const name = `delivery to Kafka, idempotent, compression ${compression}`;
        const [topic, alone, bare] = [`collect-${compression}`, `alone-${compression}`, `bare-${compression}`];
        await Promise.all([topic, alone, bare].map((one) => topics.create(one)));
        const output = { type: "kafka", hosts: [broker.plain], topic, compression };
        const collection = await rateOfCollection();
        const figures = await benchCollect({ ...ROWS, output });
        collectLines(name, figures).forEach(print);
        const received = new ReceivedLogins();
        for await (const { value } of topics.records(topic)) {
          received.take(JSON.stringify(value));
        }
        const { texts, events } = received.readyMade(figures.rows);
        const sink = await sinkAlone(broker.plain, alone, compression, events);
        const producer = await producerAlone(broker.plain, bare, compression, texts);
        shareLines(name, figures, { sink, bare: producer, collection }).forEach(print);
      }
    } finally {
      await topics.close();
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function sinkAlone(host: string, topic: string, compression: Compression, events: readonly SourceEvent[]) {
  const partition = { by: "hash", fields: [], isRandomWithout: true, reachableOnly: false } as const;
  const sink = createKafkaSink(
    sinkOptions(host, topic, { partition, compression, compressionLevel: COMPRESSION_LEVEL }),
  );
  try {
    return await measureBare(events, async (some) => {
      await sink.deliver(some, new AbortController().signal);
    });
  } finally {
    await sink.close();
  }
}

async function producerAlone(host: string, topic: string, compression: Compression, texts: readonly Buffer[]) {
  const producer = new Producer({
    clientId: "bench",
    bootstrapBrokers: [host],
    idempotent: true,
    acks: ProduceAcks.ALL,
    compression,
    compressionOptions: { level: COMPRESSION_LEVEL },
    partitioner: () => Math.floor(Math.random() * 3),
  } as never);
  try {
    return await measureBare(texts, async (some) => {
      await producer.send({ messages: some.map((value) => ({ topic, value })) } as never);
    });
  } finally {
    await producer.close();
  }
}

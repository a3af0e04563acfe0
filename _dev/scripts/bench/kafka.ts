/** Delivery to a real broker on this machine: of the whole runner, and of the library's own producer with ready-made records. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ProduceAcks, Producer } from "@platformatic/kafka";
import { startKafka } from "../../shared/kafka/kafka_broker.ts";
import { KafkaTopics } from "../../shared/kafka/kafka_topics.ts";
import { benchCollect, collectLines } from "./collect.ts";
import { measureBare, shareLine, textsOf } from "./queues.ts";

const COMPRESSION_LEVEL = 4;

export async function benchKafka(print: (line: string) => void): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "bench-kafka-"));
  try {
    await using broker = await startKafka(folder);
    const topics = new KafkaTopics(broker.plain);
    try {
      for (const compression of ["none", "gzip"] as const) {
        const name = `delivery to Kafka, idempotent, compression ${compression}`;
        const [topic, bare] = [`collect-${compression}`, `bare-${compression}`];
        await topics.create(topic);
        await topics.create(bare);
        const output = { type: "kafka", hosts: [broker.plain], topic, compression };
        const figures = await benchCollect({ files: 4, rowsPerFile: 50_000, output });
        const texts = textsOf(
          (await topics.read(topic)).map(({ value }) => value),
          figures.rows,
        );
        collectLines(name, figures).forEach(print);
        print(
          shareLine(
            name,
            figures,
            "the library's producer",
            await producerAlone(broker.plain, bare, compression, texts),
          ),
        );
      }
    } finally {
      await topics.close();
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function producerAlone(host: string, topic: string, compression: "none" | "gzip", texts: readonly Buffer[]) {
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

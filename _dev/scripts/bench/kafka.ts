/** Delivery to a real broker on this machine: of the whole runner, and of the sink alone. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { SourceEvent } from "../../../src/core/event.ts";
import { EventBytes } from "../../../src/core/event_bytes.ts";
import { createKafkaSink } from "../../../src/sinks/kafka.ts";
import { startKafka } from "../../shared/kafka/kafka_broker.ts";
import { KafkaTopics } from "../../shared/kafka/kafka_topics.ts";
import { sinkOptions } from "../../shared/kafka/sink_options.ts";
import { benchCollect, collectLines } from "./collect.ts";

const BATCH = 700;
const BATCHES = 300;
/** Batches that the pump has under way at once. */
const UNDER_WAY = 8;

export async function benchKafka(print: (line: string) => void): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "bench-kafka-"));
  try {
    await using broker = await startKafka(folder);
    const topics = new KafkaTopics(broker.plain);
    try {
      for (const compression of ["none", "gzip"] as const) {
        const topic = `collect-${compression}`;
        await topics.create(topic);
        const output = { type: "kafka", hosts: [broker.plain], topic, compression };
        const figures = await benchCollect({ files: 4, rowsPerFile: 50_000, output });
        await expectAll(topics, topic, figures.rows);
        collectLines(`delivery to Kafka, idempotent, compression ${compression}`, figures).forEach(print);
      }
      await topics.create("alone");
      print(`delivery to Kafka: the sink alone, events a second ${await sinkAlone(broker.plain)}`);
    } finally {
      await topics.close();
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The runner's own reports go to the same topic. */
async function expectAll(topics: KafkaTopics, topic: string, rows: number): Promise<void> {
  const count = (await topics.read(topic)).filter(
    ({ value }) => (value.event as { code?: string }).code === "Login",
  ).length;
  if (count !== rows) {
    throw new Error(`${count} of ${rows} events are in Kafka`);
  }
}

async function sinkAlone(host: string): Promise<string> {
  const partition = { by: "hash", fields: [], isRandomWithout: true, reachableOnly: false } as const;
  const sink = createKafkaSink(sinkOptions(host, "alone", { partition }));
  const events = someEvents();
  const signal = new AbortController().signal;
  await sink.deliver(events, signal);
  const start = performance.now();
  let left = BATCHES;
  const worker = async () => {
    while (left > 0) {
      left -= 1;
      await sink.deliver(events, signal);
    }
  };
  await Promise.all(Array.from({ length: UNDER_WAY }, worker));
  const seconds = (performance.now() - start) / 1_000;
  await sink.close();
  return Math.round((BATCH * BATCHES) / seconds).toLocaleString("en");
}

/** As long as those of Login files. */
function someEvents(): SourceEvent[] {
  const bytes = new EventBytes();
  return Array.from({ length: BATCH }, (_, n) => {
    const start = bytes.length;
    const text = `{"@timestamp":"${new Date().toISOString()}","event":{"id":"id-${n}"},"text":"${"x".repeat(1_300)}"}`;
    bytes.text(text);
    return bytes.event("logs-aquila_salesforce.login-default", `id-${n}`, start);
  });
}

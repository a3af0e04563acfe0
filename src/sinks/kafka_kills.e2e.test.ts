import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client } from "@elastic/elasticsearch";
import { afterAll, beforeAll, test } from "vitest";
import { installAssets } from "../../_dev/scripts/install_assets/install.ts";
import { adminClientOptions } from "../../_dev/shared/elasticsearch/cluster.ts";
import { describeOnCluster } from "../../_dev/shared/elasticsearch/describe_on_cluster.ts";
import { describeOnKafka } from "../../_dev/shared/kafka/describe_on_kafka.ts";
import { type KafkaBroker, startKafka } from "../../_dev/shared/kafka/kafka_broker.ts";
import { KafkaTopics } from "../../_dev/shared/kafka/kafka_topics.ts";
import { expectNothingLost, LONGEST_KILL_MS } from "../../_dev/shared/testing/queue_kills.ts";

const ROOT = join(import.meta.dirname, "../..");
/** KAFKA_KILLS=20 is the long form. */
const KILLS = Number(process.env.KAFKA_KILLS ?? 3);
const TOPIC = "salesforce";

await describeOnKafka("a runner and Kafka", () =>
  describeOnCluster("with Elasticsearch behind it", (access) => {
    const client = new Client(adminClientOptions(access));
    const folder = mkdtempSync(join(tmpdir(), "kafka-kills-"));
    let broker: KafkaBroker;
    let topics: KafkaTopics;
    beforeAll(async () => {
      broker = await startKafka(join(folder, "broker"));
      topics = new KafkaTopics(broker.plain);
      await topics.create(TOPIC);
      await installAssets({ client, packageRoot: ROOT });
    });
    afterAll(async () => {
      await topics?.close();
      await broker?.[Symbol.asyncDispose]();
      await client.close();
      rmSync(folder, { recursive: true, force: true });
    });

    test("both are killed again and again: every event is there, and in Elasticsearch once by its _id", {
      timeout: KILLS * LONGEST_KILL_MS,
    }, async () => {
      const queue = {
        output: { type: "kafka", hosts: [broker.plain], topic: TOPIC, timeout: 5 },
        // Brokers that come back know what they have of a producer.
        unacknowledgedBatches: 0,
        count: () => topics.count(TOPIC),
        documents: async () => (await topics.read(TOPIC)).map(({ value }) => value),
        kill: () => broker.kill(),
        start: () => broker.start(),
      };
      const namespace = `kafka${process.pid}`;
      const figures = await expectNothingLost({ queue, kills: KILLS, folder, client, namespace });
      process.stderr.write(`Kafka: ${figures}.\n`);
    });
  }),
);

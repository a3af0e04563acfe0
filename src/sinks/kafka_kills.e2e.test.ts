import { generateKeyPairSync } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client } from "@elastic/elasticsearch";
import { afterAll, beforeAll, expect, test } from "vitest";
import { stringify } from "yaml";
import { startMockOrg } from "../../_dev/deploy/docker/mock_org/mock_org.ts";
import { installAssets } from "../../_dev/scripts/install_assets/install.ts";
import { adminClientOptions } from "../../_dev/shared/elasticsearch/cluster.ts";
import { describeOnCluster } from "../../_dev/shared/elasticsearch/describe_on_cluster.ts";
import { describeOnKafka } from "../../_dev/shared/kafka/describe_on_kafka.ts";
import { type KafkaBroker, startKafka } from "../../_dev/shared/kafka/kafka_broker.ts";
import { KafkaTopics } from "../../_dev/shared/kafka/kafka_topics.ts";
import { writeAsDocumented } from "../../_dev/shared/testing/queue_reader.ts";
import { startRunner } from "../../_dev/shared/testing/runner_process.ts";

const ROOT = join(import.meta.dirname, "../..");
/** Kills of broker and runner in turn. KAFKA_KILLS=20 is the long form. */
const KILLS = Number(process.env.KAFKA_KILLS ?? 3);
const FILES = 5;
const ROWS = 800 * (KILLS + 1);
const TOPIC = "salesforce";
/** Events that may be in the topic a second time for each kill: what a runner has under way at once. */
const UNDER_WAY = 20_000;

await describeOnKafka("a runner and Kafka", () =>
  describeOnCluster("with Elasticsearch behind it", (access) => {
    const client = new Client(adminClientOptions(access));
    const namespace = `kafka${process.pid}`;
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

    test("both are killed again and again: every event is there, and in Elasticsearch once by its _id", async () => {
      const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
      await using org = await startMockOrg({
        certificate: publicKey.export({ type: "spki", format: "pem" }).toString(),
      });
      for (let n = 1; n <= FILES; n += 1) {
        const logDate = new Date(Date.now() - (n + 4) * 3_600_000).toISOString();
        await org.given.logFile({ eventType: "Login", interval: "Hourly", logDate, generate: { rows: ROWS } });
      }
      const key = join(folder, "app.key");
      writeFileSync(key, privateKey.export({ type: "pkcs8", format: "pem" }), { mode: 0o600 });
      const policy = join(folder, "policy.yml");
      const auth = { login_url: org.url, client_id: org.clientId, username: org.username, private_key_path: key };
      const streams = [{ data_stream: { dataset: "aquila_salesforce.login" } }];
      const inputs = [{ id: "acme", type: "aquila-salesforce", data_stream: { namespace }, auth, streams }];
      const outputs = { default: { type: "kafka", hosts: [broker.plain], topic: TOPIC, timeout: 5 } };
      writeFileSync(policy, stringify({ outputs, inputs }), { mode: 0o600 });
      const start = () => startRunner(["run", "--once", "--policy", policy, "--data-dir", join(folder, "data")]);
      let runner = start();
      const total = FILES * ROWS;
      try {
        for (let kill = 0; kill < KILLS; kill += 1) {
          const enough = ((kill + 1) * total) / (KILLS + 2);
          await expect.poll(() => topics.count(TOPIC), { timeout: 240_000 }).toBeGreaterThan(enough);
          if (kill % 2 === 0) {
            await broker.kill();
            await broker.start();
          } else {
            runner.child.kill("SIGKILL");
            await runner.ended;
            runner = start();
          }
        }
        expect(await runner.ended, JSON.stringify(runner.log().at(-1))).toBe(0);
      } finally {
        runner.child.kill("SIGKILL");
      }

      const sent = (await topics.read(TOPIC)).filter(
        ({ value }) => (value.event as { code?: string }).code === "Login",
      );
      expect(new Set(sent.map(({ value }) => value["@metadata"]._id)).size).toBe(total);
      expect(sent.length - total).toBeLessThanOrEqual(KILLS * UNDER_WAY);
      process.stderr.write(`Kafka: ${KILLS} kills, ${total} events, 0 lost, ${sent.length - total} there twice.\n`);
      const name = `logs-aquila_salesforce.login-${namespace}`;
      await writeAsDocumented(
        client,
        sent.map(({ value }) => value),
      );
      await client.indices.refresh({ index: name });
      expect((await client.count({ index: name })).count).toBe(total);
    });
  }),
);

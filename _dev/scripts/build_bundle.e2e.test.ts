import { spawn } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { stringify } from "yaml";
import { startMockOrg } from "../deploy/docker/mock_org/mock_org.ts";
import { describeOnKafka } from "../shared/kafka/describe_on_kafka.ts";
import { type KafkaBroker, startKafka } from "../shared/kafka/kafka_broker.ts";
import { KafkaTopics } from "../shared/kafka/kafka_topics.ts";
import { buildBinary, buildBundle } from "./build_bundle.ts";

await describeOnKafka("what is released, and Kafka", () => {
  const folder = mkdtempSync(join(tmpdir(), "bundle-kafka-"));
  let broker: KafkaBroker;
  let topics: KafkaTopics;
  beforeAll(async () => {
    broker = await startKafka(join(folder, "broker"));
    topics = new KafkaTopics(broker.plain);
  });
  afterAll(async () => {
    await topics?.close();
    await broker?.[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true, force: true });
  });

  /** The command without sources and packages beside it. */
  const programs = {
    bundle: async () => [process.execPath, await buildBundle(join(folder, "component"))],
    "single executable": async () => [await buildBinary(join(folder, "aquila-salesforce"))],
  };

  test.each([
    ["bundle", "lz4"],
    ["bundle", "snappy"],
    ["single executable", "lz4"],
  ] as const)("the %s delivers an event with compression %s", async (kind, compression) => {
    const topic = `${kind}-${compression}`.replaceAll(" ", "-");
    await topics.create(topic);
    const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
    await using org = await startMockOrg({ certificate: publicKey.export({ type: "spki", format: "pem" }).toString() });
    const logDate = new Date(Date.now() - 5 * 3_600_000).toISOString();
    await org.given.logFile({ eventType: "Login", interval: "Hourly", logDate, generate: { rows: 1 } });
    const [key, policy] = [join(folder, "app.key"), join(folder, "policy.yml")];
    writeFileSync(key, privateKey.export({ type: "pkcs8", format: "pem" }), { mode: 0o600 });
    const auth = { login_url: org.url, client_id: org.clientId, username: org.username, private_key_path: key };
    const streams = [{ data_stream: { dataset: "aquila_salesforce.login" } }];
    const inputs = [{ id: "acme", type: "aquila-salesforce", auth, streams }];
    const outputs = { default: { type: "kafka", hosts: [broker.plain], topic, compression } };
    writeFileSync(policy, stringify({ outputs, inputs }), { mode: 0o600 });
    const [program = "", ...before] = await programs[kind]();
    const args = [...before, "run", "--once", "--policy", policy, "--data-dir", join(folder, topic)];
    const child = spawn(program, args, { cwd: folder, stdio: ["ignore", "ignore", "pipe"] });
    let said = "";
    child.stderr.on("data", (piece) => {
      said += piece;
    });
    const [code] = await once(child, "close");
    expect(code, said).toBe(0);
    const logins = (await topics.read(topic)).filter(
      ({ value }) => (value.event as { code?: string }).code === "Login",
    );
    expect(logins).toHaveLength(1);
  });
});

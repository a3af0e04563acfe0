import type { KafkaOptions } from "../../../src/sinks/kafka.ts";

/** Of a sink that writes to a topic without TLS and login, and compresses nothing. */
export function sinkOptions(host: string, topic: string, more: Partial<KafkaOptions> = {}): KafkaOptions {
  return {
    hosts: [host],
    clientId: "Elastic",
    tls: undefined,
    sasl: undefined,
    topic: [{ text: topic }],
    key: undefined,
    headers: [],
    partition: { by: "random", groupEvents: 1, reachableOnly: false },
    compression: "none",
    compressionLevel: 4,
    isAcknowledged: true,
    timeout: 30_000,
    brokerTimeout: 10_000,
    bulkMaxSize: 2_048,
    maxMessageBytes: 1_000_000,
    refreshEvery: 600_000,
    sender: { version: "1.2.3" },
    ...more,
  };
}

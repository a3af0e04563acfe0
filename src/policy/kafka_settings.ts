/** An output to Kafka: the keys that Kibana renders, and those that Beats know besides. */
import { z } from "zod";
import { flag, secretText, text, wholeNumber } from "../core/setting_kinds.ts";
import { parseFormatString } from "./format_string.ts";
import { hostWithPort, OUTPUT_SSL, seconds, tlsOfOutput, withoutEffectKeys } from "./output_settings.ts";
import type { KafkaPartition, KafkaSasl, OutputReading } from "./policy.ts";
import { checked, type PreparedBlock, problemAt } from "./policy_block.ts";

/** What Kafka allows as the name of a topic. */
export const TOPIC_NAME = /^(?!\.{1,2}$)[\w.-]{1,249}$/;

const format = text.transform((value, ctx) => {
  const parts = parseFormatString(value);
  if (typeof parts === "string") {
    ctx.issues.push({ code: "custom", message: parts, input: value });
    return z.NEVER;
  }
  return parts;
});

const topic = format.transform((parts, ctx) => {
  const fixed = parts.every((part) => "text" in part) ? parts.map((part) => ("text" in part ? part.text : "")) : [];
  if (fixed.length > 0 && !TOPIC_NAME.test(fixed.join(""))) {
    const message =
      "must be a topic's name, 1 to 249 letters, digits, dots, lines and hyphens, or hold a %{[field]} or %{+date}";
    ctx.issues.push({ code: "custom", message, input: fixed.join("") });
    return z.NEVER;
  }
  return parts;
});

const reachable = { reachable_only: flag.prefault(false) };
const grouped = z.strictObject({ group_events: wholeNumber(1, 1_000_000).prefault(1), ...reachable }).optional();
const fieldList = z
  .preprocess((value) => (typeof value === "string" ? value.split(",") : value), z.array(text))
  .prefault([]);

const partition = z
  .strictObject({
    random: grouped,
    round_robin: grouped,
    hash: z.strictObject({ hash: fieldList, random: flag.prefault(true), ...reachable }).optional(),
  })
  .refine((ways) => Object.values(ways).filter((way) => way !== undefined).length <= 1, "must have one way alone")
  .prefault({});

const GSSAPI = "is Kerberos, which this runner does not speak; use PLAIN, SCRAM or a client certificate";
const mechanism = z.preprocess(
  (value) => (typeof value === "string" ? value.toUpperCase() : value),
  z.string().transform((value, ctx) => {
    const known = (["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] as const).find((name) => name === value);
    if (known === undefined) {
      const message = value === "GSSAPI" ? GSSAPI : "must be one of PLAIN, SCRAM-SHA-256, SCRAM-SHA-512";
      ctx.issues.push({ code: "custom", message, input: value });
      return z.NEVER;
    }
    return known;
  }),
);

const WITHOUT_EFFECT = [
  "backoff",
  "bulk_flush_frequency",
  "ca_sha256",
  "channel_buffer_size",
  "codec",
  "keep_alive",
  "max_retries",
  "queue",
  "status_reporting",
  "worker",
  "workers",
] as const;

const KAFKA_OUTPUT = z.strictObject({
  type: z.literal("kafka"),
  enabled: flag.optional(),
  hosts: z.preprocess(
    (value) => (typeof value === "string" ? [value] : value),
    z.array(hostWithPort(9_092)).min(1, "must name at least one address"),
  ),
  /** A client asks the brokers which versions they speak. */
  version: text.optional(),
  client_id: text.prefault("Elastic"),
  topic,
  topics: z.never("is how Kibana wrote it up to 8.13; give one topic, which may hold a %{[field]}").optional(),
  key: format.optional(),
  headers: z.array(z.strictObject({ key: z.string(), value: z.string().prefault("") })).prefault([]),
  partition,
  username: text.optional(),
  password: secretText.optional(),
  sasl: z.strictObject({ mechanism: mechanism.optional() }).optional(),
  kerberos: z.never(GSSAPI).optional(),
  ssl: OUTPUT_SSL.optional(),
  compression: z.enum(["none", "gzip", "snappy", "lz4", "zstd"]).prefault("gzip"),
  compression_level: wholeNumber(0, 9).prefault(4),
  required_acks: z.preprocess(
    (value) => (/^(?:-1|0|1)$/.test(String(value)) ? Number(value) : value),
    z.literal([-1, 0, 1], "must be 1, 0 or -1").prefault(1),
  ),
  timeout: seconds.prefault("30s"),
  broker_timeout: seconds.prefault("10s"),
  bulk_max_size: wholeNumber(1, 100_000).prefault(2_048),
  max_message_bytes: wholeNumber(1_000, 100_000_000).prefault(1_000_000),
  metadata: z.looseObject({ refresh_frequency: seconds.optional() }).prefault({}),
  proxy_url: z.never("can't be used: Kafka knows no proxies").optional(),
  ...Object.fromEntries(WITHOUT_EFFECT.map((name) => [name, z.unknown().optional()])),
});

const REFRESH_MS = 600_000;

export function readKafkaOutput(name: string, ready: PreparedBlock): OutputReading {
  const root = `outputs.${name}`;
  const result = checked(KAFKA_OUTPUT, ready);
  if ("findings" in result) {
    return { problems: result.findings.map((finding) => problemAt(root, finding)) };
  }
  const block = result.value;
  const sasl = saslOf(block);
  if (typeof sasl === "string") {
    return { problems: [{ path: root, text: sasl }] };
  }
  const tls = tlsOfOutput(root, "Kafka", block, whatIsOpen(sasl));
  return {
    output: {
      type: "kafka",
      name,
      hosts: block.hosts,
      clientId: block.client_id,
      ssl: tls.ssl,
      sasl,
      topic: block.topic,
      key: block.key,
      headers: block.headers.filter(({ key }) => key !== ""),
      partition: partitionOf(block.partition),
      compression: block.compression,
      compressionLevel: block.compression_level,
      isAcknowledged: block.required_acks !== 0,
      timeout: block.timeout,
      brokerTimeout: block.broker_timeout,
      bulkMaxSize: block.bulk_max_size,
      maxMessageBytes: block.max_message_bytes,
      refreshEvery: block.metadata.refresh_frequency ?? REFRESH_MS,
    },
    warnings: [
      ...withoutEffectKeys(WITHOUT_EFFECT, block).map((key) => `${root}.${key} has no effect in this runner.`),
      ...tls.warnings,
      ...(block.required_acks === 0
        ? [`${root}.required_acks is 0: brokers acknowledge nothing, so events may be lost without a word. Write 1.`]
        : []),
    ],
  };
}

function whatIsOpen(sasl: KafkaSasl | undefined): string {
  return sasl?.mechanism === "PLAIN" ? "the password and events go" : "events go";
}

function saslOf({
  username,
  password,
  sasl,
}: Pick<z.output<typeof KAFKA_OUTPUT>, "username" | "password" | "sasl">): KafkaSasl | undefined | string {
  if (username === undefined && password === undefined) {
    return sasl?.mechanism === undefined ? undefined : "has sasl.mechanism, but no username and password";
  }
  if (username === undefined || password === undefined) {
    return "needs username and password together";
  }
  return { mechanism: sasl?.mechanism ?? "PLAIN", username, password };
}

function partitionOf({ random, round_robin, hash }: z.output<typeof partition>): KafkaPartition {
  if (random !== undefined) {
    return { by: "random", groupEvents: random.group_events, reachableOnly: random.reachable_only };
  }
  if (round_robin !== undefined) {
    return { by: "roundRobin", groupEvents: round_robin.group_events, reachableOnly: round_robin.reachable_only };
  }
  return {
    by: "hash",
    fields: hash?.hash ?? [],
    isRandomWithout: hash?.random ?? true,
    reachableOnly: hash?.reachable_only ?? false,
  };
}

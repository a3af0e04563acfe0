import type { Clock } from "../core/clock.ts";
import { hostAndPort } from "../core/host_and_port.ts";
import type { TlsTrust } from "../core/http.ts";
import { isLoopback } from "../core/loopback.ts";
import type { MemoryShare } from "../core/memory.ts";
import type { Secret } from "../core/secret.ts";
import type { ElasticsearchOptions } from "../elasticsearch/client.ts";
import type { ElasticsearchOutput, KafkaOutput, LogstashOutput, Output, OutputSsl } from "../policy/policy.ts";
import { readTlsTrust } from "../policy/tls_trust.ts";
import { createConsoleSink } from "../sinks/console.ts";
import type { KafkaOptions } from "../sinks/kafka.ts";
import { createLogstashSink, type LogstashOptions } from "../sinks/logstash.ts";
import { createNdjsonSink } from "../sinks/ndjson.ts";
import type { Sink, SinkHealth } from "../sinks/sink.ts";
import { authorityByFingerprint } from "../sinks/trusted_authority.ts";
import { VERSION } from "./version.ts";

/** Bulk requests under way at once for each output, unless the policy says otherwise. */
const BULK_WORKERS = 4;
const BULK_TIMEOUT_MS = 90_000;

/** The sink of an output. Rejects with what can't be read or reached to open it; see `elasticsearchOptions`. */
export async function openOutput(output: Output, health: SinkHealth, clock: Clock, memory: MemoryShare): Promise<Sink> {
  switch (output.type) {
    case "file":
      return createNdjsonSink(output.path, health, clock, memory);
    case "console":
      return createConsoleSink(process.stdout, memory);
    case "logstash":
      return createLogstashSink(await logstashOptions(output), health, clock, memory);
    case "kafka": {
      // Imported here, as the next one, for the memory that its library takes.
      const { createKafkaSink } = await import("../sinks/kafka.ts");
      return createKafkaSink(await kafkaOptions(output), health, clock, memory);
    }
    case "elasticsearch": {
      // Imported here, because its client takes 30 MiB of memory, which other outputs do without.
      const { createElasticsearchSink } = await import("../sinks/elasticsearch.ts");
      return createElasticsearchSink(await elasticsearchOptions(output), health, clock, memory);
    }
  }
}

/**
 * How the client of an Elasticsearch output is made. Rejects with the errors of tls_trust.ts and, where a certificate
 * authority is trusted by its fingerprint, of trusted_authority.ts.
 */
export async function elasticsearchOptions(output: ElasticsearchOutput): Promise<ElasticsearchOptions> {
  const { hosts, credentials, ssl, proxyUrl, bulkMaxSize, compressionLevel, worker } = output;
  const local = hosts.every((host) => isLoopback(new URL(host).hostname));
  const proxy = proxyUrl === undefined ? {} : { proxyUrl: proxyUrl.reveal() };
  return {
    hosts,
    ...(credentials ?? {}),
    headers: revealed(output.headers),
    tls: await tlsTrust(ssl, hosts, proxy.proxyUrl),
    ...proxy,
    proxyHeaders: revealed(output.proxyHeaders),
    compressionLevel: compressionLevel ?? (local ? 0 : 1),
    bulkMaxSize,
    workers: worker === undefined ? BULK_WORKERS : worker * hosts.length,
    requestTimeout: BULK_TIMEOUT_MS,
    userAgent: `aquila-salesforce/${VERSION}`,
  };
}

/** How the client of a Logstash output is made. Rejects as `elasticsearchOptions` does. */
export async function logstashOptions(output: LogstashOutput): Promise<LogstashOptions> {
  const { hosts, ssl, loadBalance, worker, pipelining, bulkMaxSize, compressionLevel, timeout } = output;
  const local = hosts.every((host) => isLoopback(hostAndPort(host).host));
  return {
    hosts,
    tls: await tlsOfHosts(ssl, hosts),
    loadBalance,
    workers: worker,
    pipelining,
    bulkMaxSize,
    compressionLevel: compressionLevel ?? (local ? 0 : LOGSTASH_COMPRESSION),
    timeout,
    sender: { version: VERSION },
  };
}

/** How the client of a Kafka output is made. Rejects as `elasticsearchOptions` does. */
export async function kafkaOptions(output: KafkaOutput): Promise<KafkaOptions> {
  const { ssl, ...options } = output;
  return { ...options, tls: await tlsOfHosts(ssl, output.hosts), sender: { version: VERSION } };
}

async function tlsOfHosts(ssl: OutputSsl | undefined, hosts: readonly string[]): Promise<TlsTrust | undefined> {
  const addresses = hosts.map((host) => `https://${host}`);
  return ssl === undefined ? undefined : await tlsTrust(ssl, addresses);
}

/** Of Beats. */
const LOGSTASH_COMPRESSION = 3;

/** Whom to trust, with the authority that one of the addresses shows where the policy names it by its fingerprint. */
async function tlsTrust(ssl: OutputSsl, addresses: readonly string[], proxyUrl?: string): Promise<TlsTrust> {
  const tls = await readTlsTrust(ssl);
  if (ssl.caTrustedFingerprint === undefined) {
    return tls;
  }
  const authority = await authorityByFingerprint(addresses, ssl.caTrustedFingerprint, proxyUrl);
  return { ...tls, certificateAuthorities: [...(tls.certificateAuthorities ?? []), authority] };
}

function revealed(headers: Readonly<Record<string, Secret>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, value.reveal()]));
}

import type { Clock } from "../core/clock.ts";
import { isLoopback } from "../core/loopback.ts";
import type { MemoryShare } from "../core/memory.ts";
import type { Secret } from "../core/secret.ts";
import type { ElasticsearchOutput, Output } from "../policy/policy.ts";
import { readTlsTrust } from "../policy/tls_trust.ts";
import { createConsoleSink } from "../sinks/console.ts";
import type { ElasticsearchOptions } from "../sinks/elasticsearch_client.ts";
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
      return createConsoleSink(process.stdout);
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
  let tls = await readTlsTrust(ssl);
  if (ssl.caTrustedFingerprint !== undefined) {
    const authority = await authorityByFingerprint(hosts, ssl.caTrustedFingerprint, proxy.proxyUrl);
    tls = { ...tls, certificateAuthorities: [...(tls.certificateAuthorities ?? []), authority] };
  }
  return {
    hosts,
    ...(credentials ?? {}),
    headers: revealed(output.headers),
    tls,
    ...proxy,
    proxyHeaders: revealed(output.proxyHeaders),
    compressionLevel: compressionLevel ?? (local ? 0 : 1),
    bulkMaxSize,
    workers: worker === undefined ? BULK_WORKERS : worker * hosts.length,
    requestTimeout: BULK_TIMEOUT_MS,
    userAgent: `aquila-salesforce/${VERSION}`,
  };
}

function revealed(headers: Readonly<Record<string, Secret>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, value.reveal()]));
}

import type { z } from "zod";
import { type Finding, isMapping } from "../core/block.ts";
import { camelKeys } from "../core/camel_keys.ts";
import { didYouMean } from "../core/suggestion.ts";
import { readKafkaOutput } from "./kafka_settings.ts";
import { tuningOf } from "./output_preset.ts";
import {
  CONSOLE_OUTPUT,
  ELASTICSEARCH_OUTPUT,
  FILE_OUTPUT,
  LOGSTASH_OUTPUT,
  tlsOfOutput,
  withoutEffect,
} from "./output_settings.ts";
import type { ElasticsearchCredentials, OutputReading } from "./policy.ts";
import { checked, type PreparedBlock, prepared, problemAt, withoutAgentKeys } from "./policy_block.ts";
import { unverified } from "./tls_trust.ts";
import type { VariableProviders } from "./variables.ts";

const TYPES = ["elasticsearch", "remote_elasticsearch", "logstash", "kafka", "file", "console"];

export function readOutput(name: string, block: unknown, providers: VariableProviders | undefined): OutputReading {
  const root = `outputs.${name}`;
  const problems = (findings: readonly Finding[]) => ({
    problems: findings.map((finding) => problemAt(root, finding)),
  });
  const ready = prepared(block, providers);
  if (!isMapping(ready.value)) {
    return problems([{ at: [], text: "must be a block of settings" }]);
  }
  const { type, enabled, secrets } = ready.value;
  if (enabled === false || enabled === "false") {
    return problems([{ at: ["enabled"], text: "is false, but an input uses this output" }]);
  }
  if (secrets !== undefined) {
    const text =
      providers === undefined
        ? "refers to secrets that Fleet Server has not replaced; save the output in Fleet anew"
        : "refers to secrets of Fleet, which a standalone runner can't read; give their values in the settings";
    return problems([{ at: ["secrets"], text }]);
  }
  switch (type) {
    case "elasticsearch":
    case "remote_elasticsearch":
      return elasticsearch(name, { ...ready, value: withoutAgentKeys(ready.value) });
    case "logstash":
      return logstash(name, { ...ready, value: withoutAgentKeys(ready.value) });
    case "kafka":
      return readKafkaOutput(name, { ...ready, value: withoutAgentKeys(ready.value) });
    case "file": {
      const result = checked(FILE_OUTPUT, ready);
      return "findings" in result
        ? problems(result.findings)
        : { output: { type: "file", name, path: result.value.path }, warnings: [] };
    }
    case "console": {
      const result = checked(CONSOLE_OUTPUT, ready);
      return "findings" in result ? problems(result.findings) : { output: { type: "console", name }, warnings: [] };
    }
    default: {
      const meant = typeof type === "string" ? didYouMean(type, TYPES) : "";
      const text =
        providers === undefined
          ? "must be elasticsearch, logstash or kafka; choose such an output for the agent policy or the integration in Fleet"
          : `must be elasticsearch, logstash, kafka, file or console${meant}`;
      return problems([...ready.findings, { at: ["type"], text: type === undefined ? "is missing" : text }]);
    }
  }
}

function elasticsearch(name: string, ready: PreparedBlock): OutputReading {
  const root = `outputs.${name}`;
  const result = checked(ELASTICSEARCH_OUTPUT, ready);
  if ("findings" in result) {
    return { problems: result.findings.map((finding) => problemAt(root, finding)) };
  }
  const block = result.value;
  const credentials = credentialsOf(block);
  if (typeof credentials === "string") {
    return { problems: [{ path: root, text: credentials }] };
  }
  const { preset, bulk_max_size, worker = block.workers, compression_level } = block;
  const { tuning, overruled } = tuningOf(preset, { bulk_max_size, worker, compression_level });
  return {
    output: {
      type: "elasticsearch",
      name,
      hosts: block.hosts,
      credentials,
      ssl: camelKeys(block.ssl),
      proxyUrl: block.proxy_disable === true ? undefined : block.proxy_url,
      proxyHeaders: block.proxy_headers,
      headers: block.headers,
      bulkMaxSize: tuning.bulk_max_size,
      worker: tuning.worker,
      compressionLevel: tuning.compression_level,
    },
    warnings: [
      ...withoutEffect(block).map((key) => `${root}.${key} has no effect in this runner.`),
      ...(block.ssl.verification_mode === "none" ? [unverified(`${root}.ssl`, "Elasticsearch")] : []),
      ...overruled.map((key) => `${root}.${key} has no effect with the preset ${preset}; write preset: custom.`),
    ],
  };
}

function logstash(name: string, ready: PreparedBlock): OutputReading {
  const root = `outputs.${name}`;
  const result = checked(LOGSTASH_OUTPUT, ready);
  if ("findings" in result) {
    return { problems: result.findings.map((finding) => problemAt(root, finding)) };
  }
  const block = result.value;
  const { hosts, worker = block.workers ?? 1 } = block;
  const tls = tlsOfOutput(root, "Logstash", block, "events go");
  return {
    output: {
      type: "logstash",
      name,
      hosts,
      ssl: tls.ssl,
      loadBalance: block.loadbalance,
      worker,
      pipelining: Math.max(block.pipelining, 1),
      bulkMaxSize: block.bulk_max_size,
      compressionLevel: block.compression_level,
      timeout: block.timeout,
    },
    warnings: [...withoutEffect(block).map((key) => `${root}.${key} has no effect in this runner.`), ...tls.warnings],
  };
}

function credentialsOf(block: z.output<typeof ELASTICSEARCH_OUTPUT>): ElasticsearchCredentials | undefined | string {
  if (block.api_key !== undefined) {
    return block.username === undefined ? { apiKey: block.api_key } : "has both api_key and username; leave one out";
  }
  if (block.username === undefined && block.password === undefined) {
    return undefined;
  }
  if (block.username === undefined || block.password === undefined) {
    return "needs username and password together";
  }
  return { username: block.username, password: block.password };
}

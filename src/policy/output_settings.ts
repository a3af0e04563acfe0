/**
 * The outputs of a policy. Fleet and Elastic Agent know more settings of an Elasticsearch output than the runner needs; those
 * are named here too, so that a policy made for them can be used as it is.
 */
import { z } from "zod";
import { camelKeys } from "../core/camel_keys.ts";
import { hostAndPort } from "../core/host_and_port.ts";
import { isLoopback } from "../core/loopback.ts";
import { duration, flag, proxyUrl, secretText, text, wholeNumber } from "../core/setting_kinds.ts";
import { apiKey, hosts } from "./elasticsearch_values.ts";
import type { OutputSsl } from "./policy.ts";
import { SSL_SETTINGS } from "./settings.ts";
import { unverified } from "./tls_trust.ts";

/** The SHA-256 of a certificate in hexadecimal digits, with or without colons; always without, in capitals, afterwards. */
const fingerprint = text.transform((value, ctx) => {
  const digits = value.replaceAll(":", "").toUpperCase();
  if (!/^[0-9A-F]{64}$/.test(digits)) {
    ctx.issues.push({
      code: "custom",
      message: "must be the SHA-256 of a certificate, 64 hexadecimal digits",
      input: value,
    });
    return z.NEVER;
  }
  return digits;
});

export const OUTPUT_SSL = SSL_SETTINGS.extend({ ca_trusted_fingerprint: fingerprint.optional() });

/** Settings of Elastic Agent and Beats that change nothing in an output to Elasticsearch; using one is worth a warning. */
const WITHOUT_EFFECT = [
  "allow_older_versions",
  "backoff",
  "bulk_max_bytes",
  "ca_sha256",
  "escape_html",
  "idle_connection_timeout",
  "loadbalance",
  "max_retries",
  "queue",
  "status_reporting",
  "timeout",
] as const;

export const ELASTICSEARCH_OUTPUT = z.strictObject({
  type: z.enum(["elasticsearch", "remote_elasticsearch"]),
  enabled: flag.optional(),
  hosts,
  api_key: apiKey.optional(),
  username: text.optional(),
  password: secretText.optional(),
  ssl: OUTPUT_SSL.prefault({}),
  proxy_url: proxyUrl.optional(),
  proxy_disable: flag.optional(),
  proxy_headers: z.record(z.string(), secretText).prefault({}),
  headers: z.record(z.string(), secretText).prefault({}),
  preset: z.enum(["balanced", "custom", "throughput", "scale", "latency"]).optional(),
  bulk_max_size: wholeNumber(1, 50_000).optional(),
  worker: wholeNumber(1, 100).optional(),
  workers: wholeNumber(1, 100).optional(),
  compression_level: wholeNumber(0, 9).optional(),
  ...Object.fromEntries(WITHOUT_EFFECT.map((name) => [name, z.unknown().optional()])),
});

/** As in Beats: `host` or `host:port`, without a scheme; always with the port afterwards. */
export function hostWithPort(usualPort: number) {
  return text.transform((value, ctx) => {
    const [, name, port = usualPort] = /^(\[[0-9a-f:.]+\]|[^\s:/@[\]]+)(?::(\d{1,5}))?$/i.exec(value) ?? [];
    if (name === undefined || Number(port) > 65_535) {
      ctx.issues.push({ code: "custom", message: "must be host:port, without a scheme or path", input: value });
      return z.NEVER;
    }
    return `${name}:${port}`;
  });
}

/** TLS of an output to addresses of `hostWithPort`, and what there is to warn of; `sent` says what goes there. */
export function tlsOfOutput(
  root: string,
  far: string,
  { hosts, ssl }: { readonly hosts: readonly string[]; readonly ssl?: z.output<typeof OUTPUT_SSL> | undefined },
  sent: string,
): { readonly ssl: OutputSsl | undefined; readonly warnings: readonly string[] } {
  if (ssl !== undefined && ssl.enabled !== false) {
    return {
      ssl: camelKeys(ssl),
      warnings: ssl.verification_mode === "none" ? [unverified(`${root}.ssl`, far)] : [],
    };
  }
  const isFar = hosts.some((host) => !isLoopback(hostAndPort(host).host));
  return { ssl: undefined, warnings: isFar ? [`${root} has no ssl: ${sent} to ${far} unencrypted.`] : [] };
}

/** A bare number is one of seconds, as Beats read it. */
export const seconds = z.preprocess(
  (value) => (/^\d+$/.test(String(value)) ? `${value}s` : value),
  duration(1_000, 600_000),
);

const WITHOUT_EFFECT_IN_LOGSTASH = [
  "backoff",
  "ca_sha256",
  "escape_html",
  "index",
  "max_retries",
  "proxy_use_local_resolver",
  "queue",
  "slow_start",
  "status_reporting",
  "ttl",
] as const;

export const LOGSTASH_OUTPUT = z.strictObject({
  type: z.literal("logstash"),
  enabled: flag.optional(),
  hosts: z.preprocess(
    (value) => (typeof value === "string" ? [value] : value),
    z.array(hostWithPort(5_044)).min(1, "must name at least one address"),
  ),
  ssl: OUTPUT_SSL.optional(),
  loadbalance: flag.prefault(false),
  bulk_max_size: wholeNumber(1, 10_000).prefault(2_048),
  worker: wholeNumber(1, 100).optional(),
  workers: wholeNumber(1, 100).optional(),
  pipelining: wholeNumber(0, 100).prefault(2),
  compression_level: wholeNumber(0, 9).optional(),
  timeout: seconds.prefault("30s"),
  proxy_url: z
    .never("names a SOCKS proxy, which this output can't use; let the runner reach Logstash without one")
    .optional(),
  ...Object.fromEntries(WITHOUT_EFFECT_IN_LOGSTASH.map((name) => [name, z.unknown().optional()])),
});

export const FILE_OUTPUT = z.strictObject({ type: z.literal("file"), enabled: flag.optional(), path: text });

export const CONSOLE_OUTPUT = z.strictObject({ type: z.literal("console"), enabled: flag.optional() });

/** Those settings of an output block that change nothing. */
export function withoutEffect(block: Readonly<Record<string, unknown>>): string[] {
  return withoutEffectKeys(block.type === "logstash" ? WITHOUT_EFFECT_IN_LOGSTASH : WITHOUT_EFFECT, block);
}

export function withoutEffectKeys(names: readonly string[], block: Readonly<Record<string, unknown>>): string[] {
  return names.filter((name) => block[name] !== undefined);
}

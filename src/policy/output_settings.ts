/**
 * The outputs of a policy. Fleet and Elastic Agent know more settings of an Elasticsearch output than the runner needs; those
 * are named here too, so that a policy made for them can be used as it is.
 */
import { z } from "zod";
import { Secret } from "../core/secret.ts";
import { addressProblem, flag, proxyUrl, secretText, text, wholeNumber } from "./setting_kinds.ts";
import { SSL_SETTINGS } from "./settings.ts";

/** As Beats does, a host without a scheme is http and one without a port listens on 9200. */
const host = text.transform((value, ctx) => {
  const address = /^[a-z]+:\/\//i.test(value) ? value : `http://${value}`;
  const problem = addressProblem(address);
  if (problem !== undefined) {
    ctx.issues.push({ code: "custom", message: problem, input: value });
    return z.NEVER;
  }
  const url = new URL(address);
  if (!/^[a-z]+:\/\/[^/]*:\d+(?:\/|$)/i.test(address)) {
    url.port = "9200";
  }
  return `${url.origin}${url.pathname.replace(/\/+$/, "")}`;
});

const hosts = z.preprocess(
  (value) => (typeof value === "string" ? [value] : value),
  z.array(host).min(1, "must name at least one address"),
);

/** An API key as `id:key` or as base64 of that; always base64 afterwards. */
const apiKey = z
  .string()
  .trim()
  .transform((value, ctx) => {
    if (/^[^:\s]+:[^:\s]+$/.test(value)) {
      return new Secret(Buffer.from(value).toString("base64"));
    }
    if (/^[^:\s]+:[^:\s]+$/.test(Buffer.from(value, "base64").toString("utf8"))) {
      return new Secret(value);
    }
    ctx.issues.push({ code: "custom", message: "must be an API key as id:key, or as base64 of that", input: "" });
    return z.NEVER;
  });

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

/** Settings of Elastic Agent and Beats that change nothing here; using one is worth a warning. */
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
  ssl: SSL_SETTINGS.extend({ ca_trusted_fingerprint: fingerprint.optional() }).prefault({}),
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

export const FILE_OUTPUT = z.strictObject({ type: z.literal("file"), enabled: flag.optional(), path: text });

export const CONSOLE_OUTPUT = z.strictObject({ type: z.literal("console"), enabled: flag.optional() });

/** Those settings of an output block that change nothing. */
export function withoutEffect(block: Readonly<Record<string, unknown>>): string[] {
  return WITHOUT_EFFECT.filter((name) => block[name] !== undefined);
}

/** How addresses and keys of Elasticsearch are written, for outputs and for the state that hosts share. */
import { z } from "zod";
import { Secret } from "../core/secret.ts";
import { addressProblem, text } from "../core/setting_kinds.ts";

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

export const hosts = z.preprocess(
  (value) => (typeof value === "string" ? [value] : value),
  z.array(host).min(1, "must name at least one address"),
);

/** An API key as `id:key` or as base64 of that; always base64 afterwards. */
export const apiKey = z
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

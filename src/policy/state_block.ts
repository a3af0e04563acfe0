import type { z } from "zod";
import { camelKeys } from "../core/camel_keys.ts";
import type { ElasticsearchOutput, Output, StateSettings } from "./policy.ts";
import type { Checked } from "./policy_block.ts";
import { type INPUT_SETTINGS, SSL_SETTINGS } from "./settings.ts";

type StateBlock = z.output<typeof INPUT_SETTINGS>["state"];

const USUAL_TLS = camelKeys(SSL_SETTINGS.parse({}));

/** Where an input's state is kept, with what it has of its output. Pure. */
export function readState(block: StateBlock, output: Output): Checked<StateSettings> {
  if (block.store === "local") {
    return { value: { store: "local" } };
  }
  const own = output.type === "elasticsearch" ? output : undefined;
  const hosts = block.hosts ?? own?.hosts;
  if (hosts === undefined) {
    const text = "is missing: the output is not Elasticsearch, whose addresses it could have";
    return { findings: [{ at: ["hosts"], text }] };
  }
  const isOpen = own !== undefined && own.credentials === undefined && block.hosts === undefined;
  if (block.api_key === undefined && !isOpen) {
    const text = "is missing: the state has a key of its own, with create_index, read and write on its index";
    return { findings: [{ at: ["api_key"], text }] };
  }
  const way: Pick<ElasticsearchOutput, "proxyUrl" | "proxyHeaders" | "headers"> =
    own !== undefined && block.hosts === undefined ? own : { proxyUrl: undefined, proxyHeaders: {}, headers: {} };
  const cluster: ElasticsearchOutput = {
    type: "elasticsearch",
    name: "state",
    hosts,
    credentials: block.api_key === undefined ? undefined : { apiKey: block.api_key },
    ssl: block.ssl === undefined ? (own?.ssl ?? USUAL_TLS) : camelKeys(block.ssl),
    proxyUrl: way.proxyUrl,
    proxyHeaders: way.proxyHeaders,
    headers: way.headers,
    bulkMaxSize: undefined,
    worker: undefined,
    compressionLevel: undefined,
  };
  return { value: { store: "elasticsearch", cluster, index: block.index, lease: block.lease } };
}

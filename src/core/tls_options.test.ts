import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { type Authority, makeAuthority } from "../../_dev/shared/testing/certificates.ts";
import { createElasticsearchClient } from "../elasticsearch/client.ts";
import { createHttp, type TlsTrust } from "./http.ts";

let authority: Authority;
let url: string;
let asked = 0;
const server = createServer((_, response) => {
  asked += 1;
  response.setHeader("x-elastic-product", "Elasticsearch");
  response.setHeader("content-type", "application/json");
  response.end("{}");
});

beforeAll(async () => {
  authority = await makeAuthority("an authority of our own");
  const { key, certificate: cert } = await authority.issue("127.0.0.1");
  server.setSecureContext({ key, cert });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => server.close());
beforeEach(() => {
  asked = 0;
  vi.stubEnv("NODE_TLS_REJECT_UNAUTHORIZED", "0");
});
afterEach(() => {
  vi.unstubAllEnvs();
});

const WAYS: Readonly<Record<string, (tls: TlsTrust | undefined) => Promise<unknown>>> = {
  async "an answer"(tls) {
    const http = createHttp(tls === undefined ? {} : { tls });
    await http.send({ method: "GET", url, timeout: 5_000 }).finally(() => http.close());
  },
  async "a download"(tls) {
    const http = createHttp(tls === undefined ? {} : { tls });
    await http.open({ method: "GET", url, timeout: 5_000 }).finally(() => http.close());
  },
  async Elasticsearch(tls) {
    const client = createElasticsearchClient({
      hosts: [url],
      compressionLevel: 0,
      workers: 1,
      requestTimeout: 5_000,
      ...(tls === undefined ? {} : { tls }),
    });
    await client.info().finally(() => client.close());
  },
};

test.each(Object.keys(WAYS))(
  "%s: no variable of the environment takes a certificate that the policy does not",
  async (way) => {
    const ask = WAYS[way] as (tls?: TlsTrust) => Promise<unknown>;
    await expect(ask()).rejects.toThrow(/certificate/);
    await expect(ask({})).rejects.toThrow(/certificate/);
    await expect(ask({ verification: "full" })).rejects.toThrow(/certificate/);
    expect(asked).toBe(0);
    await ask({ verification: "none" });
    await ask({ certificateAuthorities: [authority.certificate] });
    expect(asked).toBe(2);
  },
);

import { X509Certificate } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { BulkEndpoint } from "../../_dev/shared/fake_elasticsearch/bulk_endpoint.ts";
import { type Authority, type KeyAndCertificate, makeAuthority } from "../../_dev/shared/testing/certificates.ts";
import { ManualClock } from "../../_dev/shared/testing/manual_clock.ts";
import type { RunnerError } from "../core/errors.ts";
import { Memory } from "../core/memory.ts";
import { readOutput } from "../policy/output_block.ts";
import { anEvent, counted } from "../sinks/sink.contract.ts";
import type { Sink } from "../sinks/sink.ts";
import { openOutput } from "./open_output.ts";

const INDEX = "logs-aquila_salesforce.login-default";
const never = new AbortController().signal;
const opened: Array<() => Promise<unknown>> = [];

let authority: Authority;
let server: KeyAndCertificate;
beforeAll(async () => {
  authority = await makeAuthority("cluster");
  server = await authority.issue("127.0.0.1");
});
afterEach(async () => {
  for (const close of opened.splice(0).reverse()) {
    await close();
  }
});

async function endpoint(tls?: KeyAndCertificate): Promise<BulkEndpoint> {
  const started = new BulkEndpoint(tls);
  await started.start();
  opened.push(() => started.close());
  return started;
}

/** An endpoint with TLS that shows its authority, as Elasticsearch's own set-up does. */
async function secureEndpoint(): Promise<BulkEndpoint> {
  return await endpoint({ key: server.key, certificate: `${server.certificate}\n${authority.certificate}` });
}

/** The sink of an output of the policy; `problems` has what its health tells. */
async function sinkOf(block: object, problems: (RunnerError | undefined)[] = []): Promise<Sink> {
  const reading = readOutput("default", { type: "elasticsearch", ...block }, undefined);
  if ("problems" in reading) {
    throw new Error(JSON.stringify(reading.problems));
  }
  const sink = await openOutput(
    reading.output,
    (problem) => problems.push(problem),
    new ManualClock(),
    new Memory().share(),
  );
  opened.push(() => sink.close());
  return sink;
}

function events(count: number) {
  return Array.from({ length: count }, (_, n) => anEvent(INDEX, `e-${n}`));
}

function fingerprint(certificate: string): string {
  return new X509Certificate(certificate).fingerprint256;
}

describe("requests", () => {
  test.each([
    ["own settings", { bulk_max_size: 3, compression_level: 0, worker: 1 }, [3, 3, 1], undefined],
    ["the preset latency", { preset: "latency" }, [7], "gzip"],
    ["a preset that overrules", { preset: "balanced", bulk_max_size: 3 }, [7], "gzip"],
    ["custom", { preset: "custom", bulk_max_size: 4 }, [4, 3], undefined],
  ])("by %s", async (_name, settings, sizes, encoding) => {
    const far = await endpoint();
    const sink = await sinkOf({ hosts: [far.url], ...settings });
    expect(counted(await sink.deliver(events(7), never))).toEqual({ created: 7, existing: 0, refused: [] });
    expect(far.requests.map((request) => request.events).sort()).toEqual([...sizes].sort());
    expect(far.requests.map(({ headers }) => headers["content-encoding"])).toEqual(sizes.map(() => encoding));
    expect(far.documents).toHaveLength(7);
  });

  test("with user, password and headers", async () => {
    const far = await endpoint();
    const sink = await sinkOf({
      hosts: [far.url],
      username: "elastic",
      password: "p",
      headers: { "X-Tenant": "acme" },
    });
    await sink.deliver(events(1), never);
    expect(far.requests[0]?.headers).toMatchObject({
      authorization: `Basic ${Buffer.from("elastic:p").toString("base64")}`,
      "x-tenant": "acme",
    });
  });

  test("to each of several hosts", async () => {
    const [one, two] = [await endpoint(), await endpoint()];
    const sink = await sinkOf({ hosts: [one.url, two.url], bulk_max_size: 1 });
    await sink.deliver(events(8), never);
    expect(one.requests.length).toBeGreaterThan(0);
    expect(two.requests.length).toBeGreaterThan(0);
    expect(one.documents.length + two.documents.length).toBe(8);
  });
});

describe("trust", () => {
  test.each<[string, () => object]>([
    ["an authority by its certificate", () => ({ certificate_authorities: [authority.certificate] })],
    ["an authority by its fingerprint", () => ({ ca_trusted_fingerprint: fingerprint(authority.certificate) })],
    ["everybody", () => ({ verification_mode: "none" })],
  ])("%s", async (_name, ssl) => {
    const far = await secureEndpoint();
    const sink = await sinkOf({ hosts: [far.url], ssl: ssl() });
    expect(await sink.deliver(events(1), never)).toMatchObject({ created: 1 });
  });

  test("nobody who is not known: nothing is sent, and the reason is told", async () => {
    const far = await secureEndpoint();
    const problems: (RunnerError | undefined)[] = [];
    const sink = await sinkOf({ hosts: [far.url], api_key: "id:key" }, problems);
    const giveUp = new AbortController();
    const delivery = sink.deliver(events(1), giveUp.signal);
    await expect.poll(() => problems.length).toBeGreaterThan(0);
    giveUp.abort(new Error("enough"));
    await expect(delivery).rejects.toThrow("enough");
    expect(problems[0]).toMatchObject({ code: "tls_refused", fault: "configuration" });
    expect(problems[0]?.text).toContain("ssl.certificate_authorities");
    expect(far.requests).toEqual([]);
  });

  test.each<[string, () => string]>([
    ["another authority's fingerprint", () => "00".repeat(32)],
    ["the fingerprint of a certificate that is no authority", () => fingerprint(server.certificate)],
  ])("%s is refused before anything is sent", async (_name, ca) => {
    const far = await secureEndpoint();
    await expect(sinkOf({ hosts: [far.url], ssl: { ca_trusted_fingerprint: ca() } })).rejects.toMatchObject({
      code: "tls_refused",
      cure: expect.stringContaining("ssl.certificate_authorities"),
    });
    expect(far.requests).toEqual([]);
  });

  test("a leaf that the trusted authority has not signed", async () => {
    const stranger = await makeAuthority("cluster");
    const leaf = await stranger.issue("127.0.0.1");
    const far = await endpoint({ key: leaf.key, certificate: `${leaf.certificate}\n${authority.certificate}` });
    const ssl = { ca_trusted_fingerprint: fingerprint(authority.certificate) };
    const problems: (RunnerError | undefined)[] = [];
    const attempt = sinkOf({ hosts: [far.url], ssl }, problems).then(async (sink) => {
      const giveUp = new AbortController();
      const delivery = sink.deliver(events(1), giveUp.signal);
      await expect.poll(() => problems.length).toBeGreaterThan(0);
      giveUp.abort(new Error("enough"));
      await delivery;
    });
    await expect(attempt).rejects.toThrow();
    expect(far.requests).toEqual([]);
  });
});

/** An HTTP proxy that tunnels, and remembers what it was asked. */
async function proxy(): Promise<{ url: string; asked: IncomingMessage[] }> {
  const asked: IncomingMessage[] = [];
  const tunnel = createServer();
  tunnel.on("connect", (request, socket) => {
    asked.push(request);
    const [host, port] = (request.url ?? "").split(":");
    const far = connect(Number(port), host, () => {
      socket.write("HTTP/1.1 200 Connection established\r\n\r\n");
      far.pipe(socket).pipe(far);
    });
    far.on("error", () => socket.destroy());
    socket.on("error", () => far.destroy());
  });
  tunnel.listen(0, "127.0.0.1");
  await once(tunnel, "listening");
  opened.push(() => new Promise((resolve) => tunnel.close(resolve)));
  return { url: `http://user:word@127.0.0.1:${(tunnel.address() as AddressInfo).port}`, asked };
}

test("through a proxy, with its headers, credentials and a fingerprint", async () => {
  const far = await secureEndpoint();
  const { url, asked } = await proxy();
  const sink = await sinkOf({
    hosts: [far.url],
    proxy_url: url,
    proxy_headers: { "X-Proxy": "yes" },
    ssl: { ca_trusted_fingerprint: fingerprint(authority.certificate) },
  });
  expect(await sink.deliver(events(2), never)).toMatchObject({ created: 2 });
  expect(asked.at(-1)?.headers).toMatchObject({
    "x-proxy": "yes",
    "proxy-authorization": `Basic ${Buffer.from("user:word").toString("base64")}`,
  });
  expect(asked.length).toBeGreaterThanOrEqual(2);
});

describe("a probe", () => {
  const message = (problems: readonly (RunnerError | undefined)[]) => problems.at(-1)?.message;

  test("tells an output that works, one that is down, and one that refuses the key", async () => {
    const target = await endpoint();
    const problems: (RunnerError | undefined)[] = [];
    const sink = await sinkOf({ hosts: [target.url] }, problems);
    await sink.probe?.(never);
    expect(problems).toEqual([undefined]);
    target.answerWith(401);
    await sink.probe?.(never);
    expect(problems.at(-1)).toMatchObject({ code: "output_refused" });
    target.answerWith(403);
    await sink.probe?.(never);
    expect(problems.at(-1)).toBeUndefined();
    target.answerWith(503);
    await sink.probe?.(never);
    expect(problems.at(-1)).toMatchObject({ code: "output_unreachable" });
    expect(target.requests).toEqual([]);
  });

  test("names a dead proxy", async () => {
    const problems: (RunnerError | undefined)[] = [];
    const sink = await sinkOf({ hosts: ["https://es.example:9200"], proxy_url: "http://127.0.0.1:9" }, problems);
    await sink.probe?.(never);
    expect(message(problems)).toBe(
      "Elasticsearch can't be reached: No answer from the proxy 127.0.0.1:9: the connection was refused.",
    );
  });
});

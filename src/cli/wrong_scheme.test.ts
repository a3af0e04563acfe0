import { once } from "node:events";
import { createServer as createPlainServer, type Server } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { afterEach, expect, test } from "vitest";
import { asRunnerError, type RunnerError } from "../core/errors.ts";
import { createHttp } from "../core/http.ts";
import { transportError } from "../core/transport_meaning.ts";
import { createElasticsearchClient, unreachable } from "../elasticsearch/client.ts";

let server: Server | undefined;
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});

async function portOf(started: Server): Promise<number> {
  server = started.listen(0, "127.0.0.1");
  await once(started, "listening");
  return (started.address() as AddressInfo).port;
}

async function failureOf(url: string): Promise<RunnerError> {
  const http = createHttp();
  try {
    await http.send({ method: "GET", url, timeout: 5_000 });
  } catch (error) {
    return asRunnerError(error);
  } finally {
    http.close();
  }
  throw new Error("there was an answer");
}

/** As the client of Elasticsearch tells it. */
async function clientFailureOf(url: string): Promise<RunnerError> {
  const client = createElasticsearchClient({ hosts: [url], requestTimeout: 5_000 } as never);
  try {
    await client.transport.request({ method: "GET", path: "/" });
  } catch (error) {
    return unreachable({ hosts: [url] }, error);
  } finally {
    await client.close();
  }
  throw new Error("there was an answer");
}

test.each([
  ["Salesforce", failureOf],
  ["Elasticsearch", clientFailureOf],
])("https to a port that speaks http is said in one line, with the cure: %s", async (_, failure) => {
  const port = await portOf(createPlainServer((_request, answer) => answer.end("plain")));
  const error = await failure(`https://127.0.0.1:${port}`);
  expect(error.code).toBe("tls_refused");
  expect(error.text).toMatch(/it speaks http at this port, not https \(ERR_SSL_WRONG_VERSION_NUMBER\)\. Name the port/);
  expect(error.text).not.toMatch(/\n|openssl|firewall/i);
});

test.each([
  ["Salesforce", failureOf],
  ["Elasticsearch", clientFailureOf],
])("http to a port that speaks https says what to try: %s", async (_, failure) => {
  const port = await portOf(createTlsServer({}));
  const error = await failure(`http://127.0.0.1:${port}`);
  expect(error.text).toMatch(
    /the connection was cut \(ECONNRESET\)\. If the host speaks https at this port, write https:\/\//,
  );
  expect(error.text).not.toMatch(/\n|firewall/i);
});

test("an unknown failure stays on one line", () => {
  expect(transportError("acme.example", new Error("odd\n  words.\n")).message).toBe(
    "No answer from acme.example: odd words.",
  );
});

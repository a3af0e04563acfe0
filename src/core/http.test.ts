import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { inspect } from "node:util";
import { gzipSync } from "node:zlib";
import { afterEach, describe, expect, test } from "vitest";
import type { RunnerError } from "./errors.ts";
import { createHttp } from "./http.ts";

let server: Server | undefined;
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});

async function serve(answer: (request: IncomingMessage, response: ServerResponse) => void): Promise<string> {
  server = createServer(answer);
  await new Promise<void>((resolve) => server?.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const http = createHttp({ userAgent: "test/1" });

async function bodyOf(chunks: AsyncIterable<Uint8Array>): Promise<string> {
  return Buffer.concat(await Array.fromAsync(chunks)).toString();
}

async function errorOf(action: Promise<unknown>): Promise<RunnerError> {
  return await action.then(
    () => {
      throw new Error("no error");
    },
    (error) => error,
  );
}

describe("http", () => {
  test("every status is an answer, redirects are not followed", async () => {
    const url = await serve((_, response) => {
      response.writeHead(302, { location: "http://elsewhere.invalid/" });
      response.end("moved");
    });
    const answer = await http.send({ method: "GET", url, timeout: 1_000 });
    expect(answer).toMatchObject({ status: 302, body: "moved" });
    expect(answer.headers.location).toBe("http://elsewhere.invalid/");
  });

  test("a download is decompressed", async () => {
    const url = await serve((request, response) => {
      expect(request.headers["accept-encoding"]).toContain("gzip");
      response.writeHead(200, { "content-encoding": "gzip" });
      response.end(gzipSync("hello ".repeat(10_000)));
    });
    const { chunks } = await http.open({ method: "GET", url, timeout: 1_000 });
    expect(await bodyOf(chunks)).toBe("hello ".repeat(10_000));
  });

  test.each<[string, (response: ServerResponse) => void]>([
    [
      "with a length",
      (response) => {
        response.writeHead(200, { "content-length": 1_000 });
        response.write("half");
      },
    ],
    [
      "in chunks",
      (response) => {
        response.writeHead(200);
        response.write("half");
      },
    ],
    [
      "compressed",
      (response) => {
        response.writeHead(200, { "content-encoding": "gzip" });
        response.write(gzipSync("x".repeat(100_000)).subarray(0, 60));
      },
    ],
  ])("a cut download (%s) gives what came, then an error", async (_, begin) => {
    const url = await serve((_request, response) => {
      begin(response);
      setImmediate(() => response.socket?.destroySoon());
    });
    const { chunks } = await http.open({ method: "GET", url, timeout: 1_000 });
    expect((await errorOf(bodyOf(chunks))).code).toBe("connection_lost");
  });

  test("a download that falls silent times out; a slow reader does not make it so", async () => {
    const url = await serve((request, response) => {
      response.writeHead(200);
      response.write("first");
      if (request.url === "/goes-on") {
        setTimeout(() => response.end("second"), 20);
      }
    });
    const silent = await http.open({ method: "GET", url, timeout: 50 });
    expect((await errorOf(bodyOf(silent.chunks))).code).toBe("timed_out");

    const goesOn = await http.open({ method: "GET", url: `${url}/goes-on`, timeout: 50 });
    let text = "";
    for await (const chunk of goesOn.chunks) {
      text += Buffer.from(chunk).toString();
      await new Promise((resolve) => setTimeout(resolve, 120));
    }
    expect(text).toBe("firstsecond");
  });

  test.each([
    ["http://127.0.0.1:1/", "host_unreachable"],
    ["http://no-such-host.invalid/", "host_unknown"],
  ])("%s: %s, without the request in the error", async (url, code) => {
    const error = await errorOf(
      http.send({
        method: "POST",
        url,
        body: "secret-body",
        headers: { authorization: "secret-token" },
        timeout: 2_000,
      }),
    );
    expect(error.code).toBe(code);
    expect(inspect(error, { depth: 10 })).not.toMatch(/secret-/);
  });

  test("an abort rejects with its reason", async () => {
    const url = await serve(() => {});
    const abort = new AbortController();
    const sent = http.send({ method: "GET", url, timeout: 5_000, signal: abort.signal });
    setImmediate(() => abort.abort(new Error("enough")));
    await expect(sent).rejects.toThrow("enough");
  });
});

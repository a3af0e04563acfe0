import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { inspect } from "node:util";
import { gzipSync } from "node:zlib";
import { afterEach, describe, expect, test } from "vitest";
import { rejectionOf } from "../../_dev/shared/testing/failures.ts";
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

describe("http", () => {
  test("a dead proxy is named in place of the host behind it", async () => {
    const http = createHttp({ proxyUrl: "http://127.0.0.1:9" });
    const request = { method: "GET", url: "https://acme.example/", timeout: 5_000 } as const;
    const message = "No answer from the proxy 127.0.0.1:9: the connection was refused.";
    await expect(http.send(request)).rejects.toMatchObject({ code: "host_unreachable", message });
    await expect(http.open(request)).rejects.toMatchObject({ code: "host_unreachable", message });
    http.close();
  });

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
    expect((await rejectionOf(bodyOf(chunks))).code).toBe("connection_lost");
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
    expect((await rejectionOf(bodyOf(silent.chunks))).code).toBe("timed_out");

    const goesOn = await http.open({ method: "GET", url: `${url}/goes-on`, timeout: 50 });
    let text = "";
    for await (const chunk of goesOn.chunks) {
      text += Buffer.from(chunk).toString();
      await new Promise((resolve) => setTimeout(resolve, 120));
    }
    expect(text).toBe("firstsecond");
  });

  test.each<[string, number, (body: string) => { headers: Record<string, string>; body: string | Buffer }]>([
    ["as it is", 200, (body) => ({ headers: {}, body })],
    ["compressed", 200, (body) => ({ headers: { "content-encoding": "gzip" }, body: gzipSync(body) })],
    ["of an error", 503, (body) => ({ headers: { "content-encoding": "gzip" }, body: gzipSync(body) })],
  ])("an answer %s is read up to its limit, counted after decompression", async (_, status, made) => {
    const url = await serve((request, response) => {
      const { headers, body } = made("x".repeat(Number(request.url?.slice(1))));
      response.writeHead(status, headers);
      response.end(body);
    });
    const ask = (length: number) =>
      http.send({ method: "POST", url: `${url}/${length}`, body: "a", timeout: 5_000, longest: 100_000 });
    expect(await ask(100_000)).toMatchObject({ status, body: "x".repeat(100_000) });
    const error = await rejectionOf(ask(100_001));
    expect(error).toMatchObject({ code: "answer_unreadable", next: { do: "retry" } });
    expect(error.text).toMatch(/^127\.0\.0\.1:\d+ answered with more than 98 KiB, which .* Check the address/);
  });

  test("of an answer that has no end no more is read than its limit", async () => {
    let sent = 0;
    const url = await serve((_, response) => {
      const part = Buffer.alloc(64 * 1_024);
      const more = () => {
        while (!response.destroyed && response.write(part)) {
          sent += part.length;
        }
        sent += part.length;
      };
      response.on("drain", more);
      more();
    });
    const error = await rejectionOf(http.send({ method: "GET", url, timeout: 30_000 }));
    expect(error.code).toBe("answer_unreadable");
    expect(sent).toBeLessThan(16 * 1_024 * 1_024);
  });

  test("a download that goes on, but too slowly, has failed", async () => {
    let now = 0;
    const slow = createHttp({ monotonic: () => now });
    const url = await serve(async (_, response) => {
      response.writeHead(200);
      for (let second = 0; second < 100 && !response.destroyed; second += 1) {
        response.write("x");
        await new Promise(setImmediate);
      }
      response.end();
    });
    const { chunks } = await slow.open({ method: "GET", url, timeout: 5_000 });
    const reader = chunks[Symbol.asyncIterator]();
    let asked = 0;
    const error = await rejectionOf(
      (async () => {
        for (;;) {
          const pending = reader.next();
          now += 30_000;
          asked += 1;
          if ((await pending).done) {
            return;
          }
        }
      })(),
    );
    expect(error).toMatchObject({ code: "timed_out", next: { do: "retry" } });
    expect(error.text).toMatch(
      /^127\.0\.0\.1:\d+ sent only 1 KiB in 60 s in the middle of a download\. Check the network/,
    );
    expect(asked).toBe(2);
  });

  test("only the time of waiting makes a download slow", async () => {
    let now = 0;
    const patient = createHttp({ monotonic: () => now });
    const url = await serve((_, response) => {
      response.writeHead(200);
      response.write("first");
      setTimeout(() => response.end("second"), 10);
    });
    const { chunks } = await patient.open({ method: "GET", url, timeout: 5_000 });
    let text = "";
    for await (const chunk of chunks) {
      text += Buffer.from(chunk).toString();
      now += 3_600_000;
    }
    expect(text).toBe("firstsecond");
  });

  test.each([
    ["http://127.0.0.1:1/", "host_unreachable"],
    ["http://no-such-host.invalid/", "host_unknown"],
  ])("%s: %s, without the request in the error", async (url, code) => {
    const error = await rejectionOf(
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

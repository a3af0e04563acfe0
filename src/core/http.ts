import { Agent as HttpAgent } from "node:http";
import { Agent as HttpsAgent } from "node:https";
import got, { type Got, type Request, type Response } from "got";
import { RETRY, RunnerError } from "./errors.ts";
import type { Secret } from "./secret.ts";
import { transportError } from "./transport_meaning.ts";

export interface HttpRequest {
  readonly method: "GET" | "POST";
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  /** Milliseconds: for `send` until the whole answer is here, for `open` the longest silence. */
  readonly timeout: number;
  readonly signal?: AbortSignal | undefined;
}

/** Header names in lower case. */
export type HttpHeaders = Readonly<Record<string, string | undefined>>;

export interface HttpAnswer {
  readonly status: number;
  readonly headers: HttpHeaders;
  readonly body: string;
}

export interface HttpDownload {
  readonly status: number;
  readonly headers: HttpHeaders;
  /**
   * The decompressed body, pulled: nothing is read ahead of the reader beyond a socket's buffer. Ends in an error if the
   * body is cut. The silence is counted only while a chunk is awaited, so a slow reader never makes a download time out.
   */
  readonly chunks: AsyncIterable<Uint8Array>;
}

/**
 * One way to reach hosts, with its own connections, proxy and trust. Every answer with a status is an answer; errors are
 * RunnerErrors of `transport_meaning.ts` (an aborted signal rejects with its reason). Nothing is repeated here.
 */
export interface Http {
  send(request: HttpRequest): Promise<HttpAnswer>;
  open(request: HttpRequest): Promise<HttpDownload>;
  close(): void;
}

export interface TlsTrust {
  /** Further certificate authorities, PEM text. */
  readonly certificateAuthorities?: readonly string[];
  /** `full` checks chain and host name, `certificate` the chain only, `none` nothing. */
  readonly verification?: "full" | "certificate" | "none";
  readonly certificate?: string;
  readonly key?: Secret;
}

export interface HttpOptions {
  readonly userAgent?: string;
  /** `http://proxy:3128`; empty or absent for none. */
  readonly proxyUrl?: string;
  readonly tls?: TlsTrust;
  /** Connections kept open and used at once per host. */
  readonly connections?: number;
}

function proxyEnvironment(proxyUrl: string | undefined): NodeJS.ProcessEnv | undefined {
  return proxyUrl === undefined || proxyUrl === "" ? undefined : { HTTP_PROXY: proxyUrl, HTTPS_PROXY: proxyUrl };
}

function agents(options: HttpOptions): { http: HttpAgent; https: HttpsAgent } {
  const proxyEnv = proxyEnvironment(options.proxyUrl);
  const shared = {
    keepAlive: true,
    maxSockets: options.connections ?? 16,
    ...(proxyEnv === undefined ? {} : { proxyEnv }),
  };
  const { tls = {} } = options;
  return {
    http: new HttpAgent(shared),
    https: new HttpsAgent({
      ...shared,
      ...(tls.certificateAuthorities === undefined ? {} : { ca: [...tls.certificateAuthorities] }),
      ...(tls.certificate === undefined ? {} : { cert: tls.certificate }),
      ...(tls.key === undefined ? {} : { key: tls.key.reveal() }),
      ...(tls.verification === "none" ? { rejectUnauthorized: false } : {}),
      ...(tls.verification === "certificate" ? { checkServerIdentity: () => undefined } : {}),
    }),
  };
}

/** The real thing, on top of got. */
export function createHttp(options: HttpOptions = {}): Http {
  const agent = agents(options);
  const client: Got = got.extend({
    agent,
    retry: { limit: 0 },
    throwHttpErrors: false,
    followRedirect: false,
    decompress: true,
    headers: { "user-agent": options.userAgent ?? "aquila-salesforce" },
  });

  return {
    async send(request) {
      try {
        const answer = await client(request.url, {
          method: request.method,
          headers: { ...request.headers },
          timeout: { request: request.timeout },
          ...(request.body === undefined ? {} : { body: asBody(request.body) }),
          ...(request.signal === undefined ? {} : { signal: request.signal }),
        });
        return { status: answer.statusCode, headers: headersOf(answer), body: answer.body };
      } catch (error) {
        request.signal?.throwIfAborted();
        throw transportError(new URL(request.url).host, error);
      }
    },

    async open(request) {
      const stream = client.stream(request.url, {
        method: "GET",
        headers: { ...request.headers },
        timeout: { connect: request.timeout, secureConnect: request.timeout, response: request.timeout },
        ...(request.signal === undefined ? {} : { signal: request.signal }),
      });
      try {
        const answer = await responseOf(stream);
        return { status: answer.statusCode, headers: headersOf(answer), chunks: chunksOf(stream, request) };
      } catch (error) {
        stream.destroy();
        request.signal?.throwIfAborted();
        throw transportError(new URL(request.url).host, error);
      }
    },

    close() {
      agent.http.destroy();
      agent.https.destroy();
    },
  };
}

function asBody(body: string | Uint8Array): string | Buffer {
  return typeof body === "string" ? body : Buffer.from(body.buffer, body.byteOffset, body.byteLength);
}

function responseOf(stream: Request): Promise<Response> {
  return new Promise((resolve, reject) => {
    stream.once("response", resolve);
    stream.once("error", reject);
  });
}

async function* chunksOf(stream: Request, request: HttpRequest): AsyncGenerator<Uint8Array> {
  const host = new URL(request.url).host;
  let awaited = false;
  let silent = false;
  const silence = setTimeout(() => {
    if (awaited) {
      silent = true;
      stream.destroy();
    }
  }, request.timeout);
  const reader = stream[Symbol.asyncIterator]() as AsyncIterator<Uint8Array>;
  try {
    for (;;) {
      awaited = true;
      silence.refresh();
      const step = await reader.next();
      awaited = false;
      if (silent) {
        throw silentDownload(host, request.timeout);
      }
      if (step.done) {
        return;
      }
      yield step.value;
    }
  } catch (error) {
    request.signal?.throwIfAborted();
    throw silent ? silentDownload(host, request.timeout) : transportError(host, error);
  } finally {
    clearTimeout(silence);
    stream.destroy();
  }
}

function silentDownload(host: string, timeout: number): RunnerError {
  const seconds = Math.round(timeout / 1_000);
  return new RunnerError("timed_out", `${host} sent nothing for ${seconds} s in the middle of a download.`, {
    next: RETRY,
  });
}

function headersOf(answer: { headers: NodeJS.Dict<string | string[]> }): HttpHeaders {
  const headers: Record<string, string | undefined> = {};
  for (const [name, value] of Object.entries(answer.headers)) {
    headers[name] = Array.isArray(value) ? value.join(", ") : value;
  }
  return headers;
}

import { Agent as HttpAgent } from "node:http";
import { Agent as HttpsAgent } from "node:https";
import type { ConnectionOptions } from "node:tls";
import got, { type Got, type Request, type Response } from "got";
import { RETRY, RunnerError } from "./errors.ts";
import type { Secret } from "./secret.ts";
import { transportError, type Way } from "./transport_meaning.ts";

export const MEGABYTE = 1_024 * 1_024;

export interface HttpRequest {
  readonly method: "GET" | "POST";
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  /** Milliseconds: for `send` until the whole answer is here, for `open` the longest silence. */
  readonly timeout: number;
  /** For `send`: bytes of the decompressed body; a longer one is `answer_unreadable`, and no more of it is read. */
  readonly longest?: number;
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
   * body is cut, and in `timed_out` if it falls silent or comes slower than SLOWEST. Both are counted only while a chunk is
   * awaited, so a slow reader never makes a download time out.
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
  /** Milliseconds of a clock that only goes forward. */
  readonly monotonic?: () => number;
}

/** Bytes of an answer whose request names no other limit: what tells how something went, or what there is. */
const LONGEST_ANSWER = 4 * MEGABYTE;

/** A download that brings fewer bytes in this time of waiting stands as good as still: 1 kB a second over a minute. */
export const SLOWEST = { bytes: 60_000, milliseconds: 60_000 } as const;

/**
 * What a trust comes to for Node's TLS. Whether a certificate is verified is always said: left unsaid, the environment variable
 * NODE_TLS_REJECT_UNAUTHORIZED decides.
 */
export function tlsOptions(tls: TlsTrust = {}): ConnectionOptions {
  return {
    rejectUnauthorized: tls.verification !== "none",
    ...(tls.certificateAuthorities === undefined ? {} : { ca: [...tls.certificateAuthorities] }),
    ...(tls.certificate === undefined ? {} : { cert: tls.certificate }),
    ...(tls.key === undefined ? {} : { key: tls.key.reveal() }),
    ...(tls.verification === "certificate" ? { checkServerIdentity: () => undefined } : {}),
  };
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
  return {
    http: new HttpAgent(shared),
    https: new HttpsAgent({
      ...shared,
      ...tlsOptions(options.tls),
    }),
  };
}

/** The real thing, on top of got. */
export function createHttp(options: HttpOptions = {}): Http {
  const agent = agents(options);
  const { monotonic = () => performance.now() } = options;
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
      const stream = client.stream(request.url, {
        method: request.method,
        headers: { ...request.headers },
        timeout: { request: request.timeout },
        ...(request.method === "GET" ? {} : { body: asBody(request.body ?? "") }),
        ...(request.signal === undefined ? {} : { signal: request.signal }),
      });
      try {
        const answer = await responseOf(stream);
        return { status: answer.statusCode, headers: headersOf(answer), body: await wholeBody(stream, request) };
      } catch (error) {
        request.signal?.throwIfAborted();
        throw transportError(new URL(request.url).host, error, wayOf(request, options));
      } finally {
        stream.destroy();
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
        return {
          status: answer.statusCode,
          headers: headersOf(answer),
          chunks: chunksOf(stream, request, monotonic, wayOf(request, options)),
        };
      } catch (error) {
        stream.destroy();
        request.signal?.throwIfAborted();
        throw transportError(new URL(request.url).host, error, wayOf(request, options));
      }
    },

    close() {
      agent.http.destroy();
      agent.https.destroy();
    },
  };
}

function wayOf({ url }: HttpRequest, { proxyUrl }: HttpOptions): Way {
  return { plain: url.startsWith("http:"), proxyUrl };
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

async function wholeBody(stream: Request, { url, longest = LONGEST_ANSWER }: HttpRequest): Promise<string> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of stream as AsyncIterable<Uint8Array>) {
    length += part.length;
    if (length > longest) {
      throw tooLong(new URL(url).host, longest);
    }
    parts.push(part);
  }
  return Buffer.concat(parts, length).toString("utf8");
}

export function tooLong(host: string, longest: number): RunnerError {
  return new RunnerError(
    "answer_unreadable",
    `${host} answered with more than ${formatBytes(longest)}, which no answer to this request has.`,
    { next: RETRY, cure: "Check the address, and whether something between here and the host changes its answers." },
  );
}

async function* chunksOf(
  stream: Request,
  request: HttpRequest,
  monotonic: () => number,
  way: Way,
): AsyncGenerator<Uint8Array> {
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
  let waited = 0;
  let received = 0;
  try {
    for (;;) {
      awaited = true;
      silence.refresh();
      const askedAt = monotonic();
      const step = await reader.next();
      waited += monotonic() - askedAt;
      awaited = false;
      if (silent) {
        throw silentDownload(host, request.timeout);
      }
      if (step.done) {
        return;
      }
      received += step.value.length;
      if (waited >= SLOWEST.milliseconds) {
        if (received < SLOWEST.bytes) {
          throw slowDownload(host, received, waited);
        }
        waited = 0;
        received = 0;
      }
      yield step.value;
    }
  } catch (error) {
    request.signal?.throwIfAborted();
    throw silent ? silentDownload(host, request.timeout) : transportError(host, error, way);
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

export function slowDownload(host: string, received: number, waited: number): RunnerError {
  return new RunnerError(
    "timed_out",
    `${host} sent only ${formatBytes(received)} in ${Math.round(waited / 1_000)} s in the middle of a download.`,
    { next: RETRY, cure: "Check the network between here and the host, and whether a proxy holds answers up." },
  );
}

function formatBytes(bytes: number): string {
  return bytes < MEGABYTE ? `${Math.ceil(bytes / 1_024)} KiB` : `${Math.round(bytes / MEGABYTE)} MiB`;
}

function headersOf(answer: { headers: NodeJS.Dict<string | string[]> }): HttpHeaders {
  const headers: Record<string, string | undefined> = {};
  for (const [name, value] of Object.entries(answer.headers)) {
    headers[name] = Array.isArray(value) ? value.join(", ") : value;
  }
  return headers;
}

/**
 * Elasticsearch as far as bulk requests and looking up see it: what is created stays, under its data stream's backing index and
 * `_id`.
 */
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { gunzipSync } from "node:zlib";

export interface StoredDocument {
  readonly index: string;
  readonly id: string;
  readonly document: Readonly<Record<string, unknown>>;
}

export interface BulkRequest {
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly query: URLSearchParams;
  readonly events: number;
}

/** Why one document is not taken. */
export interface BulkRefusal {
  readonly status: number;
  readonly type: string;
  readonly reason: string;
}

/** What Elasticsearch says of an index that the key has no privilege for; of the others in the request it says nothing. */
export function notAuthorized(index: string): BulkRefusal {
  const reason = `action [indices:admin/auto_create] is unauthorized for API key id [k1] of user [elastic/fleet-server] on indices [${index}], this action is granted by the index privileges [auto_configure,create_index,manage,all]`;
  return { status: 403, type: "security_exception", reason };
}

interface BulkItem {
  readonly create: { readonly status: number; readonly _index?: string; readonly error?: Omit<BulkRefusal, "status"> };
}

export class BulkEndpoint {
  readonly #server;
  readonly #secure: boolean;
  readonly #stored = new Map<string, StoredDocument>();
  readonly #watchers = new Set<() => void>();
  readonly #held: Array<() => void> = [];
  /** By data stream, its backing indices. */
  readonly #backing = new Map<string, string[]>();
  #lost = 0;
  #reading: { readonly status: number; readonly times: number } = { status: 200, times: 0 };
  #status = 200;
  #headers: Readonly<Record<string, string>> = {};
  #body: string | Buffer | undefined;
  #holding = false;

  #refusal: (index: string, document: Readonly<Record<string, unknown>>) => BulkRefusal | undefined = () => undefined;

  readonly requests: BulkRequest[] = [];
  /** Look-ups by method and path, whatever was answered. */
  readonly lookUps: string[] = [];
  /** Documents that came although they were there: a repetition that only their `_id` has stopped. */
  repeated = 0;

  /** With a certificate (PEM, its authority's behind it) it speaks TLS. */
  constructor(tls?: { readonly certificate: string; readonly key: string }) {
    const answer = (request: IncomingMessage, response: ServerResponse) => {
      this.#answer(request, response).catch((error) => response.destroy(error));
    };
    this.#secure = tls !== undefined;
    this.#server =
      tls === undefined ? createServer(answer) : createTlsServer({ cert: tls.certificate, key: tls.key }, answer);
  }

  async start(): Promise<void> {
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
  }

  get url(): string {
    return `http${this.#secure ? "s" : ""}://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  get documents(): StoredDocument[] {
    return [...this.#stored.values()];
  }

  /** Every request is answered with this status from now on, and if given with these headers and body; 200 stores again. */
  answerWith(status: number, headers: Readonly<Record<string, string>> = {}, body?: string | Buffer): void {
    this.#status = status;
    this.#headers = headers;
    this.#body = body;
  }

  /** Documents for which there is a refusal are not stored. */
  refuse(refusal: (index: string, document: Readonly<Record<string, unknown>>) => BulkRefusal | undefined): void {
    this.#refusal = refusal;
  }

  /** What is created from now on goes into a new backing index of each data stream. */
  rollOver(): void {
    for (const [stream, indices] of this.#backing) {
      indices.push(backingIndex(stream, indices.length + 1));
    }
  }

  /** So many of the next requests are stored, and end without an answer. */
  loseAnswers(requests: number): void {
    this.#lost = requests;
  }

  /** So many of the next look-ups are answered with this status. */
  answerLookUpsWith(status: number, times = Number.POSITIVE_INFINITY): void {
    this.#reading = { status, times };
  }

  /** Requests are stored, but not answered until `release`. */
  hold(): void {
    this.#holding = true;
  }

  release(): void {
    this.#holding = false;
    for (const answer of this.#held.splice(0)) {
      answer();
    }
  }

  /** Requests that wait for their answer. */
  get held(): number {
    return this.#held.length;
  }

  /** Resolves as soon as `holds` is true; it is asked again after every request. */
  async until(what: string, holds: () => boolean, limitMs = 60_000): Promise<void> {
    if (holds()) {
      return;
    }
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#watchers.delete(look);
        reject(new Error(`not seen: ${what}; ${this.#stored.size} documents, ${this.requests.length} requests`));
      }, limitMs);
      const look = () => {
        if (holds()) {
          clearTimeout(timer);
          this.#watchers.delete(look);
          resolve();
        }
      };
      this.#watchers.add(look);
    });
  }

  async close(): Promise<void> {
    this.release();
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, "close");
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) {
      chunks.push(chunk);
    }
    response.setHeader("x-elastic-product", "Elasticsearch");
    response.setHeader("content-type", "application/json");
    if (this.#status !== 200 || this.#body !== undefined) {
      response.writeHead(this.#status, this.#headers);
      const error = { type: "made_up", reason: `answered with ${this.#status}` };
      response.end(this.#body ?? JSON.stringify({ error }));
      this.#notify();
      return;
    }
    if (request.method === "HEAD") {
      response.end();
      return;
    }
    const body = Buffer.concat(chunks);
    if (!request.url?.startsWith("/_bulk")) {
      this.#answerLookUp(request, body.toString("utf8"), response);
      return;
    }
    const text = (request.headers["content-encoding"] === "gzip" ? gunzipSync(body) : body).toString("utf8");
    const items = this.#store(text.trimEnd().split("\n"));
    const query = new URL(request.url, this.url).searchParams;
    this.requests.push({ headers: request.headers, query, events: items.length });
    const send = () => response.end(JSON.stringify({ errors: items.some((item) => item.create.status > 299), items }));
    if (this.#lost > 0) {
      this.#lost -= 1;
      response.destroy();
    } else if (this.#holding) {
      this.#held.push(send);
    } else {
      send();
    }
    this.#notify();
  }

  #answerLookUp({ method, url = "" }: IncomingMessage, body: string, response: ServerResponse): void {
    this.lookUps.push(`${method} ${url.split("?")[0]}`);
    const { status, times } = this.#reading;
    if (times > 0 && status !== 200) {
      this.#reading = { status, times: times - 1 };
      response.writeHead(status).end(JSON.stringify({ error: { type: "made_up", reason: `answered with ${status}` } }));
      return;
    }
    const [, stream] = /^\/_resolve\/index\/([^/?]+)/.exec(url) ?? [];
    const [, index] = /^\/([^/?]+)\/_mget/.exec(url) ?? [];
    const indices = this.#backing.get(stream ?? "");
    if (method === "GET" && indices !== undefined) {
      response.end(JSON.stringify({ data_streams: [{ name: stream, backing_indices: indices }] }));
    } else if (method === "POST" && [...this.#backing.values()].flat().includes(index ?? "")) {
      if (new URL(url, this.url).searchParams.get("_source") !== "false") {
        throw new Error("whole documents are asked for");
      }
      const { ids } = JSON.parse(body) as { ids: readonly string[] };
      const docs = ids.map((_id) => ({ _id, ...(this.#stored.has(`${index}/${_id}`) ? { found: true } : {}) }));
      response.end(JSON.stringify({ docs }));
    } else {
      response
        .writeHead(404)
        .end(JSON.stringify({ error: { type: "index_not_found_exception", reason: "no such index" } }));
    }
  }

  #store(lines: readonly string[]): BulkItem[] {
    const items: BulkItem[] = [];
    for (let at = 0; at + 1 < lines.length; at += 2) {
      const action = JSON.parse(lines[at] ?? "") as { create: { _index: string; _id: string } };
      const { _index: index, _id: id } = action.create;
      const indices = this.#backing.get(index) ?? [backingIndex(index, 1)];
      const _index = indices.at(-1) ?? "";
      const key = `${_index}/${id}`;
      const document = JSON.parse(lines[at + 1] ?? "");
      const refusal = this.#refusal(index, document);
      if (refusal !== undefined) {
        const { status, ...error } = refusal;
        items.push({ create: { status, error } });
      } else if (this.#stored.has(key)) {
        this.repeated += 1;
        items.push({ create: { status: 409 } });
      } else {
        this.#backing.set(index, indices);
        this.#stored.set(key, { index, id, document });
        items.push({ create: { status: 201, _index } });
      }
    }
    return items;
  }

  #notify(): void {
    for (const look of [...this.#watchers]) {
      look();
    }
  }
}

function backingIndex(stream: string, generation: number): string {
  return `.ds-${stream}-2026.07.17-${String(generation).padStart(6, "0")}`;
}

/** Elasticsearch as far as bulk requests see it: what is created stays, under its data stream and `_id`. */
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
  readonly create: { readonly status: number; readonly error?: Omit<BulkRefusal, "status"> };
}

export class BulkEndpoint {
  readonly #server;
  readonly #secure: boolean;
  readonly #stored = new Map<string, StoredDocument>();
  readonly #watchers = new Set<() => void>();
  readonly #held: Array<() => void> = [];
  #status = 200;
  #headers: Readonly<Record<string, string>> = {};
  #body: string | Buffer | undefined;
  #holding = false;

  #refusal: (index: string, document: Readonly<Record<string, unknown>>) => BulkRefusal | undefined = () => undefined;

  readonly requests: BulkRequest[] = [];
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
    const text = (request.headers["content-encoding"] === "gzip" ? gunzipSync(body) : body).toString("utf8");
    const items = this.#store(text.trimEnd().split("\n"));
    this.requests.push({ headers: request.headers, events: items.length });
    const send = () => response.end(JSON.stringify({ errors: items.some((item) => item.create.status > 299), items }));
    if (this.#holding) {
      this.#held.push(send);
    } else {
      send();
    }
    this.#notify();
  }

  #store(lines: readonly string[]): BulkItem[] {
    const items: BulkItem[] = [];
    for (let at = 0; at + 1 < lines.length; at += 2) {
      const action = JSON.parse(lines[at] ?? "") as { create: { _index: string; _id: string } };
      const { _index: index, _id: id } = action.create;
      const key = `${index}/${id}`;
      const document = JSON.parse(lines[at + 1] ?? "");
      const refusal = this.#refusal(index, document);
      if (refusal !== undefined) {
        const { status, ...error } = refusal;
        items.push({ create: { status, error } });
      } else if (this.#stored.has(key)) {
        this.repeated += 1;
        items.push({ create: { status: 409 } });
      } else {
        this.#stored.set(key, { index, id, document });
        items.push({ create: { status: 201 } });
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

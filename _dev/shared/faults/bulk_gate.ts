import { once } from "node:events";
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as wait } from "node:timers/promises";

/** One bulk request that holds events of a watched data stream. */
export interface Bulk {
  /** 1 for the first one. */
  readonly number: number;
  readonly body: string;
}

/** A document as it was sent. */
export interface SentDocument {
  readonly id: string;
  /** Id of its event log file and the row in it, if it comes from one. */
  readonly file: string | undefined;
  readonly row: number | undefined;
}

/** Side of a request: `before` Elasticsearch has it, or `after` it has been answered. */
export type Side = "before" | "after";

/** What becomes of a bulk request. */
export type BulkFate =
  | "pass"
  | { readonly answer: { readonly status: number; readonly body: string; readonly headers?: Record<string, string> } }
  | { readonly delayMs: number }
  /** Drops the connection, and before that does something else. */
  | { readonly drop: Side; readonly meanwhile?: () => Promise<unknown> }
  /** Keeps the request, or its answer, until `release`. */
  | { readonly hold: Side }
  /** Elasticsearch never sees the documents that fit; they are answered as a mapping conflict. */
  | { readonly refuse: (document: Record<string, unknown>) => boolean };

/**
 * Stands before a real Elasticsearch and decides the fate of each bulk request of the watched data streams; everything else
 * passes. It remembers which documents have been acknowledged or settled, and how often one was sent after that.
 */
export class BulkGate {
  readonly url: string;
  /** Changed by the test as it goes. */
  fate: (bulk: Bulk) => BulkFate = () => "pass";
  /** Called with the body of each watched request once it has been answered as Elasticsearch did. */
  acknowledged: (body: string) => void = () => {};
  readonly #server: Server;
  readonly #target: URL;
  readonly #watched: string;
  readonly #acknowledged = new Set<string>();
  #held = Promise.withResolvers<Bulk>();
  #released = Promise.withResolvers<void>();
  /** Those that no cursor counts as delivered yet, each as often as it has come from another row, by the bulk request that had it first. */
  #open = new Map<string, { readonly sent: SentDocument; readonly bulk: number }>();
  readonly #settled = new Set<string>();
  #settledSentAgain = 0;
  #bulks = 0;
  #sentAgain = 0;
  #lookUps = 0;

  /** `watched` is a part of the watched data streams' names. */
  static async open(target: string, watched: string): Promise<BulkGate> {
    const server = createServer();
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return new BulkGate(server, target, watched);
  }

  private constructor(server: Server, target: string, watched: string) {
    this.#server = server;
    this.#target = new URL(target);
    this.#watched = watched;
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    server.on("request", (incoming: IncomingMessage, outgoing: ServerResponse) => {
      this.#handle(incoming, outgoing).catch(() => outgoing.destroy());
    });
  }

  /** Watched bulk requests so far. */
  get bulks(): number {
    return this.#bulks;
  }

  /** Documents that came once more after their bulk request had been answered as stored. */
  get sentAgain(): number {
    return this.#sentAgain;
  }

  /**
   * To be called when a runner has ended: what its cursors count as delivered is settled, and must never come again. Gives in how
   * many bulk requests of this runner the others were.
   */
  settle(isDelivered: (sent: SentDocument) => boolean): number {
    const bulks = new Set<number>();
    for (const { sent, bulk } of this.#open.values()) {
      if (isDelivered(sent)) {
        this.#settled.add(sent.id);
      } else {
        bulks.add(bulk);
      }
    }
    this.#open = new Map();
    return bulks.size;
  }

  /** Documents that are settled. */
  get settled(): number {
    return this.#settled.size;
  }

  /** Documents that came once more after they had been settled. */
  get settledSentAgain(): number {
    return this.#settledSentAgain;
  }

  /** Requests that asked which documents there are. */
  get lookUps(): number {
    return this.#lookUps;
  }

  /** Resolves when a request is held. */
  get held(): Promise<Bulk> {
    return this.#held.promise;
  }

  /** Lets what is held go on, and gets ready to hold again. */
  release(): void {
    this.#released.resolve();
    this.#released = Promise.withResolvers();
    this.#held = Promise.withResolvers();
  }

  async close(): Promise<void> {
    this.release();
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, "close");
  }

  async #handle(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) {
      chunks.push(chunk);
    }
    this.#lookUps += /\/_(mget|resolve|search)\b/.test(incoming.url ?? "") ? 1 : 0;
    const body = Buffer.concat(chunks);
    const text = incoming.url?.startsWith("/_bulk") === true ? body.toString("utf8") : "";
    if (!text.slice(0, text.indexOf("\n")).includes(this.#watched)) {
      await this.#forward(incoming, outgoing, body);
      return;
    }
    this.#bulks += 1;
    const bulk = { number: this.#bulks, body: text };
    this.#note(bulk);
    const fate = this.fate(bulk);
    if (fate === "pass") {
      await this.#forwardWatched(incoming, outgoing, text);
    } else if ("answer" in fate) {
      outgoing.writeHead(fate.answer.status, { "content-type": "application/json", ...fate.answer.headers });
      outgoing.end(fate.answer.body);
    } else if ("delayMs" in fate) {
      await wait(fate.delayMs);
      await this.#forwardWatched(incoming, outgoing, text);
    } else if ("drop" in fate) {
      if (fate.drop === "after") {
        await this.#ask(incoming, body);
      }
      await fate.meanwhile?.();
      incoming.socket.resetAndDestroy();
    } else if ("hold" in fate) {
      await this.#holdBack(incoming, outgoing, bulk, fate.hold);
    } else {
      await this.#refuse(incoming, outgoing, text, fate.refuse);
    }
  }

  #note({ number, body }: Bulk): void {
    for (const sent of documentsOf(body)) {
      const { id, file, row } = sent;
      this.#settledSentAgain += this.#settled.has(id) ? 1 : 0;
      const key = `${id} ${file} ${row}`;
      this.#open.set(key, this.#open.get(key) ?? { sent, bulk: number });
    }
  }

  async #holdBack(incoming: IncomingMessage, outgoing: ServerResponse, bulk: Bulk, side: Side): Promise<void> {
    const released = this.#released.promise;
    if (side === "before") {
      this.#held.resolve(bulk);
      await released;
      if (!incoming.socket.destroyed) {
        await this.#forwardWatched(incoming, outgoing, bulk.body);
      }
      return;
    }
    const answer = await this.#ask(incoming, Buffer.from(bulk.body));
    this.#held.resolve(bulk);
    await released;
    this.#acknowledge(bulk.body);
    outgoing.writeHead(answer.status, answer.headers).end(answer.body);
  }

  async #refuse(
    incoming: IncomingMessage,
    outgoing: ServerResponse,
    text: string,
    isRefused: (document: Record<string, unknown>) => boolean,
  ): Promise<void> {
    const pairs = pairsOf(text);
    const refused = pairs.map(([, document]) => isRefused(JSON.parse(document)));
    const rest = pairs.filter((_, at) => refused[at] === false);
    const items: unknown[] =
      rest.length === 0
        ? []
        : JSON.parse((await this.#ask(incoming, Buffer.from(bodyOf(rest)))).body.toString("utf8")).items;
    const error = { type: "document_parsing_exception", reason: "failed to parse field" };
    const all = refused.map((is) => (is ? { create: { status: 400, error } } : items.shift()));
    outgoing.writeHead(200, { "content-type": "application/json", "x-elastic-product": "Elasticsearch" });
    outgoing.end(JSON.stringify({ errors: true, items: all }));
  }

  async #forwardWatched(incoming: IncomingMessage, outgoing: ServerResponse, text: string): Promise<void> {
    for (const id of idsOf(text)) {
      this.#sentAgain += this.#acknowledged.has(id) ? 1 : 0;
    }
    await this.#forward(incoming, outgoing, Buffer.from(text));
    if (outgoing.writableFinished || !outgoing.destroyed) {
      this.#acknowledge(text);
    }
  }

  #acknowledge(text: string): void {
    this.acknowledged(text);
    for (const id of idsOf(text)) {
      this.#acknowledged.add(id);
    }
  }

  async #forward(incoming: IncomingMessage, outgoing: ServerResponse, body: Buffer): Promise<void> {
    const answer = await this.#ask(incoming, body);
    outgoing.writeHead(answer.status, answer.headers).end(answer.body);
  }

  async #ask(
    incoming: IncomingMessage,
    body: Buffer,
  ): Promise<{ status: number; headers: IncomingMessage["headers"]; body: Buffer }> {
    // Without accept-encoding the answer can be read here.
    const {
      "content-length": _,
      "transfer-encoding": __,
      connection: ___,
      "accept-encoding": ____,
      ...headers
    } = incoming.headers;
    const outgoing = request(new URL(incoming.url ?? "/", this.#target), {
      method: incoming.method,
      headers: { ...headers, host: this.#target.host, "content-length": body.length },
    });
    outgoing.end(body);
    const [answer] = (await once(outgoing, "response")) as [IncomingMessage];
    const chunks: Buffer[] = [];
    for await (const chunk of answer) {
      chunks.push(chunk);
    }
    const { "transfer-encoding": _____, connection: ______, ...answered } = answer.headers;
    return { status: answer.statusCode ?? 0, headers: answered, body: Buffer.concat(chunks) };
  }
}

function pairsOf(text: string): [action: string, document: string][] {
  const lines = text.trimEnd().split("\n");
  return Array.from({ length: lines.length / 2 }, (_, n) => [lines[2 * n] ?? "", lines[2 * n + 1] ?? ""]);
}

function documentsOf(text: string): SentDocument[] {
  return pairsOf(text).map(([action, document]) => {
    const { file, row } = JSON.parse(document).salesforce?.collection ?? {};
    return { id: JSON.parse(action).create._id, file: file?.id, row };
  });
}

function bodyOf(pairs: readonly (readonly [string, string])[]): string {
  return pairs.map((pair) => `${pair.join("\n")}\n`).join("");
}

function idsOf(text: string): string[] {
  return pairsOf(text).map(([action]) => JSON.parse(action).create._id);
}

/**
 * Stands in for Logstash's `elastic_agent` input: the receiving side of Lumberjack version 2, written from PROTOCOL.md of
 * logstash-plugins/logstash-input-beats. Strict: whatever that does not allow ends the connection and is a violation.
 */
import { once } from "node:events";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { createServer as createTlsServer, type TlsOptions } from "node:tls";
import { inflateSync } from "node:zlib";

export type ReceivedDocument = Readonly<Record<string, unknown>> & {
  readonly "@metadata": { readonly _id: string; readonly op_type: string };
};

/** What becomes of a window: so many of its documents go into the queue, these answers are given, and perhaps it ends there. */
export interface WindowFate {
  /** By default all. */
  readonly queued?: number;
  /** Sequences to acknowledge; by default the last one. */
  readonly answers?: readonly number[];
  /** In place of answers. */
  readonly bytes?: Uint8Array;
  readonly cut?: boolean;
}

export interface FakeLogstash {
  readonly port: number;
  readonly host: string;
  /** What the queue has taken, in its order. */
  readonly queue: readonly ReceivedDocument[];
  /** Numbers of documents in the windows that came, whole ones only. */
  readonly windows: readonly number[];
  /** Frames that were compressed. */
  readonly compressed: number;
  readonly violations: readonly string[];
  readonly connections: number;
  /** Of them, those that are open. */
  readonly open: number;
  /** Asked for each window; by default all is queued and acknowledged. */
  fate: (window: number) => WindowFate;
  /** Ends all connections; new ones are welcome. */
  cutAll(): void;
  close(): Promise<void>;
}

interface OpenWindow {
  readonly expected: number;
  readonly documents: ReceivedDocument[];
  came: number;
}

export interface FakeLogstashOptions {
  readonly tls?: TlsOptions;
  readonly port?: number;
  /** Takes a document in place of the queue, as its text. */
  readonly take?: (json: string) => void;
}

export async function startFakeLogstash(options: FakeLogstashOptions = {}): Promise<FakeLogstash> {
  const sockets = new Set<Socket>();
  const queue: ReceivedDocument[] = [];
  const windows: number[] = [];
  const violations: string[] = [];
  let [connections, compressed] = [0, 0];

  const serve = (socket: Socket) => {
    sockets.add(socket);
    connections += 1;
    let rest = Buffer.alloc(0);
    let open: OpenWindow | undefined;
    socket.on("close", () => sockets.delete(socket));
    socket.on("error", () => {});
    socket.on("data", (piece) => {
      try {
        rest = Buffer.concat([rest, piece]);
        for (let taken = frame(rest); taken > 0; taken = frame(rest)) {
          rest = rest.subarray(taken);
        }
      } catch (error) {
        violations.push((error as Error).message);
        socket.destroy();
      }
    });

    /** Takes the frame at the start of the bytes; how many those were, 0 while it is not whole. */
    function frame(bytes: Buffer): number {
      if (bytes.length < 6) {
        return 0;
      }
      const kind = bytes.toString("latin1", 0, 2);
      const number = bytes.readUInt32BE(2);
      if (kind === "2W") {
        expect(open === undefined, "a window begins before the one before it is full");
        expect(number > 0, "an empty window");
        open = { expected: number, documents: [], came: 0 };
        return 6;
      }
      if (kind === "2C") {
        if (bytes.length < 6 + number) {
          return 0;
        }
        let inner = inflateSync(bytes.subarray(6, 6 + number));
        for (let taken = frame(inner); taken > 0; taken = frame(inner)) {
          inner = inner.subarray(taken);
        }
        compressed += 1;
        expect(inner.length === 0, "a compressed frame ends within a frame");
        return 6 + number;
      }
      expect(kind === "2J", `a frame of kind ${JSON.stringify(kind)}`);
      if (bytes.length < 10 || bytes.length < 10 + bytes.readUInt32BE(6)) {
        return 0;
      }
      document(number, bytes.toString("utf8", 10, 10 + bytes.readUInt32BE(6)));
      return 10 + bytes.readUInt32BE(6);
    }

    function document(sequence: number, json: string): void {
      if (open === undefined) {
        throw new Error("a document without a window");
      }
      open.came += 1;
      expect(sequence === open.came, `sequence ${sequence} is out of order`);
      if (options.take === undefined) {
        const parsed = JSON.parse(json) as ReceivedDocument;
        expect(typeof parsed["@metadata"]?._id === "string", "a document without an _id in its @metadata");
        open.documents.push(parsed);
      } else {
        options.take(json);
      }
      if (open.came === open.expected) {
        const { documents, expected } = open;
        open = undefined;
        full(documents, expected);
      }
    }

    function full(documents: readonly ReceivedDocument[], count: number): void {
      windows.push(count);
      const { queued = count, answers = [count], bytes, cut } = fake.fate(windows.length);
      queue.push(...documents.slice(0, queued));
      for (const answer of bytes === undefined ? answers.map(acknowledgement) : [bytes]) {
        socket.write(answer);
      }
      if (cut === true) {
        socket.end();
      }
    }
  };

  const server: Server = options.tls === undefined ? createServer(serve) : createTlsServer(options.tls, serve);
  server.listen(options.port ?? 0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const fake: FakeLogstash = {
    port,
    host: `127.0.0.1:${port}`,
    queue,
    windows,
    violations,
    get connections() {
      return connections;
    },
    get compressed() {
      return compressed;
    },
    get open() {
      return sockets.size;
    },
    fate: () => ({}),
    cutAll() {
      for (const socket of sockets) {
        socket.destroy();
      }
    },
    async close() {
      server.close();
      fake.cutAll();
      await once(server, "close");
    },
  };
  return fake;
}

function acknowledgement(sequence: number): Buffer {
  const frame = Buffer.alloc(6, "2A", "latin1");
  frame.writeUInt32BE(sequence, 2);
  return frame;
}

function expect(isTrue: boolean, otherwise: string): void {
  if (!isTrue) {
    throw new Error(otherwise);
  }
}

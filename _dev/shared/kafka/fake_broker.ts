/**
 * Stands in for a broker that does not keep to the protocol: it knows the requests of a producer in their old forms, and each of
 * its answers can be replaced. Source: the protocol guide of Apache Kafka.
 */
import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { createServer as createTlsServer, TLSSocket, type TlsOptions } from "node:tls";

/** By the numbers of the protocol. */
const REQUESTS = {
  produce: 0,
  metadata: 3,
  saslHandshake: 17,
  apiVersions: 18,
  initProducerId: 22,
  saslAuthenticate: 36,
} as const;
export type RequestName = keyof typeof REQUESTS;

/** What is put in the place of an answer's body; `bytes` in the place of all of the answer. */
export interface Instead {
  readonly body?: Buffer;
  readonly bytes?: Buffer;
}

/** A batch of one partition, as its request has it. */
export interface Produced {
  /** Of the request's form. */
  readonly version: number;
  readonly acks: number;
  readonly topic: string;
  readonly partition: number;
  readonly producer: bigint;
  readonly sequence: number;
  readonly records: number;
}

export interface FakeBroker extends AsyncDisposable {
  readonly port: number;
  readonly host: string;
  /** Requests that came, in their order. */
  readonly requests: readonly RequestName[];
  readonly produced: readonly Produced[];
  /** Of Produce requests that are not of their version's form, why. */
  readonly violations: readonly string[];
  /** That connections with TLS have asked for. */
  readonly serverNames: readonly unknown[];
  /** Connections that are open. */
  readonly open: number;
  /** Asked for each request, with the correlation id; by default all is answered well. */
  fate: (request: RequestName, correlation: number) => Instead | undefined;
}

const int16 = (...values: readonly number[]) => whole(2, values);
export const int32 = (...values: readonly number[]) => whole(4, values);
const int64 = (value: bigint) => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64BE(value);
  return bytes;
};
const string = (text: string) => Buffer.concat([int16(Buffer.byteLength(text)), Buffer.from(text)]);

function whole(size: 2 | 4, values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(size * values.length);
  values.forEach((value, at) => {
    bytes.writeIntBE(value, at * size, size);
  });
  return bytes;
}

/** The broker at `host` and `port` leads all partitions but the first ones, which have no leader. */
export function metadataBody(topic: string, host: string, port: number, partitions = 1, leaderless = 0, error = 0) {
  const parts = Array.from({ length: partitions }, (_, index) =>
    Buffer.concat([index < leaderless ? int16(5) : int16(0), int32(index, index < leaderless ? -1 : 1, 1, 1, 1, 1)]),
  );
  const broker = Buffer.concat([int32(1), string(host), int32(port), int16(-1)]);
  const found = Buffer.concat([int16(error), string(topic), Buffer.from([0]), int32(partitions), ...parts]);
  return Buffer.concat([int32(0), int32(1), broker, int16(-1), int32(1), int32(1), found]);
}

export function produceBody(topic: string, partition: number, error = 0, offset = 0n, throttle = 0): Buffer {
  const one = Buffer.concat([int32(partition), int16(error), int64(offset), int64(-1n)]);
  return Buffer.concat([int32(1), string(topic), int32(1), one, int32(throttle)]);
}

/** From here on lists and texts have lengths of one byte, for short ones, that count themselves; structures end with a byte. */
const FLEXIBLE = 9;

/** That a batch is stored, in the form of its request's version. */
function storedBody({ version, topic, partition }: Pick<Produced, "version" | "topic" | "partition">): Buffer {
  const isFlexible = version >= FLEXIBLE;
  const one = isFlexible ? Buffer.from([2]) : int32(1);
  const name = isFlexible ? Buffer.concat([Buffer.from([topic.length + 1]), Buffer.from(topic)]) : string(topic);
  const end = Buffer.alloc(isFlexible ? 1 : 0);
  const start = version < 5 ? end : int64(0n);
  const noErrors = isFlexible ? Buffer.from([1, 0]) : Buffer.concat([int32(0), int16(-1)]);
  const stored = [int32(partition), int16(0), int64(0n), int64(-1n), start, ...(version < 8 ? [] : [noErrors])];
  return Buffer.concat([end, one, name, one, ...stored, end, end, int32(0), end]);
}

/** Throws where it is not of its version's form. */
function readProduce(request: Buffer): Produced {
  let at = 2;
  const took = (bytes: number) => {
    at += bytes;
    return at - bytes;
  };
  const varint = (): number => {
    const byte = request.readUInt8(took(1));
    return byte < 128 ? byte : byte - 128 + 128 * varint();
  };
  const expect = (what: string, found: number, wanted: number) => {
    if (found !== wanted) {
      throw new Error(`${what}: ${found} in place of ${wanted}`);
    }
  };
  const version = request.readInt16BE(took(2));
  const isFlexible = version >= FLEXIBLE;
  const one = (what: string) =>
    isFlexible ? expect(what, varint(), 2) : expect(what, request.readInt32BE(took(4)), 1);
  const end = (what: string) => (isFlexible ? expect(what, varint(), 0) : undefined);
  took(4);
  took(request.readInt16BE(took(2)));
  end("end of the head");
  isFlexible ? expect("transaction", varint(), 0) : expect("transaction", request.readInt16BE(took(2)), -1);
  const acks = request.readInt16BE(took(2));
  took(4);
  one("topics");
  const name = isFlexible ? varint() - 1 : request.readInt16BE(took(2));
  const topic = request.toString("utf8", took(name), at);
  one("partitions");
  const partition = request.readInt32BE(took(4));
  const length = isFlexible ? varint() - 1 : request.readInt32BE(took(4));
  const batch = request.subarray(took(length), at);
  expect("length of the batch", batch.readInt32BE(8), length - 12);
  end("end of the partition");
  end("end of the topic");
  end("end of the request");
  expect("length", request.length, at);
  expect("offset of the last record", batch.readInt32BE(23), batch.readInt32BE(57) - 1);
  const [producer, sequence, records] = [batch.readBigInt64BE(43), batch.readInt32BE(53), batch.readInt32BE(57)];
  return { version, acks, topic, partition, producer, sequence, records };
}

export function producerBody(id: bigint, epoch: number): Buffer {
  return Buffer.concat([int32(0), int16(0), int64(id), int16(epoch)]);
}

/** That a login is good, for so many milliseconds; 0 for ever. */
export function sessionBody(lifetime: bigint): Buffer {
  return Buffer.concat([int16(0, -1), int32(0), int64(lifetime)]);
}

/** The broker speaks these versions of Produce; in the form of a request's `version`. */
export function versionsBody(least = 3, most = 3, version = 3): Buffer {
  const spoken = [
    [REQUESTS.produce, least, most],
    [REQUESTS.metadata, 4, 4],
    [REQUESTS.apiVersions, 0, 3],
    [REQUESTS.initProducerId, 0, 0],
    [REQUESTS.saslAuthenticate, 1, 1],
  ] as const;
  const isFlexible = version >= 3;
  const end = Buffer.alloc(isFlexible ? 1 : 0);
  const keys = spoken.map((range) => Buffer.concat([int16(...range), end]));
  const count = isFlexible ? Buffer.from([spoken.length + 1]) : int32(spoken.length);
  return Buffer.concat([int16(0), count, ...keys, int32(0), end]);
}

export async function startFakeBroker(topic: string, tls?: TlsOptions): Promise<FakeBroker> {
  const requests: RequestName[] = [];
  const produced: Produced[] = [];
  const violations: string[] = [];
  const serverNames: unknown[] = [];
  const sockets = new Set<Socket>();
  const serve = (socket: Socket) => {
    if (socket instanceof TLSSocket) {
      serverNames.push(socket.servername);
    }
    let rest = Buffer.alloc(0);
    sockets.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => sockets.delete(socket));
    socket.on("data", (piece) => {
      rest = Buffer.concat([rest, piece]);
      while (rest.length >= 4 && rest.length >= 4 + rest.readInt32BE(0)) {
        const request = rest.subarray(4, 4 + rest.readInt32BE(0));
        rest = rest.subarray(4 + request.length);
        answer(socket, request);
      }
    });
  };
  const server = tls === undefined ? createServer(serve) : createTlsServer(tls, serve);
  const bodies: Readonly<Record<RequestName, (version: number) => Buffer>> = {
    produce: () => storedBody(produced.at(-1) ?? { version: 3, topic, partition: 0 }),
    metadata: () => metadataBody(topic, "127.0.0.1", broker.port),
    apiVersions: (version) => versionsBody(3, 3, version),
    initProducerId: () => producerBody(7n, 0),
    saslHandshake: () => Buffer.concat([int16(0), int32(1), string("PLAIN")]),
    saslAuthenticate: () => sessionBody(0n),
  };
  function answer(socket: Socket, bytesOfRequest: Buffer): void {
    const [key, correlation] = [bytesOfRequest.readInt16BE(0), bytesOfRequest.readInt32BE(4)];
    const [name] = Object.entries(REQUESTS).find(([, number]) => number === key) ?? [];
    if (name === undefined) {
      throw new Error(`a request of kind ${key}`);
    }
    const request = name as RequestName;
    requests.push(request);
    if (request === "produce") {
      try {
        produced.push(readProduce(bytesOfRequest));
      } catch (error) {
        violations.push(String(error));
      }
    }
    const { body = bodies[request](bytesOfRequest.readInt16BE(2)), bytes } = broker.fate(request, correlation) ?? {};
    if (request !== "produce" || produced.at(-1)?.acks !== 0) {
      socket.write(bytes ?? Buffer.concat([int32(4 + body.length, correlation), body]));
    }
  }
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const broker: FakeBroker = {
    port,
    host: `127.0.0.1:${port}`,
    requests,
    produced,
    violations,
    serverNames,
    get open() {
      return sockets.size;
    },
    fate: () => undefined,
    async [Symbol.asyncDispose]() {
      server.close();
      for (const socket of sockets) {
        socket.destroy();
      }
      await once(server, "close");
    },
  };
  return broker;
}

/**
 * Stands in for a broker that does not keep to the protocol: it knows the four requests of a producer in their old forms, and each
 * of its answers can be replaced. Source: the protocol guide of Apache Kafka.
 */
import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";

/** By the numbers of the protocol. */
export const REQUESTS = { produce: 0, metadata: 3, apiVersions: 18, initProducerId: 22 } as const;
export type RequestName = keyof typeof REQUESTS;

/** What is put in the place of an answer's body; `bytes` in the place of all of the answer. */
export interface Instead {
  readonly body?: Buffer;
  readonly bytes?: Buffer;
}

export interface FakeBroker extends AsyncDisposable {
  readonly port: number;
  readonly host: string;
  /** Requests that came, in their order. */
  readonly requests: readonly RequestName[];
  /** Asked for each request, with the correlation id; by default all is answered well. */
  fate: (request: RequestName, correlation: number) => Instead | undefined;
}

export const int16 = (...values: readonly number[]) => whole(2, values);
export const int32 = (...values: readonly number[]) => whole(4, values);
export const int64 = (value: bigint) => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64BE(value);
  return bytes;
};
export const string = (text: string) => Buffer.concat([int16(Buffer.byteLength(text)), Buffer.from(text)]);

function whole(size: 2 | 4, values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(size * values.length);
  values.forEach((value, at) => {
    bytes.writeIntBE(value, at * size, size);
  });
  return bytes;
}

/** The broker at `host` and `port` leads all partitions. */
export function metadataBody(topic: string, host: string, port: number, partitions = 1): Buffer {
  const parts = Array.from({ length: partitions }, (_, index) =>
    Buffer.concat([int16(0), int32(index, 1), int32(1, 1), int32(1, 1)]),
  );
  const broker = Buffer.concat([int32(1), string(host), int32(port), int16(-1)]);
  const found = Buffer.concat([int16(0), string(topic), Buffer.from([0]), int32(partitions), ...parts]);
  return Buffer.concat([int32(0), int32(1), broker, int16(-1), int32(1), int32(1), found]);
}

export function produceBody(topic: string, partition: number, error = 0, offset = 0n, throttle = 0): Buffer {
  const one = Buffer.concat([int32(partition), int16(error), int64(offset), int64(-1n)]);
  return Buffer.concat([int32(1), string(topic), int32(1), one, int32(throttle)]);
}

export function producerBody(id: bigint, epoch: number): Buffer {
  return Buffer.concat([int32(0), int16(0), int64(id), int16(epoch)]);
}

/** The broker speaks these versions of Produce. */
export function versionsBody(least = 3, most = 3): Buffer {
  const spoken = [
    [REQUESTS.produce, least, most],
    [REQUESTS.metadata, 4, 4],
    [REQUESTS.apiVersions, 0, 3],
    [REQUESTS.initProducerId, 0, 0],
  ] as const;
  const keys = spoken.map((range) => Buffer.concat([int16(...range), Buffer.from([0])]));
  return Buffer.concat([int16(0), Buffer.from([spoken.length + 1]), ...keys, int32(0), Buffer.from([0])]);
}

export async function startFakeBroker(topic: string): Promise<FakeBroker> {
  const requests: RequestName[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    let rest = Buffer.alloc(0);
    sockets.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => sockets.delete(socket));
    socket.on("data", (piece) => {
      rest = Buffer.concat([rest, piece]);
      while (rest.length >= 4 && rest.length >= 4 + rest.readInt32BE(0)) {
        const request = rest.subarray(4, 4 + rest.readInt32BE(0));
        rest = rest.subarray(4 + request.length);
        answer(socket, request.readInt16BE(0), request.readInt32BE(4));
      }
    });
  });
  const bodies: Readonly<Record<RequestName, () => Buffer>> = {
    produce: () => produceBody(topic, 0),
    metadata: () => metadataBody(topic, "127.0.0.1", broker.port),
    apiVersions: () => versionsBody(),
    initProducerId: () => producerBody(7n, 0),
  };
  function answer(socket: Socket, key: number, correlation: number): void {
    const [name] = Object.entries(REQUESTS).find(([, number]) => number === key) ?? [];
    if (name === undefined) {
      throw new Error(`a request of kind ${key}`);
    }
    const request = name as RequestName;
    requests.push(request);
    const { body = bodies[request](), bytes } = broker.fate(request, correlation) ?? {};
    socket.write(bytes ?? Buffer.concat([int32(4 + body.length, correlation), body]));
  }
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const broker: FakeBroker = {
    port,
    host: `127.0.0.1:${port}`,
    requests,
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

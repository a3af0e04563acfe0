/** Delivery to a stand-in for Logstash: of the whole runner, and of bare frames that are ready-made. */
import { once } from "node:events";
import { connect } from "node:net";
import { deflateSync } from "node:zlib";
import type { SourceEvent } from "../../../src/core/event.ts";
import { createLogstashSink } from "../../../src/sinks/logstash.ts";
import { startFakeLogstash } from "../../shared/fake_logstash/fake_logstash.ts";
import { benchCollect, collectLines } from "./collect.ts";
import { measureBare, ReceivedLogins, ROWS, rateOfCollection, shareLines } from "./queues.ts";

const COMPRESSION_LEVEL = 3;
const ANSWER_BYTES = 6;

export async function benchLogstash(print: (line: string) => void): Promise<void> {
  const name = "delivery to a stand-in for Logstash";
  const received = new ReceivedLogins();
  const fake = await startFakeLogstash({ take: received.take });
  try {
    const output = { type: "logstash", hosts: [fake.host], compression_level: COMPRESSION_LEVEL };
    const collection = await rateOfCollection();
    const figures = await benchCollect({ ...ROWS, output });
    collectLines(name, figures).forEach(print);
    const { texts, events } = received.readyMade(figures.rows);
    const sink = await sinkAlone(fake.host, events);
    const bare = await framesAlone(fake.port, texts);
    shareLines(name, figures, { sink, bare, collection }).forEach(print);
  } finally {
    await fake.close();
  }
}

async function sinkAlone(host: string, events: readonly SourceEvent[]): Promise<number> {
  const sink = createLogstashSink({
    hosts: [host],
    tls: undefined,
    loadBalance: false,
    workers: 1,
    pipelining: 2,
    bulkMaxSize: 2_048,
    compressionLevel: COMPRESSION_LEVEL,
    timeout: 30_000,
    sender: { version: "1.2.3" },
  });
  try {
    return await measureBare(events, async (some) => {
      await sink.deliver(some, new AbortController().signal);
    });
  } finally {
    await sink.close();
  }
}

/** Whole windows on one connection; the receiver's answers come in their order. */
async function framesAlone(port: number, texts: readonly Buffer[]): Promise<number> {
  const socket = connect(port, "127.0.0.1");
  await once(socket, "connect");
  const waiting: Array<() => void> = [];
  let answered = 0;
  socket.on("data", (piece) => {
    answered += piece.length;
    for (; answered >= ANSWER_BYTES; answered -= ANSWER_BYTES) {
      waiting.shift()?.();
    }
  });
  const windows = new Map<Buffer | undefined, Buffer>();
  try {
    return await measureBare(texts, (some) => {
      const window = windows.get(some[0]) ?? windowOf(some);
      windows.set(some[0], window);
      socket.write(window);
      return new Promise((acknowledged) => waiting.push(acknowledged));
    });
  } finally {
    socket.destroy();
  }
}

function windowOf(texts: readonly Buffer[]): Buffer {
  const documents = texts.flatMap((text, at) => [numbers("2J", at + 1, text.length), text]);
  const packed = deflateSync(Buffer.concat(documents), { level: COMPRESSION_LEVEL });
  return Buffer.concat([numbers("2W", texts.length), numbers("2C", packed.length), packed]);
}

function numbers(kind: string, ...values: readonly number[]): Buffer {
  const head = Buffer.alloc(kind.length + 4 * values.length, kind, "latin1");
  for (const [at, value] of values.entries()) {
    head.writeUInt32BE(value, kind.length + 4 * at);
  }
  return head;
}

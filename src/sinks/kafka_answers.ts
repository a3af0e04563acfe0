/**
 * What a broker sends is bounded before the library reads it, which believes each length: a negative one would end the process, and
 * a huge one be waited for with all that comes in memory.
 */
import type { Socket } from "node:net";

/** Each answer is so many bytes, after four that say it; it begins with the number of its request. */
const HEAD = 4;
const LEAST = 4;
/** What brokers say of a topic with very many partitions has room. */
const LONGEST = 16 * 1024 * 1024;

/** Follows the lengths of answers through whatever pieces they come in. Pure but for its place. */
export class AnswerLengths {
  #head: number[] = [];
  #left = 0;

  /** Whether all answers of which the piece has the beginning may be that long. */
  areFine(piece: Uint8Array): boolean {
    for (let at = 0; at < piece.length; ) {
      if (this.#left > 0) {
        const taken = Math.min(this.#left, piece.length - at);
        this.#left -= taken;
        at += taken;
        continue;
      }
      this.#head.push(piece[at] ?? 0);
      at += 1;
      if (this.#head.length === HEAD) {
        const length = Buffer.from(this.#head).readInt32BE();
        if (length < LEAST || length > LONGEST) {
          return false;
        }
        this.#head = [];
        this.#left = length;
      }
    }
    return true;
  }
}

/** Ends a connection, before anybody listens to it, as soon as something comes that is no answer, or that its reader can't read. */
export function boundAnswers(socket: Socket): void {
  const listen = socket.on.bind(socket) as (event: string, listener: (...values: never[]) => void) => Socket;
  const bounded = (read: (piece: Buffer) => void) => {
    const lengths = new AnswerLengths();
    return (piece: Buffer) => {
      try {
        if (socket.destroyed) {
          return;
        }
        if (!lengths.areFine(piece)) {
          throw new Error("its answer is not that of Kafka's protocol");
        }
        read(piece);
      } catch (error) {
        socket.destroy(error as Error);
      }
    };
  };
  socket.on = ((event: string, listener: (...values: never[]) => void) =>
    listen(event, event === "data" ? bounded(listener as (piece: Buffer) => void) : listener)) as typeof socket.on;
}

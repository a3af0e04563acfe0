import { connect, type Socket } from "node:net";
import { type ConnectionOptions, connect as connectTls } from "node:tls";
import { RETRY, RunnerError } from "../core/errors.ts";
import { AnswerReader, unreadable, windowFrame } from "./lumberjack_frames.ts";

export interface ConnectionTarget {
  readonly host: string;
  readonly port: number;
  /** `undefined` without TLS. */
  readonly tls: ConnectionOptions | undefined;
  /** Milliseconds without any word, while one is awaited, after which the connection is given up. */
  readonly timeout: number;
}

/** Told what becomes of a window. */
export interface WindowProgress {
  /** How many of its documents Logstash has, from the first one on; more each time. */
  acknowledged(documents: number): void;
  /** Logstash works on it still: its queue or what lies behind takes nothing at the moment. */
  busy(): void;
}

interface Window {
  readonly documents: number;
  readonly progress: WindowProgress;
  acknowledged: number;
  readonly done: () => void;
  readonly failed: (error: unknown) => void;
}

/** One connection to Logstash. Several windows may be under way; they are acknowledged in the order of their sending. */
export interface LumberjackConnection {
  /** Resolves with the reason when the connection is over: Logstash itself ends idle ones. */
  readonly ended: Promise<unknown>;
  /**
   * Sends a window of so many documents; `frames` are not touched before it ends. Resolves when all are acknowledged. Rejects
   * with what ended the connection, after which nothing is known of the documents that were not acknowledged.
   */
  send(frames: readonly Uint8Array[], documents: number, progress: WindowProgress): Promise<void>;
  close(): void;
}

/** Resolves when the connection, with its TLS, is there. Rejects with the error of Node's network or TLS. */
export async function openConnection(target: ConnectionTarget): Promise<LumberjackConnection> {
  const { host, port, tls, timeout } = target;
  const socket =
    tls === undefined ? connect({ host, port }) : connectTls({ servername: serverName(host), ...tls, host, port });
  socket.setNoDelay(true);
  socket.setTimeout(timeout);
  await connected(socket, tls === undefined ? "connect" : "secureConnect");
  return new SocketConnection(socket);
}

/** No server name is sent for an address in numbers (RFC 6066). */
function serverName(host: string): string {
  return /^[\d.]+$|:/.test(host) ? "" : host;
}

function connected(socket: Socket, event: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const failed = (error: Error) => {
      socket.destroy();
      reject(error);
    };
    const late = () => failed(noAnswer("the connection did not come about in time"));
    socket.once("error", failed).once("timeout", late);
    socket.once(event, () => {
      socket.off("error", failed).off("timeout", late);
      resolve();
    });
  });
}

function noAnswer(what: string): Error {
  return Object.assign(new Error(what), { code: "ETIMEDOUT" });
}

class SocketConnection implements LumberjackConnection {
  readonly #socket: Socket;
  readonly #answers = new AnswerReader();
  readonly #windows: Window[] = [];
  readonly #over = Promise.withResolvers<unknown>();
  readonly ended = this.#over.promise;
  #reason: unknown;

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.on("data", (piece) => this.#read(piece));
    socket.on("timeout", () => {
      if (this.#windows.length > 0) {
        this.#end(noAnswer("no acknowledgement in time"));
      }
    });
    socket.on("error", (error) => this.#end(error));
    socket.on("close", () => this.#end(Object.assign(new Error("the connection was closed"), { code: "ECONNRESET" })));
  }

  send(frames: readonly Uint8Array[], documents: number, progress: WindowProgress): Promise<void> {
    if (this.#reason !== undefined) {
      return Promise.reject(this.#reason);
    }
    return new Promise((done, failed) => {
      this.#windows.push({ documents, progress, acknowledged: 0, done, failed });
      this.#socket.cork();
      this.#socket.write(windowFrame(documents));
      for (const frame of frames) {
        this.#socket.write(frame);
      }
      this.#socket.uncork();
    });
  }

  close(): void {
    this.#end(new RunnerError("connection_lost", "The output is closed.", { next: RETRY }));
  }

  #read(piece: Uint8Array): void {
    try {
      for (const sequence of this.#answers.read(piece)) {
        this.#acknowledge(sequence);
      }
    } catch (error) {
      this.#end(error);
    }
  }

  /** Answers come in the order of the windows. Zero, or what was said before, says only that Logstash is alive. */
  #acknowledge(sequence: number): void {
    const [window] = this.#windows;
    if (window === undefined) {
      if (sequence > 0) {
        throw unreadable("it acknowledges what was not sent");
      }
      return;
    }
    if (sequence > window.documents) {
      throw unreadable(`it acknowledges ${sequence} of ${window.documents} documents`);
    }
    if (sequence <= window.acknowledged) {
      window.progress.busy();
      return;
    }
    window.acknowledged = sequence;
    window.progress.acknowledged(sequence);
    if (sequence === window.documents) {
      this.#windows.shift();
      window.done();
    }
  }

  #end(reason: unknown): void {
    if (this.#reason !== undefined) {
      return;
    }
    this.#reason = reason;
    this.#socket.destroy();
    this.#over.resolve(reason);
    for (const { failed } of this.#windows.splice(0)) {
      failed(reason);
    }
  }
}

import { promisify } from "node:util";
import { deflate } from "node:zlib";
import { remoteWaits } from "../core/backoff.ts";
import { createBudget } from "../core/budget.ts";
import { type Clock, systemClock } from "../core/clock.ts";
import { asRunnerError, RETRY, RunnerError } from "../core/errors.ts";
import type { SourceEvent } from "../core/event.ts";
import { hostAndPort } from "../core/host_and_port.ts";
import { type TlsTrust, tlsOptions } from "../core/http.ts";
import { Memory, type MemoryShare } from "../core/memory.ts";
import { orAborted } from "../core/or_aborted.ts";
import { transportError } from "../core/transport_meaning.ts";
import { type LumberjackConnection, openConnection, type WindowProgress } from "./lumberjack_connection.ts";
import { compressedHead, documentFramesLength, writeDocumentFrames } from "./lumberjack_frames.ts";
import { withOrderlyEnd } from "./orderly_end.ts";
import type { Sender } from "./queue_document.ts";
import type { Receipt, Sink, SinkHealth } from "./sink.ts";

const compress = promisify(deflate);

export interface LogstashOptions {
  /** `host:port`. */
  readonly hosts: readonly string[];
  /** `undefined` without TLS. */
  readonly tls: TlsTrust | undefined;
  /** Whether all hosts are used at once; otherwise it is one, and another when that fails. */
  readonly loadBalance: boolean;
  /** Connections to each host that is used. */
  readonly workers: number;
  /** Windows under way at once on each connection. */
  readonly pipelining: number;
  /** Events in one window. */
  readonly bulkMaxSize: number;
  /** zlib's, 1 to 9; 0 for none. */
  readonly compressionLevel: number;
  /** Milliseconds without a word of Logstash after which what was sent is sent again. */
  readonly timeout: number;
  readonly sender: Sender;
}

/**
 * Windows of events by the Lumberjack protocol. An event is delivered when Logstash has acknowledged it, which is when its queue
 * has it. What a broken connection leaves open is sent again: whoever writes the events into Elasticsearch keeps them once by
 * the `_id` in their `@metadata`. Logstash refuses no single event.
 */
export function createLogstashSink(
  options: LogstashOptions,
  health: SinkHealth = () => {},
  clock: Clock = systemClock,
  memory: MemoryShare = new Memory().share(),
): Sink {
  const { hosts, bulkMaxSize, compressionLevel, sender } = options;
  const connections = new ConnectionPool(options, () => clock.random());
  const windows = createBudget(options.workers * options.pipelining * (options.loadBalance ? hosts.length : 1));

  /** Sends a window. Its memory stays taken until the connection has no more use for it, also when the caller goes. */
  async function send(events: readonly SourceEvent[], progress: WindowProgress, signal: AbortSignal): Promise<void> {
    const leave = await windows.take(1, signal);
    const length = documentFramesLength(events, sender);
    const body = await memory.body(length * (compressionLevel > 0 ? 2 : 1), signal).catch((error) => {
      leave();
      throw error;
    });
    const sending = (async () => {
      try {
        writeDocumentFrames(events, sender, body.bytes);
        const frames = compressionLevel > 0 ? await compressed(body.bytes.bytes, compressionLevel) : [body.bytes.bytes];
        await connections.send(frames, events.length, progress);
      } finally {
        body.giveBack();
        leave();
      }
    })();
    await orAborted(sending, signal);
  }

  async function deliverWindow(events: readonly SourceEvent[], signal: AbortSignal): Promise<void> {
    let pending = events;
    let nextWait = remoteWaits(clock);
    for (;;) {
      let acknowledged = 0;
      const progress: WindowProgress = {
        acknowledged: (documents) => {
          acknowledged = documents;
        },
        busy: () => health(BUSY),
      };
      try {
        await send(pending, progress, signal);
        health(undefined);
      } catch (error) {
        signal.throwIfAborted();
        health(asRunnerError(error));
      }
      if (acknowledged > 0) {
        pending = pending.slice(acknowledged);
        nextWait = remoteWaits(clock);
      }
      if (pending.length === 0) {
        return;
      }
      await clock.sleep(nextWait(), signal);
    }
  }

  return withOrderlyEnd({
    async deliver(events, signal): Promise<Receipt> {
      const parts = Array.from({ length: Math.ceil(events.length / bulkMaxSize) }, (_, n) =>
        events.slice(n * bulkMaxSize, (n + 1) * bulkMaxSize),
      );
      await Promise.all(parts.map((part) => deliverWindow(part, signal)));
      return { created: events.length, existing: 0, refused: [] };
    },
    async probe(signal) {
      try {
        await orAborted(connections.open(), signal);
        health(undefined);
      } catch (error) {
        signal.throwIfAborted();
        health(asRunnerError(error));
      }
    },
    async close() {
      connections.close();
    },
  });
}

async function compressed(frames: Uint8Array, level: number): Promise<Buffer[]> {
  const bytes = await compress(frames, { level });
  return [compressedHead(bytes.length), bytes];
}

interface Place {
  /** Of the output's hosts. */
  host: number;
  connection: Promise<LumberjackConnection> | undefined;
  /** Windows that are under way or about to be sent. */
  windows: number;
}

/** Connections that are opened when they are needed: to all hosts, or to one until it fails. */
class ConnectionPool {
  readonly #options: LogstashOptions;
  readonly #places: readonly Place[];

  constructor(options: LogstashOptions, random: () => number) {
    const { hosts, workers, loadBalance } = options;
    const first = Math.floor(random() * hosts.length) % hosts.length;
    this.#options = options;
    this.#places = Array.from({ length: workers * (loadBalance ? hosts.length : 1) }, (_, at) => ({
      host: (first + (loadBalance ? at : 0)) % hosts.length,
      connection: undefined,
      windows: 0,
    }));
  }

  /**
   * Sends over the connection that has the fewest windows. Rejects with a RunnerError that says why there is no acknowledgement;
   * without load balancing, the next host is tried the next time.
   */
  async send(frames: readonly Uint8Array[], documents: number, progress: WindowProgress): Promise<void> {
    const place = this.#places.reduce((best, one) => (one.windows < best.windows ? one : best));
    const host = this.#options.hosts[place.host] ?? "";
    place.windows += 1;
    place.connection ??= this.#open(place, host);
    try {
      const connection = await place.connection;
      await connection.send(frames, documents, progress).catch((error) => {
        throw logstashProblem(host, error);
      });
    } finally {
      place.windows -= 1;
    }
  }

  /** Makes sure that there is a connection. Rejects with a RunnerError that says why there is none. */
  async open(): Promise<void> {
    const [place] = this.#places;
    if (place !== undefined) {
      place.connection ??= this.#open(place, this.#options.hosts[place.host] ?? "");
      await place.connection;
    }
  }

  #open(place: Place, host: string): Promise<LumberjackConnection> {
    const { hosts, loadBalance } = this.#options;
    const opening = connectionTo(host, this.#options);
    const over = opening.then(
      ({ ended }) => ended,
      () => {},
    );
    void over.then(() => {
      place.connection = undefined;
      place.host = loadBalance ? place.host : (place.host + 1) % hosts.length;
    });
    return opening;
  }

  close(): void {
    for (const { connection } of this.#places) {
      connection?.then(
        (open) => open.close(),
        () => {},
      );
    }
  }
}

/** A connection to `host:port`. Rejects with a RunnerError that says why there is none. */
export async function connectionTo(
  host: string,
  { tls, timeout }: Pick<LogstashOptions, "tls" | "timeout">,
): Promise<LumberjackConnection> {
  try {
    const options = tls === undefined ? undefined : tlsOptions(tls);
    return await openConnection({ ...hostAndPort(host), tls: options, timeout });
  } catch (error) {
    throw logstashProblem(host, error);
  }
}

/** While Logstash says that it works, and acknowledges nothing. */
export const BUSY = new RunnerError("output_busy", "Logstash takes no more events at the moment.", {
  next: RETRY,
  cure: "Its queue is full, or what it writes to does not keep up: see Logstash's own log.",
});

/** Why there is no acknowledgement: what ended the connection, or kept it from coming about. */
export function logstashProblem(host: string, error: unknown): RunnerError {
  const { code, message, cure, next } = transportError(host, error, { usualCure: UNREACHABLE_CURE });
  if (code === "answer_unreadable") {
    return new RunnerError(code, message, { next, cure });
  }
  const kept = code === "tls_refused" ? code : "output_unreachable";
  return new RunnerError(kept, `Logstash can't be reached: ${message}`, {
    next,
    cure: code === "connection_lost" ? CUT_CURE : cure,
  });
}

const UNREACHABLE_CURE = "Check the output's hosts, and that Logstash's elastic_agent input listens there.";
/** An input that speaks TLS, or asks for a certificate, ends the connection without a word. */
const CUT_CURE =
  "See Logstash's own log. An input with ssl_enabled needs ssl in the output, perhaps with a client certificate; one without it needs none.";

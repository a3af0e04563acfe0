import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { Client, errors } from "@elastic/elasticsearch";
import { REMOTE_BACKOFF, waitBefore } from "../core/backoff.ts";
import { type Clock, systemClock } from "../core/clock.ts";
import { RETRY, RunnerError } from "../core/errors.ts";
import type { SourceEvent } from "../core/event.ts";
import { EventBytesPool } from "../core/event_bytes.ts";
import type { TlsTrust } from "../core/http.ts";
import type { Secret } from "../core/secret.ts";
import { createSlots } from "../core/slots.ts";
import { transportError } from "../core/transport_meaning.ts";
import { writeBulkBody } from "./bulk_body.ts";
import { BULK_FILTER, type BulkAnswer, type BulkVerdict, bulkVerdict } from "./bulk_verdict.ts";
import { addReceipts, EMPTY_RECEIPT, type Receipt, type Sink, type SinkHealth } from "./sink.ts";

export interface ElasticsearchOptions {
  readonly hosts: readonly string[];
  readonly apiKey?: Secret;
  readonly username?: string;
  readonly password?: Secret;
  readonly headers?: Readonly<Record<string, string>>;
  readonly tls?: TlsTrust;
  /** SHA-256 of the certificate authority that Elasticsearch must have, in hex. */
  readonly caFingerprint?: string;
  readonly proxyUrl?: string;
  /** 0 (none) to 9. */
  readonly compressionLevel: number;
  /** Bulk requests under way at once. */
  readonly workers: number;
  /** Milliseconds for one bulk request. */
  readonly requestTimeout: number;
  readonly userAgent?: string;
}

const compress = promisify(gzip);

/**
 * Bulk requests with `create`: the event's identity is its `_id`, so that what was delivered before is found to be there (409)
 * and never stored twice in the same backing index.
 */
export function createElasticsearchSink(
  options: ElasticsearchOptions,
  health: SinkHealth = () => {},
  clock: Clock = systemClock,
): Sink {
  const client = createClient(options);
  const slots = createSlots(options.workers);
  const bodies = new EventBytesPool();

  async function send(events: readonly SourceEvent[], signal: AbortSignal): Promise<BulkVerdict> {
    const giveBack = await slots.take(signal);
    try {
      return bulkVerdict(await request(events, signal), events.length);
    } catch (error) {
      signal.throwIfAborted();
      return {
        created: 0,
        existing: 0,
        refused: [],
        retry: events.map((_, at) => at),
        tooLarge: false,
        problem: unreachable(options.hosts, error),
      };
    } finally {
      giveBack();
    }
  }

  async function request(events: readonly SourceEvent[], signal: AbortSignal): Promise<BulkAnswer> {
    const body = bodies.take();
    writeBulkBody(events, body);
    const compressed = options.compressionLevel > 0;
    try {
      const answer = await client.transport.request(
        {
          method: "POST",
          path: "/_bulk",
          querystring: { filter_path: BULK_FILTER, require_data_stream: true },
          bulkBody: compressed ? await compress(body.bytes, { level: options.compressionLevel }) : body.bytes,
        },
        {
          signal,
          meta: true,
          headers: {
            "content-type": "application/x-ndjson",
            accept: "application/json",
            ...(compressed ? { "content-encoding": "gzip" } : {}),
          },
        },
      );
      return { status: answer.statusCode, body: answer.body };
    } catch (error) {
      if (error instanceof errors.ResponseError) {
        return { status: error.statusCode ?? 0, body: error.body };
      }
      throw error;
    } finally {
      bodies.giveBack(body);
    }
  }

  async function deliver(events: readonly SourceEvent[], signal: AbortSignal): Promise<Receipt> {
    let receipt = EMPTY_RECEIPT;
    let pending = events;
    for (let attempt = 1; pending.length > 0; attempt += 1) {
      const sent = pending;
      const verdict = await send(sent, signal);
      if (verdict.tooLarge) {
        return addReceipts(receipt, await deliverInHalves(sent, verdict, signal));
      }
      receipt = addReceipts(receipt, receiptOf(sent, verdict));
      pending = verdict.retry.flatMap((at) => sent[at] ?? []);
      health(verdict.problem);
      if (pending.length > 0) {
        await clock.sleep(waitBefore(attempt, REMOTE_BACKOFF, clock.random()), signal);
      }
    }
    return receipt;
  }

  /** A request over `http.max_content_length` is split; a single event that is too large is refused. */
  async function deliverInHalves(
    events: readonly SourceEvent[],
    verdict: BulkVerdict,
    signal: AbortSignal,
  ): Promise<Receipt> {
    const [first] = events;
    if (events.length === 1 && first !== undefined) {
      const reason = verdict.problem?.message ?? "too large";
      return { created: 0, existing: 0, refused: [{ event: first, type: "content_too_large", reason }] };
    }
    const middle = Math.ceil(events.length / 2);
    return addReceipts(await deliver(events.slice(0, middle), signal), await deliver(events.slice(middle), signal));
  }

  return { deliver, close: () => client.close() };
}

function receiptOf(events: readonly SourceEvent[], verdict: BulkVerdict): Receipt {
  const refused = verdict.refused.flatMap(({ at, type, reason }) => {
    const event = events[at];
    return event === undefined ? [] : [{ event, type, reason }];
  });
  return { created: verdict.created, existing: verdict.existing, refused };
}

function createClient(options: ElasticsearchOptions): Client {
  const { tls } = options;
  return new Client({
    nodes: [...options.hosts],
    maxRetries: 0,
    requestTimeout: options.requestTimeout,
    headers: { "user-agent": options.userAgent ?? "aquila-salesforce", ...options.headers },
    ...(options.apiKey !== undefined
      ? { auth: { apiKey: options.apiKey.reveal() } }
      : options.username !== undefined
        ? { auth: { username: options.username, password: options.password?.reveal() ?? "" } }
        : {}),
    ...(options.proxyUrl === undefined || options.proxyUrl === "" ? {} : { proxy: options.proxyUrl }),
    ...(options.caFingerprint === undefined ? {} : { caFingerprint: options.caFingerprint }),
    ...(tls === undefined
      ? {}
      : {
          tls: {
            ...(tls.certificateAuthorities === undefined ? {} : { ca: [...tls.certificateAuthorities] }),
            ...(tls.certificate === undefined ? {} : { cert: tls.certificate }),
            ...(tls.key === undefined ? {} : { key: tls.key.reveal() }),
            ...(tls.verification === "none" ? { rejectUnauthorized: false } : {}),
            ...(tls.verification === "certificate" ? { checkServerIdentity: () => undefined } : {}),
          },
        }),
  });
}

/** The client's own errors carry their cause in words only; a code within them is looked up like any other. */
function unreachable(hosts: readonly string[], error: unknown): RunnerError {
  const host = hosts.join(", ");
  if (error instanceof errors.TimeoutError) {
    return new RunnerError("output_unreachable", `Elasticsearch at ${host} did not answer in time.`, { next: RETRY });
  }
  const inner = transportError(host, withCode(error));
  return new RunnerError("output_unreachable", `Elasticsearch can't be reached: ${inner.message}`, {
    next: RETRY,
    cure: inner.cure ?? "Check the output's hosts, and that Elasticsearch is running.",
  });
}

function withCode(error: unknown): unknown {
  if (error instanceof errors.ElasticsearchClientError && error.cause === undefined) {
    const code = /\b(E[A-Z]{4,}|[A-Z]+_[A-Z_]+)\b/.exec(error.message)?.[1];
    return code === undefined ? error : Object.assign(new Error(error.message), { code });
  }
  return error;
}

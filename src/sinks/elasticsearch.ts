import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { errors } from "@elastic/elasticsearch";
import { REMOTE_BACKOFF, waitBefore } from "../core/backoff.ts";
import { createBudget, type GiveBack } from "../core/budget.ts";
import { type Clock, systemClock } from "../core/clock.ts";
import type { SourceEvent } from "../core/event.ts";
import type { EventBytes } from "../core/event_bytes.ts";
import { retryAfterMs } from "../core/header_values.ts";
import { Memory, type MemoryShare } from "../core/memory.ts";
import { bulkBodyLength, writeBulkBody } from "./bulk_body.ts";
import { BULK_FILTER, type BulkAnswer, type BulkVerdict, bulkVerdict, noAnswer } from "./bulk_verdict.ts";
import { createElasticsearchClient, type ElasticsearchOptions, unreachable } from "./elasticsearch_client.ts";
import { withOrderlyEnd } from "./orderly_end.ts";
import { addReceipts, EMPTY_RECEIPT, type Receipt, type Sink, type SinkHealth } from "./sink.ts";

const compress = promisify(gzip);

/**
 * Bulk requests with `create`: the event's identity is its `_id`, so that what was delivered before is found to be there (409)
 * and never stored twice in the same backing index.
 */
export function createElasticsearchSink(
  options: ElasticsearchOptions,
  health: SinkHealth = () => {},
  clock: Clock = systemClock,
  memory: MemoryShare = new Memory().share(),
): Sink {
  const client = createElasticsearchClient(options);
  const requests = createBudget(options.workers);
  const compressed = options.compressionLevel > 0;

  async function send(events: readonly SourceEvent[], signal: AbortSignal): Promise<BulkVerdict> {
    const leave = await requests.take(1, signal);
    let giveBack: GiveBack | undefined;
    try {
      const body = await memory.body(bulkBodyLength(events) * (compressed ? 2 : 1), signal);
      giveBack = body.giveBack;
      writeBulkBody(events, body.bytes);
      return bulkVerdict(await request(body.bytes, signal), events.length);
    } catch (error) {
      signal.throwIfAborted();
      return noAnswer(events.length, unreachable(options.hosts, error));
    } finally {
      giveBack?.();
      leave();
    }
  }

  async function request(body: EventBytes, signal: AbortSignal): Promise<BulkAnswer> {
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
      return { status: answer.statusCode, body: answer.body, retryAfter: retryAfter(answer.headers) };
    } catch (error) {
      if (error instanceof errors.ResponseError) {
        return { status: error.statusCode ?? 0, body: error.body, retryAfter: retryAfter(error.headers ?? {}) };
      }
      throw error;
    }
  }

  function retryAfter(headers: Readonly<Record<string, unknown>>): number | undefined {
    return retryAfterMs(headers["retry-after"]?.toString(), clock.now());
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
        await clock.sleep(Math.max(verdict.wait, waitBefore(attempt, REMOTE_BACKOFF, clock.random())), signal);
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

  return withOrderlyEnd({
    async deliver(events, signal) {
      const { bulkMaxSize = events.length } = options;
      if (events.length <= bulkMaxSize) {
        return await deliver(events, signal);
      }
      const parts = Array.from({ length: Math.ceil(events.length / bulkMaxSize) }, (_, n) =>
        deliver(events.slice(n * bulkMaxSize, (n + 1) * bulkMaxSize), signal),
      );
      return (await Promise.all(parts)).reduce(addReceipts, EMPTY_RECEIPT);
    },
    close: () => client.close(),
  });
}

function receiptOf(events: readonly SourceEvent[], verdict: BulkVerdict): Receipt {
  const refused = verdict.refused.flatMap(({ at, type, reason }) => {
    const event = events[at];
    return event === undefined ? [] : [{ event, type, reason }];
  });
  return { created: verdict.created, existing: verdict.existing, refused };
}

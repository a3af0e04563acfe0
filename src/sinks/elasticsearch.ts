import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { errors } from "@elastic/elasticsearch";
import { remoteWaits } from "../core/backoff.ts";
import { createBudget, type GiveBack } from "../core/budget.ts";
import { type Clock, systemClock } from "../core/clock.ts";
import type { RunnerError } from "../core/errors.ts";
import type { SourceEvent } from "../core/event.ts";
import type { EventBytes } from "../core/event_bytes.ts";
import { retryAfterMs } from "../core/header_values.ts";
import { Memory, type MemoryShare } from "../core/memory.ts";
import {
  createElasticsearchClient,
  type ElasticsearchOptions,
  mayHaveArrived,
  unreachable,
} from "../elasticsearch/client.ts";
import { possiblyDoubled } from "./backing_indices.ts";
import { bulkBodyLength, writeBulkBody } from "./bulk_body.ts";
import { BULK_FILTER, type BulkAnswer, type BulkVerdict, bulkVerdict, noAnswer, probeProblem } from "./bulk_verdict.ts";
import { createLookUp } from "./look_up.ts";
import { withOrderlyEnd } from "./orderly_end.ts";
import { addReceipts, type BackingIndices, EMPTY_RECEIPT, type Receipt, type Sink, type SinkHealth } from "./sink.ts";

const compress = promisify(gzip);

const PROBE_TIMEOUT_MS = 30_000;

/**
 * Bulk requests with `create`: the event's identity is its `_id`, so that what was delivered before is found to be there (409)
 * and never stored twice in the same backing index. What may have been delivered into an older one is looked up before it is
 * sent again; where the key may not read, it is compared in which backing index it lands, and counted if that is another.
 */
export function createElasticsearchSink(
  options: ElasticsearchOptions,
  health: SinkHealth = () => {},
  clock: Clock = systemClock,
  memory: MemoryShare = new Memory().share(),
): Sink {
  const client = createElasticsearchClient(options);
  const lookUp = createLookUp(client);
  /** By data stream, the backing index that has answered last: what is sent from now on lands in it or in a later one. */
  const current = new Map<string, string>();
  const requests = createBudget(options.workers);
  /** What holds the events of a delivery up, the oldest first: one data stream may be blocked while others are taken. */
  const heldUp = new Map<object, RunnerError>();

  /** `delivery` if only its events are meant: what ails Elasticsearch as a whole is over once it says something else. */
  function tell(problem: RunnerError | undefined, delivery?: object): void {
    if (delivery !== undefined && problem !== undefined) {
      heldUp.set(delivery, problem);
    } else if (delivery !== undefined) {
      heldUp.delete(delivery);
    }
    const [oldest] = heldUp.values();
    health(delivery === undefined ? (problem ?? oldest) : oldest);
  }

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
      const problem = unreachable(options, error);
      return noAnswer(events.length, problem, mayHaveArrived(problem));
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

  /** Which of the events are there: none if it can't be known, with the problem if it can't be known now. */
  async function stored(events: readonly SourceEvent[], before: BackingIndices, signal: AbortSignal) {
    const leave = await requests.take(1, signal);
    try {
      return { ids: await lookUp(events, before, signal) };
    } catch (error) {
      signal.throwIfAborted();
      return { problem: lookUpProblem(options, error) };
    } finally {
      leave();
    }
  }

  /** What backing indices are known of the events' data streams. */
  function whereTheyWillLand(events: readonly SourceEvent[]): BackingIndices {
    const streams = new Set(events.map(({ index }) => index));
    return Object.fromEntries([...streams].map((stream) => [stream, [current.get(stream) ?? []].flat()]));
  }

  async function deliver(
    events: readonly SourceEvent[],
    signal: AbortSignal,
    sentBefore?: BackingIndices,
  ): Promise<Receipt> {
    const delivery = {};
    try {
      return await attempt(delivery, events, signal, sentBefore);
    } finally {
      heldUp.delete(delivery);
    }
  }

  async function attempt(
    delivery: object,
    events: readonly SourceEvent[],
    signal: AbortSignal,
    sentBefore: BackingIndices | undefined,
  ): Promise<Receipt> {
    let receipt = EMPTY_RECEIPT;
    let pending = events;
    let before = sentBefore;
    const nextWait = remoteWaits(clock);
    while (pending.length > 0) {
      if (before !== undefined) {
        const { ids, problem } = await stored(pending, before, signal);
        if (problem !== undefined) {
          tell(problem);
          await clock.sleep(nextWait(), signal);
          continue;
        }
        if (ids !== undefined) {
          const rest = pending.filter(({ id }) => !ids.has(id));
          receipt = addReceipts(receipt, foundAgain(pending.length - rest.length));
          pending = rest;
          before = undefined;
          if (rest.length === 0) {
            tell(undefined, delivery);
            return receipt;
          }
        }
      }
      const sent = pending;
      const landing = whereTheyWillLand(sent);
      const verdict = await send(sent, signal);
      if (verdict.tooLarge) {
        heldUp.delete(delivery);
        return addReceipts(receipt, await deliverInHalves(sent, verdict, signal, before));
      }
      receipt = addReceipts(receipt, receiptOf(sent, verdict, before));
      for (const [stream, names] of Object.entries(receipt.landedIn ?? {})) {
        current.set(stream, names.at(-1) ?? "");
      }
      if (verdict.unsure) {
        before ??= landing;
      }
      pending = verdict.retry.flatMap((at) => sent[at] ?? []);
      tell(verdict.problem, verdict.whole ? undefined : delivery);
      if (pending.length > 0) {
        await clock.sleep(Math.max(verdict.wait, nextWait()), signal);
      }
    }
    return receipt;
  }

  /** A request over `http.max_content_length` is split; a single event that is too large is refused. */
  async function deliverInHalves(
    events: readonly SourceEvent[],
    verdict: BulkVerdict,
    signal: AbortSignal,
    sentBefore: BackingIndices | undefined,
  ): Promise<Receipt> {
    const [first] = events;
    if (events.length === 1 && first !== undefined) {
      const reason = verdict.problem?.message ?? "too large";
      return { created: 0, existing: 0, refused: [{ event: first, type: "content_too_large", reason }] };
    }
    const middle = Math.ceil(events.length / 2);
    return addReceipts(
      await deliver(events.slice(0, middle), signal, sentBefore),
      await deliver(events.slice(middle), signal, sentBefore),
    );
  }

  return withOrderlyEnd({
    async deliver(events, signal, sentBefore) {
      const { bulkMaxSize = events.length } = options;
      if (events.length <= bulkMaxSize) {
        return await deliver(events, signal, sentBefore);
      }
      const parts = Array.from({ length: Math.ceil(events.length / bulkMaxSize) }, (_, n) =>
        deliver(events.slice(n * bulkMaxSize, (n + 1) * bulkMaxSize), signal, sentBefore),
      );
      return (await Promise.all(parts)).reduce(addReceipts, EMPTY_RECEIPT);
    },
    async probe(signal) {
      try {
        await client.transport.request({ method: "HEAD", path: "/" }, { signal, requestTimeout: PROBE_TIMEOUT_MS });
        tell(undefined);
      } catch (error) {
        signal.throwIfAborted();
        const answered = error instanceof errors.ResponseError;
        tell(answered ? probeProblem(error.statusCode ?? 0) : unreachable(options, error));
      }
    },
    close: () => client.close(),
  });
}

function lookUpProblem(options: Pick<ElasticsearchOptions, "hosts" | "proxyUrl">, error: unknown): RunnerError {
  if (error instanceof errors.ResponseError) {
    const { problem } = bulkVerdict({ status: error.statusCode ?? 0, body: error.body }, 0);
    return problem ?? unreachable(options, error);
  }
  return unreachable(options, error);
}

function foundAgain(events: number): Receipt {
  return { ...EMPTY_RECEIPT, existing: events, ...(events === 0 ? {} : { resent: events }) };
}

function receiptOf(
  events: readonly SourceEvent[],
  verdict: BulkVerdict,
  sentBefore: BackingIndices | undefined,
): Receipt {
  const refused = verdict.refused.flatMap(({ at, type, reason }) => {
    const event = events[at];
    return event === undefined ? [] : [{ event, type, reason }];
  });
  const landedIn: Record<string, string[]> = {};
  events.forEach(({ index }, at) => {
    const name = verdict.createdIn[at];
    if (name !== undefined && landedIn[index]?.includes(name) !== true) {
      landedIn[index] = [...(landedIn[index] ?? []), name];
    }
  });
  const doubled = sentBefore === undefined ? 0 : possiblyDoubled(events, verdict.createdIn, sentBefore);
  return {
    created: verdict.created,
    existing: verdict.existing,
    refused,
    ...(sentBefore === undefined || verdict.existing === 0 ? {} : { resent: verdict.existing }),
    ...(doubled === 0 ? {} : { possiblyDoubled: doubled }),
    ...(Object.keys(landedIn).length === 0 ? {} : { landedIn }),
  };
}

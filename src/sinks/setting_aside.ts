import { hash } from "node:crypto";
import { type Clock, systemClock } from "../core/clock.ts";
import type { SourceEvent } from "../core/event.ts";
import { addReceipts, EMPTY_RECEIPT, type RefusedEvent, type Sink } from "./sink.ts";

/** Where a stream's events go. Both sinks are shared: `close` leaves them open. */
export interface SetAside {
  /** Takes the events of the stream itself. */
  readonly own: Sink;
  /** Takes the events of the collector: rejected rows among the stream's, and what `own` has refused. */
  readonly collector: Sink;
  readonly collectorDataset: string;
  readonly clock?: Clock;
}

/**
 * A sink that keeps what `own` refuses for good: the event's text and the reason become an event of the collector. The receipt
 * still counts it as refused.
 */
export function createSettingAsideSink({ own, collector, collectorDataset, clock = systemClock }: SetAside): Sink {
  const isCollectors = ({ index }: SourceEvent) => index.includes(`-${collectorDataset}-`);
  return {
    async deliver(events, signal, sentBefore) {
      const rejected = events.filter(isCollectors);
      const others = rejected.length === 0 ? events : events.filter((event) => !isCollectors(event));
      const receipt = addReceipts(
        others.length === 0 ? EMPTY_RECEIPT : await own.deliver(others, signal, sentBefore),
        rejected.length === 0 ? EMPTY_RECEIPT : await collector.deliver(rejected, signal, sentBefore),
      );
      if (receipt.refused.length > 0) {
        await collector.deliver(
          receipt.refused.map((refused) => refusedEvent(refused, collectorDataset, clock.now())),
          signal,
        );
      }
      return receipt;
    },
    async close() {},
  };
}

/** The collector's event of a refused one; the same event gives the same identity. Pure. */
export function refusedEvent(
  { event, type, reason }: RefusedEvent,
  collectorDataset: string,
  now: number,
): SourceEvent {
  const document = JSON.parse(event.json);
  const id = hash("sha256", `refused\u001e${event.index}\u001e${event.id}`, "base64url").slice(0, 20);
  const dataStream = { ...document.data_stream, dataset: collectorDataset };
  const { type: kind, namespace } = dataStream;
  const json = JSON.stringify({
    "@timestamp": new Date(now).toISOString(),
    event: {
      id,
      code: "event_refused",
      provider: document.event?.provider,
      dataset: collectorDataset,
      module: document.event?.module,
    },
    data_stream: dataStream,
    organization: document.organization,
    salesforce: {
      instance_url: document.salesforce?.instance_url,
      collector: {
        dataset: document.data_stream?.dataset,
        event_type: document.event?.code,
        reason: `${type}: ${reason}`,
        text: event.json,
      },
      collection: document.salesforce?.collection,
    },
    input: document.input,
    agent: document.agent,
    elastic_agent: document.elastic_agent,
    tags: document.tags,
  });
  return { index: `${kind}-${collectorDataset}-${namespace}`, id, json };
}

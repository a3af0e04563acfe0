import { type Clock, systemClock } from "../core/clock.ts";
import type { SourceEvent } from "../core/event.ts";
import { identityOf } from "../sources/event_identity.ts";
import { COLLECTOR_DATASET, reportDocument } from "../sources/report_document.ts";
import { addReceipts, type BackingIndices, EMPTY_RECEIPT, type Place, type RefusedEvent, type Sink } from "./sink.ts";

/** Where a stream's events go. */
export interface SetAside {
  /** Takes the events of the stream itself. */
  readonly own: Sink;
  /** Takes the events of the collector: rejected rows among the stream's, and what `own` has refused. Undefined if the policy has none. */
  readonly collector: Sink | undefined;
  readonly clock?: Clock;
}

/** An event of the collector that holds the text of a given one. */
interface Report {
  readonly given: SourceEvent;
  readonly report: SourceEvent;
  /** Why it is one, if it was refused. */
  readonly reason?: string;
}

const NO_PLACE = "it could not be read as an event, and the policy has the data stream of such reports switched off";

const COLLECTORS = `-${COLLECTOR_DATASET}-`;

/**
 * Gives each event a place: what `own` refuses for good becomes an event of the collector, with its text and the reason. What
 * the collector's data stream does not take either is given back.
 */
export function settingAside({ own, collector, clock = systemClock }: SetAside): Place {
  const isCollectors = ({ index }: SourceEvent) => index.includes(COLLECTORS);

  async function delivered(reports: readonly Report[], signal: AbortSignal, sentBefore?: BackingIndices) {
    if (collector === undefined) {
      const unplaced = reports.map(({ given, reason = NO_PLACE }) => ({ event: given, reason }));
      return { receipt: EMPTY_RECEIPT, unplaced };
    }
    const events = reports.map(({ report }) => report);
    const receipt = events.length === 0 ? EMPTY_RECEIPT : await collector.deliver(events, signal, sentBefore);
    const refused = new Map(receipt.refused.map((one) => [one.event.id, reasonOf(one)]));
    const unplaced = reports.flatMap(({ given, report, reason }) => {
      const why = refused.get(report.id);
      return why === undefined ? [] : [{ event: given, reason: reason ?? why }];
    });
    return { receipt, unplaced };
  }

  return async (events, signal, sentBefore) => {
    const rejected = events.filter(isCollectors);
    const others = rejected.length === 0 ? events : events.filter((event) => !isCollectors(event));
    const receipt = others.length === 0 ? EMPTY_RECEIPT : await own.deliver(others, signal, sentBefore);
    const rows = await delivered(
      rejected.map((event) => ({ given: event, report: event })),
      signal,
      sentBefore,
    );
    const given = new Map(receipt.refused.length === 0 ? [] : others.map((event) => [event.id, event]));
    const refused = await delivered(
      receipt.refused.map((one) => ({
        given: given.get(one.event.id) ?? one.event,
        report: refusedEvent(one, clock.now()),
        reason: reasonOf(one),
      })),
      signal,
      sentBefore,
    );
    return { receipt: addReceipts(receipt, rows.receipt), unplaced: [...rows.unplaced, ...refused.unplaced] };
  };
}

/** The collector's event of a refused one; the same event gives the same identity. Pure. */
export function refusedEvent({ event, type, reason }: RefusedEvent, now: number): SourceEvent {
  const { event: own, data_stream, organization, salesforce, agent, elastic_agent, tags } = JSON.parse(event.json);
  return reportDocument({
    id: identityOf(`refused\u001e${event.index}\u001e${event.id}`),
    time: now,
    event: { code: "event_refused", provider: own?.provider },
    dataStream: data_stream,
    organization,
    instanceUrl: salesforce?.instance_url,
    collector: {
      dataset: data_stream?.dataset,
      event_type: own?.code,
      reason: reasonOf({ type, reason }),
      text: event.json,
    },
    collection: salesforce?.collection,
    program: { agent, elastic_agent },
    tags,
  });
}

function reasonOf({ type, reason }: Pick<RefusedEvent, "type" | "reason">): string {
  return `${type}: ${reason}`;
}

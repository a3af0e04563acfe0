import { eventProcessing } from "../processing/event_processing.ts";
import type { Processor } from "../processing/processors.ts";
import { EMPTY_RECEIPT, type Sink } from "./sink.ts";

/**
 * A sink whose events pass through processors first. An event that they drop is acknowledged without being delivered, and is
 * in no count of the receipt. Without processors it is the inner sink itself, so that no event is parsed for nothing. The
 * inner sink is shared: `close` leaves it open.
 */
export function createProcessingSink(inner: Sink, processors: readonly Processor[]): Sink {
  if (processors.length === 0) {
    return inner;
  }
  const processed = eventProcessing(processors);
  return {
    async deliver(events, signal, sentBefore) {
      const passed = events.flatMap((event) => processed(event) ?? []);
      return passed.length === 0 ? EMPTY_RECEIPT : await inner.deliver(passed, signal, sentBefore);
    },
    async close() {},
  };
}
